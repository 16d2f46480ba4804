"""From decided events to the statements that a person signs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.audit.display import digest_of_text, display_text
from core.audit.dsse import statement_digest
from core.audit.statement import Seen, Statement
from core.kernel.recorded import Txn
from core.trial.registry import write_payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from core.kernel.actors import Environment
    from core.kernel.recorded import Reason, Signer
    from core.trial.context import Decided
    from core.trial.instance.events import LegalSentence


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What all statements of one act of signing share."""

    origin: str
    environment: Environment
    txn: str
    signer: Signer
    signed_at: datetime
    zone: str
    occurred_at: datetime
    reason: Reason | None
    seen: Seen


@dataclass(frozen=True, slots=True)
class Chain:
    """Where each stream stands: version and digest of its newest statement."""

    versions: Mapping[str, int]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A statement, and the very bytes that are to be signed."""

    statement: Statement
    data: bytes


def draft(
    ceremony: Ceremony,
    chain: Chain,
    reads: Iterable[str],
    decided: Sequence[tuple[Decided, LegalSentence]],
) -> tuple[Drafted, ...]:
    """Return one statement an event, each chained to the one before it in its stream.

    `decided` holds each event with the sentence that its meaning stands for; `reads` names all
    streams that were read; an event of the same command that went before counts.
    """
    versions, digests = dict(chain.versions), dict(chain.digests)
    drafted = []
    for i, (one, legal) in enumerate(decided):
        version = versions.get(one.stream, 0) + 1
        unshown = Statement(
            origin=ceremony.origin,
            environment=ceremony.environment,
            stream=one.stream,
            ver=version,
            prev=digests.get(one.stream),
            reads={stream: versions.get(stream, 0) for stream in sorted(reads) if stream != one.stream},
            seen=ceremony.seen,
            type=one.event.TOPIC,
            txn=Txn(ceremony.txn, i, len(decided)),
            signer=ceremony.signer,
            meaning=legal.meaning,
            legal=legal.id,
            signed_at=ceremony.signed_at,
            zone=ceremony.zone,
            occurred_at=ceremony.occurred_at,
            reason=ceremony.reason,
            corrects=one.corrects,
            data=write_payload(one.event),
            display="",
        )
        statement = replace(unshown, display=digest_of_text(display_text(unshown, legal.text)))
        versions[one.stream] = version
        data = statement.to_bytes()
        digests[one.stream] = statement_digest(data)
        drafted.append(Drafted(statement, data))
    return tuple(drafted)
