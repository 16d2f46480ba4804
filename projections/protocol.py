"""Every version of the protocol configuration: what was proposed, by whom, what counts, since when.

An approver reads here what is asked of them; an auditor, which numbers and windows counted at a position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel import streams
from core.kernel.codec import to_data
from core.kernel.time import write_instant
from core.trial.registry import event_name, events_of
from core.trial.study.events import AmendmentProposed, ProtocolConfigApproved, ProtocolConfigProposed
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.study.state import Study, Waiting
    from core.trial.trial import Trial

COUNTS: Final = "counts"
COUNTED: Final = "counted until the next version"
_CHANGES = ("ethics_approval", "max_subjects", "dose_level", "visits", "consent_form")


class Protocol:
    """One row a proposal, keyed by its number."""

    name = "protocol"
    readers = readers_of(name, "study")
    concerns = events_of("study")

    def project(self, event: Recorded, before: Study, trial: Trial) -> Iterable[RowChange]:
        """Return the rows of the proposal and of the version that it replaces."""
        if event.stream != streams.STUDY:
            return
        if isinstance(event.payload, ProtocolConfigProposed | AmendmentProposed):
            if before.waiting is not None:
                yield _change(before.waiting, "replaced before approval", None, before)
            waiting = trial.study.waiting
            if waiting is not None:
                yield _change(waiting, "waits for approval", None, trial.study)
        elif before.waiting is not None:
            yield _change(before.waiting, COUNTS, event, trial.study)

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the rows; of those that were approved only the last one still counts."""
        del moment
        approved = [row["number"] for row in rows if row["status"] == COUNTS]
        return [{**row, "status": COUNTED} if row["number"] in approved[:-1] else row for row in rows]


def _change(waiting: Waiting, status: str, approval: Recorded | None, study: Study) -> RowChange:
    row = {
        "number": waiting.number,
        "kind": event_name(waiting.proposed.TOPIC),
        "status": status,
        "proposed_by": waiting.proposer,
        "proposal": waiting.digest,
        **_approved(approval),
        "changes": _changes(waiting),
        "config": _config(waiting, approval, study),
    }
    return RowChange(str(waiting.number), row)


def _approved(approval: Recorded | None) -> dict[str, Any]:
    payload = approval.payload if approval else None
    return {
        "approved_by": approval.signer.id if approval else None,
        "counts_from_position": approval.position if approval else None,
        "approved_at": write_instant(approval.recorded_at) if approval else None,
        "self_test": payload.self_test if isinstance(payload, ProtocolConfigApproved) else None,
    }


def _changes(waiting: Waiting) -> dict[str, Any]:
    """Return the one change that an amendment proposes."""
    if isinstance(waiting.proposed, ProtocolConfigProposed):
        return {}
    said = to_data(waiting.proposed)
    return {name: said[name] for name in _CHANGES if said[name] is not None}


def _config(waiting: Waiting, approval: Recorded | None, study: Study) -> dict[str, Any] | None:
    """Return the whole configuration: as proposed, or as it counts once approved."""
    if approval is not None:
        return to_data(study.version(waiting.number))
    proposed = waiting.proposed
    return to_data(proposed.config) if isinstance(proposed, ProtocolConfigProposed) else None
