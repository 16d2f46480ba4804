"""One stored leaf opened: strict parse of bytes, statement and payload, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.audit import leaf
from core.audit.dsse import statement_digest
from core.audit.statement import Statement, read_statement
from core.kernel.recorded import Recorded
from core.trial.registry import read_payload

if TYPE_CHECKING:
    from core.audit.leaf import Leaf


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf with its statement, the statement's digest, and the payload."""

    leaf: Leaf
    statement: Statement
    digest: str
    payload: Any

    @property
    def position(self) -> int:
        """The place in the log, from 1."""
        return self.leaf.seal.index + 1

    def recorded(self) -> Recorded:
        """Return the event as everything behind the log sees it."""
        statement, seal = self.statement, self.leaf.seal
        return Recorded(
            position=seal.index + 1,
            stream=statement.stream,
            version=statement.ver,
            topic=statement.type,
            digest=self.digest,
            recorded_at=seal.received_at,
            occurred_at=statement.occurred_at,
            signed_at=statement.signed_at,
            zone=statement.zone,
            signer=statement.signer,
            auth=seal.auth,
            meaning=statement.meaning,
            legal=statement.legal,
            reason=statement.reason,
            corrects=statement.corrects,
            txn=statement.txn,
            payload=self.payload,
            data=statement.data,
        )


def open_entry(data: bytes) -> Entry:
    """Parse the bytes of a leaf strictly.

    Raises: `BAD_LEAF`, `BAD_ENVELOPE`, `BAD_STATEMENT`, `UNKNOWN_TYPE`, `BAD_PAYLOAD`, and the codes
    of the canonical profile.
    """
    opened = leaf.decode(data)
    statement = read_statement(opened.envelope.statement)
    payload = read_payload(statement.type, statement.data)
    return Entry(opened, statement, statement_digest(opened.envelope.statement), payload)
