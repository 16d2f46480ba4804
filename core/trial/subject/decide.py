"""What can be asked for about a subject: each command with its decider and the event that it begins with.

The deciders stand by topic: consent, screening, enrolment, dosing, safety, adjudication, disposition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.trial.subject import (
    adjudication,
    adverse_events,
    commands,
    consent,
    disposition,
    dose_correction,
    dosing,
    enrolment,
    events,
    sae,
    safety,
    screening,
    screening_correction,
    witnessing,
)

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow

_COURSE: Final[tuple[CommandRow, ...]] = (
    (commands.GiveConsent, consent.give_consent, (events.ConsentGiven,)),
    (commands.ReconfirmConsent, consent.reconfirm_consent, (events.ConsentReconfirmed,)),
    (commands.WithdrawConsent, consent.withdraw_consent, (events.ConsentWithdrawn,)),
    (commands.CorrectScreening, screening_correction.correct_screening, (events.ScreeningCorrected,)),
    (commands.ScreenSubject, screening.screen_subject, (events.SubjectScreened,)),
    (commands.ConfirmEligibility, screening.confirm_eligibility, (events.EligibilityConfirmed,)),
    (commands.RecordScreenFailure, screening.record_screen_failure, (events.SubjectScreenFailed,)),
    (commands.EnrolSubject, enrolment.enrol_subject, (events.SubjectEnrolled,)),
    (commands.AdministerDose, dosing.administer_dose, (events.DoseAdministered,)),
    (commands.CorrectDose, dose_correction.correct_dose, (events.DoseCorrected,)),
    (commands.WitnessDose, witnessing.witness_dose, (events.DoseWitnessed,)),
    (commands.CompleteDltWindow, adjudication.complete_dlt_window, (events.DltWindowCompleted,)),
    (commands.WithdrawSubject, disposition.withdraw_subject, (events.SubjectWithdrawn,)),
    (commands.RecordDeath, disposition.record_death, (events.DeathRecorded,)),
    (
        commands.RecordLiverTransplant,
        disposition.record_liver_transplant,
        (events.LiverTransplantRecorded,),
    ),
    (commands.LoseToFollowUp, disposition.lose_to_follow_up, (events.LostToFollowUpRecorded,)),
    (commands.CorrectDisposition, disposition.correct_disposition, (events.DispositionCorrected,)),
)

_SAFETY: Final[tuple[CommandRow, ...]] = (
    (commands.ReportAdverseEvent, safety.report_adverse_event, (adverse_events.AdverseEventReported,)),
    (commands.CorrectAdverseEvent, safety.correct_adverse_event, (adverse_events.AdverseEventCorrected,)),
    (commands.RegradeAdverseEvent, safety.regrade_adverse_event, (adverse_events.AdverseEventRegraded,)),
    (commands.ResolveAdverseEvent, safety.resolve_adverse_event, (adverse_events.AdverseEventResolved,)),
    (commands.DeclareSae, sae.declare_sae, (adverse_events.SaeDeclared,)),
    (commands.SubmitSae, sae.submit_sae, (adverse_events.SaeSubmitted,)),
    (commands.AdjudicateDlt, adjudication.adjudicate_dlt, (adverse_events.DltAdjudicated,)),
)

COMMANDS: Final = (*_COURSE, *_SAFETY)
