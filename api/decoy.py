"""The work of checking a password where there is none to check: a stranger learns nothing from the time."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.sealing import check_password, parameters_for, seal_seed

if TYPE_CHECKING:
    from api.instance import Instance
    from core.keys.sealing import SealedSeed


@dataclass(frozen=True, slots=True)
class Decoy:
    """A sealed seed of nobody, checked where there is none so that the work is the same."""

    sealed: SealedSeed
    pepper: bytes

    @classmethod
    def made_for(cls, instance: Instance) -> Decoy:
        """Return a decoy at the cost of the instance's own seals."""
        seed, pepper = new_seed(), instance.secrets.pepper
        key_id, cost = SigningKey(seed).key_id, parameters_for(instance.creation().environment)
        return cls(seal_seed(seed, secrets.token_hex(), "nobody", key_id, pepper, cost), pepper)

    def work(self, password: str) -> None:
        """Do the work of a check that fails."""
        with suppress(Refused):
            check_password(self.sealed, password, self.pepper)
