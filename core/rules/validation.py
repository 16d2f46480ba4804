"""The calculators behind `dosetrail rules`: one parsed JSON case in, one plain result out.

- Case formats are those of the vectors; what a case expects is never read.
- A case that cannot be read raises `Malformed`; a MELD input that the trial refuses is a result.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.rules.case_reading import field, instant, mapping, number, objects, text, truth, whole, word
from core.rules.eligibility import judge_eligibility
from core.rules.escalation import AdjudicationDue, EscalationRules, Outcome, OutcomeStatus, decide
from core.rules.meld import computable, meld_scores
from core.rules.meld_formulas import Etiology, Formula, Score, meld_kamath_2001
from core.rules.meld_units import ARITHMETIC, Analyte, conventional
from core.rules.nct05727722 import criteria_of_nct05727722
from core.rules.quantities import Quantity, Sex, SpecimenTimes
from core.rules.script_screening import screening_facts
from core.rules.specimen_timing import timing_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.screening_facts import EligibilityCriteria

_MANY: Final = 10_000
_PLAIN_UNITS: Final = {Analyte.INR: "1", Analyte.SODIUM: "mmol/L"}
_RAW_NAMES: Final = {
    Formula.MELD: "meld_i_unrounded",
    Formula.MELD_NA: "meld_na_raw",
    Formula.MELD3: "meld3_raw",
}


def decision_from_vector(case: Mapping[str, object]) -> dict[str, object]:
    """Return decision, level, mtd, reason, slots and flags of an escalation case.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`, `ESCALATION_RULES_UNSUPPORTED`, `LEVEL_UNKNOWN`,
    `SUBJECT_REPEATED`.
    """
    rules = read_rules(mapping(field(case, "phase_rules"), "phase_rules"))
    doses = field(case, "doses")
    if not isinstance(doses, list | tuple):
        raise Malformed("FIELD_MALFORMED", "doses is not a list", field="doses")
    outcomes = [_outcome(one) for one in objects(field(case, "outcomes"), "outcomes")]
    if len({one.subject for one in outcomes}) < len(outcomes):
        raise Malformed("SUBJECT_REPEATED", "a subject is dosed once only")
    due = [_due(one) for one in objects(case.get("due", ()), "due")]
    decision = decide(rules, len(doses), outcomes, due)
    return {
        "decision": str(decision.decision),
        "level": decision.level,
        "mtd": decision.mtd,
        "reason": str(decision.reason),
        "slots": decision.slots,
        "flags": list(decision.flags),
    }


def meld_from_vector(case: Mapping[str, object]) -> dict[str, object]:
    """Return the scores, the timing verdict, or `{"error": CODE}`, by the case's `kind`.

    Unrounded values are given to four decimals.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`, `NAIVE_TIME`, `BAD_TIME`.
    """
    kind = text(field(case, "kind"), "kind")
    given = mapping(field(case, "input"), "input")
    try:
        return _meld_answer(kind, given)
    except Malformed:
        raise
    except Refused as refusal:
        return {"error": refusal.code}


def eligibility_from_payload(
    payload: Mapping[str, object], criteria: EligibilityCriteria | None = None
) -> dict[str, object]:
    """Return `eligible` and every rule's answer for a script's `SubjectScreened`.

    Without criteria those of NCT05727722 hold.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`, `UNKNOWN_ATTESTATION`; refuses `NON_POSITIVE`.
    """
    result = judge_eligibility(screening_facts(payload), criteria or criteria_of_nct05727722())
    rules = {identifier: str(answer) for identifier, answer in result.rules}
    return {"eligible": result.eligible, "rules": rules}


def read_rules(given: Mapping[str, object]) -> EscalationRules:
    """Return signed escalation rules from their JSON form; `preset` and other names are ignored.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`, `ESCALATION_RULES_UNSUPPORTED`.
    """
    return EscalationRules(
        atd_last_level=_optional_count(given, "atd_last_level"),
        grade2_trigger_count=_count(given, "grade2_trigger_count"),
        early_stop_on_two_dlt=_truth(given, "early_stop_on_two_dlt"),
        allow_deescalation=_truth(given, "allow_deescalation"),
        top_dose_requires_six=_truth(given, "top_dose_requires_six"),
        mtd_min_evaluable=_count(given, "mtd_min_evaluable"),
        mtd_max_dlt=_count(given, "mtd_max_dlt"),
        cohort_size=_count(given, "cohort_size"),
        max_per_level=_count(given, "max_per_level"),
        max_subjects=_optional_count(given, "max_subjects"),
    )


def _count(given: Mapping[str, object], name: str) -> int:
    return whole(field(given, name), name, 0, _MANY)


def _optional_count(given: Mapping[str, object], name: str) -> int | None:
    return None if field(given, name) is None else _count(given, name)


def _truth(given: Mapping[str, object], name: str) -> bool:
    return truth(field(given, name), name)


def _outcome(given: Mapping[str, object]) -> Outcome:
    return Outcome(
        subject=text(field(given, "subject"), "subject"),
        level=_count(given, "level"),
        dlt=_truth(given, "dlt"),
        max_related_grade=whole(field(given, "max_related_grade"), "max_related_grade", 0, 5),
        status=word(OutcomeStatus, field(given, "status"), "status"),
    )


def _due(given: Mapping[str, object]) -> AdjudicationDue:
    return AdjudicationDue(text(field(given, "ae_id"), "ae_id"), _count(given, "level"))


def _meld_answer(kind: str, given: Mapping[str, object]) -> dict[str, object]:
    match kind:
        case "score" | "reject":
            return _scores(given)
        case "timing":
            return _timing(given)
        case "kamath2001_etiology":
            return _kamath(given)
        case _:
            raise Malformed("FIELD_MALFORMED", "kind is none of a MELD case", field="kind")


def _scores(given: Mapping[str, object]) -> dict[str, object]:
    sex = word(Sex, field(given, "sex"), "sex")
    age = whole(field(given, "age"), "age", 0, 150)
    dialysed = any(truth(given.get(name, False), name) for name in ("dialysis_2x_in_7d", "cvvhd_24h_in_7d"))
    result = meld_scores(sex, age, _quantities(given), dialysed=dialysed)
    raw = {_RAW_NAMES[formula]: _four_decimals(score) for formula, score in result.scores.items()}
    return {**raw, "meld": result.meld, "meld_na": result.meld_na, "meld3": result.meld3}


def _quantities(given: Mapping[str, object]) -> dict[str, Quantity]:
    return {
        analyte: _quantity(given[analyte], analyte) for analyte in Analyte if given.get(analyte) is not None
    }


def _quantity(value: object, analyte: Analyte) -> Quantity:
    if analyte in _PLAIN_UNITS and not isinstance(value, dict):
        return Quantity(number(value, analyte), _PLAIN_UNITS[analyte])
    parts = mapping(value, analyte)
    return Quantity(number(field(parts, "value"), analyte), text(field(parts, "unit"), analyte))


def _timing(given: Mapping[str, object]) -> dict[str, object]:
    labs = objects(field(given, "labs"), "labs")
    left, reason = computable(timing_faults({_analyte(one): _times(one) for one in labs}))
    return {"computable": left, "reason": reason}


def _analyte(given: Mapping[str, object]) -> Analyte:
    return word(Analyte, field(given, "analyte"), "analyte")


def _times(given: Mapping[str, object]) -> SpecimenTimes:
    specimen_set = given.get("specimen_set")
    return SpecimenTimes(
        drawn_at=instant(field(given, "drawn_at"), "drawn_at"),
        resulted_at=instant(field(given, "resulted_at"), "resulted_at"),
        specimen_set=None if specimen_set is None else text(specimen_set, "specimen_set"),
    )


def _kamath(given: Mapping[str, object]) -> dict[str, object]:
    creatinine, bilirubin, inr = (
        conventional(analyte, _quantity(field(given, analyte), analyte))
        for analyte in (Analyte.CREATININE, Analyte.BILIRUBIN, Analyte.INR)
    )
    etiology = word(Etiology, field(given, "etiology"), "etiology")
    score = meld_kamath_2001(creatinine, bilirubin, inr, etiology)
    return {"meld_raw": _four_decimals(score), "meld": score.uncapped}


def _four_decimals(score: Score) -> Decimal:
    with localcontext(ARITHMETIC):
        return score.raw.quantize(Decimal("0.0001"), ROUND_HALF_UP)
