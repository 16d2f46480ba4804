"""How somebody comes to sign: the acts before and behind the approval of their enrolment, told once.

Each act names the role of who acts; None is the newcomer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from core.kernel.actors import Duty, Role
from core.trial.people.commands import AcceptPolicy, DelegateDuties, RecordTraining, VerifyIdentity
from core.trial.people.delegation import DELEGATED_ROLES
from core.trial.people.events import IdentityEvidence
from core.trial.policy import ACCOUNTABILITY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from core.trial.catalogue import Command

Act: TypeAlias = "tuple[Role | None, Command]"

TEN_YEARS = timedelta(days=3653)


def identity(person: str) -> VerifyIdentity:
    """Return what the registrar states before they approve."""
    return VerifyIdentity(person, IdentityEvidence.PASSPORT, None)


def training(person: str, today: date) -> RecordTraining:
    """Return a training that counts for ten years."""
    return RecordTraining(person, "GCP", today, today + TEN_YEARS)


def acceptance(person: str) -> AcceptPolicy:
    """Return the acceptance of the accountability policy in force."""
    return AcceptPolicy(person, ACCOUNTABILITY.id, ACCOUNTABILITY.digest)


def delegation(person: str, role: Role, duties: tuple[Duty, ...] = tuple(Duty)) -> DelegateDuties:
    """Return the delegation of duties, of all unless some are named."""
    return DelegateDuties(person, role, duties, None, None)


def standing(person: str, role: Role, today: date) -> Iterator[Act]:
    """Yield what an enrolled person still needs before they sign anything of the trial."""
    yield Role.ADM, training(person, today)
    yield None, acceptance(person)
    if role in DELEGATED_ROLES:
        yield Role.PI, delegation(person, role)
