"""The log itself: heads, keys, proofs and bytes, for those who do not want to trust this server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, g

from api.auth import the_caller
from api.feed.rights import require_leaf_reader, require_not_secret
from api.schemas.answers import OfflineReceiptResponse, ProofResponse
from api.schemas.questions import ConsistencyQuery, InclusionQuery
from api.schemas.strict import Blueprint
from api.service import the_service
from core.audit.checkpoint import parse_checkpoint, vkey
from core.audit.merkle import consistency_proof, inclusion_proof, leaf_hash
from core.kernel.errors import Refused
from core.store.trial_log import open_row

if TYPE_CHECKING:
    from eventsourcing.persistence import Notification

LOG = Blueprint("log", __name__, url_prefix="/v1/log")


@LOG.route("/checkpoint")
@LOG.response(200, {"type": "string"}, content_type="text/plain")
def show_checkpoint() -> Response:
    """Show the newest signed head (C2SP tlog-checkpoint)."""
    return Response(_newest_checkpoint(), content_type="text/plain; charset=utf-8")


@LOG.route("/key")
@LOG.response(200, {"type": "string"}, content_type="text/plain")
def show_key() -> Response:
    """Show the key of the log as a C2SP verifier key; compare it with the trust file kept elsewhere."""
    instance = the_service().instance
    origin = parse_checkpoint(_body_of(_newest_checkpoint())).origin
    return Response(vkey(origin, instance.secrets.log_key.public_key) + "\n", content_type="text/plain")


@LOG.route("/inclusion-proof")
@LOG.arguments(InclusionQuery, location="query")
@LOG.response(200, ProofResponse)
def prove_inclusion(asked: dict[str, Any]) -> dict[str, Any]:
    """Prove that an event is in the tree of a size (RFC 9162 2.1.3)."""
    log, position = the_service().instance.log, asked["position"]
    _require_reached(max(asked.values()))
    proof = inclusion_proof(position - 1, asked["size"], log.tree.node)
    return {"proof": [h.hex() for h in proof], "leaf_hash": log.tree.node(0, position - 1).hex()}


@LOG.route("/consistency-proof")
@LOG.arguments(ConsistencyQuery, location="query")
@LOG.response(200, ProofResponse)
def prove_consistency(asked: dict[str, Any]) -> dict[str, Any]:
    """Prove that an earlier head is the beginning of a later one (RFC 9162 2.1.4)."""
    _require_reached(max(asked.values()))
    proof = consistency_proof(asked["old"], asked["new"], the_service().instance.log.tree.node)
    return {"proof": [h.hex() for h in proof]}


@LOG.route("/leaves/<int:position>")
@LOG.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def show_leaf(position: int) -> Response:
    """Show the stored bytes of one event, as they were signed, sealed and hashed."""
    row, caller, log = _row(position), the_caller(), the_service().instance.log
    event = open_row(row).recorded()
    require_leaf_reader(caller.person, caller.role, event)
    with log.lock:
        log.catch_up()
        require_not_secret(caller.person, event, log.trial)
    g.position = position
    state = bytes(row.state)
    answer = Response(state, content_type="application/octet-stream")
    answer.set_etag(leaf_hash(state).hex())
    return answer


@LOG.route("/receipts/<int:position>")
@LOG.response(200, OfflineReceiptResponse)
def show_receipt(position: int) -> dict[str, Any]:
    """Show an event's place under the newest signed head: all that is needed to check it offline."""
    _require_reached(position)
    note = _newest_checkpoint()
    size = parse_checkpoint(_body_of(note)).size
    node = the_service().instance.log.tree.node
    g.position = position
    return {
        "position": position,
        "leaf_hash": node(0, position - 1).hex(),
        "size": size,
        "proof": [h.hex() for h in inclusion_proof(position - 1, size, node)],
        "checkpoint": note.decode(),
    }


def _newest_checkpoint() -> bytes:
    return the_service().instance.log.checkpoint() or b""


def _body_of(note: bytes) -> bytes:
    return note.rpartition(b"\n\n")[0] + b"\n"


def _require_reached(position: int) -> None:
    size = the_service().instance.log.size()
    if not 1 <= position <= size:
        raise Refused("UNKNOWN_POSITION", "the log has no such position", position=size)


def _row(position: int) -> Notification:
    _require_reached(position)
    return next(the_service().instance.log.rows(position - 1, position))
