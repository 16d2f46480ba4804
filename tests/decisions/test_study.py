"""Two people configure the protocol, and it says nothing that contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.kernel import streams
from core.kernel.quantities import Quantity
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.events import (
    DltWindow,
    DoseLevel,
    ProtocolConfigApproved,
    ProtocolConfigProposed,
    VisitWindow,
)
from tests.support.given import MM, NCT05727722, PI, Past, digest, given

PROPOSED = [Past(streams.STUDY, ProtocolConfigProposed(1, NCT05727722), by=MM)]


def test_a_configuration_is_proposed() -> None:
    story = given(study=None).when(ProposeProtocolConfig(NCT05727722), MM)
    story.then([ProtocolConfigProposed(1, NCT05727722)])


def test_a_proposal_has_no_effect_yet() -> None:
    assert given(PROPOSED, study=None).trial.study.config is None


def test_a_later_proposal_has_a_number_of_its_own() -> None:
    other = replace(NCT05727722, dlt_window=DltWindow(21, inclusive=True))
    story = given(PROPOSED, study=None).when(ProposeProtocolConfig(other), MM)
    story.then([ProtocolConfigProposed(2, other)])


def test_a_proposal_that_was_replaced_cannot_be_approved_by_its_number() -> None:
    other = replace(NCT05727722, dlt_window=DltWindow(21, inclusive=True))
    story = given([*PROPOSED, Past(streams.STUDY, ProtocolConfigProposed(2, other), by=MM)], study=None)
    story.when(ApproveProtocolConfig(1), PI).refused("NOTHING_TO_APPROVE")


def test_another_person_approves_by_digest() -> None:
    story = given(PROPOSED, study=None).when(ApproveProtocolConfig(1), PI)
    story.then([ProtocolConfigApproved(1, digest(2))])


def test_an_approved_configuration_counts() -> None:
    study = given().trial.study
    assert (study.number, study.config, study.waiting) == (1, NCT05727722, None)


def test_the_proposer_does_not_approve() -> None:
    given(PROPOSED, study=None).when(ApproveProtocolConfig(1), MM).refused("SOD_VIOLATION")


@pytest.mark.parametrize("number", [0, 2])
def test_only_the_waiting_number_can_be_approved(number: int) -> None:
    story = given(PROPOSED, study=None).when(ApproveProtocolConfig(number), PI)
    story.refused("NOTHING_TO_APPROVE")


def test_nothing_waits_before_a_proposal() -> None:
    given(study=None).when(ApproveProtocolConfig(1), PI).refused("NOTHING_TO_APPROVE")


def test_an_approved_configuration_changes_only_by_amendment() -> None:
    given().when(ProposeProtocolConfig(NCT05727722), MM).refused("CONFIG_ALREADY_ACTIVE")


def level(ordinal: int, value: str, unit: str = "10*9") -> DoseLevel:
    return DoseLevel(ordinal, Quantity(Decimal(value), unit))


LIMITS = NCT05727722.eligibility
UNSOUND: dict[str, dict[str, Any]] = {
    "no level": {"levels": ()},
    "levels with a gap": {"levels": (level(1, "1"), level(3, "2"))},
    "levels from 0": {"levels": (level(0, "1"), level(1, "2"))},
    "doses that do not rise": {"levels": (level(1, "1"), level(2, "1"))},
    "a dose of nothing": {"levels": (level(1, "0"), level(2, "1"))},
    "doses in two units": {"levels": (level(1, "1"), level(2, "2", "10*6"))},
    "a window of no day": {"dlt_window": DltWindow(0, inclusive=True)},
    "a visit before its window": {"visits": (VisitWindow(3, 4, 5),)},
    "a visit after its window": {"visits": (VisitWindow(6, 4, 5),)},
    "a limit missing": {"eligibility": LIMITS[1:]},
    "a limit twice": {"eligibility": (*LIMITS, LIMITS[0])},
    "a limit unknown": {"eligibility": (*LIMITS[1:], replace(LIMITS[0], name="max_weight_kg"))},
    "a limit in another unit": {"eligibility": (replace(LIMITS[0], unit="g"), *LIMITS[1:])},
    "no upper limit of bilirubin": {"upper_limits": ()},
}


@pytest.mark.parametrize("defect", UNSOUND)
def test_a_configuration_that_contradicts_itself_is_refused(defect: str) -> None:
    config = replace(NCT05727722, **UNSOUND[defect])
    given(study=None).when(ProposeProtocolConfig(config), MM).refused("BAD_CONFIG")


def test_a_design_that_the_table_does_not_describe_is_refused() -> None:
    config = replace(NCT05727722, escalation=replace(NCT05727722.escalation, max_per_level=4))
    given(study=None).when(ProposeProtocolConfig(config), MM).refused("ESCALATION_RULES_UNSUPPORTED")


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../../etc/passwd"])
def test_a_zone_is_one_of_the_iana_database(zone: str) -> None:
    config = replace(NCT05727722, zone=zone)
    given(study=None).when(ProposeProtocolConfig(config), MM).refused("UNKNOWN_ZONE")
