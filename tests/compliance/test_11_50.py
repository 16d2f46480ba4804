"""21 CFR 11.50: what a signature says of itself."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from api.cli.output import print_table
from core.kernel.actors import Meaning
from core.kernel.time import local_text
from core.trial.subject.commands import CorrectAdverseEvent
from core.trial.subject.field_change import FieldChange
from projections.catalogue import PROJECTIONS
from projections.manifestation import is_computed
from tests.compliance.product import verified
from tests.http import forms
from tests.support.given import SC, SC2, ZONE, report, screening

if TYPE_CHECKING:
    from tests.compliance.conftest import Look
    from tests.http.desk import Desk
    from tests.support.world import World


def test_11_50_a_name_time_and_meaning_are_signed(world: World) -> None:
    receipt = world.do(screening("S01"), SC)
    statement = world.log.entry(receipt.positions[-1]).statement
    assert (statement.signer.name, statement.signed_at, statement.zone) == (SC.name, world.clock(), ZONE)
    assert statement.meaning is Meaning.AUTHORED
    sentence = world.trial.instance.legal[statement.meaning]
    assert (sentence.id, bool(sentence.text)) == (statement.legal, True)
    for said in (SC.name, str(statement.meaning), statement.legal):
        assert said.encode() in world.log.entry(receipt.positions[-1]).leaf.envelope.statement
    assert verified(world).findings == ()


def test_11_50_a_a_role_signs_with_no_other_meaning(world: World) -> None:
    assert world.refused(screening("S01"), SC, meaning=Meaning.APPROVED) == "MEANING_NOT_PERMITTED"


# Views that this small trial gives rows to; tests/views/test_manifestation.py walks them all.
SHOWN = ("subjects", "consents", "casebook", "lots", "doses", "safety", "people", "trail", "signatures")


def written(world: World) -> str:
    """Let a subject be dosed and have an event that somebody else corrects; return the subject key."""
    key = world.dosed()
    world.do(report(key, grade=2, onset=world.clock().date()), SC)
    world.advance(minutes=5)
    change = CorrectAdverseEvent(key, "AE-1", (FieldChange("grade", 2, 1),), "ward book")
    world.do(change, SC2, reason="the source says grade 1")
    return key


def manifest(world: World, position: int) -> dict[str, Any]:
    """Return what the signed bytes at a position say of their signature."""
    said = world.log.entry(position).statement
    return {
        "position": position,
        "printed_name": said.signer.name,
        "role": said.signer.role,
        "meaning": said.meaning,
        "signed_at": local_text(said.signed_at, said.zone),
        "zone": said.zone,
    }


def test_11_50_b_every_row_shows_name_time_and_meaning(world: World, look: Look) -> None:
    written(world)
    for view in (projection.name for projection in PROJECTIONS if not is_computed(projection)):
        rows = look(view)
        assert rows or view not in SHOWN, view
        for row in rows:
            assert row["signature"] == manifest(world, row["signature"]["position"]), view


def test_11_50_b_a_changed_value_shows_who_changed_it(world: World, look: Look) -> None:
    key = written(world)
    (event,) = [row for row in look("safety") if row["subject_key"] == key]
    assert (event["signature"]["printed_name"], event["signature"]["role"]) == (SC2.name, SC2.role)
    assert event["signature"]["position"] == world.log.size()
    (before,) = [row for row in look("safety", world.log.size() - 1) if row["subject_key"] == key]
    assert before["signature"]["printed_name"] == SC.name


@pytest.mark.parametrize("view", ["subjects", "trail"])
def test_11_50_b_a_table_and_the_interface_show_them_too(
    world: World, look: Look, desk: Desk, view: str
) -> None:
    world.do(screening("S01"), SC)
    out = io.StringIO()
    with redirect_stdout(out):
        print_table([row for row in look(view) if row["signature"]["position"] == world.log.size()])
    assert f"{SC.name} ({SC.role}), authored, " in out.getvalue()
    desk.done("sc.liu", "/v1/subjects/S001/screenings", forms.screening())
    path = "/v1/audit-trail?after=" + str(desk.size - 1) if view == "trail" else "/v1/subjects"
    rows = desk.get("cra.he", path).json["rows"]
    (shown,) = [row["signature"] for row in rows if row["signature"]["position"] == desk.size]
    assert (shown["printed_name"], shown["role"], shown["meaning"]) == ("Liu Yan", "SC", "authored")
    assert shown["signed_at"] == local_text(desk.clock(), ZONE)
