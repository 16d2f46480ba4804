"""The monitor verifies what stands there, item by item, and nobody verifies what they entered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.trial.casebook.events import DeviationCategory, DeviationRecorded, DeviationSeverity
from core.trial.quality.commands import ReportSourceMismatch, VerifySource
from core.trial.quality.events import (
    CasebookLocked,
    Mismatch,
    SourceKind,
    SourceMismatchFound,
    SourceVerified,
)
from core.trial.quality.words import item_in_words
from tests.support.given import CRA, LB, START, digest, given, on
from tests.support.quality import (
    CORRECTED,
    CREATININE_SAID,
    KEY,
    book,
    entries,
    every_item,
    grown,
    item,
    verified,
)

if TYPE_CHECKING:
    from tests.support.given import Past

LAB = SourceKind.LABORATORY_REPORT
TRIAL = grown(entries())
CREATININE = item(TRIAL, "LabPanelReported", "creatinine")
GRADE = item(TRIAL, "AdverseEventReported", "grade")
GRADE_SAID = "grade of adverse event AE-1, adverse event reported: 3"


def verify(**fields: Any) -> VerifySource:
    return replace(VerifySource("R1", KEY, LAB, (CREATININE, GRADE)), **fields)


def differ(**fields: Any) -> ReportSourceMismatch:
    mismatch = Mismatch(CREATININE, "the report says 86")
    return replace(ReportSourceMismatch("R1", KEY, LAB, (mismatch,)), **fields)


def test_items_are_verified_in_the_versions_that_were_seen() -> None:
    given(entries()).when(verify(), CRA).then(
        [SourceVerified(KEY, LAB, (CREATININE, GRADE), (CREATININE_SAID, GRADE_SAID))]
    )


def test_a_difference_from_the_source_is_said() -> None:
    asked = differ()
    given(entries()).when(asked, CRA).then(
        [SourceMismatchFound(KEY, LAB, asked.mismatches, (CREATININE_SAID,))]
    )


@pytest.mark.parametrize("asked", [verify(), differ()], ids=["verify", "differ"])
def test_what_was_changed_meanwhile_is_looked_at_again(asked: Any) -> None:
    given([*entries(), book(CORRECTED, LB)]).when(asked, CRA).refused("STALE_VERSION")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (verify(items=()), "NO_ITEMS"),
        (verify(items=(GRADE, GRADE)), "DUPLICATE_FIELD"),
        (verify(items=(replace(GRADE, field="none"),)), "UNKNOWN_ITEM"),
        (verify(items=(replace(GRADE, record=digest(1)),)), "UNKNOWN_ITEM"),
        (verify(items=(replace(GRADE, version=digest(1)),)), "STALE_VERSION"),
        (verify(subject_key="S09"), "UNKNOWN_SUBJECT"),
        (verify(review="1 R"), "BAD_IDENTIFIER"),
        (differ(mismatches=()), "NO_ITEMS"),
        (differ(mismatches=(Mismatch(GRADE, " "),)), "BAD_TEXT"),
        (differ(mismatches=(Mismatch(GRADE, "call 138 0013 8000"),)), "PII_SUSPECTED"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(asked: Any, code: str) -> None:
    given(entries()).when(asked, CRA).refused(code)


def test_an_id_is_used_for_one_review() -> None:
    given([*entries(), verified([GRADE])]).when(verify(), CRA).refused("DUPLICATE_REVIEW")


def test_nothing_is_compared_in_a_locked_casebook() -> None:
    given([*entries(), on(KEY, CasebookLocked(()))]).when(verify(), CRA).refused("LOCKED")


def test_who_entered_an_item_does_not_verify_it() -> None:
    found = DeviationRecorded(
        "D1", DeviationCategory.VISIT, "late by a day", START.date(), DeviationSeverity.MINOR
    )
    events = [*entries(), book(found, CRA)]
    own = item(grown(events), "DeviationRecorded", "severity")
    given(events).when(verify(items=(GRADE, own)), CRA).refused("SOD_VIOLATION")


def test_who_corrected_an_item_does_not_verify_it() -> None:
    events = [*entries(), book(CORRECTED, CRA)]
    now = item(grown(events), "LabPanelReported", "creatinine")
    given(events).when(verify(items=(now,)), CRA).refused("SOD_VIOLATION")


def test_a_later_comparison_replaces_the_earlier_one() -> None:
    asked = differ()
    mismatch = on("R1", SourceMismatchFound(KEY, LAB, asked.mismatches, (CREATININE_SAID,)), by=CRA)
    found = grown([*entries(), mismatch]).quality[KEY]
    assert not found.is_verified(CREATININE.record, "creatinine", CREATININE.version)
    better = grown([*entries(), mismatch, verified([CREATININE], "R2")]).quality[KEY]
    assert better.is_verified(CREATININE.record, "creatinine", CREATININE.version)


def test_a_verification_counts_for_its_version_alone() -> None:
    events = [*entries(), verified(every_item(TRIAL, "LabPanelReported"))]
    before, after = grown(events).quality[KEY], grown([*events, book(CORRECTED, LB)])
    assert before.is_verified(CREATININE.record, "creatinine", CREATININE.version)
    now = item(after, "LabPanelReported", "creatinine")
    assert not after.quality[KEY].is_verified(now.record, "creatinine", now.version)


# -- in words --------------------------------------------------------------------------------------------


def said(events: list[Past], event: str, *names: str) -> list[str]:
    trial = grown(events)
    return [item_in_words(trial.quality[KEY].items, item(trial, event, name)) for name in names]


def test_an_item_is_said_with_the_value_that_stands() -> None:
    assert said(entries(), "LabPanelReported", "creatinine") == [CREATININE_SAID]
    corrected = [*entries(), book(CORRECTED, LB)]
    assert said(corrected, "LabPanelReported", "creatinine") == [CREATININE_SAID.replace("68", "86")]


def test_what_is_no_text_and_no_number_is_a_word() -> None:
    assert said(entries(), "LabPanelReported", "dialysis_twice_in_7d") == [
        "dialysis_twice_in_7d of lab panel L1, lab panel reported: no"
    ]
    assert said(entries(), "MedicationRecorded", "end") == ["end of medication M1, medication recorded: none"]
