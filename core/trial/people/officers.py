"""The two kinds of officers without whom nobody could ever be brought in again.

The key of the last one can be rotated by its owner, not taken away: who has reason to, enrols another first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.actors import Role
from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.trial.context import Context
    from core.trial.facts import Facts

OFFICERS = (Role.SEC, Role.ADM)


def require_another_officer(facts: Facts, leaving: str, role: Role, context: Context) -> None:
    """Refuse to leave the trial without an officer of a kind who can act now, in a role that does not lapse.

    Raises: `LAST_OFFICER`.
    """
    if not any(
        person.id != leaving and person.can_sign and role in person.lasting_roles(context.now)
        for person in facts.people()
    ):
        raise Refused("LAST_OFFICER", f"nobody else could act as {role}; enrol another one first")


def require_dispensable(facts: Facts, leaving: str, context: Context) -> None:
    """Refuse where the person who cannot act any more is the last officer of a kind.

    Raises: `LAST_OFFICER`.
    """
    for role in OFFICERS:
        if role in facts.person(leaving).open_roles:
            require_another_officer(facts, leaving, role, context)


def require_undoubted(facts: Facts, proposals: Iterable[str]) -> None:
    """Refuse to approve what a key that may be stolen proposed: two officers are two hands (trust 2, T10).

    `proposals` are the digests of the statements that proposed it.

    Raises: `PROPOSAL_IN_DOUBT`.
    """
    if any(facts.is_in_doubt(digest) for digest in proposals):
        raise Refused(
            "PROPOSAL_IN_DOUBT",
            "a key that may be stolen signed the proposal: its owner re-affirms it, or another one is made",
        )
