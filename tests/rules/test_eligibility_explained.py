"""Why a rule failed, in words that are true: each against its rule, and the two of the golden trial."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.eligibility import RuleResult, judge_eligibility
from core.rules.eligibility_explained import explain_failure
from core.rules.eligibility_rules import RULES_OF, RuleKind
from core.rules.nct05727722 import criteria_of_nct05727722
from core.rules.quantities import Quantity, Sex
from core.rules.screening_facts import UNITS, Attestation, Group, Measurement, ScreeningFacts

CRITERIA = criteria_of_nct05727722()
SAID: dict[str, bool | None] = dict.fromkeys(Attestation, None)
FACTS = ScreeningFacts(Group.CLF, Sex.FEMALE, 50, {}, None, SAID)
COMPARISON = re.compile(r"(\d+(?:\.\d+)?) (<=|>=|<|>) (?:(\d+) x (\d+(?:\.\d+)?) = )?(\d+(?:\.\d+)?)")
TRUE_OF = {"<=": le, ">=": ge, "<": lt, ">": gt}


def measuring(**values: str) -> dict[str, Quantity]:
    return {name: Quantity(Decimal(value), UNITS[Measurement(name)]) for name, value in values.items()}


def _failed(facts: ScreeningFacts) -> list[str]:
    answers = judge_eligibility(facts, CRITERIA).rules
    return [rule for rule, answer in answers if answer is RuleResult.FAIL]


def attesting(**said: bool) -> dict[str, bool | None]:
    return {**SAID, **said}


@pytest.mark.parametrize(
    ("rule", "changes", "words"),
    [
        (
            "CLF-0",
            {"attestations": attesting(cirrhosis_with_decompensation=False)},
            "cirrhosis with decompensation attested absent",
        ),
        ("CLF-1", {"measurements": measuring(weight="40.0")}, "40 <= 40"),
        ("CLF-2", {"age_years": 17}, "17 < 18"),
        ("CLF-2", {"age_years": 66}, "66 > 65"),
        ("CLF-3", {"measurements": measuring(bilirubin="20.50")}, "20.5 <= 20.5"),
        ("CLF-3", {"measurements": measuring(bilirubin="214")}, "214 >= 10 x 20.5 = 205"),
        ("CLF-3", {"measurements": measuring(bilirubin="205.00")}, "205 >= 10 x 20.5 = 205"),
        (
            "CLF-7",
            {"attestations": attesting(encephalopathy_above_grade_2=True)},
            "encephalopathy above grade 2 attested",
        ),
        ("CLF-8", {"days_of_prior_treatment": 3}, "3 <= 3 days"),
        (
            "CLF-8",
            {"days_of_prior_treatment": 0, "attestations": attesting(no_obvious_improvement=False)},
            "0 <= 3 days, no obvious improvement attested absent",
        ),
        ("ACLF-1", {"measurements": measuring(weight="20")}, "20 <= 40"),
        ("ACLF-2", {"age_years": 100}, "100 > 65"),
        ("ACLF-5", {"measurements": measuring(bilirubin="84.9")}, "84.9 < 85"),
        (
            "ACLF-5",
            {"attestations": attesting(progressive_jaundice=False)},
            "progressive jaundice attested absent",
        ),
        ("ACLF-6", {"measurements": measuring(inr="1.50", pta="40")}, "INR 1.5 <= 1.5, PTA 40 >= 40"),
        ("ACLF-7", {"days_of_prior_treatment": 1}, "1 <= 3 days"),
        (
            "EXC-3",
            {
                "measurements": measuring(pao2_fio2="199.9"),
                "attestations": attesting(oxygenation_uncorrectable=True),
            },
            "199.9 < 200, uncorrectable attested",
        ),
        (
            "EXC-7",
            {
                "measurements": measuring(platelets="18"),
                "attestations": attesting(platelets_uncorrectable=True),
            },
            "18 < 20, uncorrectable attested",
        ),
        (
            "EXC-8",
            {"attestations": attesting(hiv_positive=True, sars_cov_2_positive=True)},
            "hiv positive attested, sars cov 2 positive attested",
        ),
        (
            "EXC-8",
            {"attestations": attesting(hiv_positive=False, sars_cov_2_positive=True)},
            "sars cov 2 positive attested",
        ),
        ("EXC-11", {"attestations": attesting(pregnant_or_lactating=True)}, "pregnant or lactating attested"),
        (
            "EXC-11",
            {"attestations": attesting(of_childbearing_potential=True, hcg_negative=False)},
            "of childbearing potential, hcg negative attested absent",
        ),
        (
            "EXC-12",
            {"attestations": attesting(other_reason_against_inclusion=True)},
            "other reason against inclusion attested",
        ),
    ],
)
def test_a_failure_in_words(rule: str, changes: dict[str, Any], words: str) -> None:
    group = Group.ACLF if rule.startswith("ACLF") else Group.CLF
    assert explain_failure(rule, replace(FACTS, group=group, **changes), CRITERIA) == f"{rule} ({words})"


@pytest.mark.parametrize("rule", ["CLF-1", "CLF-3", "EXC-7", "EXC-11", "CLF-4", "ACLF-6", "CLF-99"])
def test_what_did_not_fail_is_not_explained(rule: str) -> None:
    well = replace(
        FACTS,
        sex=Sex.MALE,
        measurements=measuring(weight="40.1", bilirubin="21", platelets="18", inr="1.5", pta="40"),
        attestations=attesting(pregnant_or_lactating=True),
    )
    assert explain_failure(rule, well, CRITERIA) == rule


_VALUES = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(
            sorted({"0.1", "1.5", "1.6", "18", "20", "20.5", "40", "84.9", "85", "199", "200", "205", "999"})
        )
        for name in ("weight", "bilirubin", "inr", "pta", "platelets", "pao2_fio2")
    },
)
_SAID = st.fixed_dictionaries({name: st.sampled_from([True, False, None]) for name in Attestation})


@given(
    st.sampled_from(list(Group)),
    st.sampled_from(list(Sex)),
    st.integers(0, 130),
    _VALUES,
    st.none() | st.integers(0, 9),
    _SAID,
)
def test_every_failure_is_explained_by_what_is_true(
    group: Group, sex: Sex, age: int, values: dict[str, str], days: int | None, said: dict[str, bool | None]
) -> None:
    """Whatever failed has a reason; each comparison holds; nothing is said to be attested that is not."""
    facts = ScreeningFacts(group, sex, age, measuring(**values), days, said)
    for rule in _failed(facts):
        words = explain_failure(rule, facts, CRITERIA)
        assert re.fullmatch(rf"{rule} \(.+\)", words)
        for left, sign, times, unit, right in COMPARISON.findall(words):
            assert TRUE_OF[sign](Decimal(left), Decimal(right))
            if times:
                assert Decimal(times) * Decimal(unit) == Decimal(right)
        for name in Attestation:
            spoken = name.replace("_", " ")
            if f"{spoken} attested absent" in words:
                assert said[name] is False
            elif f"{spoken} attested" in words:
                assert said[name] is True


@pytest.mark.parametrize("group", list(Group))
def test_no_rule_that_can_fail_lacks_an_explanation(group: Group) -> None:
    """A computed rule has its own words, an attested one the attestations that it asks for."""
    everything_wrong = replace(
        FACTS,
        group=group,
        age_years=66,
        measurements=measuring(
            weight="20", bilirubin="20", inr="1", pta="90", platelets="5", pao2_fio2="100"
        ),
        days_of_prior_treatment=0,
        attestations={
            name: name
            not in {
                "cirrhosis_with_decompensation",
                "no_obvious_improvement",
                "hcg_negative",
                "early_stage_acute_syndrome",
                "fatigue_and_gi_symptom",
                "ascites_or_he_within_4_weeks",
                "progressive_jaundice",
            }
            for name in Attestation
        },
    )
    failed = _failed(everything_wrong)
    assert set(failed) == {rule.id for rule in RULES_OF[group] if rule.kind is not RuleKind.DESCRIPTOR}
    assert all(explain_failure(rule, everything_wrong, CRITERIA) != rule for rule in failed)
