"""Two people configure the protocol, and it says nothing that contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.kernel import streams
from core.kernel.actors import Environment
from core.kernel.quantities import Quantity
from core.trial.people.events import KeyCompromiseDeclared
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.config import (
    PLACEHOLDER_DIGEST,
    DoseLevel,
    HistoricalControl,
    PlausibleRange,
    ReferenceRange,
    VisitWindow,
)
from core.trial.study.events import ProtocolConfigApproved, ProtocolConfigProposed
from core.trial.study.self_test import self_test_digest
from tests.support.given import ADM, MM, NCT05727722, PI, SEC, Past, digest, given

PROPOSED = [Past(streams.STUDY, ProtocolConfigProposed(1, NCT05727722), by=MM)]


def test_a_configuration_is_proposed() -> None:
    story = given(study=None).when(ProposeProtocolConfig(NCT05727722), MM)
    story.then([ProtocolConfigProposed(1, NCT05727722)])


def test_a_proposal_has_no_effect_yet() -> None:
    assert given(PROPOSED, study=None).trial.study.config is None


def test_a_later_proposal_has_a_number_of_its_own() -> None:
    other = replace(NCT05727722, dlt=replace(NCT05727722.dlt, days=21))
    story = given(PROPOSED, study=None).when(ProposeProtocolConfig(other), MM)
    story.then([ProtocolConfigProposed(2, other)])


def test_a_proposal_that_was_replaced_cannot_be_approved_by_its_number() -> None:
    other = replace(NCT05727722, dlt=replace(NCT05727722.dlt, days=21))
    story = given([*PROPOSED, Past(streams.STUDY, ProtocolConfigProposed(2, other), by=MM)], study=None)
    story.when(ApproveProtocolConfig(1), PI).refused("NOTHING_TO_APPROVE")


def test_another_person_approves_by_digest() -> None:
    story = given(PROPOSED, study=None).when(ApproveProtocolConfig(1), PI)
    story.then([ProtocolConfigApproved(1, digest(2), self_test_digest(NCT05727722))])


def test_an_approved_configuration_counts() -> None:
    study = given().trial.study
    assert (study.number, study.config, study.waiting) == (1, NCT05727722, None)


def test_the_proposer_does_not_approve() -> None:
    given(PROPOSED, study=None).when(ApproveProtocolConfig(1), MM).refused("SOD_VIOLATION")


def test_what_a_stolen_key_proposed_is_not_approved() -> None:
    proposed = replace(PROPOSED[0], by=ADM)
    stolen = Past(streams.person(ADM.id), KeyCompromiseDeclared("ed25519:" + "0" * 64, 1), by=SEC)
    story = given([proposed, stolen], study=None).when(ApproveProtocolConfig(1), PI)
    story.refused("PROPOSAL_IN_DOUBT")


@pytest.mark.parametrize("form", [PLACEHOLDER_DIGEST, "sha256:" + "1" * 64])
def test_a_real_trial_names_a_consent_form_of_its_own(form: str) -> None:
    written = tuple(replace(one, digest=form) for one in NCT05727722.consent_forms)
    story = given(study=None)
    assert story.trial.instance.created is not None
    real = replace(story.trial.instance.created, environment=Environment.PRODUCTION)
    story.trial.instance = replace(story.trial.instance, created=real)
    story.when(ProposeProtocolConfig(replace(NCT05727722, consent_forms=written)), MM)
    if form == PLACEHOLDER_DIGEST:
        story.refused("PLACEHOLDER_FORM")
    else:
        assert story.decided


@pytest.mark.parametrize("number", [0, 2])
def test_only_the_waiting_number_can_be_approved(number: int) -> None:
    story = given(PROPOSED, study=None).when(ApproveProtocolConfig(number), PI)
    story.refused("NOTHING_TO_APPROVE")


def test_nothing_waits_before_a_proposal() -> None:
    given(study=None).when(ApproveProtocolConfig(1), PI).refused("NOTHING_TO_APPROVE")


def test_a_later_version_needs_a_reason() -> None:
    given().when(ProposeProtocolConfig(NCT05727722), MM).refused("REASON_REQUIRED")


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
    "a window of no day": {"dlt": replace(NCT05727722.dlt, days=0)},
    "a visit before its window": {"visits": (VisitWindow(3, 4, 5, ()),)},
    "a visit after its window": {"visits": (VisitWindow(6, 4, 5, ()),)},
    "a limit missing": {"eligibility": LIMITS[1:]},
    "a limit twice": {"eligibility": (*LIMITS, LIMITS[0])},
    "a limit unknown": {"eligibility": (*LIMITS[1:], replace(LIMITS[0], name="max_weight_kg"))},
    "a limit in another unit": {"eligibility": (replace(LIMITS[0], unit="g"), *LIMITS[1:])},
    "no upper limit of bilirubin": {"reference_ranges": ()},
    "no upper limit among the ranges": {
        "reference_ranges": tuple(
            replace(r, high=None) if r.analyte == "bilirubin" else r for r in NCT05727722.reference_ranges
        )
    },
    "windows that overlap": {"visits": (VisitWindow(3, 2, 6, ()), VisitWindow(7, 6, 8, ()))},
    "visits out of order": {"visits": (VisitWindow(7, 6, 8, ()), VisitWindow(3, 2, 4, ()))},
    "a form that no visit has": {"visits": (VisitWindow(3, 2, 4, ("tea",)),)},
    "a DLT of grade 6": {"dlt": replace(NCT05727722.dlt, minimum_grade=6)},
    "a DLT of grade 0": {"dlt": replace(NCT05727722.dlt, minimum_grade=0)},
    "an improvement as worsening": {"dlt": replace(NCT05727722.dlt, minimum_worsening=-1)},
    "nobody who adjudicates": {"dlt": replace(NCT05727722.dlt, adjudicators=0)},
    "an exclusion twice": {"dlt": replace(NCT05727722.dlt, exclusions=NCT05727722.dlt.exclusions[:1] * 2)},
    "a causality twice": {"related_causalities": ("definite", "definite")},
    "no related causality": {"related_causalities": ()},
    "a causality off the scale": {"related_causalities": ("likely",)},
    "no visit": {"visits": ()},
    "a range in no unit of its analyte": {
        "plausible_ranges": (PlausibleRange("inr", "furlong", Decimal(1), Decimal(2)),)
    },
    "no route": {"dosing": replace(NCT05727722.dosing, routes=())},
    "a tolerance of everything": {"dosing": replace(NCT05727722.dosing, tolerance_percent=Decimal(100))},
    "a negative interval": {"dosing": replace(NCT05727722.dosing, between_subjects_days=-1)},
    "more than all cells alive": {
        "product": replace(NCT05727722.product, min_viability_percent=Decimal(101))
    },
    "no consent form": {"consent_forms": ()},
    "a consent form twice": {"consent_forms": NCT05727722.consent_forms * 2},
    "a range twice": {"reference_ranges": (*NCT05727722.reference_ranges, NCT05727722.reference_ranges[0])},
    "a range upside down": {
        "reference_ranges": (
            *NCT05727722.reference_ranges,
            ReferenceRange("afp", "ug/L", None, Decimal(2), Decimal(1)),
        )
    },
    "a plausible range twice": {"plausible_ranges": NCT05727722.plausible_ranges[:1] * 2},
    "a plausible range of nothing": {
        "plausible_ranges": (PlausibleRange("inr", "1", Decimal(2), Decimal(2)),)
    },
    "intervals that do not rise": {"survival": replace(NCT05727722.survival, interval_ends=(1, 3, 3))},
    "no interval": {"survival": replace(NCT05727722.survival, interval_ends=())},
    "a transplant as anything": {"survival": replace(NCT05727722.survival, transplant="ignored")},
    "a control that nobody survives": {
        "survival": replace(NCT05727722.survival, historical=HistoricalControl(Decimal(0), None, "invented"))
    },
    "an unknown endpoint": {"meld": replace(NCT05727722.meld, endpoint="meld4")},
    "unknown factors": {"meld": replace(NCT05727722.meld, factors="meld-factors/0")},
    "results within no time": {"meld": replace(NCT05727722.meld, results_within_hours=0)},
    "a threshold of nothing": {"hla": replace(NCT05727722.hla, threshold_mfi=Decimal(0))},
    "another CTCAE": {"ctcae_version": "4.03"},
    "an unknown hold": {"safety": replace(NCT05727722.safety, holds=("full_moon",))},
    "a clock that does not run": {"safety": replace(NCT05727722.safety, susar_days=0)},
    "a negative day of emergence": {"safety": replace(NCT05727722.safety, last_teae_day=-1)},
    "a negative number of rescreenings": {"data": replace(NCT05727722.data, rescreenings=-1)},
    "entries that are always late": {"data": replace(NCT05727722.data, late_entry_hours=0)},
    "a quorum of nobody": {"committee": replace(NCT05727722.committee, quorum=0)},
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
