"""In whose care a tool reads: nobody reads more with a tool's token than they read themselves.

Part 11 section 5: administrators and registrars read no clinical data, so none leaves through a tool of
theirs; pharmacists, laboratory and committee read a part of it, and a tool with these scopes the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Role
from core.trial.instance.events import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from core.trial.people.person import Person

READ_THE_TRIAL: Final = frozenset({Role.PI, Role.MM, Role.CRA, Role.DM, Role.AUD})

# The roles of which an owner holds one, by scope.
OWNERS: Final[Mapping[Scope, frozenset[Role]]] = {
    Scope.EVENTS: READ_THE_TRIAL,
    Scope.VIEWS: READ_THE_TRIAL,
    Scope.LOG: READ_THE_TRIAL,
    Scope.ALERTS: READ_THE_TRIAL | {Role.ADM, Role.SEC},
}


def may_own(owner: Person, scopes: Iterable[Scope], moment: datetime) -> bool:
    """Tell whether the person reads at the moment, with a key that counts, what the scopes reach."""
    roles = set(owner.active_roles(moment))
    return owner.can_sign and all(OWNERS[scope] & roles for scope in scopes)
