"""What the log hands out can be checked without the server."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from core.audit.checkpoint import open_note, parse_checkpoint, parse_vkey
from core.audit.entry import open_entry
from core.audit.merkle import leaf_hash, verify_consistency, verify_inclusion
from core.keys.ed25519 import verify

if TYPE_CHECKING:
    from core.audit.checkpoint import Checkpoint
    from tests.http.desk import Desk


def opened(desk: Desk, note: bytes) -> Checkpoint:
    name, key = parse_vkey(desk.get("au.gao", "/v1/log/key").text.strip())
    return parse_checkpoint(open_note(note, name, key, verify))


def hashes(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(h) for h in proof]


def test_the_newest_head_is_signed_by_the_key_of_the_log(desk: Desk) -> None:
    head = opened(desk, desk.get("au.gao", "/v1/log/checkpoint").data)
    assert head.size == desk.size
    assert head.root == desk.instance.log.root_at(desk.size)


def test_a_receipt_is_all_that_an_offline_check_needs(desk: Desk) -> None:
    for position in (1, 2, desk.size):
        receipt = desk.get("au.gao", f"/v1/log/receipts/{position}").json
        leaf = desk.get("au.gao", f"/v1/log/leaves/{position}").data
        head = opened(desk, receipt["checkpoint"].encode())
        assert leaf_hash(leaf).hex() == receipt["leaf_hash"]
        assert open_entry(leaf).position == position
        proof = hashes(receipt["proof"])
        verify_inclusion(leaf_hash(leaf), position - 1, head.size, proof, head.root)


def test_proofs(desk: Desk) -> None:
    log, size = desk.instance.log, desk.size
    asked = desk.get("au.gao", f"/v1/log/inclusion-proof?position=5&size={size - 3}").json
    leaf = bytes.fromhex(asked["leaf_hash"])
    verify_inclusion(leaf, 4, size - 3, hashes(asked["proof"]), log.root_at(size - 3))
    asked = desk.get("au.gao", f"/v1/log/consistency-proof?old=5&new={size}").json
    verify_consistency(5, size, log.root_at(5), log.root_at(size), hashes(asked["proof"]))


def test_an_event_of_the_feed_carries_what_verifies_it(desk: Desk) -> None:
    (event,) = desk.get("au.gao", f"/v1/events?lastEventId={desk.size - 1}").json
    leaf = base64.b64decode(event["data"]["leaf"])
    assert leaf_hash(leaf).hex() == event["leafhash"]
    entry = open_entry(leaf)
    assert entry.statement.signer.id == event["signer"]
    assert entry.statement.to_bytes() == entry.leaf.envelope.statement
    assert event["data"]["statement"]["stream"] == event["subject"]
