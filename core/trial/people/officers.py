"""The two kinds of officers without whom nobody could ever be brought in again.

The key of the last one can be rotated by its owner, not taken away: who has reason to, enrols another first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.actors import Role
from core.kernel.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.context import Context
    from core.trial.facts import Facts
    from core.trial.people.state import Person

OFFICERS = (Role.SEC, Role.ADM)


def require_another_officer(facts: Facts, leaving: str, role: Role, context: Context) -> None:
    """Refuse to leave the trial without an officer of a kind who can act now, in a role that does not lapse.

    Raises: `LAST_OFFICER`.
    """
    if not any(
        person.id != leaving and person.can_sign and _holds_for_good(person, role, context.now)
        for person in facts.people()
    ):
        raise Refused("LAST_OFFICER", f"nobody else could act as {role}; enrol another one first")


def _holds_for_good(person: Person, role: Role, moment: datetime) -> bool:
    return any(
        held.what == role and held.valid_until is None and held.counts_on(moment) for held in person.roles
    )


def require_dispensable(facts: Facts, leaving: str, context: Context) -> None:
    """Refuse where the person who cannot act any more is the last officer of a kind.

    Raises: `LAST_OFFICER`.
    """
    for role in OFFICERS:
        if role in facts.person(leaving).open_roles:
            require_another_officer(facts, leaving, role, context)
