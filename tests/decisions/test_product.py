"""Lots of the product: nothing reaches a subject that two pharmacists have not answered for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.kernel.quantities import Quantity
from core.trial.product.commands import (
    CheckDosePreparation,
    DiscardDosePreparation,
    PrepareDose,
    ReceiveLot,
    RejectLot,
    ReleaseLot,
)
from core.trial.product.events import (
    DosePreparationChecked,
    DosePreparationDiscarded,
    LotReceived,
    LotRejected,
    LotReleased,
    ReleaseTest,
)
from core.trial.subject.events import LiverTransplantRecorded
from tests.support.given import (
    CELLS,
    CERTIFICATE,
    NCT05727722,
    PH,
    PH2,
    START,
    VOLUME,
    Past,
    candidate,
    cells,
    dosed,
    enrolled,
    given,
    lot_contents,
    lot_on,
    on,
    preparation,
    prepared,
    released,
)

AT = START + timedelta(hours=2)
INSTANT = timedelta(milliseconds=1)


def received(lot: str = "L-1", **fields: Any) -> list[Past]:
    return [lot_on(lot, LotReceived(lot_contents(**fields)))]


def waiting(key: str = "S01", level: int = 1) -> list[Past]:
    """An enrolled subject for whom nothing is prepared yet."""
    return [past for past in enrolled(key, level) if not past.stream.startswith("lot/")]


def prepare(lot: str = "L-1", key: str = "S01", level: int = 1, **fields: Any) -> PrepareDose:
    return replace(PrepareDose(lot, key, level, CELLS[level], VOLUME, AT), **fields)


# -- receipt ----------------------------------------------------------------------------------------


def test_a_lot_is_received_with_what_its_certificates_say() -> None:
    given().when(ReceiveLot("L-1", lot_contents()), PH, at=AT).then([LotReceived(lot_contents())])


def test_a_lot_outside_its_specification_is_received_as_well() -> None:
    poor = lot_contents(viability_percent=Decimal(3), temperature_log_ok=False, tests=())
    given().when(ReceiveLot("L-1", poor), PH, at=AT).then([LotReceived(poor)])


def test_a_lot_is_received_once() -> None:
    given(received()).when(ReceiveLot("L-1", lot_contents()), PH2, at=AT).refused("DUPLICATE_LOT")


def test_no_lot_is_received_before_there_is_a_specification() -> None:
    asked = ReceiveLot("L-1", lot_contents())
    given(study=None).when(asked, PH, at=AT).refused("NO_PROTOCOL_CONFIG")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nobody's cells": ({"donor": " "}, "BAD_TEXT"),
    "cells from nowhere": ({"cell_source": ""}, "BAD_TEXT"),
    "a source without an end": ({"cell_source": "x" * 301}, "BAD_TEXT"),
    "made tomorrow": ({"made_at": AT + INSTANT}, "FUTURE_TIME"),
    "expired when made": ({"expires_at": START - timedelta(days=1)}, "BAD_INTERVAL"),
    "more than alive": ({"viability_percent": Decimal("100.1")}, "IMPLAUSIBLE"),
    "less than dead": ({"viability_percent": Decimal("-0.1")}, "IMPLAUSIBLE"),
    "more live cells than cells": ({"viable_cells": cells("100.000000000001")}, "IMPLAUSIBLE"),
    "cells in millions": ({"total_cells": cells("100000", "10*6")}, "WRONG_UNIT"),
    "live cells in millions": ({"viable_cells": cells("90", "10*6")}, "WRONG_UNIT"),
    "a volume in litres": ({"volume": Quantity(Decimal(1), "L")}, "WRONG_UNIT"),
    "no cells": ({"viable_cells": cells("0")}, "NON_POSITIVE"),
    "no volume": ({"volume": Quantity(Decimal(0), "mL")}, "NON_POSITIVE"),
    "no typing": ({"hla_typing": ()}, "BAD_HLA_TYPING"),
    "a serological typing": ({"hla_typing": ("A*02:01", "A2")}, "BAD_HLA_TYPING"),
    "a locus that is not typed": ({"hla_typing": ("E*01:01",)}, "BAD_HLA_TYPING"),
    "one test twice": ({"tests": (ReleaseTest("sterility", True, CERTIFICATE),) * 2}, "DUPLICATE_FIELD"),  # noqa: FBT003 - it passed
    "a certificate by name": ({"tests": (ReleaseTest("sterility", True, "page 3"),)}, "BAD_DIGEST"),  # noqa: FBT003 - it passed
    "a test of nothing": ({"tests": (ReleaseTest("", True, CERTIFICATE),)}, "BAD_TEXT"),  # noqa: FBT003 - it passed
}


@pytest.mark.parametrize("what", BAD)
def test_a_lot_that_contradicts_itself_is_refused(what: str) -> None:
    fields, code = BAD[what]
    given().when(ReceiveLot("L-1", lot_contents(**fields)), PH, at=AT).refused(code)


@pytest.mark.parametrize(
    "fields",
    [
        {"viability_percent": Decimal(0)},
        {"viability_percent": Decimal(100)},
        {"viable_cells": cells("100")},
        {"made_at": AT},
        {"hla_typing": ("A*02", "DRB1*15:01:01:01", "DPB1*104:01", "B*51:11N", "B*51:11N")},
        {"cell_source": "x" * 300},
    ],
)
def test_a_lot_at_the_edge_of_the_possible_is_received(fields: dict[str, Any]) -> None:
    contents = lot_contents(**fields)
    given().when(ReceiveLot("L-1", contents), PH, at=AT).then([LotReceived(contents)])


def test_a_lot_id_is_an_identifier() -> None:
    given().when(ReceiveLot("lot 1/a", lot_contents()), PH, at=AT).refused("BAD_IDENTIFIER")


# -- release and rejection --------------------------------------------------------------------------


def test_a_second_pharmacist_releases_the_lot() -> None:
    given(received()).when(ReleaseLot("L-1"), PH2, at=AT).then([LotReleased()])


def test_who_received_the_lot_does_not_release_it() -> None:
    given(received()).when(ReleaseLot("L-1"), PH, at=AT).refused("SOD_VIOLATION")


@pytest.mark.parametrize(
    "asked",
    [
        ReleaseLot("L-9"),
        RejectLot("L-9", "leaks"),
        prepare("L-9"),
        CheckDosePreparation("L-9", "S01"),
        DiscardDosePreparation("L-9", "S01", "spilled"),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_a_lot_that_never_came_is_not_known(asked: Any) -> None:
    given([*received(), *waiting()]).when(asked, PH2, at=AT).refused("UNKNOWN_LOT")


@pytest.mark.parametrize(
    "after",
    [lot_on("L-1", LotReleased(), by=PH2), lot_on("L-1", LotRejected("leaks"), by=PH2)],
    ids=["released", "rejected"],
)
def test_a_lot_is_released_once_and_not_after_rejection(after: Past) -> None:
    given([*received(), after]).when(ReleaseLot("L-1"), PH2, at=AT).refused("ILLEGAL_SEQUENCE")


def test_a_lot_is_not_released_before_it_came() -> None:
    given(received()).when(ReleaseLot("L-1"), PH2, at=START - INSTANT).refused("ILLEGAL_SEQUENCE")


def without(test: str, *, failed: bool) -> tuple[ReleaseTest, ...]:
    return tuple(
        replace(one, passed=one.name != test) for one in lot_contents().tests if failed or one.name != test
    )


@pytest.mark.parametrize("test", NCT05727722.product.release_tests)
@pytest.mark.parametrize("failed", [True, False], ids=["failed", "not made"])
def test_every_release_test_of_the_configuration_must_have_passed(test: str, *, failed: bool) -> None:
    events = received(tests=without(test, failed=failed))
    given(events).when(ReleaseLot("L-1"), PH2, at=AT).refused("LOT_FAILS_SPECIFICATION")


def test_release_follows_the_viability_that_is_signed_and_70_is_enough() -> None:
    at_limit, below = received(viability_percent=Decimal(70)), received(viability_percent=Decimal("69.9"))
    given(at_limit).when(ReleaseLot("L-1"), PH2, at=AT).then([LotReleased()])
    given(below).when(ReleaseLot("L-1"), PH2, at=AT).refused("LOT_FAILS_SPECIFICATION")
    looser = replace(NCT05727722, product=replace(NCT05727722.product, min_viability_percent=Decimal(60)))
    given(below, study=looser).when(ReleaseLot("L-1"), PH2, at=AT).then([LotReleased()])


def test_another_configuration_asks_for_other_tests() -> None:
    other = replace(NCT05727722, product=replace(NCT05727722.product, release_tests=("identity",)))
    given(received(), study=other).when(ReleaseLot("L-1"), PH2, at=AT).refused("LOT_FAILS_SPECIFICATION")


def test_a_lot_that_was_warm_is_not_released() -> None:
    events = received(temperature_log_ok=False)
    given(events).when(ReleaseLot("L-1"), PH2, at=AT).refused("LOT_FAILS_SPECIFICATION")


def test_at_its_expiry_a_lot_has_expired() -> None:
    given(received(expires_at=AT)).when(ReleaseLot("L-1"), PH2, at=AT).refused("LOT_EXPIRED")
    given(received(expires_at=AT + INSTANT)).when(ReleaseLot("L-1"), PH2, at=AT).then([LotReleased()])


@pytest.mark.parametrize("events", [received(), released("L-1")], ids=["received", "released"])
def test_a_lot_is_rejected_or_recalled_with_its_cause(events: list[Past]) -> None:
    given(events).when(RejectLot("L-1", "leaks"), PH, at=AT).then([LotRejected("leaks")])


def test_a_rejection_has_a_cause_and_happens_once() -> None:
    rejected = [*received(), lot_on("L-1", LotRejected("leaks"))]
    given(received()).when(RejectLot("L-1", ""), PH, at=AT).refused("BAD_TEXT")
    given(rejected).when(RejectLot("L-1", "leaks"), PH, at=AT).refused("ILLEGAL_SEQUENCE")
    given(received()).when(RejectLot("L-1", "leaks"), PH, at=START - INSTANT).refused("ILLEGAL_SEQUENCE")


# -- preparation ------------------------------------------------------------------------------------


def test_the_dose_of_a_subject_is_prepared_out_of_a_released_lot() -> None:
    story = given([*waiting(), *released("L-1")]).when(prepare(), PH, at=AT)
    story.then([preparation("S01", 1, AT)])


def test_a_preparation_guards_every_lot_and_their_number() -> None:
    story = given([*waiting(), *released("L-1"), *received("L-2")]).when(prepare(), PH, at=AT)
    assert {"study", "subject/S01", "lot/L-1", "lot/L-2"} == set(story.facts.reads)
    assert story.facts.births == {"lot/": 2}


@pytest.mark.parametrize(
    "events",
    [received(), [*released("L-1"), lot_on("L-1", LotRejected("recall"))]],
    ids=["not released", "recalled"],
)
def test_doses_come_from_released_lots_only(events: list[Past]) -> None:
    given([*waiting(), *events]).when(prepare(), PH, at=AT).refused("LOT_NOT_RELEASED")


def test_who_released_the_lot_does_not_prepare_from_it() -> None:
    given([*waiting(), *released("L-1")]).when(prepare(), PH2, at=AT).refused("SOD_VIOLATION")


def test_a_dose_is_not_prepared_before_the_release() -> None:
    events = [*waiting(), *released("L-1", at=AT)]
    given(events).when(prepare(), PH, at=AT - INSTANT).refused("ILLEGAL_SEQUENCE")


def test_a_dose_is_planned_for_before_the_expiry_and_after_the_preparation() -> None:
    events = [*waiting(), *released("L-1", expires_at=AT)]
    given(events).when(prepare(planned_at=AT), PH, at=START).refused("LOT_EXPIRED")
    soon = prepare(planned_at=AT - INSTANT)
    given(events).when(soon, PH, at=START).then([preparation("S01", 1, AT - INSTANT)])
    given(events).when(prepare(planned_at=START), PH, at=START + INSTANT).refused("BAD_INTERVAL")


def test_an_expired_lot_is_prepared_from_for_no_moment() -> None:
    events = [*waiting(), *released("L-1", expires_at=AT)]
    given(events).when(prepare(planned_at=AT + INSTANT), PH, at=AT + INSTANT).refused("LOT_EXPIRED")


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([], "UNKNOWN_SUBJECT"),
        (candidate("S01"), "ILLEGAL_SEQUENCE"),
        ([*waiting(), on("S01", LiverTransplantRecorded(START.date()))], "ILLEGAL_SEQUENCE"),
        (dosed("S01"), "ALREADY_DOSED"),
        (waiting(level=2), "LEVEL_MISMATCH"),
    ],
    ids=["unknown", "candidate", "left", "dosed", "another level"],
)
def test_a_dose_is_prepared_for_who_waits_for_it(events: list[Past], code: str) -> None:
    given([*events, *released("L-1")]).when(prepare(), PH, at=AT).refused(code)


@pytest.mark.parametrize("amount", ["0.135", "0.15", "0.165"])
def test_ten_percent_around_the_level_is_prepared(amount: str) -> None:
    asked = prepare(cells=cells(amount))
    expected = preparation("S01", 1, AT, cells=cells(amount))
    given([*waiting(), *released("L-1")]).when(asked, PH, at=AT).then([expected])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cells": cells("0.134999999999")}, "DOSE_OUT_OF_TOLERANCE"),
        ({"cells": cells("0.165000000001")}, "DOSE_OUT_OF_TOLERANCE"),
        ({"cells": cells("0")}, "NON_POSITIVE"),
        ({"cells": cells("150", "10*6")}, "WRONG_UNIT"),
        ({"volume": Quantity(Decimal(0), "mL")}, "NON_POSITIVE"),
        ({"volume": Quantity(Decimal("0.05"), "L")}, "WRONG_UNIT"),
    ],
)
def test_what_is_not_the_levels_dose_is_not_prepared(fields: dict[str, Any], code: str) -> None:
    given([*waiting(), *released("L-1")]).when(prepare(**fields), PH, at=AT).refused(code)


def test_the_tolerance_is_that_of_the_configuration() -> None:
    strict = replace(NCT05727722, dosing=replace(NCT05727722.dosing, tolerance_percent=Decimal(5)))
    story = given([*waiting(), *released("L-1")], study=strict)
    story.when(prepare(cells=cells("0.158")), PH, at=AT).refused("DOSE_OUT_OF_TOLERANCE")


def lot_with(viable: str) -> list[Past]:
    """A released lot out of which the dose of S02, 0.15, is prepared already."""
    lot = released("L-1", viable_cells=cells(viable))
    return [*waiting("S02"), *waiting(), *lot, lot_on("L-1", preparation("S02"))]


def test_no_more_is_prepared_than_the_lot_holds() -> None:
    given(lot_with("0.3")).when(prepare(), PH, at=AT).then([preparation("S01", 1, AT)])
    given(lot_with("0.299999999999")).when(prepare(), PH, at=AT).refused("LOT_EXHAUSTED")


def test_what_was_discarded_does_not_come_back() -> None:
    gone = lot_on("L-1", DosePreparationDiscarded("S02", "spilled"))
    given([*lot_with("0.299"), gone]).when(prepare(), PH, at=AT).refused("LOT_EXHAUSTED")


@pytest.mark.parametrize("lot", ["L-1", "L-2"])
def test_one_preparation_stands_for_a_subject(lot: str) -> None:
    events = [*waiting(), *released("L-1"), *released("L-2"), lot_on("L-1", preparation("S01"))]
    given(events).when(prepare(lot), PH, at=AT).refused("ALREADY_PREPARED")


@pytest.mark.parametrize(
    "ended",
    [
        [lot_on("L-1", LotRejected("recall"))],
        [lot_on("L-1", DosePreparationDiscarded("S01", "spilled"))],
    ],
    ids=["recalled", "discarded"],
)
def test_another_is_prepared_where_the_first_cannot_be_given(ended: list[Past]) -> None:
    events = [*waiting(), *released("L-1"), *released("L-2"), lot_on("L-1", preparation("S01")), *ended]
    given(events).when(prepare("L-2"), PH, at=AT).then([preparation("S01", 1, AT)])


def test_another_is_prepared_where_the_first_has_expired() -> None:
    first = [*released("L-1", expires_at=AT), lot_on("L-1", preparation("S01"))]
    events = [*waiting(), *first, *released("L-2")]
    given(events).when(prepare("L-2"), PH, at=AT - INSTANT).refused("ALREADY_PREPARED")
    given(events).when(prepare("L-2"), PH, at=AT).then([preparation("S01", 1, AT)])


# -- the second pair of eyes --------------------------------------------------------------------------

UNCHECKED = [*waiting(), *released("L-1"), lot_on("L-1", preparation("S01"))]
CHECKED = lot_on("L-1", DosePreparationChecked("S01"), by=PH2)


def test_another_pharmacist_checks_the_preparation() -> None:
    asked = CheckDosePreparation("L-1", "S01")
    given(UNCHECKED).when(asked, PH2, at=AT).then([DosePreparationChecked("S01")])


def test_who_prepared_does_not_check() -> None:
    given(UNCHECKED).when(CheckDosePreparation("L-1", "S01"), PH, at=AT).refused("SOD_VIOLATION")


def test_a_preparation_is_checked_once_and_after_it_was_made() -> None:
    asked = CheckDosePreparation("L-1", "S01")
    given([*UNCHECKED, CHECKED]).when(asked, PH2, at=AT).refused("ILLEGAL_SEQUENCE")
    given(UNCHECKED).when(asked, PH2, at=START - INSTANT).refused("ILLEGAL_SEQUENCE")


@pytest.mark.parametrize(
    "asked", [CheckDosePreparation("L-1", "S02"), DiscardDosePreparation("L-1", "S02", "spilled")]
)
def test_only_what_is_prepared_is_checked_or_discarded(asked: Any) -> None:
    given(UNCHECKED).when(asked, PH2, at=AT).refused("UNKNOWN_PREPARATION")


# -- discarding ---------------------------------------------------------------------------------------

DISCARD = DiscardDosePreparation("L-1", "S01", "spilled")


@pytest.mark.parametrize("events", [UNCHECKED, [*UNCHECKED, CHECKED]], ids=["prepared", "checked"])
def test_a_preparation_is_discarded_with_its_cause(events: list[Past]) -> None:
    given(events).when(DISCARD, PH, at=AT).then([DosePreparationDiscarded("S01", "spilled")])
    given(events).when(replace(DISCARD, cause=" "), PH, at=AT).refused("BAD_TEXT")
    given(events).when(DISCARD, PH, at=START - INSTANT).refused("ILLEGAL_SEQUENCE")


def test_what_was_discarded_is_not_there_any_more() -> None:
    events = [*UNCHECKED, lot_on("L-1", DosePreparationDiscarded("S01", "spilled"))]
    given(events).when(DISCARD, PH, at=AT).refused("UNKNOWN_PREPARATION")
    given(events).when(CheckDosePreparation("L-1", "S01"), PH2, at=AT).refused("UNKNOWN_PREPARATION")


def test_what_was_given_is_not_discarded() -> None:
    asked = DiscardDosePreparation("L-S01", "S01", "spilled")
    given(dosed("S01")).when(asked, PH, at=AT).refused("ALREADY_DOSED")


def test_a_leftover_of_another_lot_is_discarded_after_the_dose() -> None:
    recalled = [*released("L-1"), lot_on("L-1", preparation("S01")), lot_on("L-1", LotRejected("recall"))]
    events = [*waiting(), *recalled, *prepared("S01"), dosed("S01")[-1]]
    given(events).when(DISCARD, PH, at=AT).then([DosePreparationDiscarded("S01", "spilled")])
