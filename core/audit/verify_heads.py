"""Steps 2 and 4 of the verification plan: checkpoints, the head row, and heads that were kept elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.audit.checkpoint import open_note, parse_checkpoint
from core.audit.merkle import fold_row
from core.audit.report import Finding
from core.kernel.errors import TrialError
from core.kernel.time import write_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.checkpoint import Checkpoint
    from core.audit.log_copy import LogCopy
    from core.audit.verify_leaves import LeafChecks, SignatureChecks
    from core.trial.instance.events import InstanceCreated

STEP: Final = 8
NOTE_LINES: Final = 5  # origin, size, root, an empty line, one signature
KEPT_SIGNATURE: Final = "KEPT_CHECKPOINT_SIGNATURE"


class HeadChecks:
    """Everything about heads; `stored` maps the sizes of stored checkpoints to their roots."""

    def __init__(
        self,
        created: InstanceCreated,
        checks: SignatureChecks,
        findings: list[Finding],
        cannot: list[tuple[str, str]],
    ) -> None:
        self._origin = created.origin
        self._log_key = bytes.fromhex(created.log_key.partition(":")[2])
        self._checks = checks
        self._findings = findings
        self._cannot = cannot
        self.stored: dict[int, bytes] = {}

    def open_stored(self, checkpoints: Sequence[tuple[object, ...]]) -> None:
        """2: parse every stored checkpoint; roots are compared once the tree has grown to them."""
        before: object = 0
        for size, note in checkpoints:
            place = size if type(size) is int and size > 0 else 1
            try:
                checkpoint = self._opened(note, place, "CHECKPOINT_SIGNATURE")
            except TrialError as error:
                self._find(place, error.code, error.detail)
                continue
            if isinstance(note, bytes) and note.count(b"\n") != NOTE_LINES:
                self._find(place, "BAD_NOTE", "a stored checkpoint has one signature, that of the log")
            if type(size) is not int or size <= before:  # type: ignore[operator]
                self._find(place, "CHECKPOINT_ROW", "sizes of checkpoints are rising counts")
            before = size if type(size) is int else before
            if checkpoint.size != size or checkpoint.origin != self._origin:
                named = min(place, max(checkpoint.size, 1))
                self._find(
                    named, "CHECKPOINT_ROW", "the row does not hold the checkpoint of its size and log"
                )
            self.stored[checkpoint.size] = checkpoint.root

    def _opened(self, note: object, place: int, code: str) -> Checkpoint:
        def later(key: bytes, signature: bytes, message: bytes) -> None:
            self._checks.later(place, code, key, signature, message)

        data = note if isinstance(note, bytes) else b""
        return parse_checkpoint(open_note(data, self._origin, self._log_key, later))

    def check_whole(self, copy: LogCopy, leaves: LeafChecks) -> None:
        """4: what is only known once every leaf was taken."""
        size, last = leaves.size, leaves.last
        if last is None or last.statement.txn.i + 1 != last.statement.txn.n:
            self._find(size, "COMMAND_BROKEN", "the last command is not complete")
        if not leaves.trial.instance.is_open:
            self._cannot.append(("GENESIS_UNCONFIRMED", "the founding officers have not both confirmed"))
        received_at = write_instant(last.leaf.seal.received_at) if last else ""
        if list(copy.heads) != [(size, leaves.frontier(), received_at)] or type(copy.heads[0][0]) is not int:
            self._find(size, "HEAD_MISMATCH", "the head row is not the head of the stored leaves")
        for at in self.stored:
            if at > size:
                self._find(
                    size + 1, "LOG_TRUNCATED", f"a checkpoint covers {at} events, the log holds {size}"
                )
        if size not in self.stored:
            self._find(size, "CHECKPOINT_MISSING", "the newest event is under no checkpoint")
        self._check_nodes(copy, leaves)

    def _check_nodes(self, copy: LogCopy, leaves: LeafChecks) -> None:
        """Kept subtree hashes are a cache, but a wrong one would spoil proofs."""
        expected = _kept_subtrees(leaves.hashes)
        found = {(level, number): hashed for level, number, hashed in copy.nodes}
        wrong = {p for p in found.keys() | expected.keys() if found.get(p) != expected.get(p)}
        if wrong or len(found) != len(copy.nodes):
            self._find(leaves.size, "NODE_MISMATCH", f"{len(wrong)} kept subtree hashes are wrong or missing")

    def check_kept(self, kept: Sequence[bytes], leaves: LeafChecks) -> None:
        """4: hold the log against heads that were kept elsewhere.

        Where the walk ended early, a longer kept head says nothing more than the finding that ended it.
        """
        for note in kept:
            try:
                checkpoint = self._opened(note, 1, KEPT_SIGNATURE)
            except TrialError as error:
                self._cannot.append((error.code, "a kept checkpoint cannot be read as one of this log"))
                continue
            at, size = checkpoint.size, leaves.size
            if at > size and not self._findings:
                self._find(size + 1, "LOG_TRUNCATED", f"a kept checkpoint covers {at} events, the log {size}")
            if at <= size and leaves.roots[at] != checkpoint.root:
                self._find(max(at, 1), "FORKED", "a kept checkpoint has another root than this log had then")

    def blame_signature(self, position: int, code: str) -> None:
        """Report a signature that was checked later and is bad; a bad kept file proves nothing of the log."""
        if code == KEPT_SIGNATURE:
            self._cannot.append((code, "a kept checkpoint is not signed by the log's key"))
        else:
            self._find(position, code, "the signature is not by this key over these bytes")

    def _find(self, position: int, code: str, detail: str) -> None:
        self._findings.append(Finding(position, code, detail))


def _kept_subtrees(hashes: list[bytes]) -> dict[tuple[object, object], bytes]:
    """Return what the store should keep: the complete subtrees of every 8th level."""
    expected: dict[tuple[object, object], bytes] = {}
    row, level, width = hashes, STEP, 1 << STEP
    while len(row) >= width:
        row = [fold_row(row[at : at + width]) for at in range(0, len(row) // width * width, width)]
        expected |= {(level, number): hashed for number, hashed in enumerate(row)}
        level += STEP
    return expected
