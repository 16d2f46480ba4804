"""Which command each type of a script stands for; one row a type (record 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from api.play import casebook_acts as casebook
from api.play import committee_acts as committee
from api.play import product_acts as product
from api.play import safety_acts as safety
from api.play import study_acts as study
from api.play import subject_acts as subject
from api.play.acts import Act, Memory
from api.play.payload import Payload
from api.play.script import ScriptEvent, stopped, unreadable
from core.kernel.errors import Malformed, Refused
from core.kernel.recorded import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

STUDY: Final[Mapping[str, Callable[[Payload], tuple[Act, ...]]]] = {
    "TrialConfigured": study.trial_configured,
    "SrcDecisionSigned": committee.src_decision_signed,
}

SUBJECT: Final[Mapping[str, Callable[[str, Payload], tuple[Act, ...]]]] = {
    "SubjectScreened": subject.subject_screened,
    "EligibilityConfirmed": subject.eligibility_confirmed,
    "ScreenFailed": subject.screen_failed,
    "SubjectEnrolled": subject.subject_enrolled,
    "DltAdjudicated": safety.dlt_adjudicated,
    "DltWindowCompleted": safety.dlt_window_completed,
    "SubjectWithdrawn": subject.subject_withdrawn,
    "SubjectDied": subject.subject_died,
    "LiverTransplantPerformed": subject.liver_transplant_performed,
}

# What the player supplies beside these has times of its own, counted from the event's.
TIMED: Final[Mapping[str, Callable[[str, Payload, datetime], tuple[Act, ...]]]] = {
    "DoseAdministered": product.dose_administered,
    "AERecorded": safety.ae_recorded,
    "AECorrected": safety.ae_corrected,
}

CASEBOOK: Final[Mapping[str, Callable[[str, Payload, Memory], tuple[Act, ...]]]] = {
    "LabPanelRecorded": casebook.lab_panel_recorded,
    "LabResultCorrected": casebook.lab_result_corrected,
    "HlaAntibodyRecorded": casebook.hla_antibody_recorded,
    "VitalStatusRecorded": casebook.vital_status_recorded,
}


def read_acts(events: Iterable[ScriptEvent]) -> tuple[tuple[ScriptEvent, tuple[Act, ...]], ...]:
    """Return what each event of a script makes people do; nothing is asked of any store.

    Raises: `UnreadableScript` with `UNKNOWN_TYPE`, `FIELD_MISSING`, `FIELD_MALFORMED`, `FIELD_UNKNOWN`, or
    another code of reading; `ScriptStopped` where a value is refused as such.
    """
    memory = Memory()
    return tuple((event, _acts(event, memory)) for event in events)


def _acts(event: ScriptEvent, memory: Memory) -> tuple[Act, ...]:
    given = Payload(event.payload)
    try:
        acts = _mapped(event, given, memory)
        said = given.optional_text("reason")
        given.require_all_read()
    except Malformed as error:
        raise unreadable(event.seq, error) from None
    except Refused as error:
        raise stopped(event, error) from None
    return acts if said is None else tuple(_giving(act, said) for act in acts)


def _mapped(event: ScriptEvent, given: Payload, memory: Memory) -> tuple[Act, ...]:
    if event.type in STUDY:
        if event.subject is not None:
            raise Malformed("FIELD_MALFORMED", f"{event.type} is about no subject")
        return STUDY[event.type](given)
    if event.type not in {*SUBJECT, *TIMED, *CASEBOOK}:
        raise Malformed("UNKNOWN_TYPE", f"the player knows no {event.type}")
    if event.subject is None:
        raise Malformed("FIELD_MALFORMED", f"{event.type} is about a subject")
    if event.type in SUBJECT:
        return SUBJECT[event.type](event.subject, given)
    if event.type in TIMED:
        return TIMED[event.type](event.subject, given, event.at)
    return CASEBOOK[event.type](event.subject, given, memory)


def _giving(act: Act, said: str) -> Act:
    """Keep a reason that the script gives although no rule asks for one."""
    return act if act.reason else replace(act, reason=Reason("stated", said))
