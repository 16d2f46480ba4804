"""The calculators answer their built-in cases before a configuration counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.kernel import streams
from core.trial.study import self_test
from core.trial.study.commands import ApproveProtocolConfig
from core.trial.study.events import ProtocolConfigProposed
from core.trial.study.self_test import self_test_digest
from tests.support.given import MM, NCT05727722, PI, Past, given

PROPOSED = [Past(streams.STUDY, ProtocolConfigProposed(1, NCT05727722), by=MM)]


def test_the_same_calculators_answer_with_the_same_digest() -> None:
    assert self_test_digest(NCT05727722) == self_test_digest(replace(NCT05727722))
    assert self_test_digest(NCT05727722).startswith("sha256:")


@pytest.mark.parametrize(
    "other",
    [
        replace(NCT05727722, dlt=replace(NCT05727722.dlt, inclusive=False)),
        replace(NCT05727722, dlt=replace(NCT05727722.dlt, days=21)),
        replace(NCT05727722, escalation=replace(NCT05727722.escalation, atd_last_level=None)),
        replace(NCT05727722, escalation=replace(NCT05727722.escalation, max_subjects=2)),
        replace(NCT05727722, levels=NCT05727722.levels[:2]),
    ],
)
def test_another_configuration_has_another_digest(other: object) -> None:
    assert self_test_digest(other) != self_test_digest(NCT05727722)  # type: ignore[arg-type]


def test_a_score_that_is_not_the_published_one_stops_the_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    (sex, *values, score), *rest = self_test._PUBLISHED_MELD3
    monkeypatch.setattr(self_test, "_PUBLISHED_MELD3", ((sex, *values, score + 1), *rest))
    given(PROPOSED, study=None).when(ApproveProtocolConfig(1), PI).refused("SELF_TEST_FAILED")


def test_a_decision_that_is_not_the_derived_one_stops_the_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = (("1N", ("escalate", 3, "atd_cleared")),)
    monkeypatch.setattr(self_test, "_DECIDED", wrong)
    given(PROPOSED, study=None).when(ApproveProtocolConfig(1), PI).refused("SELF_TEST_FAILED")
