"""May this person sign this type with this meaning now? Judged from the log alone.

The writer asks before it appends, a verifier asks again at the same position; both fold the same events.

1. the person: enrolled, not locked out, in a role that counts, with a key that counts;
2. the role: it signs one of the types that the command can open with;
3. the standing: accountability accepted, training in date, duty delegated, password not too old;
4. the meaning, once it is decided which types are signed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused, Unavailable
from core.trial.people.events import (
    PasswordChanged,
    PolicyAccepted,
    SignaturesReaffirmed,
    SigningKeyRotated,
)
from core.trial.policy import SERVICE_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from core.kernel.actors import Duty, Meaning, Role
    from core.trial.instance.state import Instance
    from core.trial.people.person import Person

SERVICE = "service"
SERVICE_NAME = "dosetrail service"

# What people sign about their own account; it takes no training, and the first is how signing begins.
OWN_ACCOUNT: Final = frozenset(
    e.TOPIC for e in (PolicyAccepted, SigningKeyRotated, PasswordChanged, SignaturesReaffirmed)
)


def require_member(person: Person, role: Role, moment: datetime) -> str:
    """Return the key of a person who holds the role at the moment and is not locked out.

    Raises: `UNKNOWN_PERSON`, `LOCKED_OUT`, `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    if not person.name:
        raise Refused("UNKNOWN_PERSON", "nobody is enrolled under this id")
    if person.locked_at is not None:
        raise Refused("LOCKED_OUT", "too many attempts failed; a registrar lets the person in again")
    if not person.holds_role(role, moment):
        raise Refused("ROLE_NOT_HELD", f"the person does not hold the role {role} now", role=str(role))
    if person.active_key is None:
        raise Refused("NO_ACTIVE_KEY", "the person has no signing key that counts now")
    return person.active_key


def require_trusted_clock(instance: Instance) -> None:
    """Refuse while the log itself says that its clock cannot be trusted, whichever server found it.

    Raises: `CLOCK_UNTRUSTED`.
    """
    if instance.clock is not None and not instance.clock.trusted:
        raise Unavailable(
            "CLOCK_UNTRUSTED", "nothing can be signed until a check of the server's clock agrees again"
        )


def require_signatory(instance: Instance, role: Role, topics: Collection[str]) -> None:
    """Refuse a role that signs none of the types that a command can open with.

    Raises: `NOT_AUTHORISED`.
    """
    if not any(_signs(instance, topic, role) for topic in topics):
        named = " or ".join(sorted(topics))
        raise Refused("NOT_AUTHORISED", f"the role {role} does not sign {named}", role=str(role))


def require_standing(
    instance: Instance, person: Person, role: Role, topics: Collection[str], moment: datetime
) -> str | None:
    """Return the digest of the delegation under which the person signs the types, None where none is needed.

    Raises: `POLICY_NOT_ACCEPTED`, `TRAINING_MISSING`, `TRAINING_EXPIRED`, `DELEGATION_MISSING`,
    `DELEGATION_INACTIVE`.
    """
    policy = instance.policy
    if policy is None:
        raise Refused("INSTANCE_NOT_OPEN", "the log has not been founded")
    if PolicyAccepted.TOPIC not in topics and policy.accountability.digest not in person.accepted:
        raise Refused(
            "POLICY_NOT_ACCEPTED",
            "accept the accountability policy first: GET /v1/accountability-policy shows it",
            policy=policy.accountability.id,
            digest=policy.accountability.digest,
        )
    if role in policy.trained and not OWN_ACCOUNT.issuperset(topics):
        _require_training(person, moment)
    duties = {instance.duties[topic] for topic in topics if topic in instance.duties}
    return _delegation(person, role, duties, moment) if role in policy.delegated and duties else None


def _require_training(person: Person, moment: datetime) -> None:
    if not person.trainings:
        raise Refused("TRAINING_MISSING", "no training of this person is recorded")
    if not person.is_trained(moment.date()):
        raise Refused("TRAINING_EXPIRED", "the training of this person does not count any more")


def _delegation(person: Person, role: Role, duties: set[Duty], moment: datetime) -> str:
    """Return the one delegation that covers all the duties.

    Raises: `DELEGATION_MISSING` where there never was one, `DELEGATION_INACTIVE`.
    """
    active = person.delegation_of(role, duties, moment)
    if active is not None:
        return active.digest
    named = ", ".join(sorted(duties))
    if person.delegations_of(role, duties):
        raise Refused("DELEGATION_INACTIVE", f"the delegation of {named} does not count now", duty=named)
    raise Refused("DELEGATION_MISSING", f"{named} was not delegated to this person as {role}", duty=named)


def require_fresh_password(
    instance: Instance, person: Person, topics: Collection[str], moment: datetime
) -> None:
    """Refuse a password that is older than the policy allows: 21 CFR 11.300(b).

    Raises: `PASSWORD_TOO_OLD`.
    """
    days = instance.policy.password_days if instance.policy else None
    since = person.credential_since
    if days is None or since is None or OWN_ACCOUNT.issuperset(topics):
        return
    if moment - since > timedelta(days=days):
        raise Refused("PASSWORD_TOO_OLD", f"the password is older than {days} days: change it first")


def resolve_meaning(instance: Instance, topic: str, role: Role, wanted: Meaning | None) -> Meaning:
    """Return the meaning with which the role signs the type.

    Raises: `NOT_AUTHORISED`, `MEANING_NOT_PERMITTED`, `MEANING_REQUIRED` where the policy allows several.
    """
    if not _signs(instance, topic, role):
        raise Refused("NOT_AUTHORISED", f"the role {role} does not sign {topic}", role=str(role))
    allowed = instance.grants[topic, role]
    if wanted is None:
        if len(allowed) > 1:
            raise Refused("MEANING_REQUIRED", "the policy allows several meanings here; choose one")
        return allowed[0]
    if wanted not in allowed:
        raise Refused("MEANING_NOT_PERMITTED", f"the role {role} does not sign {topic} as {wanted}")
    return wanted


def _signs(instance: Instance, topic: str, role: Role) -> bool:
    return topic not in SERVICE_TYPES and bool(instance.grants.get((topic, role)))
