"""Delegation of duties: the site's delegation log, signed by the principal investigator (ICH E6(R3) 2.3).

A delegation is the site's, not the signer's: it stands when the investigator leaves, and the successor, who
sees it in the access register, ends what they do not answer for. It ends with the role in which it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Role
from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided, require_reason
from core.trial.people import commands, events
from core.trial.people.events import DelegationEnded, DutiesDelegated

if TYPE_CHECKING:
    from datetime import datetime

    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts

# Who works at the site under the investigator's delegation.
DELEGATED_ROLES: Final = (Role.SI, Role.SC, Role.LB, Role.PH)


def require_interval(start: datetime | None, end: datetime | None, context: Context) -> None:
    """Refuse an interval that is none, or that begins in the past.

    Raises: `BAD_INTERVAL`, `BACKDATED`.
    """
    if start is not None and start < context.now:
        raise Refused("BACKDATED", "no right begins in the past; leave valid_from null to begin now")
    if end is not None and end <= (start or context.now):
        raise Malformed(
            "BAD_INTERVAL", "the end lies after the start, and in the future", field="valid_until"
        )


def delegate_duties(facts: Facts, command: commands.DelegateDuties, context: Context) -> tuple[Decided, ...]:
    """Delegate duties to a person in a role that they hold.

    Raises: `UNKNOWN_PERSON`, `SOD_VIOLATION`, `NOT_DELEGABLE`, `ROLE_NOT_HELD`, `BAD_DUTIES`, `BAD_INTERVAL`,
    `BACKDATED`.
    """
    person = facts.enrolled_person(command.person)
    if command.person == context.person:
        raise Refused("SOD_VIOLATION", "nobody delegates to themselves")
    if command.role not in DELEGATED_ROLES:
        raise Refused("NOT_DELEGABLE", f"the role {command.role} does not work under delegation")
    if command.role not in person.open_roles:
        raise Refused("ROLE_NOT_HELD", "the person does not hold this role", role=str(command.role))
    if not command.duties or len(set(command.duties)) != len(command.duties):
        raise Malformed("BAD_DUTIES", "name each delegated duty once, and one at least", field="duties")
    require_interval(command.valid_from, command.valid_until, context)
    delegated = DutiesDelegated(command.role, command.duties, command.valid_from, command.valid_until)
    return (Decided(command.target, delegated),)


def end_delegation(facts: Facts, command: commands.EndDelegation, context: Context) -> tuple[Decided, ...]:
    """End a delegation, at once.

    Raises: `UNKNOWN_DELEGATION`, `REASON_REQUIRED`.
    """
    standing = {d.digest: d for d in facts.person(command.person).delegations if d.held.until is None}
    ended = standing.get(command.delegation)
    if ended is None:
        raise Refused("UNKNOWN_DELEGATION", "no delegation that stands has this digest")
    require_reason(context)
    return (Decided(command.target, DelegationEnded(ended.digest, ended.role, ended.duties)),)


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.DelegateDuties, delegate_duties, (events.DutiesDelegated,)),
    (commands.EndDelegation, end_delegation, (events.DelegationEnded,)),
)
