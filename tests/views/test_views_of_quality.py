"""Views of data quality: what is verified, questioned, signed off and reviewed; stale by what came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.kernel.quantities import Quantity
from core.trial.casebook.events import MedicationEnded
from core.trial.quality.events import (
    AuditTrailReviewed,
    CasebookFrozen,
    CasebookLocked,
    Countersigned,
    Mismatch,
    MonitoringVisitRecorded,
    QueryAnswered,
    QueryClosed,
    QueryReopened,
    ReviewScope,
    SourceKind,
    SourceMismatchFound,
    UnlockProposed,
    VisitKind,
)
from core.trial.quality.fields import changed_by
from core.trial.subject.adverse_events import AdverseEventCorrected, AdverseEventRegraded
from core.trial.subject.events import DoseCorrected
from core.trial.subject.field_change import FieldChange
from core.trial.trial import Trial
from projections.as_of import Rebuilding
from projections.catalogue import PROJECTIONS
from projections.presenting import presented
from projections.source_verification import SourceVerification
from tests.support.given import CRA, DM, LB, PI, SC, SI, START, Past, digest, on, recorded
from tests.support.given import given as story
from tests.support.quality import (
    CORRECTED,
    KEY,
    book,
    entries,
    every_item,
    grown,
    item,
    raised,
    signed_off,
    verified,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.kernel.recorded import Recorded
    from core.store.trial_log import TrialLog

BY_NAME = {projection.name: projection for projection in PROJECTIONS}
TRIAL = grown(entries())
CREATININE = item(TRIAL, "LabPanelReported", "creatinine")
LATER = START + timedelta(days=10)


HEADS = ("subject_version", "subject_head", "casebook_version", "casebook_head")
RETRACTED = (FieldChange("regradings.1.to_grade", 4, 3),)


def rows(view: str, events: Sequence[Past], moment: Any = LATER) -> list[dict[str, Any]]:
    """Return what people read in a view of these events, as stored and read."""
    projection = BY_NAME[view]
    rebuilding = Rebuilding((projection,))
    versions: dict[str, int] = {}
    for position, past in enumerate([*story().base, *events], 1):
        versions[past.stream] = versions.get(past.stream, 0) + 1
        rebuilding.feed(recorded(past, position, versions[past.stream]))
    return presented(projection, rebuilding.rows()[view], moment)


# -- source verification --------------------------------------------------------------------------------


def verifications(events: Sequence[Past]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the row of the creatinine, and the one with the counts."""
    found = rows("source-verification", events)
    (row,) = [row for row in found if (row["record"], row["field"]) == (CREATININE.record, CREATININE.field)]
    return row, found[-1]


def test_what_nobody_compared_is_unverified_from_the_first_entry_on() -> None:
    found = rows("source-verification", entries())
    every = list(TRIAL.quality[KEY].items.of_events(EVERY_KIND))
    listed = [(row["record"], row["field"], row["version"]) for row in found[:-1]]
    assert sorted(listed) == sorted((record, name, version.digest) for record, name, version in every)
    assert {row["state"] for row in found[:-1]} == {"unverified"}
    assert all(row["signature"] == row["changed_position"] for row in found[:-1])
    assert (found[-1]["items"], found[-1]["unverified"]) == (len(every), len(every))
    assert found[-1]["verified_percent"] == "0.0"


def test_an_item_shows_where_it_stands_and_what_it_says() -> None:
    row, _ = verifications(entries())
    assert (row["form"], row["instance"], row["event"]) == ("lab panel", "L1", "LabPanelReported")
    assert (row["value"], row["unit"]) == ("68", "umol/L")
    row, _ = verifications([*entries(), book(CORRECTED, LB)])
    assert (row["value"], row["state"], row["changed_position"]) == ("86", "unverified", TRIAL.position + 1)


def test_a_record_costs_one_row_however_many_items_it_has() -> None:
    projection, trial = SourceVerification(), Trial()
    for position, past in enumerate([*story().base, *entries()], 1):
        event = recorded(past, position, trial.versions.get(past.stream, 0) + 1)
        trial.apply(event)
        assert len(list(projection.project(event, None, trial))) <= 1


def test_items_stand_with_who_verified_which_version() -> None:
    row, summary = verifications([*entries(), verified([CREATININE])])
    assert (row["state"], row["by"], row["compared_version"]) == ("verified", CRA.id, CREATININE.version)
    assert (row["field"], row["event"], row["subject_key"]) == ("creatinine", "LabPanelReported", KEY)
    total = sum(len(r.items()) for r in TRIAL.quality[KEY].items.records.values())
    assert (summary["items"], summary["verified"], summary["unverified"]) == (total, 1, total - 1)
    assert summary["verified_percent"] == f"{100 / total:.1f}"


def test_a_correction_makes_a_verification_stale_at_once() -> None:
    row, summary = verifications([*entries(), verified([CREATININE]), book(CORRECTED, LB)])
    assert (row["state"], row["changed_position"]) == ("stale", TRIAL.position + 2)
    assert (row["signature"], summary["signature"]) == (TRIAL.position + 1, None)
    assert (summary["verified"], summary["stale"]) == (0, 1)


def test_a_mismatch_stands_until_it_is_corrected() -> None:
    mismatch = SourceMismatchFound(
        KEY, SourceKind.LABORATORY_REPORT, (Mismatch(CREATININE, "the report says 86"),), ("an item",)
    )
    events = [*entries(), on("R1", mismatch, by=CRA)]
    row, summary = verifications(events)
    assert (row["state"], row["found"], summary["mismatch"]) == ("mismatch", "the report says 86", 1)
    row, summary = verifications([*events, book(CORRECTED, LB)])
    assert (row["state"], summary["mismatch"], summary["stale"]) == ("stale", 0, 1)


def test_what_is_entered_later_is_one_more_thing_to_verify() -> None:
    every = [r for r in TRIAL.quality[KEY].items.records.values() if r.event != "MedicationRecorded"]
    _, before = verifications([*entries()[:-1], verified([CREATININE])])
    _, after = verifications([*entries()[:-1], verified([CREATININE]), entries()[-1]])
    assert before["items"] == sum(len(r.items()) for r in every)
    assert after["items"] > before["items"]


CHANGES = (
    book(CORRECTED, LB),
    book(replace(CORRECTED, analyte="bilirubin"), LB),
    book(replace(CORRECTED, analyte="sodium", new=Quantity(Decimal(135), "umol/L")), LB),
    book(MedicationEnded("M1", date(2024, 3, 9))),
    on(KEY, AdverseEventRegraded("AE-1", 3, 4, date(2024, 3, 4), None, (), None), by=SI),
    on(KEY, AdverseEventCorrected("AE-1", (FieldChange("onset", "2024-03-03", "2024-03-04"),), None), by=SC),
    on(KEY, DoseCorrected((FieldChange("volume.value", "50", "51"),), "sheet", reopens_window=False)),
)
EVERY_KIND = tuple(r.event for r in TRIAL.quality[KEY].items.records.values())


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(CHANGES) | st.just("verify"), min_size=1, max_size=8))
def test_an_item_is_stale_if_and_only_if_its_version_is_another_one(steps: list[Any]) -> None:
    events = [*entries(), verified(every_item(TRIAL, *EVERY_KIND), "R-first")]
    for number, step in enumerate(steps):
        now = grown(events)
        every = every_item(now, *EVERY_KIND)
        events.append(verified(every, f"R{number}") if step == "verify" else step)
    quality = grown(events).quality[KEY]
    for row in rows("source-verification", events):
        if row["field"] is not None:
            now_at = quality.items.version_of(row["record"], row["field"])
            check = quality.checks.get((row["record"], row["field"]))
            assert now_at is not None
            assert row["version"] == now_at.digest
            assert (row["state"] == "unverified") is (check is None)
            assert (row["state"] == "stale") is (check is not None and check.version != now_at.digest)


@pytest.mark.slow
def test_staleness_follows_the_versions_at_every_position_of_the_golden_trial(golden_log: TrialLog) -> None:
    _follow(golden_log, lambda event: event.stream.startswith(("subject/", "casebook/")))


def test_staleness_follows_the_versions_at_every_change_of_the_golden_trial(golden_log: TrialLog) -> None:
    _follow(golden_log, lambda event: bool(changed_by(type(event.payload).__name__)))


def _follow(golden_log: TrialLog, looked_at: Callable[[Recorded], bool]) -> None:
    """Verify everything at two positions of the log, and follow the items through the events from then on."""
    events = [replace(one, position=10 * one.position) for one in golden_log.recorded()]
    rebuilding, trial = Rebuilding((SourceVerification(),)), Trial()
    seen_stale = 0
    for number, event in enumerate(events):
        rebuilding.feed(event)
        trial.apply(event)
        if number in {len(events) // 2, 3 * len(events) // 4}:
            for review in _verifications(trial, event):
                rebuilding.feed(review)
                trial.apply(review)
        if trial.reviews and looked_at(event):
            seen_stale += _require_states(trial, rebuilding)
    assert seen_stale


def _verifications(trial: Trial, after: Recorded) -> list[Recorded]:
    found = []
    for number, (key, quality) in enumerate(trial.quality.items(), 1):
        every = tuple(
            replace(CREATININE, record=record.digest, field=name, version=version.digest)
            for record in quality.items.records.values()
            for name, version in record.items().items()
        )
        payload = replace(verified(every).payload, subject_key=key)
        past = on(f"R{after.position}-{number}", payload, by=CRA)
        one = recorded(past, after.position, 1)
        found.append(replace(one, digest=digest(after.position * 1000 + number)))
    return found


def _require_states(trial: Trial, rebuilding: Rebuilding) -> int:
    stale = 0
    items = {r.digest: r.items() for q in trial.quality.values() for r in q.items.records.values()}
    for row in presented(SourceVerification(), rebuilding.rows()["source-verification"], LATER):
        if row["field"] is not None:
            version = items[row["record"]][row["field"]]
            checked = trial.quality[row["subject_key"]].checks.get((row["record"], row["field"]))
            assert row["version"] == version.digest
            assert (row["state"] == "stale") is (checked is not None and version.digest != checked.version)
            stale += row["state"] == "stale"
    return stale


def test_two_folds_agree_on_which_statement_wrote_a_result_last(golden_log: TrialLog) -> None:
    """Panels keep their own history: the version of a result is the last change that they know of it."""
    with golden_log.lock:
        golden_log.catch_up()
        trial = golden_log.trial
    at = {one.digest: one.position for one in golden_log.recorded()}
    compared = 0
    for key, casebook in trial.casebooks.items():
        for record in trial.quality[key].items.records.values():
            if record.event == "LabPanelReported":
                panel = casebook.panels[record.payload.specimen_set]
                for result in record.payload.results:
                    known = [c.position for c in panel.changes if c.analyte == result.analyte]
                    version = record.items()[result.analyte]
                    assert version.position == at[version.digest] == max(known, default=panel.position)
                    compared += bool(known)
    assert compared


# -- queries --------------------------------------------------------------------------------------------

ASKED = [*entries(), raised(CREATININE)]
ANSWERED = [*ASKED, on("Q1", QueryAnswered("It is so.", None), by=SC)]
CLOSED = [*ANSWERED, replace(on("Q1", QueryClosed("settled"), by=DM), at=START + timedelta(days=3))]


def test_a_query_grows_older_until_it_is_closed() -> None:
    (row,) = rows("queries", ASKED)
    assert (row["status"], row["age_days"], row["answered_by"]) == ("open", 10, [])
    (row,) = rows("queries", ANSWERED, START + timedelta(days=4))
    assert (row["status"], row["age_days"], row["answered_by"]) == ("answered", 4, [SC.id])
    (row,) = rows("queries", CLOSED)
    assert (row["status"], row["age_days"], row["outcome"]) == ("closed", 3, "settled")


def test_a_query_shows_the_item_as_it_stood_when_it_was_asked() -> None:
    (row,) = rows("queries", [*ANSWERED[:-1], book(CORRECTED, LB), ANSWERED[-1]])
    assert (row["form"], row["instance"], row["visit"]) == ("lab panel", "L1", 1)
    assert (row["event"], row["field"]) == ("LabPanelReported", "creatinine")
    assert (row["value"], row["unit"], row["version"]) == ("68", "umol/L", CREATININE.version)


def test_a_query_asked_again_waits_for_another_answer() -> None:
    (row,) = rows("queries", [*CLOSED, on("Q1", QueryReopened("Really?"), by=CRA)])
    assert (row["status"], row["answer"], row["outcome"], row["reopened"]) == ("open", None, None, 1)
    assert (row["subject_key"], row["field"]) == (KEY, "creatinine")


# -- casebooks as a whole ---------------------------------------------------------------------------------


def test_a_signature_shows_what_changed_since() -> None:
    events = [*entries(), signed_off(TRIAL)]
    signed_at = TRIAL.position + 1
    (row,) = rows("casebook-signatures", events)
    assert (row["position"], row["by"], row["state"], row["changed_by"]) == (signed_at, PI.id, "current", [])
    frozen = [*events, on(KEY, CasebookFrozen(), by=CRA)]
    assert rows("casebook-signatures", frozen)[0]["state"] == "current"
    (row,) = rows("casebook-signatures", [*frozen, book(CORRECTED, LB)])
    assert (row["state"], row["changed_by"]) == ("changed since signing", [signed_at + 2])
    assert row["signature"] == signed_at


def test_a_later_signature_leaves_the_earlier_one_as_it_was() -> None:
    changed = [*entries(), signed_off(TRIAL), book(CORRECTED, LB)]
    again = [*changed, signed_off(grown(changed)), book(MedicationEnded("M1", date(2024, 3, 9)))]
    first, second = rows("casebook-signatures", again)
    assert first["changed_by"] == [TRIAL.position + 2]
    assert second["changed_by"] == [TRIAL.position + 4]


def test_a_lock_says_who_asks_to_open_it() -> None:
    events = [*entries(), signed_off(TRIAL), on(KEY, CasebookLocked(("SubjectScreened",)), by=DM)]
    (row,) = rows("casebook-locks", events)
    assert (row["access"], row["by"], row["plan"]) == ("locked", DM.id, ["SubjectScreened"])
    (row,) = rows("casebook-locks", [*events, on(KEY, UnlockProposed(), by=DM)])
    assert (row["access"], row["unlock_proposed_by"]) == ("locked", DM.id)


def test_events_about_the_casebook_are_no_form_of_it() -> None:
    (before,) = rows("casebook", entries())
    (after,) = rows("casebook", [*entries(), on(KEY, CasebookFrozen(), by=CRA)])
    assert before["forms"] == after["forms"]
    assert before["heads"] != after["heads"]


# Enough of every kind of change: of a whole item, of a part of one, of a numbered one.
CHANGED = [*entries(), *CHANGES, on(KEY, AdverseEventCorrected("AE-1", RETRACTED, None), by=SC)]


def test_a_casebook_says_which_item_a_field_shows_and_its_version() -> None:
    items = grown(CHANGED).quality[KEY].items
    (book_of,) = rows("casebook", CHANGED)
    fields = [(form, field) for form in book_of["forms"] for field in form["fields"]]
    for form, field in fields:
        item_of = field["item"]
        if item_of is None:
            assert not any(field["field"] in record.items() for record in items.records.values()) or (
                field["field"] == "from_grade"
            )
            continue
        record = items.records[item_of["record"]]
        version = items.version_of(record.digest, item_of["field"])
        assert version is not None
        assert item_of["version"] == version.digest
        assert record.form == (form["form"], form["instance"])
    named = {(f["item"]["record"], f["item"]["field"]) for _, f in fields if f["item"]}
    every = {(record.digest, name) for record in items.records.values() for name in record.items()}
    assert named <= every
    assert {name for _, name in every} == {name for _, name in named}


def test_a_casebook_s_heads_are_what_the_investigator_signs() -> None:
    frozen = [*CHANGED, on(KEY, CasebookFrozen(), by=CRA)]
    for events in (entries()[:3], entries(), CHANGED, frozen):
        (book_of,) = rows("casebook", events)
        signed = signed_off(grown(events)).payload
        assert book_of["heads"] == {name: getattr(signed, name) for name in HEADS}


# -- reviews of the audit trail ----------------------------------------------------------------------------


def review(first: int, last: int, scope: ReviewScope = ReviewScope.ALL, key: str | None = None) -> Past:
    event = AuditTrailReviewed(first, last, scope, key, (), 50, "root")
    return on(f"R{first}-{last}", event, by=DM)


@pytest.mark.parametrize(
    ("reviews", "gaps"),
    [
        ([], [[1, None]]),
        ([review(1, 9)], [[10, None]]),
        ([review(3, 9), review(20, 30)], [[1, 2], [10, 19], [31, None]]),
        ([review(10, 30), review(1, 9)], [[31, None]]),
        ([review(1, 30), review(5, 8)], [[31, None]]),
    ],
)
def test_what_nobody_reviewed_shows_as_gaps(reviews: list[Past], gaps: list[list[int | None]]) -> None:
    assert rows("trail-reviews", reviews)[-1]["gaps"] == gaps


def test_a_review_of_everything_covers_every_scope() -> None:
    one = review(1, 9, ReviewScope.ONE_SUBJECT, KEY)
    found = {
        row["scope"]: row["gaps"] for row in rows("trail-reviews", [one, review(5, 20)]) if "gaps" in row
    }
    assert found == {"all": [[1, 4], [21, None]], "one_subject": [[21, None]]}


# -- visits and countersignatures ---------------------------------------------------------------------------


def test_a_visit_says_whom_and_how_far_the_monitor_looked() -> None:
    day = date(2024, 3, 9)
    event = MonitoringVisitRecorded(VisitKind.ROUTINE, day, day, (KEY,), ("a label is missing",), 50, "root")
    (row,) = rows("monitoring-visits", [*entries(), on("V1", event, by=CRA)])
    assert (row["review"], row["kind"], row["subjects"], row["by"]) == ("V1", "routine", [KEY], CRA.id)
    assert (row["findings"], row["size"], row["root"]) == (["a label is missing"], 50, "root")
    assert row["signature"] == row["position"] == TRIAL.position + 1


def test_a_countersignature_names_where_each_statement_stands() -> None:
    event = Countersigned((CREATININE.record,), ("the panel",))
    (row,) = rows("countersignatures", [*entries(), on("C1", event, by=SI)])
    (covered,) = row["covers"]
    position = TRIAL.quality[KEY].items.records[CREATININE.record].position
    assert covered == {"digest": CREATININE.record, "position": position}
    assert (row["review"], row["by"], row["signature"]) == ("C1", SI.id, TRIAL.position + 1)


def test_what_a_signature_covers_is_found_in_the_register() -> None:
    countersigned = on("C1", Countersigned((CREATININE.record,), ("the panel",)), by=SI)
    events = [*entries(), verified([CREATININE]), countersigned]
    at = {row["digest"]: row["position"] for row in rows("signatures", events)}
    assert [row["digest"] for row in rows("trail", events)] == list(at)
    newest = rows("signatures", events)[-2:]
    assert [row["covers"] for row in newest] == [[CREATININE.version], [CREATININE.record]]
    assert at[CREATININE.record] == TRIAL.quality[KEY].items.records[CREATININE.record].position
