from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Malformed, Refused
from core.rules.hla import AntibodyReading, HlaStatus, hla_statuses
from tests.rules.golden_outcomes import readings
from tests.rules.vectors import load

EXPECTED = load("golden_trial")["expected"]["hla"]
THRESHOLD = Decimal(1000)

NEG, POS, PRE, NOVO = (
    HlaStatus.NEGATIVE,
    HlaStatus.POSITIVE,
    HlaStatus.POSITIVE_PREEXISTING,
    HlaStatus.POSITIVE_DE_NOVO,
)
# Shorthand of the tables below: below and at the threshold, and not measured.
LOW, HIGH, GAP = Decimal("999.9"), Decimal(1000), None


def _statuses(*values: tuple[int, Decimal | None]) -> list[HlaStatus | None]:
    given_ = [AntibodyReading(visit, value, THRESHOLD) for visit, value in values]
    return [status for _, status in hla_statuses(given_)]


@pytest.mark.parametrize("hla_class", ["class_I", "class_II"])
@pytest.mark.parametrize("subject", ["S002", "S005"])
def test_golden_statuses(subject: str, hla_class: str) -> None:
    given_ = [AntibodyReading(visit, Decimal(mfi), THRESHOLD) for visit, mfi in readings(subject, hla_class)]
    got = {str(visit): str(status) for visit, status in hla_statuses(given_)}
    assert got == EXPECTED[subject][hla_class]


@pytest.mark.parametrize(
    ("values", "statuses"),
    [
        # negative baseline
        ([(0, LOW), (14, LOW), (28, HIGH), (60, HIGH)], [NEG, NEG, NOVO, POS]),
        ([(0, LOW), (14, HIGH), (28, LOW), (60, HIGH)], [NEG, NOVO, NEG, POS]),
        ([(0, LOW), (14, GAP), (28, HIGH)], [NEG, None, NOVO]),
        ([(0, LOW), (14, HIGH), (28, GAP), (60, HIGH)], [NEG, NOVO, None, POS]),
        # positive baseline
        ([(0, HIGH), (14, HIGH), (28, LOW), (60, HIGH)], [POS, PRE, NEG, PRE]),
        ([(-7, LOW), (0, HIGH), (14, HIGH)], [NEG, POS, PRE]),
        ([(-7, HIGH), (0, LOW), (14, HIGH)], [POS, NEG, PRE]),
        ([(-7, HIGH), (0, HIGH), (14, LOW)], [POS, POS, NEG]),
        # no baseline
        ([(14, HIGH), (28, HIGH)], [POS, POS]),
        ([(0, GAP), (14, LOW), (28, HIGH)], [None, NEG, POS]),
        # half a baseline
        ([(-7, LOW), (0, GAP), (14, HIGH)], [NEG, None, NOVO]),
        ([], []),
    ],
)
def test_status_by_baseline_and_history(
    values: list[tuple[int, Decimal | None]], statuses: list[HlaStatus | None]
) -> None:
    assert _statuses(*values) == statuses


@pytest.mark.parametrize(("mfi", "status"), [("999.9", NEG), ("1000", NOVO), ("0", NEG)])
def test_the_threshold_itself_is_positive(mfi: str, status: HlaStatus) -> None:
    assert _statuses((0, Decimal(0)), (14, Decimal(mfi))) == [NEG, status]


def test_threshold_is_a_parameter() -> None:
    for threshold, later in ((500, NOVO), (501, NEG)):
        readings_ = [AntibodyReading(v, Decimal(mfi), Decimal(threshold)) for v, mfi in ((0, 100), (28, 500))]
        assert dict(hla_statuses(readings_)) == {0: NEG, 28: later}


def test_each_visit_is_judged_by_its_own_threshold() -> None:
    """600 MFI is below the 1000 of the baseline, and above the 500 that counted on day 28."""
    given_ = [AntibodyReading(0, Decimal(600), THRESHOLD), AntibodyReading(28, Decimal(600), Decimal(500))]
    assert dict(hla_statuses(given_)) == {0: NEG, 28: NOVO}


visits = st.dictionaries(st.integers(-7, 60), st.sampled_from([LOW, HIGH, GAP]), max_size=8)


@given(visits, st.randoms(use_true_random=False))
def test_order_of_entry_does_not_matter(values: dict[int, Decimal | None], random: Any) -> None:
    given_ = [AntibodyReading(visit, value, THRESHOLD) for visit, value in values.items()]
    statuses = hla_statuses(given_)
    random.shuffle(given_)
    assert hla_statuses(given_) == statuses
    assert all(before < after for (before, _), (after, _) in pairwise(statuses))


@given(visits)
def test_sign_and_origin_never_contradict_each_other(values: dict[int, Decimal | None]) -> None:
    statuses = dict(hla_statuses([AntibodyReading(v, mfi, THRESHOLD) for v, mfi in values.items()]))
    for visit, status in statuses.items():
        assert (status is None) is (values[visit] is None)
        assert (status is NEG) is (values[visit] == LOW)
    found = list(statuses.values())
    assert found.count(NOVO) <= 1
    assert not (NOVO in found and PRE in found)


@pytest.mark.parametrize(
    ("mfi", "threshold"), [("-1", "1000"), ("NaN", "1000"), ("1", "0"), ("1", "NaN"), ("1", "-5")]
)
def test_impossible_values_are_refused(mfi: str, threshold: str) -> None:
    with pytest.raises(Malformed) as refusal:
        hla_statuses([AntibodyReading(0, Decimal(mfi), Decimal(threshold))])
    assert refusal.value.code == "IMPLAUSIBLE"


def test_two_values_of_one_visit_are_refused() -> None:
    with pytest.raises(Refused, match="DUPLICATE_VISIT"):
        _statuses((0, LOW), (0, HIGH))
