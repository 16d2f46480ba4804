"""Stories about the quality of the record: a casebook with entries of every kind of change, and its items."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core.kernel.quantities import Quantity
from core.trial.casebook.events import (
    LabPanelReported,
    LabResult,
    LabResultCorrected,
    LateResultReported,
    MedicationClass,
    MedicationRecorded,
)
from core.trial.quality.events import (
    CasebookSigned,
    ItemVersion,
    QueryKind,
    QueryRaised,
    SourceKind,
    SourceVerified,
)
from core.trial.subject.adverse_events import AdverseEventReported
from tests.support.given import CRA, LB, PI, SC, START, Member, Past, adverse_event, dosed, given, on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.kernel.recorded import Event
    from core.trial.trial import Trial

KEY = "S01"
# The item that most of these stories are about, as who signs reads it.
CREATININE_SAID = "creatinine of lab panel L1, lab panel reported: 68 umol/L"
DRAWN = START + timedelta(hours=2)
RESULTED = DRAWN + timedelta(hours=3)


def result(analyte: str, value: str) -> LabResult:
    """Return a result of the panel of these stories."""
    return LabResult(analyte, Decimal(value), "umol/L", "L1", DRAWN, RESULTED)


PANEL = LabPanelReported(
    visit=1,
    specimen_set="L1",
    drawn_at=DRAWN,
    resulted_at=RESULTED,
    results=(result("creatinine", "68"), result("bilirubin", "212")),
    dialysis_twice_in_7d=False,
    cvvhd_24h_in_7d=False,
)
LATE = LateResultReported(1, "L1", result("sodium", "134"))
MEDICATION = MedicationRecorded("M1", "furosemide", MedicationClass.DIURETIC, date(2024, 3, 1), None)
CORRECTED = LabResultCorrected(
    1, "L1", "creatinine", Quantity(Decimal(68), "umol/L"), Quantity(Decimal(86), "umol/L"), "report 7"
)


def book(payload: Event, by: Member = SC) -> Past:
    """Place a casebook event into the stream of the subject of these stories."""
    return on(KEY, payload, by=by)


def entries() -> list[Past]:
    """Return a dosed subject with an adverse event, a panel with a late result and a medication."""
    return [
        *dosed(KEY),
        on(KEY, AdverseEventReported(adverse_event()), by=SC),
        book(PANEL, LB),
        book(LATE, LB),
        book(MEDICATION),
    ]


def record_of(trial: Trial, event: str) -> str:
    """Return the digest of the subject's newest record of an event."""
    records = trial.quality[KEY].items.records.values()
    return next(one.digest for one in reversed(list(records)) if one.event == event)


def item(trial: Trial, event: str, name: str) -> ItemVersion:
    """Return an item as it stands."""
    record = record_of(trial, event)
    version = trial.quality[KEY].items.version_of(record, name)
    assert version is not None, sorted(trial.quality[KEY].items.records[record].items())
    return ItemVersion(record, name, version.digest)


def signed_off(trial: Trial, by: Member = PI) -> Past:
    """Return the sign-off of the casebook as it stands."""
    head = head_of(trial)
    return on(KEY, CasebookSigned(*head, ()), by=by)


def head_of(trial: Trial) -> tuple[int, str, int, str | None]:
    """Return versions and digests of the heads of the subject's two streams."""
    subject, casebook = f"subject/{KEY}", f"casebook/{KEY}"
    versions, digests = trial.versions, trial.digests
    return versions[subject], digests[subject], versions.get(casebook, 0), digests.get(casebook)


def grown(events: Sequence[Past]) -> Trial:
    """Return the trial of these events behind the founding, as `given` folds them."""
    return given(events).trial


def raised(about: ItemVersion, query: str = "Q1", by: Member = CRA) -> Past:
    """Return a query about an item."""
    return on(query, QueryRaised(KEY, about, CREATININE_SAID, QueryKind.IMPLAUSIBLE, "Is this so?"), by=by)


def verified(items: Sequence[ItemVersion], review: str = "R1", by: Member = CRA) -> Past:
    """Return a source verification of these items."""
    return on(
        review,
        SourceVerified(KEY, SourceKind.LABORATORY_REPORT, tuple(items), ("an item",) * len(items)),
        by=by,
    )


def every_item(trial: Trial, *events: str) -> list[ItemVersion]:
    """Return every item of the records of these events, as it stands."""
    found: Any = trial.quality[KEY].items.of_events(events)
    return [ItemVersion(record, name, version.digest) for record, name, version in found]
