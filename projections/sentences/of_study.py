"""Sentences about the study and the instance itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.instance.events import (
    ClockDiscrepancyDetected,
    CommandRefused,
    GenesisConfirmed,
    InstanceCreated,
    PolicyChanged,
    PolicyChangeProposed,
    PolicyChangeWithdrawn,
    RefusalsRepeated,
    ServiceTokenIssued,
    ServiceTokenRevoked,
    SessionMisused,
    TimeSourceChecked,
    UnknownSignInsRefused,
)
from core.trial.study.events import (
    AmendmentProposed,
    ConsentFormApproved,
    DoseLevelAdded,
    ProtocolConfigApproved,
    ProtocolConfigProposed,
    SampleSizeAmended,
    VisitWindowsAmended,
)

if TYPE_CHECKING:
    from core.trial.instance.events import InstanceEvent
    from core.trial.study.events import StudyEvent


def of_study(event: StudyEvent) -> str:  # noqa: PLR0911 - one case an event
    """Return the sentence of an event of the protocol configuration."""
    match event:
        case ProtocolConfigProposed():
            return f"Version {event.number} of the protocol configuration was proposed."
        case ProtocolConfigApproved():
            return f"Version {event.number} of the protocol configuration counts from here on."
        case AmendmentProposed():
            return f"Amendment {event.number} was proposed under {event.ethics_approval}."
        case SampleSizeAmended():
            return f"Amendment {event.number}: at most {event.max_subjects} subjects are dosed."
        case DoseLevelAdded():
            added = event.dose_level
            dose = f"{added.cells.value} {added.cells.unit}"
            return f"Amendment {event.number}: dose level {added.level} is {dose}."
        case VisitWindowsAmended():
            days = ", ".join(str(visit.day) for visit in event.visits)
            return f"Amendment {event.number}: visits on days {days} have new windows."
        case ConsentFormApproved():
            form = event.consent_form
            return f"Amendment {event.number}: consent form {form.version} ({form.language}) may be used."
        case _:
            assert_never(event)


def of_instance(event: InstanceEvent) -> str:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the sentence of an event of the instance."""
    match event:
        case InstanceCreated():
            return f"The {event.environment} log {event.origin} was founded for {event.study}."
        case GenesisConfirmed():
            return "A founding officer confirmed position 1."
        case RefusalsRepeated():
            return f"{event.count} more refusals of {event.person} within a minute: {event.code}."
        case UnknownSignInsRefused():
            return f"{event.count} sign-ins of nobody who is enrolled were refused within a minute."
        case SessionMisused():
            whose = "nobody" if event.person is None else event.person
            return f"A session of {whose} that does not count was used {event.count} times within a minute."
        case ServiceTokenIssued():
            may = ", ".join(event.scopes)
            return f"{event.tool} may read ({may}) with token {event.token} in the care of {event.owner}."
        case ServiceTokenRevoked():
            return f"The access of the tool with token {event.token} was ended."
        case PolicyChangeProposed():
            return f"Another policy was proposed: {_items(event.changes)}."
        case PolicyChanged():
            return f"Another policy counts from here on: {_items(event.changes)}."
        case PolicyChangeWithdrawn():
            return f"The proposed policy was withdrawn: {_items(event.changes)}."
        case CommandRefused():
            return f"{event.command} by {event.person} was refused: {event.code}."
        case TimeSourceChecked():
            return f"The clock agrees with {event.source}: {event.offset_ms} ms off."
        case ClockDiscrepancyDetected(offset_ms=None):
            return f"The clock cannot be trusted: {event.source} cannot say whether it is right."
        case ClockDiscrepancyDetected():
            return f"The clock cannot be trusted: it is {event.offset_ms} ms off by {event.source}."
        case _:
            assert_never(event)


def _items(changes: tuple[str, ...]) -> str:
    """Return what becomes other, without its old and new texts: these stand in the view of policies."""
    return ", ".join(change.partition(":")[0] for change in changes)
