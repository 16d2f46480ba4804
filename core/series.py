"""A series: several commands signed in one ceremony, all of them recorded or none (21 CFR 11.200(a)(1)(i)).

* Each command keeps its own id, statement and signature; a single command is a series of one.
* Each is decided on the trial as the ones before it will leave it, at the positions that they will have: so
  a series enters the log only right behind the head that it was decided on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.audit.dsse import Envelope, statement_digest
from core.audit.entry import Entry
from core.audit.leaf import Leaf, Seal
from core.ceremony import stated
from core.kernel.errors import Conflict, Malformed, Refused
from core.planning import Basis, plan
from core.trial.escalation.commands import CastSrcVote, EndSrcVoting
from core.trial.people.commands import RotateSigningKey
from core.trial.registry import read_payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from core.audit.drafting import Drafted
    from core.ceremony import Plan
    from core.kernel.actors import Auth
    from core.kernel.recorded import Recorded
    from core.planning import Terms
    from core.request import Item

SERIES_LIMIT: Final = 100

# Prepared together with what counts the votes, the last vote would be tried out before it is cast.
ALONE: Final = (CastSrcVote, EndSrcVoting)

_UNSIGNED: Final = bytes(64)


def require_series(items: Sequence[Item]) -> None:
    """Refuse what is not 1 to 100 different commands by one person in one role, with one key.

    Raises: `BAD_SERIES`.
    """
    if not 1 <= len(items) <= SERIES_LIMIT:
        raise Malformed("BAD_SERIES", f"a series has 1 to {SERIES_LIMIT} commands")
    if len({item.request.txn for item in items}) != len(items):
        raise Malformed("BAD_SERIES", "each command of a series has an id of its own")
    if len({(item.request.person, item.request.role) for item in items}) != 1:
        raise Malformed("BAD_SERIES", "one person in one role signs a series")
    if any(isinstance(item.command, RotateSigningKey) for item in items[:-1]):
        raise Malformed("BAD_SERIES", "behind a rotation only the new key signs: end the series with it")
    if len(items) > 1 and any(isinstance(item.command, ALONE) for item in items):
        raise Malformed("BAD_SERIES", "a vote is signed alone: nobody tries it out before it is cast")


def plan_series(
    items: Sequence[Item], terms: Terms, basis: Basis, received_at: datetime
) -> list[tuple[Plan, tuple[Drafted, ...]]]:
    """Decide and state each command on what the ones before it will leave.

    `received_at` is the time of the log's newest receipt. A refusal says as `item` which command it is about.

    Raises: as `core.planning.plan`.
    """
    if len(items) == 1:
        return [_stated(items[0], terms, basis)]
    trial = basis.trial.copy()
    ahead = Basis(trial, basis.looked_at, basis.signed_root)
    planned = []
    for number, item in enumerate(items, 1):
        try:
            planned.append(_stated(item, terms, ahead))
        except (Refused, Conflict) as error:
            error.facts.setdefault("item", number)
            raise
        for event in _foreseen(planned[-1][1], terms.auth, trial.position, max(terms.signed_at, received_at)):
            trial.apply(event)
    return planned


def _stated(item: Item, terms: Terms, basis: Basis) -> tuple[Plan, tuple[Drafted, ...]]:
    planned = plan(item, terms, basis)
    return planned, stated(planned)


def _foreseen(drafted: Sequence[Drafted], auth: Auth, size: int, received_at: datetime) -> Iterator[Recorded]:
    """Yield the events as they will stand behind a log of this size, were they received at once."""
    for index, one in enumerate(drafted, size):
        leaf = Leaf(Envelope(one.data, one.statement.signer.key, _UNSIGNED), Seal(auth, index, received_at))
        payload = read_payload(one.statement.type, one.statement.data)
        yield Entry(leaf, one.statement, statement_digest(one.data), payload).recorded()
