"""People as these stories know them: proposed, enrolled, with a role, a delegation, a lapsed one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.kernel.actors import Duty, Role
from core.keys.ed25519 import SigningKey
from core.keys.possession import prove_possession
from core.trial.people.events import (
    DutiesDelegated,
    EnrolmentApproved,
    IdentityEvidence,
    IdentityVerified,
    LockedOut,
    PersonInvited,
    RoleGranted,
    SigningKeyEnrolled,
)
from tests.support.given import ADM, LONG_AFTER, ORIGIN, PI, SEC, Member, Past, digest, on, trial_of
from tests.support.given import given as given_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.trial.people.commands import PersonCommand
    from core.trial.people.person import Person

KEY = SigningKey(b"\x07" * 32)
NEXT_KEY = SigningKey(b"\x08" * 32)
NOW = LONG_AFTER
DAY = timedelta(days=1)
# The newcomer of these stories, and officers beside the founding ones.
NEW = Member("sc.new", "New One", Role.SC)
SEC2 = Member("sec.two", "Second Registrar", Role.SEC)
ADM2 = Member("adm.two", "Second Administrator", Role.ADM)
PROOF = prove_possession(KEY, ORIGIN, NEW.id)
# The founding and the configuration are positions 1 to 3.
COVERS = (digest(4), digest(5), digest(6))


def proposed(member: Member = NEW, by: Member = ADM, key: str = KEY.key_id) -> list[Past]:
    """Return the proposal of a person with key and role."""
    events = (
        PersonInvited(member.name, "RenJi"),
        SigningKeyEnrolled(key, PROOF),
        RoleGranted(member.role, None, None),
    )
    return [on(member.id, event, by=by) for event in events]


def approving(*covers: str, member: Member = NEW) -> Past:
    """Return that the registrar approved proposals; what it says in words is of no weight afterwards."""
    return on(member.id, EnrolmentApproved(covers, ("as proposed",) * len(covers)), by=SEC)


def seen(member: Member = NEW) -> Past:
    """Return the verification of a person's identity."""
    return on(member.id, IdentityVerified(IdentityEvidence.PASSPORT, None), by=SEC)


def enrolled(member: Member = NEW, *, before: Sequence[Past] = (), key: str = KEY.key_id) -> list[Past]:
    """Return the enrolment of a person by two officers, behind what was before."""
    first = len(before) + 4
    approved = approving(*(digest(first + i) for i in range(3)), member=member)
    return [*before, *proposed(member, key=key), seen(member), approved]


def officers() -> list[Past]:
    """Return a second officer of each kind, and the newcomer."""
    second = enrolled(ADM2, before=enrolled(SEC2, key="second key"), key="third key")
    return enrolled(before=second)


def granted(role: Role, *, before: list[Past], since: object = None, until: object = None) -> list[Past]:
    """Return the newcomer with a further role between dates."""
    grant = on(NEW.id, RoleGranted(role, since, until), by=ADM)  # type: ignore[arg-type]
    return [*before, grant, approving(digest(len(before) + 4))]


def delegated(*, since: object = None, until: object = None, duties: tuple[Duty, ...] = (Duty.LABS,)) -> Past:
    """Return a delegation to the newcomer between dates."""
    return on(NEW.id, DutiesDelegated(Role.SC, duties, since, until), by=PI)  # type: ignore[arg-type]


def locked_out(member: Member = NEW) -> Past:
    """Return that the system locked a person out."""
    return on(member.id, LockedOut(5), by=Member("service", "dosetrail service", Role.SVC))


def person_after(events: Sequence[Past], member: Member = NEW) -> Person:
    """Return the person after these events."""
    return given_events(events).trial.people[member.id]


def with_command(events: Sequence[Past], command: PersonCommand, by: Member, **when: object) -> Person:
    """Return the person after events and one more command, which is accepted."""
    story = given_events(events).when(command, by, **when)  # type: ignore[arg-type]
    assert story.decided, "refused"
    made = [Past(one.stream, one.event, by, NOW) for one in story.decided]
    return trial_of([*story.base, *events, *made]).people[command.person]
