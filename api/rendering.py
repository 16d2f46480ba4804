"""What people and programs are shown of a receipt and of a statement before it is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.audit.authority_at import PREPARED_LIFETIME
from core.audit.display import display_text
from core.audit.dsse import PAYLOAD_TYPE, statement_digest
from core.audit.statement import read_statement
from core.kernel.encoding import to_base64
from core.kernel.time import write_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.instance import Instance
    from core.audit.statement import Statement
    from core.handle import Receipt


def receipt_body(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON."""
    return {
        "txn": receipt.txn,
        "stream": receipt.stream,
        "version": receipt.version,
        "positions": list(receipt.positions),
        "leaf_hashes": [leaf.hex() for leaf in receipt.leaf_hashes],
        "checkpoint": receipt.checkpoint.decode(),
        "replayed": receipt.replayed,
    }


def prepared_body(instance: Instance, txn: str, statements: Sequence[bytes]) -> dict[str, Any]:
    """Return what a person reads, and with a key of their own signs."""
    return {"txn": txn, **_terms(statements[0]), "statements": _shown(instance, statements)}


def prepared_series_body(
    instance: Instance, txns: Sequence[str], prepared: Sequence[Sequence[bytes]]
) -> dict[str, Any]:
    """Return what a person reads, and with a key of their own signs, command by command."""
    items = [
        {"txn": txn, "statements": _shown(instance, statements)}
        for txn, statements in zip(txns, prepared, strict=True)
    ]
    return {**_terms(prepared[0][0]), "items": items}


def _terms(first: bytes) -> dict[str, Any]:
    statement = read_statement(first)
    expires, seen = statement.signed_at + PREPARED_LIFETIME, statement.seen
    return {
        "payload_type": PAYLOAD_TYPE,
        "expires_at": write_instant(expires),
        "seen": {"size": seen.size, "root": seen.root},
    }


def _shown(instance: Instance, statements: Sequence[bytes]) -> list[dict[str, str]]:
    sentences = _sentences(instance)
    return [_shown_one(data, read_statement(data), sentences) for data in statements]


def _shown_one(data: bytes, statement: Statement, sentences: Mapping[str, str]) -> dict[str, str]:
    return {
        "statement": to_base64(data),
        "text": display_text(statement, sentences[statement.legal]),
        "display": statement.display,
        "digest": statement_digest(data),
    }


def _sentences(instance: Instance) -> dict[str, str]:
    with instance.log.lock:
        sentences = instance.log.trial.instance.sentences
    return {sentence.id: sentence.text for sentence in sentences.values()}
