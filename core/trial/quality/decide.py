"""What can be asked for about data quality: each command with its decider and the event it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.trial.quality import commands, events, locking, queries, reviews, signing_off, verification

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow

COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.VerifySource, verification.verify_source, (events.SourceVerified,)),
    (commands.ReportSourceMismatch, verification.report_source_mismatch, (events.SourceMismatchFound,)),
    (commands.RaiseQuery, queries.raise_query, (events.QueryRaised,)),
    (commands.AnswerQuery, queries.answer_query, (events.QueryAnswered,)),
    (commands.CloseQuery, queries.close_query, (events.QueryClosed,)),
    (commands.ReopenQuery, queries.reopen_query, (events.QueryReopened,)),
    (commands.FreezeCasebook, locking.freeze_casebook, (events.CasebookFrozen,)),
    (commands.UnfreezeCasebook, locking.unfreeze_casebook, (events.CasebookUnfrozen,)),
    (commands.SignCasebook, signing_off.sign_casebook, (events.CasebookSigned,)),
    (commands.LockCasebook, locking.lock_casebook, (events.CasebookLocked,)),
    (commands.ProposeUnlock, locking.propose_unlock, (events.UnlockProposed,)),
    (commands.ApproveUnlock, locking.approve_unlock, (events.CasebookUnlocked,)),
    (commands.ReviewAuditTrail, reviews.review_audit_trail, (events.AuditTrailReviewed,)),
    (commands.Countersign, reviews.countersign, (events.Countersigned,)),
    (commands.RecordMonitoringVisit, reviews.record_monitoring_visit, (events.MonitoringVisitRecorded,)),
)
