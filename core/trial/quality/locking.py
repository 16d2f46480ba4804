"""Freeze, lock and unlock of a casebook: who closes it, on what grounds, which two people open it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from core.kernel.errors import Malformed, Refused
from core.trial.casebook.events import CasebookEvent
from core.trial.context import Context, Decided, require_reason
from core.trial.people.officers import require_undoubted
from core.trial.quality.events import (
    CasebookFrozen,
    CasebookLocked,
    CasebookUnfrozen,
    CasebookUnlocked,
    UnlockProposed,
)
from core.trial.quality.fields import is_original
from core.trial.quality.signing_off import require_no_open_query
from core.trial.quality.state import Access
from core.trial.subject.events import SubjectEvent

if TYPE_CHECKING:
    from core.trial.facts import Facts
    from core.trial.quality.commands import (
        ApproveUnlock,
        FreezeCasebook,
        LockCasebook,
        ProposeUnlock,
        UnfreezeCasebook,
    )
    from core.trial.quality.state import CasebookQuality

# Events of entry: what a plan of verification can name.
PLANNABLE: Final = frozenset(
    event.__name__
    for event in (*get_args(SubjectEvent), *get_args(CasebookEvent))
    if is_original(event.__name__)
)
# How many of the items that are not verified a refusal names.
NAMED_ITEMS: Final = 20


def freeze_casebook(facts: Facts, command: FreezeCasebook, context: Context) -> tuple[Decided, ...]:
    """Freeze a casebook while it is cleaned.

    Raises: `UNKNOWN_SUBJECT`, `FROZEN`, `LOCKED`.
    """
    del context
    _require_open(_known(facts, command.subject_key), Access.FROZEN, Access.LOCKED)
    return (Decided(command.target, CasebookFrozen()),)


def unfreeze_casebook(facts: Facts, command: UnfreezeCasebook, context: Context) -> tuple[Decided, ...]:
    """Let entries go on.

    Raises: `UNKNOWN_SUBJECT`, `NOT_FROZEN`.
    """
    del context
    if _known(facts, command.subject_key).access is not Access.FROZEN:
        raise Refused("NOT_FROZEN", "the casebook is not frozen")
    return (Decided(command.target, CasebookUnfrozen()),)


def lock_casebook(facts: Facts, command: LockCasebook, context: Context) -> tuple[Decided, ...]:
    """Lock a casebook that is settled: no open query, signed as it stands, and verified as planned.

    A plan by which nothing of this casebook is verified needs a reason, whatever it names.

    Raises: `UNKNOWN_SUBJECT`, `LOCKED`, `BAD_PLAN`, `REASON_REQUIRED`, `OPEN_QUERIES`,
    `CASEBOOK_NOT_SIGNED`, `CHANGED_SINCE_SIGNING`, `NOT_VERIFIED`.
    """
    quality = _known(facts, command.subject_key)
    _require_open(quality, Access.LOCKED)
    _require_plan(quality, command.plan, context)
    require_no_open_query(facts, command.subject_key)
    _require_signed(quality)
    facts.note_reviews()
    _require_verified(quality, command.plan)
    return (Decided(command.target, CasebookLocked(command.plan)),)


def propose_unlock(facts: Facts, command: ProposeUnlock, context: Context) -> tuple[Decided, ...]:
    """Ask for a locked casebook to be opened; the last proposal is the one that can be approved.

    Raises: `UNKNOWN_SUBJECT`, `NOT_LOCKED`, `REASON_REQUIRED`.
    """
    _require_locked(_known(facts, command.subject_key))
    require_reason(context)
    return (Decided(command.target, UnlockProposed()),)


def approve_unlock(facts: Facts, command: ApproveUnlock, context: Context) -> tuple[Decided, ...]:
    """Open a locked casebook, on the proposal of another person.

    Raises: `UNKNOWN_SUBJECT`, `NOT_LOCKED`, `NOTHING_TO_APPROVE`, `STALE_PROPOSAL`, `SOD_VIOLATION`,
    `PROPOSAL_IN_DOUBT`.
    """
    quality = _known(facts, command.subject_key)
    _require_locked(quality)
    proposal = quality.proposal
    if proposal is None:
        raise Refused("NOTHING_TO_APPROVE", "nobody has proposed to unlock this casebook")
    if proposal.digest != command.proposal:
        raise Refused("STALE_PROPOSAL", "this is not the last proposal to unlock the casebook")
    if proposal.by == context.person:
        raise Refused("SOD_VIOLATION", "an unlock is approved by another person than its proposer")
    require_undoubted(facts, [proposal.digest])
    unlocked = CasebookUnlocked(proposal.digest, proposed_by=proposal.by, grounds=proposal.grounds)
    return (Decided(command.target, unlocked),)


def _known(facts: Facts, subject_key: str) -> CasebookQuality:
    facts.known_subject(subject_key)
    return facts.quality(subject_key)


def _require_open(quality: CasebookQuality, *refused: Access) -> None:
    if quality.access in refused:
        raise Refused(quality.access.name, f"the casebook is {quality.access}")


def _require_locked(quality: CasebookQuality) -> None:
    if quality.access is not Access.LOCKED:
        raise Refused("NOT_LOCKED", "the casebook is not locked")


def _require_plan(quality: CasebookQuality, plan: tuple[str, ...], context: Context) -> None:
    if len(set(plan)) != len(plan) or not PLANNABLE.issuperset(plan):
        raise Malformed("BAD_PLAN", "a plan names events of entry, each once", field="plan")
    if next(quality.items.of_events(plan), None) is None:
        require_reason(context)


def _require_signed(quality: CasebookQuality) -> None:
    if quality.sign_off is None:
        raise Refused("CASEBOOK_NOT_SIGNED", "the investigator has not signed the casebook")
    if not quality.sign_off.is_current:
        since = quality.sign_off.changed_by
        raise Refused(
            "CHANGED_SINCE_SIGNING",
            f"the casebook was changed since it was signed, first at position {since[0]}",
            positions=list(since[:NAMED_ITEMS]),
        )


def _require_verified(quality: CasebookQuality, plan: tuple[str, ...]) -> None:
    missing = [
        {"record": record, "field": name, "version": version.digest}
        for record, name, version in quality.items.of_events(plan)
        if not quality.is_verified(record, name, version.digest)
    ]
    if missing:
        raise Refused(
            "NOT_VERIFIED",
            f"{len(missing)} items of the plan are not verified as they stand",
            items=missing[:NAMED_ITEMS],
        )
