"""Step 3 of the verification plan: each leaf against the trial folded up to the leaf before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Protocol

from core.audit.authority_at import check_genesis, check_signer, check_times
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.entry import open_entry
from core.audit.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from core.audit.misuse_at import check_lockout
from core.audit.redecide import check_decision
from core.audit.report import Finding
from core.audit.service_statements import check_service_statement
from core.audit.signature_register import SignatureRegister
from core.audit.snapshot import SnapshotChecks
from core.kernel.encoding import to_base64
from core.kernel.errors import IntegrityFinding, Malformed
from core.trial.context import KeyChecks
from core.trial.instance.events import GenesisConfirmed
from core.trial.policy import SERVICE_TYPES
from core.trial.registry import require_stream
from core.trial.study.events import ProtocolConfigProposed
from core.trial.study.soundness import RULES_VERSIONS
from core.trial.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from core.audit.authority_at import Blame
    from core.audit.entry import Entry
    from core.audit.log_copy import Row
    from core.audit.statement import Statement
    from core.trial.instance.events import InstanceCreated
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study


class SignatureChecks(KeyChecks, Protocol):
    """What verification asks of cryptography; the pure core holds no keys and no algorithms."""

    def later(self, position: int, code: str, key: bytes, signature: bytes, message: bytes) -> None:
        """Check a signature, now or later; a bad one is among the `failures`."""

    def failures(self) -> list[tuple[int, str]]:
        """Wait for all checks and return position and code of the bad signatures."""

    def for_origin(self, origin: str) -> None:
        """Say which log's proofs of possession are checked."""


class FirstBadLeaf(Exception):  # noqa: N818 - ends the walk; not an error of the program
    """The leaf at hand is not what it should be."""


class LeafChecks:
    """Takes leaves in order while they are good; `size`, `roots` and `hashes` cover those taken."""

    def __init__(
        self,
        created: InstanceCreated,
        checks: SignatureChecks,
        checkpointed: Mapping[int, bytes],
        findings: list[Finding],
        cannot: list[tuple[str, str]],
    ) -> None:
        self._created = created
        self._cannot = cannot
        self._checks = checks
        self._checkpointed = checkpointed
        self._findings = findings
        self._tree = CompactRange()
        self._digests: set[str] = set()
        self._txns: set[str] = set()
        self._seen_by: dict[str, int] = {}
        self.trial = Trial()
        self.signatures = SignatureRegister()
        self.roots: list[bytes] = [EMPTY_ROOT]
        self.hashes: list[bytes] = []
        self.last: Entry | None = None
        self._born_at: datetime | None = None
        self._command: list[Entry] = []
        self._before = self.trial

    @property
    def size(self) -> int:
        """How many leaves were taken."""
        return self._tree.size

    def frontier(self) -> bytes:
        """The frontier of the tree over the leaves taken, as the head row stores it."""
        return self._tree.to_bytes()

    def take(self, row: Row) -> None:
        """Check a leaf and let tree and trial grow by it.

        Raises: `FirstBadLeaf`, with what is wrong among the findings.
        """
        position = self.size + 1
        entry = self._opened(row, position)
        hashed = leaf_hash(row.state)  # type: ignore[arg-type]
        defects: list[Finding] = []

        def blame(code: str, detail: str) -> None:
            defects.append(Finding(position, code, detail))

        self._check_columns(row, entry, hashed, blame)
        self._check_place(entry, blame)
        self._check_time(entry, blame)
        self._check_person(entry, blame)
        self._check_seen(entry, blame)
        if not defects:
            self._check_decision(entry, blame)
            self._grow(entry, hashed, blame)
        if defects:
            self._findings += defects
            raise FirstBadLeaf

    def _bad(self, position: int, code: str, detail: str) -> NoReturn:
        self._findings.append(Finding(position, code, detail))
        raise FirstBadLeaf

    def _opened(self, row: Row, position: int) -> Entry:
        """3a, 3b: the row is where it should be, and its bytes parse."""
        if row.position != position or type(row.position) is not int:
            self._bad(position, "POSITION_GAP", "positions are not dense from 1")
        if type(row.state) is not bytes:
            self._bad(position, "BAD_LEAF", "the stored leaf is not bytes")
        try:
            entry = open_entry(row.state)
            require_stream(entry.statement.type, entry.statement.stream)
        except Malformed as error:
            self._bad(position, error.code, error.detail)
        return entry

    def _check_columns(self, row: Row, entry: Entry, hashed: bytes, blame: Blame) -> None:
        statement = entry.statement
        columns = (row.stream, row.version, row.topic)
        if columns != (statement.stream, statement.ver, statement.type) or type(row.version) is not int:
            blame("ROW_MISMATCH", "the row's columns are not those that were signed")
        if row.leaf_hash != hashed:
            blame("LEAF_HASH", "the stored leaf hash is not that of the leaf")

    def _check_place(self, entry: Entry, blame: Blame) -> None:
        """3c."""
        statement, trial = entry.statement, self.trial
        if statement.origin != self._created.origin:
            blame("WRONG_ORIGIN", "the statement belongs to another log")
        if statement.environment is not self._created.environment:
            blame("WRONG_ENVIRONMENT", "training and production never mix")
        if statement.ver != trial.versions.get(statement.stream, 0) + 1:
            blame("VERSION_GAP", "versions of a stream are not dense from 1")
        if statement.prev != trial.digests.get(statement.stream):
            blame("PREV_MISMATCH", "prev is not the digest of the statement before in the stream")
        for stream, version in statement.reads.items():
            if trial.versions.get(stream, 0) != version or stream == statement.stream:
                blame("READS_MISMATCH", f"{stream} did not stand at the version that the decision read")
        if statement.corrects is not None and statement.corrects not in self._digests:
            blame("CORRECTS_NOTHING", "no earlier statement has the digest that is corrected")
        self._check_command(entry, blame)

    def _check_command(self, entry: Entry, blame: Blame) -> None:
        """Events of one command stand together, complete and once, in one act of one signer.

        Else a statement of the service could end a command that a person began, which nobody would decide.
        """
        txn, last = entry.statement.txn, self.last.statement if self.last else None
        if last is not None and last.txn.i + 1 < last.txn.n:
            if (txn.id, txn.i, txn.n) != (last.txn.id, last.txn.i + 1, last.txn.n):
                blame("COMMAND_BROKEN", "the events of one command do not stand together")
            elif _act_of(entry.statement) != _act_of(last):
                blame("COMMAND_BROKEN", "the events of one command were not signed in one act")
        elif txn.i != 0 or txn.id in self._txns:
            blame("COMMAND_BROKEN", "an event repeats a command or lacks the events before it")

    def _check_time(self, entry: Entry, blame: Blame) -> None:
        """3d."""
        seal = entry.leaf.seal
        if seal.index != self.size:
            blame("INDEX_MISMATCH", "the sealed index is not the place in the tree")
        if self.last is not None and seal.received_at < self.last.leaf.seal.received_at:
            blame("TIME_WENT_BACK", "the time of receipt is earlier than that of the event before")
        check_times(entry, blame)

    def _check_person(self, entry: Entry, blame: Blame) -> None:
        """3e."""
        envelope, signer = entry.leaf.envelope, entry.statement.signer
        check_signer(entry, self.trial, blame)
        check_genesis(entry, self.trial, self._checks, blame)
        check_lockout(entry, self.trial, self.last, blame)
        check_service_statement(entry, self.trial, self._born_at or entry.leaf.seal.received_at, blame)
        if envelope.key_id != signer.key:
            blame("KEY_ID_MISMATCH", "the envelope names another key than the statement")
        key = bytes.fromhex(signer.key.partition(":")[2])
        message = pae(PAYLOAD_TYPE, envelope.statement)
        self._checks.later(self.size + 1, "BAD_SIGNATURE", key, envelope.signature, message)

    def _check_seen(self, entry: Entry, blame: Blame) -> None:
        """3f."""
        seen, signer = entry.statement.seen, entry.statement.signer.id
        if seen.size > self.size:
            blame("SEEN_FROM_FUTURE", "the signer had seen a head that did not exist yet")
            return
        if to_base64(self.roots[seen.size]) != seen.root:
            blame("SEEN_MISMATCH", "the head that the signer had seen is not a head of this log")
        if seen.size < self._seen_by.get(signer, 0):
            blame("SEEN_SHRANK", "the signer had seen a newer head before")
        if seen.size and seen.size not in self._checkpointed:
            blame("CHECKPOINT_MISSING", "the head that the signer had seen has no checkpoint")

    def _check_decision(self, entry: Entry, blame: Blame) -> None:
        """3g: once the last event of a command is there."""
        statement = entry.statement
        if statement.type in SERVICE_TYPES or isinstance(entry.payload, GenesisConfirmed):
            return
        if statement.txn.i == 0:
            self._command = []
            self._before = self.trial if statement.txn.n == 1 else self.trial.copy()
        self._command.append(entry)
        if statement.txn.i + 1 == statement.txn.n and self._knows_the_rules():
            checks = SnapshotChecks(self._checks, self._signed_root)
            check_decision(self._command, self._before, checks, blame)

    def _knows_the_rules(self) -> bool:
        """Tell whether this program has the decision rules that count for the command at hand.

        A configuration names them; a command decided by others is neither good nor bad here: it takes a
        release that has those rules.
        """
        named = {config.rules_version for config in _configs(self._before.study, self._command)}
        if unknown := sorted(named - RULES_VERSIONS):
            unable = (
                "UNKNOWN_RULES",
                f"what was decided by {', '.join(unknown)} takes a release with these rules",
            )
            if unable not in self._cannot:
                self._cannot.append(unable)
        return not unknown

    def _signed_root(self, size: int) -> bytes | None:
        """Return the root of a head that stood before the command at hand and was signed, else None."""
        stood = 0 < size <= self._before.position and size in self._checkpointed
        return self.roots[size] if stood else None

    def _grow(self, entry: Entry, hashed: bytes, blame: Blame) -> None:
        statement = entry.statement
        try:
            self.trial.apply(entry.recorded())
        except IntegrityFinding as error:
            blame(error.code, error.detail)
            return
        self.signatures.take(entry)
        self._tree.append(hashed)
        root = self._tree.root()
        if self._checkpointed.get(self.size, root) != root:
            blame("CHECKPOINT_ROOT", "the checkpoint over this leaf has another root than the stored leaves")
        self.hashes.append(hashed)
        self.roots.append(root)
        self._digests.add(entry.digest)
        self._txns.add(statement.txn.id)
        self._seen_by[statement.signer.id] = statement.seen.size
        self.last = entry
        self._born_at = self._born_at or entry.leaf.seal.received_at


def _act_of(statement: Statement) -> tuple[object, ...]:
    """Return what the events of one command share: who signed them, when, and on which claims."""
    return (
        statement.signer,
        statement.signed_at,
        statement.zone,
        statement.occurred_at,
        statement.reason,
        statement.seen,
    )


def _configs(study: Study, command: Sequence[Entry]) -> Iterator[ProtocolConfig]:
    """Yield the configuration that counts and the one that the command proposes."""
    if study.config is not None:
        yield study.config
    for entry in command:
        if isinstance(entry.payload, ProtocolConfigProposed):
            yield entry.payload.config
