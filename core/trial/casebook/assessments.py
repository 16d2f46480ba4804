"""Decisions about antibodies, vital status and improvement: once a visit, nothing against the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.kernel.time import local_date, study_day
from core.trial.casebook.events import (
    ClinicalImprovementAssessed,
    HlaAntibodyReported,
    VitalStatusRecorded,
)
from core.trial.casebook.state import IMPROVEMENT
from core.trial.casebook.visits import require_dose, require_said, require_window
from core.trial.context import Context, Decided
from core.trial.study.state import require_config
from core.trial.subject.consent import require_consent
from core.trial.subject.outcome import dose_date

if TYPE_CHECKING:
    from core.trial.casebook.commands import (
        AssessClinicalImprovement,
        RecordVitalStatus,
        ReportHlaAntibodies,
    )
    from core.trial.casebook.events import AntibodyClass
    from core.trial.facts import Facts


def report_hla_antibodies(
    facts: Facts, command: ReportHlaAntibodies, context: Context
) -> tuple[Decided, ...]:
    """Enter the antibodies of a visit, once, judged by the threshold of the protocol.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `DUPLICATE_VISIT`, `IMPLAUSIBLE`,
    `THRESHOLD_DIFFERS`.
    """
    require_consent(facts.known_subject(command.subject_key), context.occurred_at)
    if command.visit in facts.casebook(command.subject_key).antibodies:
        raise Refused("DUPLICATE_VISIT", "antibodies of this visit are already reported")
    for found in (command.class_i, command.class_ii):
        _require_plausible(found)
    threshold = require_config(facts.study()).hla.threshold_mfi
    if command.threshold_mfi != threshold:
        raise Refused("THRESHOLD_DIFFERS", f"the protocol calls antibodies positive from {threshold} MFI")
    event = HlaAntibodyReported(
        visit=command.visit,
        assay=command.assay,
        laboratory=command.laboratory,
        kit_lot=command.kit_lot,
        threshold_mfi=command.threshold_mfi,
        class_i=command.class_i,
        class_ii=command.class_ii,
    )
    return (Decided(command.target, event),)


def _require_plausible(found: AntibodyClass) -> None:
    if found.max_mfi < 0 or not 0 <= found.cpra_percent <= 100:
        raise Malformed("IMPLAUSIBLE", "MFI is not negative, cPRA is 0 to 100 %")
    if len(set(found.specificities)) != len(found.specificities):
        raise Malformed("IMPLAUSIBLE", "a specificity is named once", field="specificities")


def record_vital_status(facts: Facts, command: RecordVitalStatus, context: Context) -> tuple[Decided, ...]:
    """Record whether a dosed subject lived on a study day, once a day; asked for even after withdrawal.

    Raises: `UNKNOWN_SUBJECT`, `ILLEGAL_SEQUENCE`, `FUTURE_TIME`, `DUPLICATE_VISIT`, `CONTRADICTS_DEATH`,
    `DEATH_NOT_RECORDED`.
    """
    subject = facts.known_subject(command.subject_key)
    if subject.dose is None or command.study_day < 0:
        raise Refused("ILLEGAL_SEQUENCE", "study days count from the dose")
    if facts.casebook(command.subject_key).alive_on(command.study_day) is not None:
        raise Refused("DUPLICATE_VISIT", "vital status of this study day is already recorded")
    study = facts.study()
    day_zero = dose_date(subject.dose, study)
    today = local_date(context.now, require_config(study).zone)
    if command.study_day > study_day(today, day_zero):
        raise Malformed("FUTURE_TIME", "the study day lies in the future", field="study_day")
    died_on = None if subject.died is None else study_day(subject.died.date, day_zero)
    if command.alive and died_on is not None and command.study_day > died_on:
        raise Refused("CONTRADICTS_DEATH", "the subject had died before that day")
    if not command.alive and (died_on is None or command.study_day < died_on):
        raise Refused("DEATH_NOT_RECORDED", "no death by that day is recorded: record the death first")
    event = VitalStatusRecorded(command.study_day, command.alive)
    return (Decided(command.target, event),)


def assess_clinical_improvement(
    facts: Facts, command: AssessClinicalImprovement, context: Context
) -> tuple[Decided, ...]:
    """Attest to the clinical parts of improvement at a visit at which the protocol asks for it, once.

    Raises: `UNKNOWN_SUBJECT`, `CONSENT_MISSING`, `CONSENT_WITHDRAWN`, `ILLEGAL_SEQUENCE`, `UNKNOWN_VISIT`,
    `DUPLICATE_VISIT`, `GUIDELINE_DIFFERS`, `EFFICACY_CENSORED`, `BAD_TEXT`, `PII_SUSPECTED`.
    """
    subject = facts.known_subject(command.subject_key)
    require_consent(subject, context.occurred_at)
    dose = require_dose(subject)
    window = require_window(facts, dose, command.subject_key, command.visit)
    if IMPROVEMENT not in window.assessments:
        raise Refused("UNKNOWN_VISIT", "improvement is not assessed at this visit")
    if command.visit in facts.casebook(command.subject_key).improvement:
        raise Refused("DUPLICATE_VISIT", "improvement at this visit is already assessed")
    if command.guideline != require_config(facts.study()).improvement.guideline:
        raise Refused("GUIDELINE_DIFFERS", "improvement is assessed by the guideline of the protocol")
    if (
        subject.transplanted
        and study_day(subject.transplanted.date, dose_date(dose, facts.study())) <= command.visit
    ):
        # Domain 7: after a transplant safety visits go on, efficacy is censored.
        raise Refused("EFFICACY_CENSORED", "after a transplant improvement is no effect of the cells")
    require_said(command.evidence, "evidence")
    event = ClinicalImprovementAssessed(
        visit=command.visit,
        guideline=command.guideline,
        symptoms_improved=command.symptoms_improved,
        encephalopathy_resolved=command.encephalopathy_resolved,
        jaundice_and_ascites_improved=command.jaundice_and_ascites_improved,
        evidence=command.evidence,
    )
    return (Decided(command.target, event),)
