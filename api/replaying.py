"""A decision replayed from the stored bytes up to a position, with the program that replays it."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from api.release import code_digest
from core.kernel.errors import Refused
from core.store.trial_log import open_row
from core.trial.explanation import explain

if TYPE_CHECKING:
    from core.store.trial_log import TrialLog


def explanation(log: TrialLog, position: int) -> dict[str, Any]:
    """Return why the decision at a position is what it is; the log is read from its beginning.

    Raises: `UNKNOWN_POSITION` beyond the log, `NO_PROTOCOL_CONFIG` before there is one.
    """
    if not 1 <= position <= log.size():
        raise Refused("UNKNOWN_POSITION", "the log has no such position", position=log.size())
    explained = explain(open_row(row).recorded() for row in log.rows(0, position))
    return {**explained, "program": {"version": version("dosetrail"), "code": code_digest()}}
