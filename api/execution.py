"""From a parsed order to the one writer and back: headers, preconditions, the two ways to sign."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from flask import Response, g, jsonify, request

from api.auth import bearer_token, the_caller
from api.credentials import settle
from api.password_changes import password_change, rotating
from api.rendering import prepared_body, prepared_series_body, receipt_body
from api.service import the_service
from core.audit.statement import is_uuid7
from core.handle import Item, Request
from core.kernel.actors import Meaning
from core.kernel.errors import Malformed, Refused
from core.trial.misuse import ATTEMPT_CODES
from core.trial.people.commands import ChangePassword, RotateSigningKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from api.instance import Instance
    from api.schemas.orders import Order, Signing
    from core.handle import Receipt
    from core.keys.ed25519 import SigningKey
    from core.trial.catalogue import Command

Answer: TypeAlias = "tuple[Response | dict[str, Any], int, dict[str, str]]"

_VERSION: Final = re.compile(r"[1-9]\d{0,15}")


class Asked(NamedTuple):
    """A command as it was ordered: its id, and the version seen of the stream that it is about."""

    command: Command
    order: Order
    txn: str
    seen: int | None


def execute(command: Command, order: Order) -> Answer:
    """Prepare or carry out a command for the person of the session.

    Raises: `IDEMPOTENCY_KEY_REQUIRED`, `PRECONDITION_REQUIRED`, `SIGN_AUTH_REQUIRED`, `UNKNOWN_MEANING`, and
    what the handler raises.
    """
    item = _item(Asked(command, order, idempotency_key(), _if_match()))
    signing = _required(order.signing, item)
    if signing.prepare:
        statements = the_service().instance.handler.prepare(item.command, item.request)
        return jsonify(prepared_body(the_service().instance, item.request.txn, statements)), 200, {}
    (receipt,) = _signed([item], signing)
    headers = {
        "Location": f"/v1/log/receipts/{receipt.positions[-1]}",
        "ETag": f'"{receipt.version}"',
    }
    return jsonify(receipt_body(receipt)), 200 if receipt.replayed else 201, headers


def execute_series(series: Sequence[Asked], signing: Signing | None) -> Answer:
    """Prepare or carry out several commands in one ceremony, all or none.

    Raises: as `execute`, the fact `item` naming the command; `BAD_SERIES`, `SERIES_PARTLY_RECORDED`.
    """
    items = [_item(asked) for asked in series]
    signing = _required(signing, items[0])
    if signing.prepare:
        prepared = the_service().instance.handler.prepare_series(items)
        txns = [item.request.txn for item in items]
        return jsonify(prepared_series_body(the_service().instance, txns, prepared)), 200, {}
    receipts = _signed(items, signing)
    body = {"receipts": [receipt_body(receipt) for receipt in receipts]}
    return jsonify(body), 200 if receipts[0].replayed else 201, {}


def _required(signing: Signing | None, item: Item) -> Signing:
    """Return how the person signs: a session alone signs nothing, and who tries is on the record.

    Raises: `SIGN_AUTH_REQUIRED` (21 CFR 11.200(a)(1)).
    """
    if signing is not None:
        return signing
    with the_service().instance.handler.refusing.recording(item.command, item.request.person):
        raise Refused("SIGN_AUTH_REQUIRED", "sign with your user id and password, or with your own key")


def unlocking(person: str, signing: Signing) -> Callable[[], SigningKey]:
    """Return what opens the person's key by both components of the signature (21 CFR 11.200(a)(1)).

    Called inside the handler, so that each refusal is recorded.

    Raises, when called: `WRONG_PERSON`, `NOT_SHOWN`, and what the unlocker raises.
    """

    def unlock() -> SigningKey:
        if signing.person != person:
            raise Refused("WRONG_PERSON", "the user id is not that of who is signed in")
        if signing.shown is None:
            raise Refused("NOT_SHOWN", "prepare first, and send the digests of what was shown")
        return the_service().instance.unlocker.open(person, signing.password or "")

    return unlock


def _item(asked: Asked) -> Item:
    """Return the command with what comes with it."""
    caller, order = the_caller(), asked.order
    expected = _expected_version(asked)
    return Item(
        asked.command,
        Request(
            person=caller.person,
            role=caller.role,
            occurred_at=order.occurred_at,
            zone=order.zone,
            txn=asked.txn,
            reason=order.reason,
            meaning=_meaning(asked),
            expected_version=expected,
        ),
    )


def _meaning(asked: Asked) -> Meaning | None:
    """Return the meaning that was asked for; one outside the closed list is refused on the record.

    Raises: `UNKNOWN_MEANING`.
    """
    word = asked.order.meaning
    if word is None or word in list(Meaning):
        return None if word is None else Meaning(word)
    with the_service().instance.handler.refusing.recording(asked.command, the_caller().person):
        raise Refused("UNKNOWN_MEANING", f"the meanings are {', '.join(Meaning)}")


def _signed(items: Sequence[Item], signing: Signing) -> tuple[Receipt, ...]:
    instance, person = the_service().instance, items[0].request.person
    change = password_change(instance, items, signing.password, signing.new_password)
    if signing.signed is not None:
        receipts = instance.handler.commit_series(items, signing.signed)
    else:
        unlock = rotating(instance, items, signing.password, unlocking(person, signing))
        opened = unlock if change is None else change.unlocking(unlock)
        with _ending_sessions_of_guessers(instance, person):
            receipts = instance.handler.submit_series(items, opened, signing.shown, signing.seen)
    if change is not None:
        change.keep()
    if any(isinstance(item.command, ChangePassword | RotateSigningKey) for item in items):
        instance.sessions.end_others_of(person, bearer_token(), instance.clock())
    settle(instance, receipts, person)
    g.position = receipts[-1].positions[-1]
    return receipts


@contextmanager
def _ending_sessions_of_guessers(instance: Instance, person: str) -> Iterator[None]:
    """End the sessions of who cannot be locked out and goes on failing: signing in again has to wait."""
    try:
        yield
    except Refused as refused:
        if refused.code in ATTEMPT_CODES and instance.handler.refusing.has_to_wait(person):
            instance.sessions.end_all_of(person, instance.clock())
        raise


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


def _expected_version(asked: Asked) -> int | None:
    """Return the version that the client has seen of the stream that the command is about.

    Raises: `PRECONDITION_REQUIRED` where the stream exists and none is named.
    """
    log = the_service().instance.log
    with log.lock:
        log.catch_up()
        stands = log.trial.versions.get(asked.command.target, 0)
        repeated = bool(log.positions_of(asked.txn))
    # A repeated command is answered from the log, whatever became of the stream since.
    if asked.seen is None and stands and not repeated:
        raise Refused(
            "PRECONDITION_REQUIRED", "name the version that you have seen as If-Match", version=stands
        )
    return asked.seen


def _if_match() -> int | None:
    """Return the version of If-Match.

    Raises: `BAD_IF_MATCH`.
    """
    if "If-Match" not in request.headers:
        return None
    if not request.headers["If-Match"].strip():
        raise Malformed("BAD_IF_MATCH", 'If-Match names one version, as in "3"')
    tags = request.if_match.as_set()
    tag = next(iter(tags), None) or ""  # Werkzeug reads `""` as a tag of None
    if len(tags) != 1 or not _VERSION.fullmatch(tag):
        raise Malformed("BAD_IF_MATCH", 'If-Match names one version, as in "3"')
    return int(tag)
