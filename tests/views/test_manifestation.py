"""21 CFR 11.50(b): printed name, time and meaning wherever a signed record is shown, in every form of it.

Read is what `make run` serves: the golden trial and the oversight behind it, so that no view is empty.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Final

import pytest

from api.cli.output import cell, is_manifest, print_table
from core.kernel.time import local_text
from projections.catalogue import PROJECTIONS
from projections.manifestation import SIGNATURE, is_computed

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded
    from tests.views.conftest import Overseen

VIEWS: Final = [p.name for p in PROJECTIONS]
SIGNED: Final = [p.name for p in PROJECTIONS if not is_computed(p)]
# Rows of signed views that nobody signed, and what they are.
NOBODY_SIGNED: Final = {
    "deviations": "a visit that was missed is found by computation",
    "improvement": "an assessment that nobody has made yet",
    "source-verification": "what is still to be compared, and the counts of a subject",
    "trail-reviews": "the streams that were never reviewed, and the counts of a scope",
}
# Nobody records a deviation or an assessment by hand in the golden trial, and its figures allow none.
ALL_COMPUTED_HERE: Final = {"deviations", "improvement"}


def manifest_of(event: Recorded) -> dict[str, Any]:
    return {
        "position": event.position,
        "printed_name": event.signer.name,
        "role": event.signer.role,
        "meaning": event.meaning,
        "signed_at": local_text(event.signed_at, event.zone),
        "zone": event.zone,
    }


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_of_the_training_store_is_empty(overseen: Overseen, view: str) -> None:
    assert overseen.shown(view)


@pytest.mark.parametrize("view", SIGNED)
def test_every_row_of_a_signed_record_shows_how_it_was_signed(overseen: Overseen, view: str) -> None:
    manifests = [row[SIGNATURE] for row in overseen.shown(view)]
    signed = [one for one in manifests if one is not None]
    assert signed or view in ALL_COMPUTED_HERE
    assert len(signed) == len(manifests) or view in NOBODY_SIGNED
    for manifest in signed:
        assert is_manifest(manifest)
        assert manifest == manifest_of(overseen.log.entry(manifest["position"]).recorded())


@pytest.mark.parametrize("view", sorted(set(VIEWS) - set(SIGNED)))
def test_a_view_of_figures_over_many_records_claims_no_signature(overseen: Overseen, view: str) -> None:
    assert not any(SIGNATURE in row for row in overseen.shown(view))


def test_the_oversight_is_signed_by_who_did_it(overseen: Overseen) -> None:
    signers = {
        view: {row[SIGNATURE]["role"] for row in overseen.shown(view) if row[SIGNATURE] is not None}
        for view in ("casebook-signatures", "casebook-locks", "trail-reviews", "clock")
    }
    assert signers == {
        "casebook-signatures": {"PI"},
        "casebook-locks": {"PI", "CRA", "DM", "MM"},
        "trail-reviews": {"DM"},
        "clock": {"SVC"},
    }


@pytest.mark.parametrize("view", SIGNED)
def test_a_table_shows_it_in_one_readable_column(overseen: Overseen, view: str) -> None:
    rows, out = overseen.shown(view), io.StringIO()
    with redirect_stdout(out):
        print_table(rows)
    lines = out.getvalue().splitlines()[2:]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert cell(row[SIGNATURE]) in line


def test_how_a_manifest_reads() -> None:
    manifest = {
        "position": 7,
        "printed_name": "Zhao Min",
        "role": "MM",
        "meaning": "approved",
        "signed_at": "2026-03-02T09:14:03+08:00",
        "zone": "Asia/Shanghai",
    }
    assert cell(manifest) == "Zhao Min (MM), approved, 2026-03-02 09:14:03+08:00 Asia/Shanghai"


def test_a_table_keeps_what_it_can_show_and_names_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    revoked = {"position": 9, "by": "sec.lin", "reason": {"code": "gone", "text": "stolen"}}
    print_table(
        [
            {"device": "pc-1", "revoked": revoked, "new": "yes", "forms": [{"form": "ae"}], "tests": []},
            {"device": "pc-2", "revoked": None, "new": [{"test": "endotoxin"}], "forms": [], "tests": []},
        ]
    )
    shown = capsys.readouterr()
    assert [line.split() for line in shown.out.splitlines() if line[0] != "-"] == [
        ["device", "revoked", "new", "tests"],
        ["pc-1", "9", "sec.lin", "gone", "stolen", "yes", "-"],
        ["pc-2", "-", "...", "-"],
    ]
    assert shown.err == "(with --json also: new, forms)\n"


def test_a_result_is_signed_by_who_entered_it_not_by_who_corrected_its_neighbour(overseen: Overseen) -> None:
    for row in overseen.shown("labs"):
        changes = [one["position"] for one in row["superseded"]]
        event = overseen.log.entry(row[SIGNATURE]["position"]).recorded()
        if changes:
            assert event.position == changes[-1]
        else:
            assert event.topic in {"casebook.LabPanelReported/1", "casebook.LateResultReported/1"}


def test_as_of_an_earlier_position_the_earlier_signature_is_shown(overseen: Overseen) -> None:
    for position in range(1, overseen.log.size() + 1, 37):
        rows = overseen.shown("subjects", position)
        assert all(row[SIGNATURE]["position"] <= position for row in rows)


def test_every_value_of_a_casebook_shows_how_it_was_signed(overseen: Overseen) -> None:
    for casebook in overseen.shown("casebook"):
        said = [one for form in casebook["forms"] for field in form["fields"] for one in field["history"]]
        assert said
        for one in said:
            manifest = manifest_of(overseen.log.entry(one["position"]).recorded())
            assert {name: one[name] for name in manifest} == manifest
