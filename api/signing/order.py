"""The order that a person means to sign, and whether statements say just that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

from api.routes.commands import AREAS
from api.schemas.orders import order_schema
from api.schemas.strict import refusal_of
from core.audit.display import digest_of_text, display_text
from core.audit.dsse import Envelope, statement_digest
from core.audit.entry import Entry
from core.audit.leaf import Leaf, Seal
from core.audit.statement import Statement, read_statement
from core.kernel.actors import Auth, Meaning
from core.kernel.codec import to_data
from core.kernel.errors import IntegrityFinding, Malformed
from core.kernel.time import require_zone
from core.trial.catalogue import opening_topics
from core.trial.escalation.commands import SignDecision
from core.trial.escalation.events import DecisionSuperseded
from core.trial.people.commands import EnrolPerson
from core.trial.people.events import RoleGranted, SigningKeyEnrolled
from core.trial.policy import founding_policy
from core.trial.registry import read_payload
from core.trial.replay import is_replay_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from api.schemas.orders import Order
    from api.signing.key_file import KeyFile
    from core.kernel.actors import Role
    from core.kernel.recorded import Reason, Recorded
    from core.trial.catalogue import Command

# A clock that is further off than this is not that of the act of signing.
_SKEW: Final = timedelta(minutes=5)
_UNSIGNED: Final = bytes(64)
_LEGAL: Final = {sentence.id: sentence for sentence in founding_policy().legal}
_LEGAL_LINE: Final = r"^legal sentence: (.+) \({}\)$"


# What a command records behind its first event; every other command records one event.
_FURTHER: Final[Mapping[type, frozenset[str]]] = {
    EnrolPerson: frozenset({SigningKeyEnrolled.TOPIC, RoleGranted.TOPIC}),
    SignDecision: frozenset({DecisionSuperseded.TOPIC}),
}


@dataclass(frozen=True, slots=True)
class Intent:
    """Who means to sign what: the command and the order as this client reads them."""

    kept: KeyFile
    role: Role
    txn: str
    command: Command
    order: Order

    # What `is_replay_of` asks of whoever asked.
    @property
    def person(self) -> str:
        """The person's id."""
        return self.kept.person

    @property
    def occurred_at(self) -> datetime:
        """When it happened, as ordered."""
        return self.order.occurred_at

    @property
    def reason(self) -> Reason | None:
        """Why, as ordered."""
        return self.order.reason

    @property
    def meaning(self) -> Meaning | None:
        """The meaning, if the order chooses one that there is; `_require_mine` refuses any other."""
        return next((one for one in Meaning if one == self.order.meaning), None)


def read_order(path: str, body: dict[str, Any]) -> tuple[Command, Order]:
    """Return the command that a request to the path with the body would be.

    Raises: `UNKNOWN_ORDER`, and what the schema of the command refuses.
    """
    for command, pattern in (row for rows in AREAS.values() for row in rows):
        named = re.fullmatch(_as_regex(pattern), path.removeprefix("/v1"))
        if named is None or not path.startswith("/v1/"):
            continue
        ints = set(re.findall(r"<int:(\w+)>", pattern))
        parts = {name: int(text) if name in ints else text for name, text in named.groupdict().items()}
        try:
            order = order_schema(command, frozenset(parts))().load(body)
        except ValidationError as error:
            raise refusal_of(error) from None
        return command(**parts, **order.data), order
    raise Malformed("UNKNOWN_ORDER", "no command is given at this path")


def _as_regex(pattern: str) -> str:
    return re.sub(r"<(int:)?(\w+)>", _as_group, pattern)


def _as_group(part: re.Match[str]) -> str:
    return f"(?P<{part[2]}>{'[0-9]+' if part[1] else '[^/]+'})"


def require_what_was_meant(
    intent: Intent, statements: Sequence[bytes], now: datetime, told: Sequence[str]
) -> tuple[tuple[Statement, str], ...]:
    """Return each statement with the text that it stands for, if together they say the order and no more.

    `told` are the server's texts. Nothing is taken from them but a legal sentence that came with a later
    policy than this client knows: the person reads it, and what they read is part of what they sign.

    Raises: what reading refuses; `NOT_MY_STATEMENT`, `NOT_WHAT_WAS_ORDERED`, `SIGNED_AT_SKEW`,
    `LEGAL_SENTENCE`, `DISPLAY_DIFFERS`.
    """
    read = [read_statement(data) for data in statements]
    for index, statement in enumerate(read):
        _require_mine(intent, statement, index, len(read))
        if abs(now - statement.signed_at) > _SKEW or statement.signed_at != read[0].signed_at:
            raise IntegrityFinding("SIGNED_AT_SKEW", "the time of signing is not now")
        if statement.seen != read[0].seen:
            raise IntegrityFinding("SEEN_MISMATCH", "the statements of one command name different heads")
    recorded = [_as_recorded(data, one) for data, one in zip(statements, read, strict=True)]
    opens_with = opening_topics(type(intent.command))
    data, target = to_data(intent.command), intent.command.target
    is_more = {one.type for one in read[1:]} - _FURTHER.get(type(intent.command), frozenset())
    if not recorded or is_more or not is_replay_of(data, target, opens_with, recorded, intent):
        raise IntegrityFinding("NOT_WHAT_WAS_ORDERED", "the statements do not say what was ordered")
    return tuple((one, _text(one, text)) for one, text in zip(read, told, strict=True))


def _require_mine(intent: Intent, statement: Statement, index: int, count: int) -> None:
    kept, signer, txn, order = intent.kept, statement.signer, statement.txn, intent.order
    if (statement.origin, statement.environment) != (kept.origin, kept.environment):
        raise IntegrityFinding("NOT_MY_STATEMENT", "the statement belongs to another log or environment")
    if (signer.id, signer.role, signer.key) != (kept.person, intent.role, kept.sealed.key_id):
        raise IntegrityFinding("NOT_MY_STATEMENT", "the statement names another signer, role or key")
    if (txn.id, txn.i, txn.n) != (intent.txn, index, count):
        raise IntegrityFinding("NOT_MY_STATEMENT", "the statement belongs to another command")
    said = statement.occurred_at, statement.zone, statement.reason
    if said != (order.occurred_at, order.zone, order.reason):
        raise IntegrityFinding("NOT_WHAT_WAS_ORDERED", "time, zone or reason are not those ordered")
    if order.meaning is not None and statement.meaning != order.meaning:
        raise IntegrityFinding("NOT_WHAT_WAS_ORDERED", "the meaning is not the one ordered")


def _as_recorded(data: bytes, statement: Statement) -> Recorded:
    """Return the event as it would stand in a log, its payload read strictly."""
    leaf = Leaf(
        Envelope(data, statement.signer.key, _UNSIGNED), Seal(Auth.CLIENT_KEY, 0, statement.signed_at)
    )
    payload = read_payload(statement.type, statement.data)
    return Entry(leaf, statement, statement_digest(data), payload).recorded()


def _text(statement: Statement, told: str) -> str:
    """Return the text that the statement names by its digest, made here and by nobody else."""
    require_zone(statement.zone)
    text = display_text(statement, _sentence(statement, told))
    if digest_of_text(text) != statement.display:
        raise IntegrityFinding(
            "DISPLAY_DIFFERS", "the text that would be shown is not the one that is signed"
        )
    return text


def _sentence(statement: Statement, told: str) -> str:
    """Return the legal sentence of the id; one that this client does not know is read in the server's text.

    Raises: `LEGAL_SENTENCE` for one that is known and of another meaning, and where none can be read.
    """
    known = _LEGAL.get(statement.legal)
    if known is not None and known.meaning is statement.meaning:
        return known.text
    line = re.search(_LEGAL_LINE.format(re.escape(statement.legal)), told, re.MULTILINE)
    if known is not None or line is None:
        raise IntegrityFinding("LEGAL_SENTENCE", "the legal sentence is not that of the meaning")
    return line[1]
