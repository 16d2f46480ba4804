"""Who may read what, by kind of stream: the one table for views, leaves and feed (part 11 section 5).

* A stream may be read by the roles that the table gives any of its records to; nobody else reads its bytes.
* A view may be read by who may read every kind of stream that it shows content of. Where section 5 gives a
  role more, `ALSO` says so, and why.
* Rows of views with one row an event are judged one by one, as the events themselves are: what somebody
  signed they may read, wherever it stands ("own entries").
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.actors import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

_OVERSIGHT: Final = frozenset({Role.CRA, Role.AUD, Role.DM, Role.MM, Role.SVC})
_INVESTIGATORS: Final = frozenset({Role.PI, Role.SI})
_SITE: Final = _INVESTIGATORS | {Role.SC}

# Nobody reads a kind of stream that is not in this table.
READERS: Final[Mapping[str, frozenset[Role]]] = {
    streams.INSTANCE: frozenset(Role),  # what the log is and by which policy it is judged
    streams.REFUSALS: frozenset({Role.SEC, Role.AUD, Role.CRA, Role.DM, Role.MM, Role.PI}),
    streams.DEVICES: frozenset(Role),  # where data may come from; nothing in it is about a subject
    "person": frozenset({Role.PI, Role.CRA, Role.AUD, Role.MM, Role.ADM, Role.SEC}),
    streams.STUDY: _SITE | _OVERSIGHT | {Role.PH, Role.SRC},
    streams.ESCALATION: _OVERSIGHT | {Role.PI, Role.SRC},
    "subject": _SITE | _OVERSIGHT | {Role.SRC},
    "casebook": _SITE | _OVERSIGHT | {Role.LB},
    "lot": _SITE | _OVERSIGHT | {Role.LB, Role.PH},
    "query": _SITE | _OVERSIGHT | {Role.LB, Role.PH, Role.SRC},
    "review": _INVESTIGATORS | _OVERSIGHT,
}

# The exceptions: roles that read a view although they do not read all of its streams.
ALSO: Final[Mapping[str, frozenset[Role]]] = {
    # What they decide on names the subjects, and whether they live.
    "subjects": frozenset({Role.SRC}),
    # Section 5, deviations: the committee reads them.
    "deviations": frozenset({Role.SRC}),
    # A dose is neither ordered nor given under a hold: who does either at the site has to know of it.
    "holds": frozenset({Role.SI, Role.SC}),
    # Section 5, labs: who reports and corrects results sees them beside those of screening.
    "labs": frozenset({Role.LB}),
    "hla": frozenset({Role.LB}),
    # A lot says for whom it was prepared and that it was given: the chain of identity is theirs to keep.
    "lots": frozenset({Role.LB, Role.PH}),
    # Section 5, source verification: the site reads what was verified, not how it was reviewed.
    "source-verification": frozenset({Role.SC}),
    # Officers end keys and hear of misuse; neither view shows a clinical value (21 CFR 11.300(d)).
    "doubtful-signatures": frozenset({Role.ADM, Role.SEC}),
    "alerts": frozenset({Role.ADM, Role.SVC}),
}

# Views of which each row is an event in a stream, and the field that says whose.
ROW_BY_ROW: Final[Mapping[str, str]] = {
    "trail": "actor",
    "signatures": "signer",
    "doubtful-signatures": "signer",
}


def may_read_stream(role: Role, stream: str) -> bool:
    """Tell whether the role may read the bytes of a stream."""
    return role in READERS.get(stream.partition("/")[0], ())


def readers_of(view: str, *kinds: str) -> frozenset[Role]:
    """Return who reads a view that shows content of these kinds of streams."""
    everybody: frozenset[Role] = frozenset(Role)
    of_all = reduce(frozenset.__and__, (READERS[kind] for kind in kinds), everybody)
    return of_all | ALSO.get(view, frozenset())


def may_read_row(view: str, role: Role, person: str, row: Mapping[str, Any]) -> bool:
    """Tell whether the caller may read a row of a view that their role reads."""
    owner = ROW_BY_ROW.get(view)
    if owner is None or role in ALSO.get(view, ()):
        return True
    return row[owner] == person or may_read_stream(role, str(row["stream"]))
