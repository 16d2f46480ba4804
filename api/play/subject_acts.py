"""Script events about one subject: screening, dosing, safety, disposition."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from api.play.acts import SCRIPTED, Act, demanded_reason
from api.play.payload import Payload, pair
from core.kernel.errors import Malformed
from core.kernel.quantities import Quantity, write_decimal
from core.kernel.recorded import Reason
from core.rules.case_reading import mapping
from core.rules.screening_facts import Attestation, Group
from core.rules.script_screening import screening_facts
from core.trial.study.nct05727722 import CELLS_UNIT
from core.trial.subject import commands
from core.trial.subject.events import (
    AdverseEvent,
    Attested,
    Causality,
    FieldChange,
    LabEvidence,
    Measured,
    Route,
    Seriousness,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.screening_facts import ScreeningFacts

# The form of a script has no field for these; the player attests those that the group's rules ask for.
_SUPPLIED: Final[Mapping[Group, frozenset[str]]] = {
    Group.CLF: frozenset(
        {Attestation.CIRRHOSIS_WITH_DECOMPENSATION, Attestation.ENCEPHALOPATHY_ABOVE_GRADE_2}
    ),
    Group.ACLF: frozenset(
        {
            Attestation.EARLY_STAGE_ACUTE_SYNDROME,
            Attestation.FATIGUE_AND_GI_SYMPTOM,
            Attestation.PROGRESSIVE_JAUNDICE,
        }
    ),
}
_ALL_SUPPLIED: Final = frozenset[str]().union(*_SUPPLIED.values())
_SCREENING_FIELDS: Final = frozenset(
    {"group", "sex", "age", "days_of_prior_regular_treatment", "attestations", "reason"}
)
_DECIMAL_FIELDS: Final = frozenset({"lab.value", "lab.baseline", "lab.uln"})
_WORST_GRADE: Final = 5


def subject_screened(subject_key: str, given: Payload) -> Act:
    """Enter the screening; attestations that no field of the form gives are supplied and marked."""
    facts = screening_facts(given.given)
    _require_measurements_only(given, facts)
    said = mapping(given.given.get("attestations", {}), "attestations").keys()
    supplied = _SUPPLIED[facts.group] - said
    spoken = [
        Attested(Attestation(name), holds)
        for name, holds in facts.attestations.items()
        if name in said or name in supplied or name not in _ALL_SUPPLIED
    ]
    command = commands.ScreenSubject(
        subject_key=subject_key,
        group=facts.group,
        sex=facts.sex,
        age_years=facts.age_years,
        measurements=tuple(Measured(str(name), q.value, q.unit) for name, q in facts.measurements.items()),
        days_of_prior_treatment=facts.days_of_prior_treatment,
        attestations=tuple(spoken),
    )
    return Act(command, _supplied_reason(given, sorted(supplied)))


def _require_measurements_only(given: Payload, facts: ScreeningFacts) -> None:
    """Refuse a value of the form that did not become a measurement."""
    given.read_all()
    values = [name for name in given.given.keys() - _SCREENING_FIELDS if given.given[name] is not None]
    if len(values) != len(facts.measurements):
        raise Malformed("FIELD_UNKNOWN", "the screening form has a field that the player does not know")


def _supplied_reason(given: Payload, supplied: list[str]) -> Reason | None:
    words = given.optional_text("reason")
    if not supplied:
        return None if words is None else Reason("stated", words)
    text = f"Attested by the player, not by the script: {', '.join(supplied)}."
    return Reason(SCRIPTED, text if words is None else f"{words} {text}")


def eligibility_confirmed(subject_key: str, given: Payload) -> Act:
    """Confirm eligibility."""
    return Act(commands.ConfirmEligibility(subject_key, given.word(Group, "group")))


def screen_failed(subject_key: str, given: Payload) -> Act:
    """Record a screen failure."""
    return Act(commands.RecordScreenFailure(subject_key, given.texts("failed_rules")))


def subject_enrolled(subject_key: str, given: Payload) -> Act:
    """Enrol at a level."""
    level, replaces = given.whole("level"), given.optional_text("replaces")
    return Act(commands.EnrolSubject(subject_key, level, replaces))


def dose_administered(subject_key: str, given: Payload) -> Act:
    """Record the dose."""
    cells = Quantity(given.number("cells_e9"), CELLS_UNIT)
    return Act(commands.AdministerDose(subject_key, given.whole("level"), cells, given.word(Route, "route")))


def ae_recorded(subject_key: str, given: Payload) -> Act:
    """Enter an adverse event."""
    entry = AdverseEvent(
        ae_id=given.text("ae_id"),
        ctcae_version=given.text("ctcae_version"),
        term=given.text("term"),
        soc=given.text("soc"),
        meddra_code=given.optional_whole("meddra_code"),
        grade=given.whole("grade"),
        baseline_grade=given.whole("baseline_grade", 0, _WORST_GRADE),
        onset=given.day("onset"),
        causality=given.word(Causality, "causality"),
        serious=given.truth("serious"),
        seriousness_criteria=given.words(Seriousness, "seriousness_criteria"),
        lab=None if given.optional("lab") is None else _lab(given.part("lab")),
    )
    return Act(commands.ReportAdverseEvent(subject_key, entry))


def _lab(given: Payload) -> LabEvidence:
    return LabEvidence(
        given.number("value"), given.text("unit"), given.number("baseline"), given.number("uln")
    )


def ae_corrected(subject_key: str, given: Payload) -> Act:
    """Correct fields of an adverse event, from the old value to the new."""
    ae_id, changes = given.text("ae_id"), given.part("changes")
    made = []
    for name in changes.given:
        old, new = pair(changes.value(name), name)
        made.append(FieldChange(name, _as_stored(name, old), _as_stored(name, new)))
    command = commands.CorrectAdverseEvent(subject_key, ae_id, tuple(made))
    return Act(command, demanded_reason(given, "correction"))


def _as_stored(name: str, value: object) -> object:
    """Return the value in the spelling of stored payloads: measured numbers as decimal strings."""
    if isinstance(value, dict):
        return {inner: _as_stored(f"{name}.{inner}", one) for inner, one in value.items()}
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if is_number and (name in _DECIMAL_FIELDS or isinstance(value, Decimal)):
        return write_decimal(Decimal(value))  # type: ignore[arg-type]
    return value


def dlt_adjudicated(subject_key: str, given: Payload) -> Act:
    """Judge an adverse event."""
    return Act(commands.AdjudicateDlt(subject_key, given.text("ae_id"), given.truth("is_dlt")))


def dlt_window_completed(subject_key: str, _given: Payload) -> Act:
    """Close the DLT window."""
    return Act(commands.CompleteDltWindow(subject_key))


def subject_withdrawn(subject_key: str, given: Payload) -> Act:
    """Record a withdrawal; what the script calls its reason is the cause as well."""
    cause = given.optional_text("reason") or "not_stated"
    command = commands.WithdrawSubject(subject_key, given.day("date"), cause, given.truth("dlt_related"))
    return Act(command, demanded_reason(given, "withdrawal"))


def subject_died(subject_key: str, given: Payload) -> Act:
    """Record a death."""
    cause = given.optional_text("cause_ae")
    return Act(commands.RecordDeath(subject_key, given.day("date"), cause, given.truth("related")))


def liver_transplant_performed(subject_key: str, given: Payload) -> Act:
    """Record a liver transplant."""
    return Act(commands.RecordLiverTransplant(subject_key, given.day("date")))
