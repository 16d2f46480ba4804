"""An episode of oversight behind the golden trial: what monitor, data manager, investigator and officers do.

The script of the trial says nothing of them. The episode is one afternoon, so that nothing becomes overdue by
it, and it enters and corrects medications only: no figure of the trial depends on them.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from api.play.keyholders import (
    analyser_let_in,
    keys_and_doubts,
    lockout_and_lifting,
    policy_revised,
    tool_let_in,
)
from api.training import acting_as
from core.kernel import streams
from core.kernel.actors import Role
from core.kernel.encoding import to_base64
from core.kernel.errors import Refused
from core.kernel.recorded import Reason
from core.kernel.time import local_date
from core.trial.casebook.commands import EndMedication, RecordMedication
from core.trial.casebook.events import MedicationClass
from core.trial.context import Decided
from core.trial.instance.events import TimeSourceChecked
from core.trial.quality import commands as quality
from core.trial.quality.events import ItemVersion, Mismatch, QueryKind, ReviewScope, SourceKind, VisitKind
from core.trial.study.nct05727722 import SITE_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.play.stage import Stage
    from core.store.trial_log import TrialLog
    from core.trial.quality.items import Record
    from core.trial.trial import Trial

PI: Final = acting_as(Role.PI)
SC: Final = acting_as(Role.SC)
MM: Final = acting_as(Role.MM)
DM: Final = acting_as(Role.DM)
CRA: Final = acting_as(Role.CRA)

TOLERANCE_MS: Final = 2000
QUESTIONED, WAITING = "S002", "S005"
SIGNED, FROZEN, LOCKED, REOPENED = "S001", "S003", "S012", "S011"
MEDICATION: Final = "CM-1"
STARTED, ENDED = date(2024, 4, 10), date(2024, 4, 24)


def oversee(stage: Stage) -> None:
    """Play the episode on a stage on which the golden trial has been played.

    Raises: what the handler refuses, except the refusals that belong to the episode.
    """
    time_checked(stage)
    stage.next(DM, _trail_review)
    mismatch_and_query(stage)
    question_left_open(stage)
    signed_and_changed_since(stage)
    frozen(stage)
    locked(stage, LOCKED)
    locked_and_opened_again(stage)
    lockout_and_lifting(stage)
    policy_revised(stage)
    keys_and_doubts(stage)
    tool_let_in(stage)
    analyser_let_in(stage)
    reviews(stage)


def time_checked(stage: Stage) -> None:
    """Record that the clock was looked at; the script's clock agrees with itself."""
    said = TimeSourceChecked("script", 0, TOLERANCE_MS)
    stage.instance.handler.refusing.record_by_service([Decided(streams.INSTANCE, said)])


# -- what the monitor finds ------------------------------------------------------------------------------


def mismatch_and_query(stage: Stage) -> None:
    """The monitor compares a medication with its source; one item differs, is asked about and corrected."""
    stage.next(
        SC, RecordMedication(QUESTIONED, MEDICATION, "cefoperazone", MedicationClass.OTHER, STARTED, None)
    )
    stage.next(CRA, lambda log: _verification(log.trial, QUESTIONED, ("name", "start"), "SDV-1"))
    stage.next(CRA, _mismatch)
    stage.next(
        CRA, lambda log: _question(log, QUESTIONED, "Q-1", QueryKind.SOURCE_DIFFERS, "When did it end?")
    )
    _medication_ended(stage)
    stage.next(SC, _answer)
    stage.next(DM, quality.CloseQuery("Q-1", "The last day stands there now."))
    stage.next(CRA, lambda log: _verification(log.trial, QUESTIONED, ("end",), "SDV-2"))


def _medication_ended(stage: Stage) -> None:
    """The coordinator ends it before its beginning, is asked to look again, and enters the right day."""
    source = Reason("source", "ward book, page 12")
    with suppress(Refused):
        stage.next(SC, EndMedication(QUESTIONED, MEDICATION, STARTED - timedelta(days=1)), source)
    stage.next(SC, EndMedication(QUESTIONED, MEDICATION, ENDED), source)


def question_left_open(stage: Stage) -> None:
    """Another query waits for its answer."""
    given = RecordMedication(
        WAITING, MEDICATION, "spironolactone", MedicationClass.OTHER, date(2024, 5, 12), None
    )
    stage.next(SC, given)
    stage.next(CRA, lambda log: _question(log, WAITING, "Q-2", QueryKind.CLARIFICATION, "Is it given still?"))


def _verification(trial: Trial, key: str, names: tuple[str, ...], review: str) -> quality.VerifySource:
    items = tuple(_item(trial, key, name) for name in names)
    return quality.VerifySource(review, key, SourceKind.HOSPITAL_RECORD, items)


def _mismatch(log: TrialLog) -> quality.ReportSourceMismatch:
    differs = Mismatch(_item(log.trial, QUESTIONED, "end"), f"ended on {ENDED}")
    return quality.ReportSourceMismatch("SDV-M1", QUESTIONED, SourceKind.HOSPITAL_RECORD, (differs,))


def _question(log: TrialLog, key: str, query: str, kind: QueryKind, text: str) -> quality.RaiseQuery:
    return quality.RaiseQuery(query, key, _item(log.trial, key, "end"), kind, text)


def _answer(log: TrialLog) -> quality.AnswerQuery:
    correction = log.trial.digests[streams.casebook(QUESTIONED)]
    return quality.AnswerQuery("Q-1", "Entered from the ward book.", correction)


def _item(trial: Trial, key: str, name: str) -> ItemVersion:
    """Return an item of the subject's newest medication, as it stands."""
    record = [one for one in _records(trial, key) if one.event == "MedicationRecorded"][-1]
    return ItemVersion(record.digest, name, record.items()[name].digest)


def _records(trial: Trial, key: str) -> Iterator[Record]:
    return iter(trial.quality[key].items.records.values())


# -- casebooks signed, frozen and locked ------------------------------------------------------------------


def signed_and_changed_since(stage: Stage) -> None:
    """The investigator signs two casebooks off; one of them is changed after that."""
    for key in (SIGNED, QUESTIONED):
        _sign(stage, key)
    stage.next(SC, RecordMedication(QUESTIONED, "CM-2", "paracetamol", MedicationClass.OTHER, STARTED, ENDED))


def frozen(stage: Stage) -> None:
    """The monitor freezes a casebook; what is entered after that is refused, and the refusal recorded."""
    stage.next(CRA, quality.FreezeCasebook(FROZEN))
    with suppress(Refused):
        stage.next(
            SC, RecordMedication(FROZEN, MEDICATION, "furosemide", MedicationClass.OTHER, STARTED, None)
        )


def locked(stage: Stage, key: str) -> None:
    """The data manager locks a casebook of which every item was verified and which is signed as it stands."""
    stage.next(CRA, lambda log: _everything(log.trial, key))
    _sign(stage, key)
    stage.next(DM, lambda log: quality.LockCasebook(key, _plan(log.trial, key)))


def locked_and_opened_again(stage: Stage) -> None:
    """Two people open a locked casebook again."""
    locked(stage, REOPENED)
    late = Reason("late_source", "the referring hospital has sent a discharge letter")
    stage.next(DM, quality.ProposeUnlock(REOPENED), late)
    stage.next(MM, _unlock)


def _sign(stage: Stage, key: str) -> None:
    stage.next(PI, lambda log: _sign_off(log.trial, key))


def _sign_off(trial: Trial, key: str) -> quality.SignCasebook:
    subject, casebook = streams.subject(key), streams.casebook(key)
    heads = trial.digests
    return quality.SignCasebook(
        key,
        subject_version=trial.versions[subject],
        subject_head=heads[subject],
        casebook_version=trial.versions.get(casebook, 0),
        casebook_head=heads.get(casebook),
        exceptions=(),
    )


def _everything(trial: Trial, key: str) -> quality.VerifySource:
    items = trial.quality[key].items.of_events(_plan(trial, key))
    named = tuple(ItemVersion(record, name, version.digest) for record, name, version in items)
    return quality.VerifySource(f"SDV-{key}", key, SourceKind.HOSPITAL_RECORD, named)


def _plan(trial: Trial, key: str) -> tuple[str, ...]:
    """Return the events of which every item is verified: all that the casebook holds."""
    return tuple(sorted({record.event for record in _records(trial, key)}))


def _unlock(log: TrialLog) -> quality.ApproveUnlock:
    proposal = log.trial.quality[REOPENED].proposal
    if proposal is None:
        raise Refused("NOTHING_TO_APPROVE", "nobody has proposed to unlock this casebook")
    return quality.ApproveUnlock(REOPENED, proposal.digest)


# -- reviews ----------------------------------------------------------------------------------------------


def reviews(stage: Stage) -> None:
    """The investigator signs an entry with its changes once more, and the monitor records the visit."""
    stage.next(PI, _countersignature)
    stage.next(CRA, lambda log: _visit(log, local_date(stage.clock(), SITE_ZONE)))


def _countersignature(log: TrialLog) -> quality.Countersign:
    newest = [one for one in _records(log.trial, QUESTIONED) if one.event == "MedicationRecorded"][-1]
    covers = dict.fromkeys((newest.digest, *(change.digest for change in newest.changes)))
    return quality.Countersign("CS-1", tuple(covers))


def _trail_review(log: TrialLog) -> quality.ReviewAuditTrail:
    """Review what the script has entered, before the reviewer has a hand in it."""
    size, root = _head(log)
    return quality.ReviewAuditTrail(
        "ATR-1",
        first=1,
        last=size,
        scope=ReviewScope.CASEBOOKS,
        subject_key=None,
        findings=("Every correction names its source.",),
        size=size,
        root=root,
    )


def _visit(log: TrialLog, day: date) -> quality.RecordMonitoringVisit:
    size, root = _head(log)
    return quality.RecordMonitoringVisit(
        "MV-1",
        VisitKind.ROUTINE,
        first_day=day,
        last_day=day,
        subjects=(SIGNED, QUESTIONED, WAITING, FROZEN, REOPENED, LOCKED),
        findings=("One query waits for the site.",),
        size=size,
        root=root,
    )


def _head(log: TrialLog) -> tuple[int, str]:
    return log.size(), to_base64(log.root_at(log.size()))
