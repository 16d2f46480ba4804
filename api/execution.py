"""From a parsed order to the one writer and back: headers, preconditions, the two ways to sign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flask import Response, g, jsonify, request

from api.auth import the_caller
from api.rendering import prepared_body, receipt_body
from api.service import the_service
from core.audit.statement import is_uuid7
from core.handle import Request
from core.kernel.errors import Malformed, Refused

if TYPE_CHECKING:
    from api.schemas.orders import Order, Signing
    from core.handle import Receipt
    from core.keys.ed25519 import SigningKey
    from core.trial.catalogue import Command

Answer: TypeAlias = "tuple[Response | dict[str, Any], int, dict[str, str]]"

_VERSION: Final = re.compile(r"[1-9]\d{0,15}")


def execute(command: Command, order: Order) -> Answer:
    """Prepare or carry out a command for the person of the session.

    Raises: `IDEMPOTENCY_KEY_REQUIRED`, `PRECONDITION_REQUIRED`, `SIGN_AUTH_REQUIRED`, and what the handler
    raises.
    """
    txn = idempotency_key()
    caller = the_caller()
    asked = Request(
        person=caller.person,
        role=caller.role,
        occurred_at=order.occurred_at,
        zone=order.zone,
        txn=txn,
        reason=order.reason,
        meaning=order.meaning,
        expected_version=_expected_version(command, txn),
    )
    if order.signing is None:
        raise Refused("SIGN_AUTH_REQUIRED", "sign with your password or with your own key")
    if order.signing.prepare:
        statements = the_service().instance.handler.prepare(command, asked)
        return jsonify(prepared_body(the_service().instance, txn, statements)), 200, {}
    return _answer(_signed(command, asked, order.signing))


def _signed(command: Command, asked: Request, signing: Signing) -> Receipt:
    instance = the_service().instance
    if signing.signed is not None:
        return instance.handler.commit(command, asked, signing.signed)
    password = signing.password or ""

    def unlock() -> SigningKey:
        return instance.unlocker.open(asked.person, password)

    return instance.handler.submit(command, asked, unlock)


def _answer(receipt: Receipt) -> Answer:
    g.position = receipt.positions[-1]
    headers = {
        "Location": f"/v1/log/receipts/{receipt.positions[-1]}",
        "ETag": f'"{receipt.version}"',
    }
    return jsonify(receipt_body(receipt)), 200 if receipt.replayed else 201, headers


def idempotency_key() -> str:
    """Return the key that makes the command happen once.

    Raises: `IDEMPOTENCY_KEY_REQUIRED`, `BAD_TXN`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise Malformed("IDEMPOTENCY_KEY_REQUIRED", "send a new UUID of version 7 as Idempotency-Key")
    if not is_uuid7(key):
        raise Malformed("BAD_TXN", "the idempotency key is a UUID of version 7 in lower case")
    return key


def _expected_version(command: Command, txn: str) -> int | None:
    """Return the version that the client has seen of the stream that the command is about.

    Raises: `PRECONDITION_REQUIRED` where the stream exists and none is named, `BAD_IF_MATCH`.
    """
    seen = _if_match()
    log = the_service().instance.log
    with log.lock:
        log.catch_up()
        stands = log.trial.versions.get(command.target, 0)
        repeated = bool(log.positions_of(txn))
    # A repeated command is answered from the log, whatever became of the stream since.
    if seen is None and stands and not repeated:
        raise Refused(
            "PRECONDITION_REQUIRED", "name the version that you have seen as If-Match", version=stands
        )
    return seen


def _if_match() -> int | None:
    if "If-Match" not in request.headers:
        return None
    if not request.headers["If-Match"].strip():
        raise Malformed("BAD_IF_MATCH", 'If-Match names one version, as in "3"')
    tags = request.if_match.as_set()
    tag = next(iter(tags), "")
    if len(tags) != 1 or not _VERSION.fullmatch(tag):
        raise Malformed("BAD_IF_MATCH", 'If-Match names one version, as in "3"')
    return int(tag)
