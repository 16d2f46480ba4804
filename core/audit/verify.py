"""Full verification of a log by somebody who trusts neither the server nor its administrators.

The plan (trust 3.5, steps 1 to 4 and 8):

 1. Trust: origin, genesis and log key as the auditor brought them, else taken from the store and said so.
 2. Stored checkpoints: notes of this origin, signed by the log key.
 3. Each leaf in order, against the trial folded up to the leaf before it:
    a. the row: dense position, columns equal to what was signed, leaf hash recomputed;
    b. the bytes: strict parse, canonical form of leaf, statement and payload;
    c. the place: origin, environment, stream, version, `prev`, `reads`, `corrects`, command complete;
    d. the time: index, receipt never earlier than the one before, claims not later than the receipt;
    e. the person: key, role, name, meaning and legal sentence valid at this position, two people where
       two are needed, and the signature over the very bytes;
    f. the head that was seen: a checkpointed head of this tree, never older than the signer's last one;
    g. the decision: what was recorded is what its command decides on the facts at this position;
    h. the checkpoint over it, if there is one, has the root of the leaves so far.
 4. The whole: head row, kept subtree hashes, the last checkpoint over everything, none beyond it, and
    heads that the auditor kept elsewhere: only those show a tail that was cut off cleanly.
 5. What each signature is worth that verifies: in doubt, re-affirmed, changed since. No finding about bytes.
 8. Verdict with codes and the first bad position.

Leaf checks end at the first leaf that is not what it should be: behind it nothing has a known state to
be judged against. Signatures are handed to the caller's checks, which may spread them over cores.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.audit.checkpoint import parse_vkey
from core.audit.entry import open_entry
from core.audit.merkle import leaf_hash
from core.audit.report import Finding, Report
from core.audit.verify_heads import HeadChecks
from core.audit.verify_leaves import FirstBadLeaf, LeafChecks
from core.kernel.encoding import to_base64
from core.kernel.errors import Malformed
from core.trial.instance.events import InstanceCreated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.audit.log_copy import LogCopy, Row, Trust
    from core.audit.signature_register import Standing
    from core.audit.verify_leaves import SignatureChecks


_KEY = re.compile(r"ed25519:[0-9a-f]{64}")


def verify_log(
    copy: LogCopy,
    checks: SignatureChecks,
    trust: Trust | None = None,
    kept: Sequence[bytes] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Execute the plan over a copy of a log; `kept` are checkpoint notes that were stored elsewhere.

    `progress` is told the number of leaves that are good so far.
    """
    if copy.defects:
        changed = tuple(Finding(1, "SCHEMA_CHANGED", defect) for defect in copy.defects)
        return Report(0, 0, None, changed, (), "given" if trust else "store")
    rows = iter(copy.rows)
    first = next(rows, None)
    if first is None:
        return _empty(copy, trust, kept)
    findings: list[Finding] = []
    cannot: list[tuple[str, str]] = []
    size, root, covered = 0, None, 0
    signatures: tuple[Standing, ...] = ()
    created = _genesis(first, trust, findings)  # 1
    if created is not None:
        checks.for_origin(created.origin)
        heads = HeadChecks(created, checks, findings, cannot)
        heads.open_stored(copy.checkpoints)  # 2
        leaves = LeafChecks(created, checks, heads.stored, findings, cannot)
        try:
            leaves.take(first)  # 3
            for row in rows:
                leaves.take(row)
                progress(leaves.size)
        except FirstBadLeaf:
            pass
        else:
            heads.check_whole(copy, leaves)  # 4
        heads.check_kept(kept, leaves)
        size, root, covered = leaves.size, leaves.roots[-1], len(heads.stored)
        signatures = leaves.signatures.not_plain()  # 5
    for position, code in checks.failures():
        heads.blame_signature(position, code)
    return Report(  # 8
        size=size,
        checkpoints=covered,
        head=to_base64(root) if root else None,
        findings=tuple(sorted(set(findings))),
        cannot=tuple(cannot),
        trust="given" if trust else "store",
        signatures=signatures,
    )


def _genesis(first: Row, trust: Trust | None, findings: list[Finding]) -> InstanceCreated | None:
    """Return what position 1 created, None where it created nothing or not what is trusted."""

    def bad(code: str, detail: str) -> None:
        findings.append(Finding(1, code, detail))

    if type(first.state) is not bytes or first.position != 1:
        bad("POSITION_GAP", "the log does not begin with a leaf at position 1")
        return None
    try:
        created = open_entry(first.state).payload
    except Malformed as error:
        bad(error.code, error.detail)
        return None
    if not isinstance(created, InstanceCreated) or not _KEY.fullmatch(created.log_key):
        bad("NO_GENESIS", "position 1 does not create an instance with a log key")
        return None
    if trust is not None:
        if trust.origin != created.origin:
            bad("WRONG_ORIGIN", "the log is not the one that is trusted")
        if trust.genesis != leaf_hash(first.state).hex():
            bad("WRONG_GENESIS", "position 1 is not the one that is trusted")
        if parse_vkey(trust.log_key) != (created.origin, bytes.fromhex(created.log_key.partition(":")[2])):
            bad("WRONG_LOG_KEY", "the log key of position 1 is not the one that is trusted")
    return None if findings else created


def _empty(copy: LogCopy, trust: Trust | None, kept: Sequence[bytes]) -> Report:
    """Report on a log without leaves: something was cut off, or there is nothing to say."""
    counted = [head for head in copy.heads if head[0] != 0]
    findings = (
        (Finding(1, "LOG_TRUNCATED", "heads cover events that are not there"),)
        if counted or copy.checkpoints or kept
        else ()
    )
    cannot = (("EMPTY_LOG", "there is no event to verify"),)
    return Report(0, 0, None, findings, cannot, "given" if trust else "store")
