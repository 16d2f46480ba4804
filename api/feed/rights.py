"""Who may take the record itself: signed statements with their clinical content (part 11 section 5).

Who reads the trail reads the record; ADM and SEC, who see no clinical payload, get the streams about
the instance and its people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel import streams
from core.kernel.actors import Role
from core.kernel.errors import Refused
from projections.projection import CLINICAL_READERS

if TYPE_CHECKING:
    from collections.abc import Callable

READ_ADMINISTRATIVE: Final = frozenset({Role.ADM, Role.SEC})


def is_administrative(stream: str) -> bool:
    """Tell whether a stream holds nothing about subjects or the conduct of the trial."""
    return stream in {streams.INSTANCE, streams.REFUSALS} or stream.startswith(streams.PERSON_PREFIX)


def may_read_stream(role: Role, stream: str) -> bool:
    """Tell whether the role may read the bytes of a stream."""
    return role in CLINICAL_READERS or (role in READ_ADMINISTRATIVE and is_administrative(stream))


def readable_streams(role: Role) -> Callable[[str], bool]:
    """Return which streams the role gets from the feed.

    Raises: `NOT_AUTHORISED`.
    """
    if role not in CLINICAL_READERS | READ_ADMINISTRATIVE:
        raise Refused("NOT_AUTHORISED", f"the role {role} does not take the feed", role=str(role))
    return lambda stream: may_read_stream(role, stream)
