"""Given events about lots and doses, these rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Role
from core.kernel.quantities import Quantity
from core.trial.product.commands import (
    CheckDosePreparation,
    DiscardDosePreparation,
    PrepareDose,
    ReceiveLot,
    RejectLot,
    ReleaseLot,
)
from core.trial.subject.commands import AdministerDose, CorrectDose
from core.trial.subject.events import Interruption
from core.trial.subject.field_change import FieldChange
from projections.lots import Lots
from projections.presenting import presented
from projections.runner import Runner
from tests.support.given import lot_contents
from tests.views.stage import IDENTITY, VOLUME, WHY
from tests.views.wander import Wanderer

if TYPE_CHECKING:
    from core.trial.product.events import LotContents
    from projections.views import Views
    from tests.views.stage import Stage

CELLS = Quantity(Decimal("0.15"), "10*9")
CHECKER = (Role.PH, 1)
INSTANT = timedelta(milliseconds=1)


@pytest.fixture
def waiting(stage: Stage) -> Stage:
    """A stage with one enrolled subject, S1."""
    stage.staff()
    stage.configure()
    wanderer = Wanderer(stage)
    stage.consent("S1")
    for step in ("screen", "confirm", "enrol"):
        wanderer.step(step, 0)
    return stage


def contents(stage: Stage, viable: str = "0.32") -> LotContents:
    return replace(
        lot_contents(stage.clock()),
        expires_at=stage.clock() + timedelta(days=3),
        viable_cells=Quantity(Decimal(viable), "10*9"),
    )


def row(stage: Stage, views: Views, view: str, key: str) -> dict[str, Any]:
    Runner(stage.log, views).catch_up()
    found = views.row(view, key)
    assert found is not None
    return found


def prepare(stage: Stage, lot: str) -> None:
    at = stage.clock() + timedelta(minutes=1)
    stage.do(Role.PH, PrepareDose(lot, "S1", 1, CELLS, VOLUME, at))
    stage.do(CHECKER, CheckDosePreparation(lot, "S1"))


def dose(stage: Stage, lot: str, **fields: Any) -> AdministerDose:
    at = stage.clock() + timedelta(minutes=1)
    given = AdministerDose("S1", 1, lot, CELLS, VOLUME, "intraperitoneal", at, at, None, IDENTITY)
    return replace(given, **fields)


def test_a_lot_is_where_its_last_step_left_it(waiting: Stage, views: Views) -> None:
    stage, seen = waiting, []
    at = stage.clock() + timedelta(minutes=9)
    for who, command in (
        (Role.PH, ReceiveLot("L-1", contents(stage, "0.3"))),
        (CHECKER, ReleaseLot("L-1")),
        (Role.PH, PrepareDose("L-1", "S1", 1, CELLS, VOLUME, at)),
        (Role.PH, DiscardDosePreparation("L-1", "S1", "spilled")),
        (Role.PH, PrepareDose("L-1", "S1", 1, CELLS, VOLUME, at)),
        (CHECKER, RejectLot("L-1", "recalled")),
    ):
        stage.do(who, command)
        found = row(stage, views, "lots", "L-1")
        seen.append((found["status"], found["cells_left"], len(found["preparations"])))
    assert seen == [
        ("received", "0.3", 0),
        ("released", "0.3", 0),
        ("released", "0.15", 1),
        ("released", "0.15", 1),
        ("exhausted", "0.00", 2),
        ("rejected", "0.00", 2),
    ]
    assert (found["received_by"], found["released_by"]) == ("ph.qian", "ph.xie")
    assert found["rejected_because"] == "recalled"
    assert found["hla_typing"] == ["A*02:01", "DRB1*15:01"]


def test_a_preparation_says_what_became_of_it(waiting: Stage, views: Views) -> None:
    stage, seen = waiting, []
    stage.do(Role.PH, ReceiveLot("L-1", contents(stage)))
    stage.do(CHECKER, ReleaseLot("L-1"))
    at = stage.clock() + timedelta(minutes=9)
    for who, command in (
        (Role.PH, PrepareDose("L-1", "S1", 1, CELLS, VOLUME, at)),
        (Role.PH, DiscardDosePreparation("L-1", "S1", "spilled")),
        (Role.PH, PrepareDose("L-1", "S1", 1, CELLS, VOLUME, at)),
        (CHECKER, CheckDosePreparation("L-1", "S1")),
    ):
        stage.do(who, command)
        seen.append([one["status"] for one in row(stage, views, "lots", "L-1")["preparations"]])
    stage.do(Role.PI, dose(stage, "L-1"))
    seen.append([one["status"] for one in row(stage, views, "lots", "L-1")["preparations"]])
    assert seen == [
        ["prepared"],
        ["discarded"],
        ["discarded", "prepared"],
        ["discarded", "checked"],
        ["discarded", "given"],
    ]
    first, second = row(stage, views, "lots", "L-1")["preparations"]
    assert (first["discarded_because"], first["checked_by"]) == ("spilled", None)
    assert (second["prepared_by"], second["checked_by"]) == ("ph.qian", "ph.xie")
    assert second["prepared_at"].endswith("+08:00")


def test_a_lot_expires_at_its_instant_by_the_day_of_reading(waiting: Stage, views: Views) -> None:
    lot = contents(waiting)
    waiting.do(Role.PH, ReceiveLot("L-1", lot))
    stored = [row(waiting, views, "lots", "L-1")]
    assert "expired" not in stored[0]
    before, at = (presented(Lots(), stored, m)[0] for m in (lot.expires_at - INSTANT, lot.expires_at))
    assert (before["expired"], at["expired"]) == (False, True)


def test_a_dose_row_holds_product_amount_times_and_persons(waiting: Stage, views: Views) -> None:
    stage = waiting
    stage.do(Role.PH, ReceiveLot("L-1", contents(stage)))
    stage.do(CHECKER, ReleaseLot("L-1"))
    prepare(stage, "L-1")
    began = stage.clock() + timedelta(minutes=1)
    pause = Interruption(began, None, "nausea")
    few = Quantity(Decimal("0.134"), "10*9")
    stage.do(Role.PI, dose(stage, "L-1", cells=few, interruption=pause), reason=WHY)
    found = row(stage, views, "doses", "S1")
    # 0.134 of 0.15 is 10.6666... % too few.
    assert {name: found[name] for name in ("cells", "nominal_cells", "deviation_percent", "deviates")} == {
        "cells": {"value": "0.134", "unit": "10*9"},
        "nominal_cells": {"value": "0.15", "unit": "10*9"},
        "deviation_percent": "-10.67",
        "deviates": True,
    }
    assert (found["lot"], found["donor"], found["donor_hla_typing"]) == (
        "L-1",
        "D-07",
        ["A*02:01", "DRB1*15:01"],
    )
    assert (found["prepared_by"], found["checked_by"]) == ("ph.qian", "ph.xie")
    assert (found["level"], found["route"], found["identity_checked"]) == (
        1,
        "intraperitoneal",
        ["subject_key", "wristband"],
    )
    local = found["started_at"]
    assert local.endswith("+08:00")
    assert found["interruption"] == {"at": local, "resumed_at": None, "cause": "nausea"}


def test_a_correction_to_another_lot_reads_in_both_lots(waiting: Stage, views: Views) -> None:
    """The first lot is recalled, the dose is prepared anew; which of the two was given is entered wrongly."""
    stage = waiting
    for lot in ("L-1", "L-2"):
        stage.do(Role.PH, ReceiveLot(lot, contents(stage)))
        stage.do(CHECKER, ReleaseLot(lot))
    prepare(stage, "L-1")
    stage.do(CHECKER, RejectLot("L-1", "recalled"))
    prepare(stage, "L-2")
    stage.do(Role.PI, dose(stage, "L-2"))
    changes = (FieldChange("lot", "L-2", "L-1"), FieldChange("cells.value", "0.15", "0.149"))
    stage.do(Role.PI, CorrectDose("S1", changes, "label in the ward book"), reason=WHY)
    given = {lot: row(stage, views, "lots", lot)["preparations"][0]["status"] for lot in ("L-1", "L-2")}
    assert given == {"L-1": "given", "L-2": "checked"}
    found = row(stage, views, "doses", "S1")
    assert (found["lot"], found["deviation_percent"], found["deviates"]) == ("L-1", "-0.67", False)
    corrected = views.rows("trail")[-1]
    assert corrected["changes"][0] == {"field": "lot", "old": "L-2", "new": "L-1"}
    assert corrected["about"] == {"source": "label in the ward book", "reopens_window": False}


def test_the_trail_says_for_whom_a_dose_was_prepared(waiting: Stage, views: Views) -> None:
    waiting.prepare("S1", 1, CELLS)
    Runner(waiting.log, views).catch_up()
    seen = [(one["event"], one["subject_key"], one["meaning"]) for one in views.rows("trail")[-4:]]
    assert seen == [
        ("LotReceived", None, "authored"),
        ("LotReleased", None, "released"),
        ("DosePrepared", "S1", "authored"),
        ("DosePreparationChecked", "S1", "verified"),
    ]
