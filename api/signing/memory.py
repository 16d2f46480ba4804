"""What the client remembers of a log between two signatures: the newest head that it has signed under.

A server that shows an older log to somebody who has seen a newer one is found out here, and so is one that
has written the log anew: a longer log proves that it begins with the one last signed under (RFC 9162 2.1.4).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.audit.merkle import verify_consistency
from core.audit.statement import Seen
from core.kernel.encoding import from_base64
from core.kernel.errors import IntegrityFinding, Malformed, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from api.signing.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Memory:
    """Which log, whose key, and the head that the last signature covered."""

    origin: str
    person: str
    key: str
    seen: Seen


def recall(path: Path, origin: str, person: str, key: str) -> Memory | None:
    """Return what is remembered, None at the first signature.

    Raises: `BAD_STATE_FILE`, also where the file is that of another log, person or key.
    """
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        memory = Memory(
            value["origin"], value["person"], value["key"], Seen(int(value["size"]), str(value["root"]))
        )
    except (ValueError, KeyError, TypeError):
        raise Malformed("BAD_STATE_FILE", f"{path.name} is not what this client wrote") from None
    if (memory.origin, memory.person, memory.key) != (origin, person, key):
        raise Malformed("BAD_STATE_FILE", f"{path.name} remembers another log, person or key")
    return memory


def remember(path: Path, memory: Memory) -> None:
    """Write what the next signature is held against; the file is whole or the old one."""
    value = {
        "origin": memory.origin,
        "person": memory.person,
        "key": memory.key,
        "size": memory.seen.size,
        "root": memory.seen.root,
    }
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def require_same_log(memory: Memory | None, seen: Seen, exchange: Exchange) -> None:
    """Refuse a head older than the last one, and a log that does not begin with the one last signed under.

    Raises: `SEEN_SHRANK`, `SEEN_MISMATCH`, `BAD_ANSWER_OF_SERVER`, and the server's own refusals.
    """
    if memory is None:
        return
    if seen.size < memory.seen.size:
        raise IntegrityFinding("SEEN_SHRANK", "the server shows an older log than the one last signed under")
    if seen.size == memory.seen.size and seen.root != memory.seen.root:
        raise _mismatch()
    if seen.size > memory.seen.size:
        _require_continued(memory.seen, seen, exchange)


def _require_continued(old: Seen, new: Seen, exchange: Exchange) -> None:
    told = exchange.get(f"/v1/log/consistency-proof?old={old.size}&new={new.size}")
    try:
        proof = [bytes.fromhex(one) for one in told["proof"]]
    except (KeyError, TypeError, ValueError):
        raise Unavailable("BAD_ANSWER_OF_SERVER", "the server's answer is no proof") from None
    try:
        verify_consistency(old.size, new.size, from_base64(old.root), from_base64(new.root), proof)
    except (IntegrityFinding, Malformed):
        raise _mismatch() from None


def _mismatch() -> IntegrityFinding:
    return IntegrityFinding("SEEN_MISMATCH", "the server shows another log than the one last signed under")
