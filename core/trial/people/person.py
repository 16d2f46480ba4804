"""One person at a position of the log: which key, roles and duties count, and what they may sign with.

Validity is judged by position in the log, never by clocks. Dates that a grant names are a second limit,
judged by the time that is signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date, datetime

    from core.kernel.actors import Duty, Role
    from core.trial.people.rights import (
        Delegation,
        Held,
        Proposal,
        Reaffirmation,
        Suspicion,
        Training,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """A person: id, name as approved, keys, roles and duties with their intervals, open proposals.

    `credential_since` is when the key or the password that counts was last set; `locked_at` the position of
    a lock-out that stands.
    """

    id: str
    name: str = ""
    organisation: str = ""
    identity_verified_by: str | None = None
    keys: tuple[Held, ...] = ()
    roles: tuple[Held, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    trainings: tuple[Training, ...] = ()
    accepted: tuple[str, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    reaffirmed: tuple[Reaffirmation, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    credential_since: datetime | None = None
    locked_at: int | None = None
    lockouts: tuple[Held, ...] = ()

    @property
    def active_key(self) -> str | None:
        """The one key that counts now, or None."""
        return next((k.what for k in self.keys if k.until is None), None)

    @property
    def can_sign(self) -> bool:
        """Tell whether the person signs in the roles that count: enrolled, with a key, not locked out."""
        return bool(self.name) and self.active_key is not None and self.locked_at is None

    @property
    def open_roles(self) -> tuple[str, ...]:
        """The roles that nobody has ended, each once; their own dates are not looked at."""
        return tuple(dict.fromkeys(r.what for r in self.roles if r.until is None))

    def active_roles(self, moment: datetime) -> tuple[str, ...]:
        """The roles that count at a moment."""
        return tuple(r.what for r in self.roles if r.counts_on(moment))

    def lasting_roles(self, moment: datetime) -> tuple[str, ...]:
        """The roles that count at a moment and that no date of their own will end."""
        return tuple(r.what for r in self.roles if r.valid_until is None and r.counts_on(moment))

    def holds_role(self, role: Role, moment: datetime) -> bool:
        """Tell whether the role counts at the moment."""
        return role in self.active_roles(moment)

    def could_sign(self, key: str, role: Role, position: int) -> bool:
        """Tell whether key and role both counted at an earlier position."""
        return any(k.what == key and k.counts_at(position) for k in self.keys) and any(
            r.what == role and r.counts_at(position) for r in self.roles
        )

    def delegations_of(self, role: Role, duties: Collection[Duty]) -> tuple[Delegation, ...]:
        """Return the delegations, ended ones too, that each cover all of the duties in the role."""
        return tuple(self._delegations_of(role, duties))

    def delegation_of(self, role: Role, duties: Collection[Duty], moment: datetime) -> Delegation | None:
        """Return the one delegation under which the person does all of the duties in a role at the moment."""
        ever = self._delegations_of(role, duties)
        return next((d for d in ever if self._works_under(d, moment)), None)

    def _delegations_of(self, role: Role, duties: Collection[Duty]) -> Iterator[Delegation]:
        return (d for d in self.delegations if d.role == role and all(one in d.duties for one in duties))

    def _works_under(self, delegation: Delegation, moment: datetime) -> bool:
        """A delegation counts in the role as it was granted by then, and never in a later grant of it."""
        held = delegation.held
        given_in = (r for r in self.roles if r.what == delegation.role and r.since < held.since)
        return held.counts_on(moment) and any(role.counts_on(moment) for role in given_in)

    def is_trained(self, day: date) -> bool:
        """Tell whether a recorded training, so a completed one, counts on the day (UTC)."""
        return any(day <= t.expires_on for t in self.trainings)
