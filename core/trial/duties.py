"""Which duty each type of event is part of: what the principal investigator delegates, and what it covers.

Written into the policy of position 1; from then on the log decides (part 11 section 5, ICH E6(R3) 2.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from core.kernel.actors import Duty
from core.trial.casebook import events as casebook
from core.trial.product.events import ProductEvent
from core.trial.quality.events import Countersigned, QueryAnswered
from core.trial.subject import adverse_events as safety
from core.trial.subject import events as subject

if TYPE_CHECKING:
    from collections.abc import Mapping

DUTIES: Final[Mapping[Duty, tuple[type[Any], ...]]] = {
    Duty.CONSENT: (subject.ConsentGiven, subject.ConsentReconfirmed, subject.ConsentWithdrawn),
    Duty.SCREENING: (
        subject.SubjectScreened,
        subject.ScreeningCorrected,
        subject.EligibilityConfirmed,
        subject.SubjectScreenFailed,
    ),
    Duty.ENROLMENT: (subject.SubjectEnrolled,),
    Duty.PRODUCT: (*get_args(ProductEvent), subject.DoseWitnessed),
    Duty.DOSING: (subject.DoseAdministered,),
    Duty.LABS: (
        casebook.SpecimenDrawn,
        casebook.LabPanelReported,
        casebook.LateResultReported,
        casebook.LabResultRepeated,
        casebook.LabResultCorrected,
        casebook.LabReviewed,
        casebook.HlaAntibodyReported,
    ),
    Duty.SAFETY: (
        safety.AdverseEventReported,
        safety.AdverseEventCorrected,
        safety.AdverseEventRegraded,
        safety.AdverseEventResolved,
    ),
    Duty.VISITS: (
        casebook.VisitRecorded,
        casebook.VisitMissed,
        casebook.MedicationRecorded,
        casebook.MedicationEnded,
        casebook.ClinicalImprovementAssessed,
        casebook.DeviationRecorded,
    ),
    Duty.QUERIES: (QueryAnswered,),
    Duty.REVIEW: (Countersigned,),
}
