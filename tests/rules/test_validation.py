from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.kernel.errors import Malformed
from core.rules.validation import decision_from_vector, eligibility_from_payload, meld_from_vector
from tests.rules.vectors import golden_events, load

ESCALATION = load("escalation_vectors")[0]
SCORE = load("meld_vectors")[0]
SCREENED = golden_events("SubjectScreened")[0]["payload"]


def _outcome(**changes: object) -> dict[str, Any]:
    return {**ESCALATION, "outcomes": [{**ESCALATION["outcomes"][0], **changes}]}


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ({}, "FIELD_MISSING"),
        ({**ESCALATION, "doses": "four"}, "FIELD_MALFORMED"),
        ({**ESCALATION, "outcomes": {}}, "FIELD_MALFORMED"),
        ({**ESCALATION, "outcomes": ["1N"]}, "FIELD_MALFORMED"),
        ({**ESCALATION, "outcomes": ESCALATION["outcomes"] * 2}, "SUBJECT_REPEATED"),
        (_outcome(level=5), "LEVEL_UNKNOWN"),
        (_outcome(level=Decimal("1.5")), "FIELD_MALFORMED"),
        (_outcome(level=1.0), "FIELD_MALFORMED"),
        (_outcome(level=True), "FIELD_MALFORMED"),
        (_outcome(dlt=1), "FIELD_MALFORMED"),
        (_outcome(status="lost"), "FIELD_MALFORMED"),
        (_outcome(max_related_grade=6), "FIELD_MALFORMED"),
        (_outcome(subject=7), "FIELD_MALFORMED"),
        (
            {**ESCALATION, "phase_rules": {**ESCALATION["phase_rules"], "allow_deescalation": False}},
            "ESCALATION_RULES_UNSUPPORTED",
        ),
    ],
)
def test_unreadable_escalation_cases_are_refused(case: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decision_from_vector(case)
    assert refusal.value.code == code


def test_escalation_case_may_name_adjudications_that_are_due() -> None:
    due = [{"ae_id": "AE-1", "level": 1}]
    assert decision_from_vector({**ESCALATION, "due": due})["reason"] == "dlt_adjudication_due"


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ({**SCORE, "kind": "guess"}, "FIELD_MALFORMED"),
        ({"kind": "score"}, "FIELD_MISSING"),
        ({"kind": "score", "input": {**SCORE["input"], "sex": "x"}}, "FIELD_MALFORMED"),
        ({"kind": "score", "input": {**SCORE["input"], "bilirubin": 3}}, "FIELD_MALFORMED"),
        (
            {"kind": "timing", "input": {"labs": [{"analyte": "inr", "drawn_at": "2024-04-08T08:00:00"}]}},
            "NAIVE_TIME",
        ),
    ],
)
def test_unreadable_meld_cases_are_refused(case: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        meld_from_vector(case)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"group": "NASH"}, "FIELD_MALFORMED"),
        ({"age": None}, "FIELD_MALFORMED"),
        ({"inr": "1.6"}, "FIELD_MALFORMED"),
        ({"attestations": {"lucky": True}}, "UNKNOWN_ATTESTATION"),
    ],
)
def test_unreadable_screenings_are_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        eligibility_from_payload({**SCREENED, **changes})
    assert refusal.value.code == code


def test_a_script_s_own_word_wins_over_what_it_sums_up() -> None:
    said = {**SCREENED["attestations"], "active_bleeding": True}
    rules = eligibility_from_payload({**SCREENED, "attestations": said})["rules"]
    assert isinstance(rules, dict)
    assert [name for name, answer in rules.items() if answer != "pass"] == ["EXC-5"]
