"""What a frozen or locked casebook still takes: asked before every command about its subject is decided.

* Frozen, it takes what must not wait: reports of harm, the committee's judgement of it, a death, and a
  subject's withdrawal of consent. Everything else waits until the monitor unfreezes it.
* Locked, it takes nothing. A lock hides no harm either: the refusal says so to whoever reports one, the
  casebook is unlocked by two people and the report entered; safety holds are placed as ever.
* The subject's stream is read, so a command and a lock that meet cannot both be appended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused
from core.trial.casebook.commands import CasebookCommand
from core.trial.product.commands import CheckDosePreparation, DiscardDosePreparation, PrepareDose
from core.trial.quality.state import Access
from core.trial.subject import commands as subject

if TYPE_CHECKING:
    from core.trial.facts import Facts

GATED: Final = (
    subject.SubjectCommand,
    CasebookCommand,
    PrepareDose,
    CheckDosePreparation,
    DiscardDosePreparation,
)
SAFETY: Final = (
    subject.ReportAdverseEvent,
    subject.RegradeAdverseEvent,
    subject.ResolveAdverseEvent,
    subject.DeclareSae,
    subject.SubmitSae,
    subject.AdjudicateDlt,
    subject.RecordDeath,
    subject.WithdrawConsent,
)


def require_takes_entries(facts: Facts, command: object) -> None:
    """Refuse a clinical command about a subject whose casebook does not take it.

    Raises: `FROZEN`, `LOCKED` (part 11 section 6).
    """
    if not isinstance(command, GATED):
        return
    access = facts.access(command.subject_key)
    if access is Access.LOCKED:
        raise Refused("LOCKED", _locked(is_safety=isinstance(command, SAFETY)))
    if access is Access.FROZEN and not isinstance(command, SAFETY):
        raise Refused("FROZEN", "the casebook is frozen: only safety is reported until it is unfrozen")


def require_not_locked(facts: Facts, subject_key: str) -> None:
    """Refuse work on the data of a subject whose casebook is locked.

    Raises: `LOCKED`.
    """
    if facts.access(subject_key) is Access.LOCKED:
        raise Refused("LOCKED", _locked(is_safety=False))


def _locked(*, is_safety: bool) -> str:
    if is_safety:
        return (
            "the casebook is locked and takes no safety report either: have it unlocked at once and report "
            "again; the duty to report the event to the sponsor runs on"
        )
    return "the casebook is locked: it takes nothing until two people have unlocked it"
