"""May this person sign this type with this meaning now? Judged from the log alone.

The writer asks before it appends, a verifier asks again at the same position; both fold the same events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.trial.policy import SERVICE_TYPES

if TYPE_CHECKING:
    from core.kernel.actors import Meaning, Role
    from core.trial.instance.state import Instance
    from core.trial.people.state import Person

SERVICE = "service"
SERVICE_NAME = "dosetrail service"


def require_member(person: Person, role: Role) -> str:
    """Return the key of a person who holds the role now.

    Raises: `UNKNOWN_PERSON`, `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    if not person.name:
        raise Refused("UNKNOWN_PERSON", "nobody is enrolled under this id")
    if not person.holds_role(role):
        raise Refused("ROLE_NOT_HELD", f"the person does not hold the role {role} now", role=str(role))
    if person.active_key is None:
        raise Refused("NO_ACTIVE_KEY", "the person has no signing key that counts now")
    return person.active_key


def resolve_meaning(instance: Instance, topic: str, role: Role, wanted: Meaning | None) -> Meaning:
    """Return the meaning with which the role signs the type.

    Raises: `NOT_AUTHORISED`, `MEANING_NOT_PERMITTED`, `MEANING_REQUIRED` where the policy allows several.
    """
    allowed = instance.grants.get((topic, role), ())
    if topic in SERVICE_TYPES or not allowed:
        raise Refused("NOT_AUTHORISED", f"the role {role} does not sign {topic}", role=str(role))
    if wanted is None:
        if len(allowed) > 1:
            raise Refused("MEANING_REQUIRED", "the policy allows several meanings here; choose one")
        return allowed[0]
    if wanted not in allowed:
        raise Refused("MEANING_NOT_PERMITTED", f"the role {role} does not sign {topic} as {wanted}")
    return wanted
