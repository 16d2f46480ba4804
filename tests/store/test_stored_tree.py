"""The tree in the store is the tree over the leaves, at every size, also over kept subtrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eventsourcing.persistence import StoredEvent

from core.audit.merkle import CompactRange, inclusion_proof, leaf_hash, root_at, verify_inclusion
from core.kernel.errors import CannotVerify
from core.store.recorder import Batch
from core.store.tree import StoredTree
from tests.store.test_engine_suites import make_recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 1100


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredTree]:
    recorder = make_recorder(str(tmp_path_factory.mktemp("tree")))
    for first in range(0, SIZE, 100):  # batches that end before, at and behind kept subtrees
        events = [StoredEvent(f"s{n}", 1, "t", b"%d" % n) for n in range(first, first + 100)]
        recorder.append(Batch(events))
    yield StoredTree(recorder.datastore)
    recorder.datastore.close()


@pytest.fixture(scope="module")
def roots() -> list[bytes]:
    growing, found = CompactRange(), [CompactRange().root()]
    for number in range(SIZE):
        growing.append(leaf_hash(b"%d" % number))
        found.append(growing.root())
    return found


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, SIZE])
def test_the_root_at_every_size_is_that_of_the_leaves(
    tree: StoredTree, roots: list[bytes], size: int
) -> None:
    assert roots[size] == root_at(size, tree.node)


@pytest.mark.parametrize("index", [0, 1, 254, 255, 256, 767, 1023, 1024, SIZE - 1])
def test_inclusion_is_proved_out_of_the_store(tree: StoredTree, roots: list[bytes], index: int) -> None:
    for size in {index + 1, max(index + 1, 1000), SIZE}:
        proof = inclusion_proof(index, size, tree.node)
        verify_inclusion(leaf_hash(b"%d" % index), index, size, proof, roots[size])


@pytest.mark.parametrize(("level", "number"), [(0, SIZE), (8, 4), (9, 2), (11, 0)])
def test_a_subtree_that_is_not_complete_is_not_answered(tree: StoredTree, level: int, number: int) -> None:
    with pytest.raises(CannotVerify, match="LEAF_MISSING"):
        tree.node(level, number)
