"""What can be entered into a casebook: each command with its decider and the event that it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.trial.casebook import assessments, commands, events, labs, visits

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow

COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.RecordVisit, visits.record_visit, (events.VisitRecorded,)),
    (commands.RecordMissedVisit, visits.record_missed_visit, (events.VisitMissed,)),
    (commands.RecordSpecimen, labs.record_specimen, (events.SpecimenDrawn,)),
    (commands.ReportLabPanel, labs.report_lab_panel, (events.LabPanelReported,)),
    (commands.ReportLateResult, labs.report_late_result, (events.LateResultReported,)),
    (commands.RepeatLabResult, labs.repeat_lab_result, (events.LabResultRepeated,)),
    (commands.CorrectLabResult, labs.correct_lab_result, (events.LabResultCorrected,)),
    (commands.ReviewLab, labs.review_lab, (events.LabReviewed,)),
    (commands.RecordMedication, visits.record_medication, (events.MedicationRecorded,)),
    (commands.EndMedication, visits.end_medication, (events.MedicationEnded,)),
    (commands.ReportHlaAntibodies, assessments.report_hla_antibodies, (events.HlaAntibodyReported,)),
    (commands.RecordVitalStatus, assessments.record_vital_status, (events.VitalStatusRecorded,)),
    (
        commands.AssessClinicalImprovement,
        assessments.assess_clinical_improvement,
        (events.ClinicalImprovementAssessed,),
    ),
    (commands.RecordDeviation, visits.record_deviation, (events.DeviationRecorded,)),
    (commands.AssessDeviation, visits.assess_deviation, (events.DeviationAssessed,)),
)
