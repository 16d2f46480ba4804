"""The tree against its slow twin, against transparency-dev's vectors and against a log that Tessera wrote."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import merkle
from core.audit.merkle import CompactRange
from core.kernel.errors import IntegrityFinding, Malformed
from tests.audit import slow_tree
from tests.support.third_party import third_party

if TYPE_CHECKING:
    from pathlib import Path

LEAVES = [f"leaf {n}".encode() for n in range(130)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
NODE = slow_tree.node_of(LEAVES)
SIZES = st.integers(1, len(LEAVES))


def grown(size: int) -> CompactRange:
    tree = CompactRange()
    tree.extend(HASHES[:size])
    return tree


def frozen(document: dict[str, Any], field: str) -> bytes:
    return base64.b64decode(document[field])


def proof_of(document: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(step) for step in document["proof"] or []]


def refuses_inclusion(v: dict[str, Any]) -> bool:
    leaf, root = frozen(v, "leafHash"), frozen(v, "root")
    try:
        merkle.verify_inclusion(leaf, v["leafIdx"], v["treeSize"], proof_of(v), root)
    except IntegrityFinding:
        return True
    return False


def refuses_consistency(v: dict[str, Any]) -> bool:
    roots = frozen(v, "root1"), frozen(v, "root2")
    try:
        merkle.verify_consistency(v["size1"], v["size2"], *roots, proof_of(v))
    except IntegrityFinding:
        return True
    return False


def vectors(kind: str) -> dict[str, dict[str, Any]]:
    folder = third_party("merkle", "testdata", kind)
    return {str(p.relative_to(folder)): json.loads(p.read_bytes()) for p in sorted(folder.rglob("*.json"))}


def test_every_inclusion_vector_of_transparency_dev_is_judged_as_they_judge_it() -> None:
    cases = vectors("inclusion")
    assert len(cases) == 98
    assert sum(not case["wantErr"] for case in cases.values()) > 0
    assert [name for name, v in cases.items() if refuses_inclusion(v) is not v["wantErr"]] == []


def test_every_consistency_vector_of_transparency_dev_is_judged_as_they_judge_it() -> None:
    cases = vectors("consistency")
    assert len(cases) == 98
    assert sum(not case["wantErr"] for case in cases.values()) > 0
    assert [name for name, v in cases.items() if refuses_consistency(v) is not v["wantErr"]] == []


def tessera_leaves(folder: Path) -> list[bytes]:
    """Read the widest entry bundle: a uint16 length before each entry (C2SP tlog-tiles)."""
    bundle = (folder / "tile" / "entries" / "000.p" / "15").read_bytes()
    leaves = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        leaves.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return leaves


def tessera_head(folder: Path, size: int) -> tuple[int, bytes]:
    _origin, written, root = (folder / f"checkpoint.{size}").read_text().split("\n")[:3]
    return int(written), base64.b64decode(root)


def test_tiles_and_roots_of_the_log_that_tessera_wrote_come_out_the_same() -> None:
    folder = third_party("tessera", "testdata", "log")
    leaves = tessera_leaves(folder)
    tree = CompactRange()
    assert tessera_head(folder, 0) == (0, tree.root())
    for size, leaf in enumerate(leaves, start=1):
        tree.append(merkle.leaf_hash(leaf))
        assert tessera_head(folder, size) == (size, tree.root())
        tile = (folder / "tile" / "0" / "000.p" / str(size)).read_bytes()
        assert tile == b"".join(map(merkle.leaf_hash, leaves[:size]))
    assert tree.size == 15


def test_all_proofs_over_the_log_that_tessera_wrote_are_accepted() -> None:
    folder = third_party("tessera", "testdata", "log")
    leaves = tessera_leaves(folder)
    node = slow_tree.node_of(leaves)
    heads = [tessera_head(folder, size)[1] for size in range(16)]
    for size in range(1, 16):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, heads[size])
            back = merkle.consistency_proof(index + 1, size, node)
            merkle.verify_consistency(index + 1, size, heads[index + 1], heads[size], back)


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert merkle.EMPTY_ROOT == slow_tree.tree_hash([]) == CompactRange().root() == merkle.root_at(0, NODE)


@pytest.mark.parametrize("size", range(1, 131))
def test_roots_equal_those_of_the_slow_twin(size: int) -> None:
    expected = slow_tree.tree_hash(LEAVES[:size])
    assert grown(size).root() == expected
    assert merkle.root_at(size, NODE) == expected


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_appending_gives_the_tree_of_the_slow_twin_for_any_leaves(leaves: list[bytes]) -> None:
    tree = CompactRange()
    tree.extend(map(merkle.leaf_hash, leaves))
    assert (tree.size, tree.root()) == (len(leaves), slow_tree.tree_hash(leaves))


@given(SIZES, st.data())
def test_inclusion_proofs_equal_those_of_the_slow_twin_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, NODE)
    assert proof == slow_tree.path(index, LEAVES[:size])
    merkle.verify_inclusion(HASHES[index], index, size, proof, merkle.root_at(size, NODE))


@given(SIZES, st.data())
def test_consistency_proofs_equal_those_of_the_slow_twin_and_verify(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency_proof(old, new, NODE)
    assert proof == slow_tree.proof(old, LEAVES[:new])
    roots = merkle.root_at(old, NODE), merkle.root_at(new, NODE)
    merkle.verify_consistency(old, new, *roots, proof)


def test_every_proof_up_to_33_leaves_equals_that_of_the_slow_twin() -> None:
    for size in range(1, 34):
        leaves = LEAVES[:size]
        for index in range(size):
            assert merkle.inclusion_proof(index, size, NODE) == slow_tree.path(index, leaves)
            assert merkle.consistency_proof(index + 1, size, NODE) == slow_tree.proof(index + 1, leaves)


@settings(max_examples=300)
@given(SIZES, st.data())
def test_a_changed_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = list(merkle.inclusion_proof(index, size, NODE))
    root = merkle.root_at(size, NODE)
    other = data.draw(st.integers(0, len(LEAVES) - 1).filter(lambda n: n != index))
    attempts = [
        (HASHES[other], index, size, proof, root),
        (HASHES[index], index, size, [*proof, root], root),
        (HASHES[index], index, size, proof, HASHES[other]),
        (HASHES[index], size, size, proof, root),
        (HASHES[index], -1, size, proof, root),
        (HASHES[index][:31], index, size, proof, root),
        *([(HASHES[index], index, size, proof[:-1], root)] if proof else []),
        *([(HASHES[index], other, size, proof, root)] if other < size else []),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityFinding, match="BAD_INCLUSION_PROOF"):
            merkle.verify_inclusion(*attempt)


@settings(max_examples=300)
@given(st.integers(2, len(LEAVES)), st.data())
def test_a_changed_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    proof = list(merkle.consistency_proof(old, new, NODE))
    before, after = merkle.root_at(old, NODE), merkle.root_at(new, NODE)
    at = data.draw(st.integers(0, len(proof) - 1))
    bent = [*proof[:at], HASHES[old] if proof[at] != HASHES[old] else HASHES[0], *proof[at + 1 :]]
    attempts = [
        (old, new, after, before, proof),
        (old, new, before, before, proof),
        (old, new, before, after, bent),
        (old, new, before, after, proof[:-1]),
        (old, new, before, after, [*proof, before]),
        (old, new, before, after, []),
        (0, new, merkle.EMPTY_ROOT, after, []),
        (new, old, after, before, proof),
        (new, new, before, after, []),
        (new, new, after, after, proof),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityFinding, match="BAD_CONSISTENCY_PROOF"):
            merkle.verify_consistency(*attempt)


def test_a_head_without_leaves_begins_nothing_that_can_be_proved() -> None:
    with pytest.raises(IntegrityFinding, match="BAD_CONSISTENCY_PROOF"):
        merkle.verify_consistency(0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [])
    with pytest.raises(IntegrityFinding, match="BAD_INCLUSION_PROOF"):
        merkle.verify_inclusion(HASHES[0], 0, 0, [], merkle.EMPTY_ROOT)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3), (4, 3)])
def test_no_inclusion_proof_is_made_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(Malformed, match="BAD_PROOF_REQUEST"):
        merkle.inclusion_proof(index, size, NODE)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
def test_no_consistency_proof_is_made_from_nothing_or_backwards(old: int, new: int) -> None:
    with pytest.raises(Malformed, match="BAD_PROOF_REQUEST"):
        merkle.consistency_proof(old, new, NODE)


def test_there_is_no_root_of_a_negative_size() -> None:
    with pytest.raises(Malformed, match="BAD_PROOF_REQUEST"):
        merkle.root_at(-1, NODE)


@pytest.mark.parametrize("size", range(131))
def test_a_stored_frontier_goes_on_as_if_it_had_never_been_stored(size: int) -> None:
    stored = grown(size).to_bytes()
    assert len(stored) == 32 * size.bit_count()
    tree = CompactRange.from_bytes(size, stored)
    tree.extend(HASHES[size:])
    assert (tree.size, tree.root()) == (130, grown(130).root())


@pytest.mark.parametrize(("size", "length"), [(1, 0), (0, 32), (3, 32), (4, 64), (4, 33), (-1, 32)])
def test_a_frontier_of_the_wrong_length_is_a_finding(size: int, length: int) -> None:
    with pytest.raises(IntegrityFinding, match="BAD_FRONTIER"):
        CompactRange.from_bytes(size, b"\x00" * length)


def test_a_leaf_can_never_be_taken_for_a_node() -> None:
    left, right = HASHES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
