"""Opens a person's sealed key with their password, for one signature or one series.

Which key that is, the log says: a blob that somebody put into custody beside it opens nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused
from core.keys.sealing import check_password, open_seed, reseal

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keys.custody import Custody
    from core.keys.ed25519 import SigningKey
    from core.keys.sealing import SealedSeed


class Unlocker:
    """The custody of sealed keys, the pepper that lies outside it, and who holds which key now."""

    def __init__(self, custody: Custody, pepper: bytes, active_key: Callable[[str], str | None]) -> None:
        self._custody = custody
        self._pepper = pepper
        self._active_key = active_key

    def open(self, person: str, password: str) -> SigningKey:
        """Return the opened key.

        Raises: `NO_SEALED_KEY`, `WRONG_PASSWORD`, `SEALED_KEY_ALTERED`.
        """
        return open_seed(self._sealed(person), password, self._pepper)

    def check(self, person: str, password: str) -> None:
        """Check a log-in without opening the key.

        Raises: `NO_SEALED_KEY`, `WRONG_PASSWORD`.
        """
        check_password(self._sealed(person), password, self._pepper)

    def opens(self, person: str, key: str, password: str | None) -> bool:
        """Tell whether a key of the person, also one that does not count yet, is under the password."""
        sealed = self._custody.sealed_for(person, key)
        if sealed is None or password is None:
            return False
        try:
            check_password(sealed, password, self._pepper)
        except Refused:
            return False
        return True

    def resealed(self, person: str, password: str, new_password: str) -> tuple[SealedSeed, SealedSeed]:
        """Return the person's sealed seed and the same seed sealed under another password.

        Raises: `NO_SEALED_KEY`, `WRONG_PASSWORD`, `WEAK_PASSWORD`, `SEALED_KEY_ALTERED`.
        """
        sealed = self._sealed(person)
        return sealed, reseal(sealed, password, new_password, self._pepper)

    def _sealed(self, person: str) -> SealedSeed:
        active = self._active_key(person)
        sealed = None if active is None else self._custody.sealed_for(person, active)
        if sealed is None:
            raise Refused("NO_SEALED_KEY", "no key of this person that counts now is kept here")
        return sealed
