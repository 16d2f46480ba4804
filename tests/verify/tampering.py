"""A log copy in memory that can be bent in any way, and resealed as somebody with the log key would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.audit import leaf
from core.audit.checkpoint import Checkpoint, sign_note
from core.audit.leaf import Leaf
from core.audit.log_copy import LogCopy, Row
from core.audit.merkle import CompactRange, leaf_hash
from core.audit.verify import verify_log
from core.kernel.time import write_instant
from core.keys.signature_pool import SignaturePool
from core.store.log_copy import OpenedCopy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.audit.log_copy import Trust
    from core.audit.report import Report
    from core.keys.ed25519 import SigningKey


@dataclass
class Tampered:
    """Rows, heads, checkpoints and kept subtree hashes, to be changed at will."""

    rows: list[Row]
    heads: list[tuple[object, ...]]
    checkpoints: list[tuple[object, ...]]
    nodes: list[tuple[object, ...]]

    def copy(self) -> Tampered:
        return Tampered(list(self.rows), list(self.heads), list(self.checkpoints), list(self.nodes))

    def verify(self, trust: Trust | None = None, kept: Sequence[bytes] = ()) -> Report:
        copy = LogCopy(list(self.rows), self.heads, self.checkpoints, self.nodes)
        return verify_log(copy, SignaturePool(0), trust, kept)

    def note(self, size: int) -> bytes:
        note = next(note for at, note in self.checkpoints if at == size)
        assert isinstance(note, bytes)
        return note

    def renumber(self) -> None:
        """Give the rows dense positions in their present order."""
        self.rows = [row._replace(position=at) for at, row in enumerate(self.rows, 1)]

    def set_state(self, at: int, state: bytes) -> None:
        """Replace the leaf bytes of a row together with its leaf hash."""
        self.rows[at] = self.rows[at]._replace(state=state, leaf_hash=leaf_hash(state))

    def reseal(self, log_key: SigningKey) -> None:
        """Do what a DBA with the stolen log key can do: new indexes, hashes, head and checkpoints."""
        self.renumber()
        tree, roots, origin = CompactRange(), {}, ""
        for at, row in enumerate(self.rows):
            opened = leaf.decode(row.state)  # type: ignore[arg-type]
            state = leaf.encode(Leaf(opened.envelope, replace(opened.seal, index=at)))
            self.set_state(at, state)
            tree.append(leaf_hash(state))
            roots[at + 1] = tree.root()
            received_at = write_instant(opened.seal.received_at)
        origin = self._origin()
        self.heads = [(tree.size, tree.to_bytes(), received_at)]
        self.checkpoints = [
            (
                size,
                sign_note(Checkpoint(origin, size, root).body(), origin, log_key.public_key, log_key.sign),
            )
            for size, root in roots.items()
        ]

    def _origin(self) -> str:
        note = self.checkpoints[0][1]
        assert isinstance(note, bytes)
        return note.split(b"\n")[0].decode()


def tampered_from(path: Path) -> Tampered:
    """Load a log file into memory."""
    opened = OpenedCopy(path)
    copy = opened.copy()
    loaded = Tampered(list(copy.rows), list(copy.heads), list(copy.checkpoints), list(copy.nodes))
    opened.close()
    return loaded


def flipped(data: bytes, place: int, bits: int) -> bytes:
    """Return the bytes with one of them changed."""
    return data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :]
