"""Sentences about the study, its people, and the instance itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.instance.events import CommandRefused, GenesisConfirmed, InstanceCreated
from core.trial.people.events import (
    EnrolmentApproved,
    PersonInvited,
    RoleEnded,
    RoleGranted,
    SigningKeyEnrolled,
    SigningKeyRevoked,
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
    from core.trial.people.events import PeopleEvent
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


def of_person(event: PeopleEvent, person: str) -> str:
    """Return the sentence of an event about the person with this id."""
    match event:
        case PersonInvited():
            return f"{person} ({event.name}, {event.organisation}) was proposed."
        case SigningKeyEnrolled():
            return f"A signing key of {person} was proposed."
        case RoleGranted():
            return f"The role {event.role} was proposed for {person}."
        case EnrolmentApproved():
            return f"A second officer approved what was proposed for {person}."
        case RoleEnded():
            return f"The role {event.role} of {person} ended."
        case SigningKeyRevoked():
            return f"A signing key of {person} was revoked."
        case _:
            assert_never(event)


def of_instance(event: InstanceEvent) -> str:
    """Return the sentence of an event of the instance."""
    match event:
        case InstanceCreated():
            return f"The {event.environment} log {event.origin} was founded for {event.study}."
        case GenesisConfirmed():
            return "A founding officer confirmed position 1."
        case CommandRefused():
            return f"{event.command} by {event.person} was refused: {event.code}."
        case _:
            assert_never(event)
