"""When votes on a toxicity amount to a judgement: enough members agree.

- A fact that needs two people takes effect at the last approval required (record 1).
- Enough members for dose-limiting outweigh any number against it: in doubt the toxicity counts.
- The order of the votes does not matter, nor who cast them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def agreed(votes: Collection[bool], required: int) -> bool | None:
    """Return whether the members find it dose-limiting, None while too few of them agree.

    `votes` holds one vote of each member, `required` is how many must agree, at least 1.
    """
    if sum(votes) >= required:
        return True
    return False if len(votes) - sum(votes) >= required else None
