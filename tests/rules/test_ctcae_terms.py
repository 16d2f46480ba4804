"""The list of terms: exact names, and only the grades that CTCAE prints."""

from __future__ import annotations

import pytest

from core.kernel.errors import Malformed
from core.rules.ctcae_lab_rules import LAB_RULES
from core.rules.ctcae_term import OrganClass
from core.rules.ctcae_terms import CTCAE_VERSION, TERMS, require_grade, term
from core.rules.ctcae_validation import TERM_OF, ShortName
from tests.rules.vectors import golden_events

# Read in the NCI sheet of 27 November 2017; the first seven are named in domain 4.
PRINTED = {
    "Alanine aminotransferase increased": (1, 2, 3, 4),
    "INR increased": (1, 2, 3),
    "Ascites": (1, 2, 3, 4, 5),
    "Hepatic failure": (3, 4, 5),
    "Peritoneal infection": (3, 4, 5),
    "Abdominal pain": (1, 2, 3),
    "Disseminated intravascular coagulation": (2, 3, 4, 5),
    "Sepsis": (3, 4, 5),
    "Bacteremia": (2,),
    "Fever": (1, 2, 3, 4, 5),
    "Chills": (1, 2, 3),
    "Fatigue": (1, 2, 3),
    "Nausea": (1, 2, 3),
    "Vomiting": (1, 2, 3, 4, 5),
    "Diarrhea": (1, 2, 3, 4, 5),
    "Multi-organ failure": (3, 4, 5),
    "Death NOS": (5,),
    "Infusion related reaction": (1, 2, 3, 4, 5),
    "Intra-abdominal hemorrhage": (2, 3, 4, 5),
    "Intraoperative hemorrhage": (3, 4, 5),
    "Portal vein thrombosis": (2, 3, 4, 5),
    "Encephalopathy": (1, 2, 3, 4, 5),
    "Acute kidney injury": (3, 4, 5),
    "Adult respiratory distress syndrome": (3, 4, 5),
    "Respiratory failure": (4, 5),
    "Anaphylaxis": (3, 4, 5),
    "Cytokine release syndrome": (1, 2, 3, 4, 5),
    "Acidosis": (1, 3, 4, 5),
    "Hypoalbuminemia": (1, 2, 3, 4, 5),
}


def test_the_version_is_that_of_the_protocol() -> None:
    assert CTCAE_VERSION == "5.0"


@pytest.mark.parametrize("name", PRINTED)
def test_a_term_has_the_grades_that_are_printed(name: str) -> None:
    found = term(name)
    assert found is not None
    assert found.grades == PRINTED[name]


def test_no_name_stands_twice() -> None:
    names = [one.name for one in TERMS]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("one", TERMS, ids=lambda one: one.name)
def test_grades_are_one_to_five_in_order(one: object) -> None:
    grades = one.grades  # type: ignore[attr-defined]
    assert grades
    assert list(grades) == sorted(set(grades) & {1, 2, 3, 4, 5})


def test_investigations_have_no_grade_5() -> None:
    deadly = [t.name for t in TERMS if t.organ_class is OrganClass.INVESTIGATIONS and 5 in t.grades]
    assert deadly == ["Investigations - Other, specify"]


def test_every_class_has_a_term_for_what_has_none() -> None:
    assert {t.organ_class for t in TERMS if t.name.endswith(" - Other, specify")} == set(OrganClass)


@pytest.mark.parametrize("rule", LAB_RULES, ids=lambda rule: rule.term)
def test_a_laboratory_rule_suggests_only_grades_of_its_term(rule: object) -> None:
    found = term(rule.term)  # type: ignore[attr-defined]
    assert found is not None
    limits = (*rule.by_range, *rule.by_baseline)  # type: ignore[attr-defined]
    reachable = {limit.grade for limit in limits} | {one.to for one in rule.aggravations}  # type: ignore[attr-defined]
    assert reachable <= set(found.grades)


def test_every_laboratory_rule_has_a_short_name() -> None:
    assert set(TERM_OF) == set(ShortName)
    assert sorted(TERM_OF.values()) == sorted(rule.term for rule in LAB_RULES)


@pytest.mark.parametrize("event", golden_events("AERecorded"), ids=lambda event: event["payload"]["ae_id"])
def test_every_adverse_event_of_the_golden_trial_is_in_the_list(event: dict[str, object]) -> None:
    payload = event["payload"]
    assert isinstance(payload, dict)
    assert require_grade(payload["term"], payload["grade"]).organ_class == payload["soc"]


@pytest.mark.parametrize("name", ["fever", "Fever ", "", "Diarrhoea", "Hepatic encephalopathy", "ALT"])
def test_another_spelling_is_another_term(name: str) -> None:
    assert term(name) is None
    with pytest.raises(Malformed) as refusal:
        require_grade(name, 1)
    assert refusal.value.code == "UNKNOWN_TERM"


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("Alanine aminotransferase increased", 5),
        ("Peritoneal infection", 2),
        ("Abdominal pain", 4),
        ("Hepatic failure", 2),
        ("Acidosis", 2),
        ("Death NOS", 4),
        ("Bacteremia", 1),
        ("Bacteremia", 3),
        ("Fever", 0),
        ("Fever", 6),
    ],
)
def test_a_grade_that_is_not_printed_is_refused(name: str, grade: int) -> None:
    with pytest.raises(Malformed) as refusal:
        require_grade(name, grade)
    assert refusal.value.code == "GRADE_NOT_IN_TERM"


def test_the_refusal_names_the_grades_that_exist() -> None:
    with pytest.raises(Malformed, match="3, 4, 5 only"):
        require_grade("Sepsis", 1)
