"""Is a snapshot that people decided on one of this log? Asked by the writer, and again by the verifier.

A snapshot is a size and a root; it counts only if a checkpoint was signed over the head of that size, so
that nobody decides on a state between the events of one command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.encoding import to_base64
from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.trial.context import KeyChecks


class SnapshotChecks:
    """Answers deciders: keys by the checks at hand, snapshots by the log's signed heads.

    `signed_root` gives the root of the head of a size, None where no checkpoint covers it.
    """

    def __init__(self, keys: KeyChecks, signed_root: Callable[[int], bytes | None]) -> None:
        self._keys = keys
        self._signed_root = signed_root

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Raise unless the key is acceptable and the proof shows that the person holds it."""
        self._keys.require_possession(person, key, proof)

    def require_root(self, size: int, root: str) -> None:
        """Raise unless a signed head of this log has the size and the root, in base64.

        Raises: `BAD_SNAPSHOT`.
        """
        stands = self._signed_root(size)
        if stands is None or to_base64(stands) != root:
            raise Refused("BAD_SNAPSHOT", "no signed head of this log has this position and this root")
