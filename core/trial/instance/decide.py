"""Decisions about tools that read: record 2.3, part 11 section 5 (SVC).

One registrar's signature is enough: a token reads what its owner's care answers for, it never signs, and the
secret is told to the owner alone, who is another person than the registrar.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.texts import require_text
from core.trial.context import Decided, require_reason
from core.trial.instance import commands, events, policy_decide
from core.trial.instance.tool_owners import may_own

if TYPE_CHECKING:
    from core.trial.context import Context
    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts

TOOL_LIMIT: Final = 120
LONGEST: Final = timedelta(days=366)


def issue_service_token(
    facts: Facts, command: commands.IssueServiceToken, context: Context
) -> tuple[Decided, ...]:
    """Let a tool read.

    Raises: `TOKEN_EXISTS` (ids are never used again), `UNKNOWN_PERSON`, `SOD_VIOLATION`, `BAD_SCOPES`,
    `OWNER_MAY_NOT_READ`, `BAD_EXPIRY`, `BAD_IDENTIFIER`, and what a text of the record refuses.
    """
    require_key(command.token, "a token's id")
    require_text(command.tool, "the name of a tool", "tool", TOOL_LIMIT)
    if command.token in facts.instance().tokens:
        raise Refused("TOKEN_EXISTS", "a service token was issued under this id before")
    owner = facts.enrolled_person(command.owner)
    if command.owner == context.person:
        raise Refused("SOD_VIOLATION", "who issues a service token does not own it")
    if not command.scopes or len(set(command.scopes)) != len(command.scopes):
        raise Malformed("BAD_SCOPES", "a service token has scopes, each named once", field="scopes")
    if not may_own(owner, command.scopes, context.now):
        raise Refused(
            "OWNER_MAY_NOT_READ", "a tool reads no more than its owner reads in a role that counts now"
        )
    if not timedelta() < command.expires_at - context.now <= LONGEST:
        raise Malformed("BAD_EXPIRY", "a service token ends within 366 days from now", field="expires_at")
    issued = events.ServiceTokenIssued(
        command.token, command.tool, command.owner, command.scopes, command.expires_at
    )
    return (Decided(command.target, issued),)


def revoke_service_token(
    facts: Facts, command: commands.RevokeServiceToken, context: Context
) -> tuple[Decided, ...]:
    """End a tool's access.

    Raises: `UNKNOWN_TOKEN`, `TOKEN_REVOKED`, `REASON_REQUIRED`.
    """
    token = facts.instance().tokens.get(command.token)
    if token is None:
        raise Refused("UNKNOWN_TOKEN", "no service token was issued under this id")
    if token.revoked:
        raise Refused("TOKEN_REVOKED", "the service token was revoked before")
    require_reason(context)
    return (Decided(command.target, events.ServiceTokenRevoked(command.token)),)


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.IssueServiceToken, issue_service_token, (events.ServiceTokenIssued,)),
    (commands.RevokeServiceToken, revoke_service_token, (events.ServiceTokenRevoked,)),
    *policy_decide.COMMANDS,
)
