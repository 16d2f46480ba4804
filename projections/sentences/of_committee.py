"""Sentences about the safety review committee and about the cell product."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.escalation.events import (
    DecisionSigned,
    DecisionSimulated,
    DecisionSuperseded,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SrcMeetingClosed,
    SrcMeetingOpened,
    SrcVoteCast,
    SrcVotingEnded,
)
from core.trial.product.events import (
    DosePreparationChecked,
    DosePreparationDiscarded,
    DosePrepared,
    LotReceived,
    LotRejected,
    LotReleased,
)

if TYPE_CHECKING:
    from core.trial.escalation.events import EscalationEvent
    from core.trial.product.events import ProductEvent


def of_escalation(event: EscalationEvent) -> str:  # noqa: PLR0911 - one case an event
    """Return the sentence of an event of the committee."""
    match event:
        case SrcMeetingOpened():
            return (
                f"Meeting {event.meeting} was opened on the record up to position {event.snapshot_position}."
            )
        case SrcVoteCast():
            return f"A vote in meeting {event.meeting}: {_decision(event.decision, event.level)}."
        case SrcVotingEnded():
            return f"The voting in meeting {event.meeting} was ended without {', '.join(event.absent)}."
        case SrcMeetingClosed():
            return f"Meeting {event.meeting} was closed without a decision: {event.cause}."
        case DecisionSigned():
            how = ", against the protocol's table" if event.overridden else ""
            return f"The committee signed: {_decision(event.decision, event.level)}{how}."
        case DecisionSuperseded():
            would_be = _decision(event.would_be, event.would_be_level)
            cells = event.would_be_cells
            dose = "" if cells is None else f" ({cells.value} {cells.unit} cells)"
            return f"An earlier decision rests on facts that have changed; it would be {would_be}{dose}."
        case SafetyHoldPlaced():
            return f"Dosing was put on hold ({event.hold}): {event.cause}."
        case SafetyHoldLifted():
            return f"The committee lifted {', '.join(event.triggers)}."
        case DecisionSimulated():
            return f"What if {', '.join(event.assumptions)}: {_decision(event.decision, event.level)}."
        case _:
            assert_never(event)


def sentence_of_open_vote(vote: SrcVoteCast) -> str:
    """Return the sentence of a vote while its meeting is open, which keeps to itself what it was for."""
    return f"A vote in meeting {vote.meeting}; what it was for is withheld until the meeting ends."


def of_product(event: ProductEvent, lot: str) -> str:
    """Return the sentence of an event of the lot with this id."""
    match event:
        case LotReceived():
            return f"Lot {lot} of donor {event.contents.donor} was received."
        case LotReleased():
            return f"Lot {lot} was released."
        case LotRejected():
            return f"Lot {lot} was rejected: {event.cause}."
        case DosePrepared():
            prepared = f"{event.cells.value} {event.cells.unit}"
            return f"{prepared} of lot {lot} were prepared for {event.subject_key}."
        case DosePreparationChecked():
            return f"A second person checked the preparation of lot {lot} for {event.subject_key}."
        case DosePreparationDiscarded():
            return f"The preparation of lot {lot} for {event.subject_key} was discarded: {event.cause}."
        case _:
            assert_never(event)


def _decision(decision: str, level: int | None) -> str:
    words = decision.replace("_", " ")
    return words if level is None else f"{words}, dose level {level}"
