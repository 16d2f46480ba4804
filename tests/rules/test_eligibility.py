from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.kernel.errors import Refused
from core.rules.eligibility import (
    Attestation,
    EligibilityResult,
    Group,
    RuleResult,
    ScreeningFacts,
    judge_eligibility,
)
from core.rules.nct05727722 import criteria_of_nct05727722
from core.rules.quantities import Quantity, Sex
from core.rules.screening_facts import UNITS, Measurement

CRITERIA = criteria_of_nct05727722()
_TRUE = {
    "cirrhosis_with_decompensation",
    "no_obvious_improvement",
    "early_stage_acute_syndrome",
    "fatigue_and_gi_symptom",
    "ascites_or_he_within_4_weeks",
    "progressive_jaundice",
    "of_childbearing_potential",
    "hcg_negative",
}
ATTESTED: dict[str, bool | None] = {name: name in _TRUE for name in Attestation}
VALUES = {
    "weight": "60",
    "bilirubin": "150",
    "inr": "1.8",
    "pta": "35",
    "platelets": "60",
    "pao2_fio2": "400",
}


def _measurements(**changes: str | None) -> dict[str, Quantity]:
    values = {**VALUES, **changes}
    return {
        name: Quantity(Decimal(value), UNITS[Measurement(name)])
        for name, value in values.items()
        if value is not None
    }


def _facts(group: str = "ACLF", **changes: Any) -> ScreeningFacts:
    facts = ScreeningFacts(Group(group), Sex.FEMALE, 50, _measurements(), 5, ATTESTED)
    return replace(facts, **changes)


def _answering(result: EligibilityResult, answer: RuleResult) -> list[str]:
    return [rule for rule, given in result.rules if given is answer]


def _answer(rule: str, facts: ScreeningFacts) -> str:
    return dict(judge_eligibility(facts, CRITERIA).rules)[rule]


@pytest.mark.parametrize("group", ["CLF", "ACLF"])
def test_everything_in_order_is_eligible(group: str) -> None:
    result = judge_eligibility(_facts(group), CRITERIA)
    assert result.eligible
    assert {answer for _, answer in result.rules} == {RuleResult.PASS}
    assert len(result.rules) == {"CLF": 9, "ACLF": 8}[group] + 12


@pytest.mark.parametrize(
    ("rule", "changes", "answer"),
    [
        ("CLF-1", {"weight": "40"}, "fail"),
        ("CLF-1", {"weight": "40.1"}, "pass"),
        ("CLF-1", {"weight": None}, "unknown"),
        ("CLF-3", {"bilirubin": "20.5"}, "fail"),
        ("CLF-3", {"bilirubin": "20.6"}, "pass"),
        ("CLF-3", {"bilirubin": "204.9"}, "pass"),
        ("CLF-3", {"bilirubin": "205"}, "fail"),
        ("ACLF-5", {"bilirubin": "85"}, "pass"),
        ("ACLF-5", {"bilirubin": "84.9"}, "fail"),
        ("ACLF-6", {"inr": "1.5", "pta": "40"}, "fail"),
        ("ACLF-6", {"inr": "1.51", "pta": "40"}, "pass"),
        ("ACLF-6", {"inr": "1.5", "pta": "39.9"}, "pass"),
        ("ACLF-6", {"inr": "1.51", "pta": None}, "pass"),
        ("ACLF-6", {"inr": "1.5", "pta": None}, "unknown"),
        ("EXC-3", {"pao2_fio2": None}, "pass"),
        ("EXC-7", {"platelets": "19.9"}, "pass"),
    ],
)
def test_limits_are_strict_as_in_the_table(rule: str, changes: dict[str, str | None], answer: str) -> None:
    group = "CLF" if rule.startswith("CLF") else "ACLF"
    assert _answer(rule, _facts(group, measurements=_measurements(**changes))) == answer


@pytest.mark.parametrize(("age", "answer"), [(17, "fail"), (18, "pass"), (65, "pass"), (66, "fail")])
def test_age_limits_are_both_in(age: int, answer: str) -> None:
    assert _answer("ACLF-2", _facts(age_years=age)) == answer


@pytest.mark.parametrize(("days", "answer"), [(3, "fail"), (4, "pass"), (None, "unknown")])
def test_prior_treatment_lasts_more_than_three_days(days: int | None, answer: str) -> None:
    assert _answer("CLF-8", _facts("CLF", days_of_prior_treatment=days)) == answer


@pytest.mark.parametrize(
    ("rule", "name", "value", "limit"),
    [("EXC-3", "pao2_fio2", "199", "200"), ("EXC-7", "platelets", "19.9", "20")],
)
def test_uncorrectable_values_exclude_below_the_limit_only(
    rule: str, name: str, value: str, limit: str
) -> None:
    attestation = "oxygenation_uncorrectable" if rule == "EXC-3" else "platelets_uncorrectable"
    attested = {**ATTESTED, attestation: True}
    assert _answer(rule, _facts(measurements=_measurements(**{name: value}), attestations=attested)) == "fail"
    assert _answer(rule, _facts(measurements=_measurements(**{name: limit}), attestations=attested)) == "pass"
    assert (
        _answer(rule, _facts(measurements=_measurements(**{name: None}), attestations=attested)) == "unknown"
    )


@pytest.mark.parametrize(
    ("rule", "attestation"),
    [
        ("CLF-0", "cirrhosis_with_decompensation"),
        ("CLF-7", "encephalopathy_above_grade_2"),
        ("CLF-8", "no_obvious_improvement"),
        ("ACLF-0", "early_stage_acute_syndrome"),
        ("ACLF-3", "fatigue_and_gi_symptom"),
        ("ACLF-4", "ascites_or_he_within_4_weeks"),
        ("ACLF-5", "progressive_jaundice"),
        ("ACLF-7", "no_obvious_improvement"),
        ("EXC-1", "brain_oedema_herniation_or_haemorrhage"),
        ("EXC-2", "liver_cancer_known_or_suspected"),
        ("EXC-4", "disseminated_coagulation"),
        ("EXC-5", "active_bleeding"),
        ("EXC-6", "uncontrolled_infection"),
        ("EXC-8", "hiv_positive"),
        ("EXC-8", "sars_cov_2_positive"),
        ("EXC-9", "drug_abuse_within_a_year"),
        ("EXC-10", "haemodynamic_instability"),
        ("EXC-11", "pregnant_or_lactating"),
        ("EXC-11", "hcg_negative"),
        ("EXC-12", "other_reason_against_inclusion"),
    ],
)
def test_each_attestation_decides_its_rule(rule: str, attestation: str) -> None:
    group = "CLF" if rule.startswith("CLF") else "ACLF"
    opposite = {**ATTESTED, attestation: not ATTESTED[attestation]}
    unsaid = {**ATTESTED, attestation: None}
    failed = judge_eligibility(_facts(group, attestations=opposite), CRITERIA)
    assert _answering(failed, RuleResult.FAIL) == [rule]
    unknown = judge_eligibility(_facts(group, attestations=unsaid), CRITERIA)
    assert _answering(unknown, RuleResult.UNKNOWN) == [rule]
    assert not failed.eligible
    assert not unknown.eligible


def test_pregnancy_rule_does_not_ask_men() -> None:
    assert _answer("EXC-11", _facts(sex=Sex.MALE, attestations={})) == "pass"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measurements": {"weight": Quantity(Decimal(100), "lb")}}, "UNKNOWN_UNIT"),
        ({"measurements": {"weight": Quantity(Decimal(0), "kg")}}, "NON_POSITIVE"),
        ({"measurements": {"height": Quantity(Decimal(1), "m")}}, "UNKNOWN_MEASUREMENT"),
        ({"attestations": {"in_good_mood": True}}, "UNKNOWN_ATTESTATION"),
    ],
)
def test_what_cannot_be_judged_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        _facts(**changes)
