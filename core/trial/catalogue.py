"""The one list of commands: which decider answers each, and with which event its answer begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from core.trial.casebook import commands as casebook
from core.trial.casebook import decide as casebook_decide
from core.trial.casebook import events as casebook_events
from core.trial.escalation import commands as escalation
from core.trial.escalation import decide as escalation_decide
from core.trial.escalation.events import DecisionSigned
from core.trial.people import commands as people
from core.trial.people import decide as people_decide
from core.trial.people import events as people_events
from core.trial.study import commands as study
from core.trial.study import decide as study_decide
from core.trial.study import events as study_events
from core.trial.subject import commands as subject
from core.trial.subject import decide as subject_decide
from core.trial.subject import disposition, safety
from core.trial.subject import events as subject_events

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.kernel.recorded import Event
    from core.trial.context import Context, Decided
    from core.trial.facts import Facts


class Command(Protocol):
    """A frozen request in the imperative; `target` is the stream that it is about."""

    @property
    def target(self) -> str:
        """The stream that the command is about."""


Decide: TypeAlias = "Callable[[Facts, Any, Context], tuple[Decided, ...]]"

DECIDERS: dict[type, Decide] = {
    people.EnrolPerson: people_decide.enrol_person,
    people.ApproveEnrolment: people_decide.approve_enrolment,
    people.EndRole: people_decide.end_role,
    people.RevokeSigningKey: people_decide.revoke_signing_key,
    study.ProposeProtocolConfig: study_decide.propose_protocol_config,
    study.ApproveProtocolConfig: study_decide.approve_protocol_config,
    subject.ScreenSubject: subject_decide.screen_subject,
    subject.ConfirmEligibility: subject_decide.confirm_eligibility,
    subject.RecordScreenFailure: subject_decide.record_screen_failure,
    subject.EnrolSubject: subject_decide.enrol_subject,
    subject.AdministerDose: subject_decide.administer_dose,
    subject.ReportAdverseEvent: safety.report_adverse_event,
    subject.CorrectAdverseEvent: safety.correct_adverse_event,
    subject.AdjudicateDlt: safety.adjudicate_dlt,
    subject.CompleteDltWindow: safety.complete_dlt_window,
    subject.WithdrawSubject: disposition.withdraw_subject,
    subject.RecordDeath: disposition.record_death,
    subject.RecordLiverTransplant: disposition.record_liver_transplant,
    casebook.ReportLabPanel: casebook_decide.report_lab_panel,
    casebook.CorrectLabResult: casebook_decide.correct_lab_result,
    casebook.ReportHlaAntibodies: casebook_decide.report_hla_antibodies,
    casebook.RecordVitalStatus: casebook_decide.record_vital_status,
    escalation.SignDecision: escalation_decide.sign_decision,
}


# The first event that each command makes: what tells two commands with the same fields apart.
OPENS_WITH: dict[type, type[Event]] = {
    people.EnrolPerson: people_events.PersonInvited,
    people.ApproveEnrolment: people_events.EnrolmentApproved,
    people.EndRole: people_events.RoleEnded,
    people.RevokeSigningKey: people_events.SigningKeyRevoked,
    study.ProposeProtocolConfig: study_events.ProtocolConfigProposed,
    study.ApproveProtocolConfig: study_events.ProtocolConfigApproved,
    subject.ScreenSubject: subject_events.SubjectScreened,
    subject.ConfirmEligibility: subject_events.EligibilityConfirmed,
    subject.RecordScreenFailure: subject_events.SubjectScreenFailed,
    subject.EnrolSubject: subject_events.SubjectEnrolled,
    subject.AdministerDose: subject_events.DoseAdministered,
    subject.ReportAdverseEvent: subject_events.AdverseEventReported,
    subject.CorrectAdverseEvent: subject_events.AdverseEventCorrected,
    subject.AdjudicateDlt: subject_events.DltAdjudicated,
    subject.CompleteDltWindow: subject_events.DltWindowCompleted,
    subject.WithdrawSubject: subject_events.SubjectWithdrawn,
    subject.RecordDeath: subject_events.DeathRecorded,
    subject.RecordLiverTransplant: subject_events.LiverTransplantRecorded,
    casebook.ReportLabPanel: casebook_events.LabPanelReported,
    casebook.CorrectLabResult: casebook_events.LabResultCorrected,
    casebook.ReportHlaAntibodies: casebook_events.HlaAntibodyReported,
    casebook.RecordVitalStatus: casebook_events.VitalStatusRecorded,
    escalation.SignDecision: DecisionSigned,
}


def decide(facts: Facts, command: Command, context: Context) -> tuple[Decided, ...]:
    """Return the events that the command makes, or raise why it makes none."""
    return DECIDERS[type(command)](facts, command, context)
