"""Which roles one person may hold together: separation of duties is per person (part 11 section 5).

Who enters does not monitor; who monitors does not sit on the committee; officers and inspectors are nothing
else. The roles of one person therefore come from one of these groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.trial.people.events import RoleGranted

if TYPE_CHECKING:
    from core.trial.people.person import Person
    from core.trial.people.rights import Proposal

COMPATIBLE: Final[tuple[frozenset[Role], ...]] = (
    frozenset({Role.PI, Role.SI, Role.SC, Role.LB, Role.PH}),
    frozenset({Role.CRA, Role.DM}),
    frozenset({Role.MM, Role.SRC}),
    frozenset({Role.AUD}),
    frozenset({Role.ADM}),
    frozenset({Role.SEC}),
)


def require_compatible(person: Person, role: Role, proposal: Proposal | None = None) -> None:
    """Refuse a role that the person may not hold beside the others, held or proposed.

    `proposal` is the one at hand, which is not held against itself.

    Raises: `CONFLICTING_ROLES`; `BAD_ROLE` for a role that is no person's.
    """
    group = next((group for group in COMPATIBLE if role in group), None)
    if group is None:
        raise Refused("BAD_ROLE", f"{role} is the instance itself, no person's role", role=str(role))
    proposed = {
        p.event.role for p in person.proposals if p is not proposal and isinstance(p.event, RoleGranted)
    }
    if clashing := sorted({*person.open_roles, *proposed} - group):
        held = ", ".join(clashing)
        raise Refused("CONFLICTING_ROLES", f"one person is not {role} and {held}", role=str(role))
