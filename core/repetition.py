"""The same command again: its receipt stands in the log, which needs no table of requests beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.codec import to_data
from core.kernel.errors import Conflict
from core.request import Receipt
from core.trial.catalogue import opening_topics
from core.trial.replay import is_replay_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.request import Item
    from core.store.trial_log import TrialLog


def earlier_receipts(log: TrialLog, items: Sequence[Item]) -> tuple[Receipt, ...] | None:
    """Return the receipts of a series that is in the log already, None where nothing of it is.

    The log's lock is held, and it is caught up.

    Raises: `IDEMPOTENCY_MISMATCH` where an id was used for something else, `SERIES_PARTLY_RECORDED`.
    """
    found = [receipt for item in items if (receipt := _earlier_receipt(log, item)) is not None]
    if found and len(found) != len(items):
        raise Conflict("SERIES_PARTLY_RECORDED", "some commands of this series are in the log, others not")
    return tuple(found) or None


def require_unused(log: TrialLog, items: Sequence[Item]) -> None:
    """Refuse to prepare what is in the log.

    Raises: `ALREADY_RECORDED`, and as `earlier_receipts`.
    """
    if earlier_receipts(log, items) is not None:
        raise Conflict("ALREADY_RECORDED", "a command with this idempotency key is in the log")


def _earlier_receipt(log: TrialLog, item: Item) -> Receipt | None:
    command, request = item.command, item.request
    positions = log.positions_of(request.txn)
    if not positions:
        return None
    recorded = [log.entry(position).recorded() for position in positions]
    opens_with = opening_topics(type(command))
    if not is_replay_of(to_data(command), command.target, opens_with, recorded, request):
        raise Conflict("IDEMPOTENCY_MISMATCH", "this idempotency key was used for another command")
    last = recorded[-1]
    return Receipt(
        txn=request.txn,
        stream=last.stream,
        version=last.version,
        positions=positions,
        leaf_hashes=tuple(log.tree.node(0, position - 1) for position in positions),
        checkpoint=log.checkpoint() or b"",
        replayed=True,
    )
