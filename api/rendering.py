"""What people and programs are shown of a receipt and of a statement before it is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.audit.authority_at import PREPARED_LIFETIME
from core.audit.dsse import PAYLOAD_TYPE, statement_digest
from core.audit.statement import read_statement
from core.kernel.encoding import to_base64
from core.kernel.time import local_text, write_instant
from core.trial.registry import event_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from api.wiring import Instance
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
    """Return what a person with a key of their own is shown and signs."""
    read = [read_statement(data) for data in statements]
    return {
        "txn": txn,
        "payload_type": PAYLOAD_TYPE,
        "expires_at": write_instant(read[0].signed_at + PREPARED_LIFETIME),
        "statements": [
            {
                "statement": to_base64(data),
                "text": statement_text(statement, _legal_sentence(instance, statement)),
                "digest": statement_digest(data),
            }
            for data, statement in zip(statements, read, strict=True)
        ],
    }


def statement_text(statement: Statement, legal: str) -> str:
    """Return a statement as a person reads it before signing (21 CFR 11.50): all of it, line by line."""
    signer = statement.signer
    lines = [
        f"{event_name(statement.type)} ({statement.environment})",
        f"signer: {signer.name} ({signer.id}), {signer.role}",
        f"meaning: {statement.meaning}. {legal}",
        f"signed at: {local_text(statement.signed_at, statement.zone)} {statement.zone}",
        f"occurred at: {local_text(statement.occurred_at, statement.zone)}",
        f"record: {statement.stream}, version {statement.ver}",
        *_flat("", statement.data),
    ]
    if statement.reason is not None:
        lines.append(f"reason: {statement.reason.code}. {statement.reason.text}")
    return "\n".join(lines) + "\n"


def _flat(path: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - a JSON value
    """Yield one line a value, under its dotted name."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value, 1):
            yield from _flat(f"{path}[{number}]", inner)
    else:
        shown = {None: "none", True: "yes", False: "no"}.get(value, value) if _is_word(value) else value
        yield f"{path.removeprefix('.')}: {shown}"


def _is_word(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _legal_sentence(instance: Instance, statement: Statement) -> str:
    with instance.log.lock:
        created = instance.log.trial.instance.created
    sentences = created.policy.legal if created else ()
    return next((s.text for s in sentences if s.id == statement.legal), "")
