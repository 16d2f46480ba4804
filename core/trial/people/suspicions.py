"""Which keys a declared compromise puts in doubt: the one it names, and those that came by a doubtful hand.

A thief who rotates a stolen key holds the next one. A rotation in doubt therefore vouches for nothing: the
key that it brought in is in doubt from its birth and ends with the declaration, and so on along the chain. A
key on two officers' word is not in such a chain (trust 2, T10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.trial.people.rights import Suspicion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.trial.people.rights import Held


def suspicions_by(
    keys: Iterable[Held], key: str, suspected_from: int, declared_at: int
) -> tuple[Suspicion, ...]:
    """Return what a declaration puts in doubt, the named key first; `keys` are the person's, oldest first."""
    found = [Suspicion(key, suspected_from, declared_at)]
    for held in keys:
        if any(s.key == held.rotated_from and s.suspected_from <= held.since for s in found):
            found.append(Suspicion(held.what, held.since, declared_at))
    return tuple(found)
