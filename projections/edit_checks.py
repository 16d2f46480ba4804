"""What edit checks asked of whoever entered data, and what came of it: FDA 2024, question 13.

One row a prompt: by which check, of whom, about which record, and the next command of the same kind about it
that was accepted from the same person. The value that was stopped is nowhere: no refusal keeps one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.streams import key_of
from core.kernel.time import write_instant
from core.trial.catalogue import OPENS_WITH
from core.trial.edit_checks import EDIT_CHECKS, is_edit_check
from core.trial.instance.events import CommandRefused
from projections.projection import RowChange, RowPatch
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class EditChecks:
    """One row a prompt, keyed by its position; `next_accepted` is null until something was."""

    name = "edit-checks"
    by_position = True
    concerns = frozenset({CommandRefused, *(event for events in OPENS_WITH.values() for event in events)})
    readers = readers_of(name, "refusals", "subject", "casebook", "lot")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange | RowPatch]:
        """Return the row of a prompt; or what an accepted command adds to the rows that waited for it."""
        del before
        refused = event.payload
        if isinstance(refused, CommandRefused):
            if refused.target is not None and is_edit_check(refused.code, refused.target):
                yield _row(event, refused, refused.target)
            return
        accepted = {"position": event.position, "recorded_at": write_instant(event.recorded_at)}
        for position in trial.prompts.answered:
            yield RowPatch(str(position), {"next_accepted": accepted})


def _row(event: Recorded, refused: CommandRefused, target: str) -> RowChange:
    check = EDIT_CHECKS[refused.code]
    row = {
        "position": event.position,
        "recorded_at": write_instant(event.recorded_at),
        "code": refused.code,
        "check": check.name.lower(),
        "prompt": check.value,
        "person": refused.person,
        "command": refused.command,
        "target": target,
        "subject_key": None if target.startswith("lot/") else key_of(target),
        "next_accepted": None,
    }
    return RowChange(str(event.position), row)
