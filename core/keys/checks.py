"""Answers the one question about keys that a pure decider asks."""

from __future__ import annotations

from core.keys.ed25519 import parse_key_id
from core.keys.possession import verify_possession


class PossessionChecks:
    """Checks proofs of possession for one log."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Raise unless the key is acceptable and the proof shows that the person holds it.

        Raises: `BAD_KEY_ID`, `WEAK_KEY`, `NON_CANONICAL_KEY`, `BAD_PROOF_OF_POSSESSION`.
        """
        verify_possession(parse_key_id(key), proof, self._origin, person)
