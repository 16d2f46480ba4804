"""Another password for a key that stays, and another one for the key that is rotated to: 21 CFR 11.300(b)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.keys.passwords import require_acceptable_password, require_another_password
from core.trial.acts import acts_since
from core.trial.people.commands import ChangePassword, RotateSigningKey
from core.trial.people.events import PasswordChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.instance import Instance
    from core.keys.ed25519 import SigningKey
    from core.keys.sealing import SealedSeed
    from core.request import Item


@dataclass
class PasswordChange:
    """One change of a password: the event is signed with the old one, then the seed is sealed anew.

    A crash between the two leaves the old password working; the same request, sent again, completes it. What
    was completed, or overtaken by a later change, seals nothing again: each password has its event.

    Raises: `WEAK_PASSWORD`, `SAME_PASSWORD`.
    """

    instance: Instance
    person: str
    txn: str
    old: str
    new: str
    _sealings: tuple[SealedSeed, SealedSeed] | None = None

    def __post_init__(self) -> None:
        require_another_password(self.old, self.new)
        require_acceptable_password(self.new, self.person, self.instance.creation().environment)

    def __repr__(self) -> str:
        """Show who, never a password."""
        return f"PasswordChange({self.person})"

    def unlocking(self, unlock: Callable[[], SigningKey]) -> Callable[[], SigningKey]:
        """Return what opens the key by `unlock`, and seals the seed anew as soon as that has succeeded."""

        def unlock_and_reseal() -> SigningKey:
            if self._is_settled():  # only the answer was lost
                return self.instance.unlocker.open(self.person, self.new)
            key = unlock()
            self._sealings = self.instance.unlocker.resealed(self.person, self.old, self.new)
            return key

        return unlock_and_reseal

    def keep(self) -> None:
        """Let the new password open the key, and the old one nothing, once the event stands.

        Raises: `VERSION_CONFLICT` where another change was faster, `CUSTODY_UNAVAILABLE`.
        """
        if self._sealings is not None:
            self.instance.custody.replace(*self._sealings, self.txn)

    def _is_settled(self) -> bool:
        """Tell whether the change is in the log and nothing of it is left to do."""
        log = self.instance.log
        with log.lock:
            log.catch_up()
            made = log.positions_of(self.txn)
            newest, active = log.trial.acts.get(self.person), log.trial.people[self.person].active_key
        changes = [act for act in acts_since(newest, 1) if act.topic == PasswordChanged.TOPIC]
        mine = next((act for act in changes if act.position in made), None)
        if mine is None:
            return False
        is_last = mine is changes[0] and mine.key == active
        return not is_last or self.instance.custody.has_changed(self.txn)


def password_change(
    instance: Instance, items: Sequence[Item], old: str | None, new: str | None
) -> PasswordChange | None:
    """Return the change of password that was ordered, None where none was.

    Raises: `NEW_PASSWORD_MISPLACED` where a new password comes without such an order, or the order without
    it, with a key of one's own, or among others; `WEAK_PASSWORD`, `SAME_PASSWORD`.
    """
    ordered = [item for item in items if isinstance(item.command, ChangePassword)]
    if not ordered and new is None:
        return None
    if len(ordered) != 1 or len(items) != 1 or new is None or old is None:
        raise Malformed(
            "NEW_PASSWORD_MISPLACED",
            "a change of password comes alone, is signed with the old password and names the new one",
            field="signing.new_password",
        )
    asked = ordered[0].request
    return PasswordChange(instance, asked.person, asked.txn, old, new)


def rotating(
    instance: Instance, items: Sequence[Item], password: str | None, unlock: Callable[[], SigningKey]
) -> Callable[[], SigningKey]:
    """Return `unlock`, and behind it a refusal where the password opens the key that is rotated to as well.

    Raises, when called: `SAME_PASSWORD`, and what `unlock` raises.
    """
    asked = [item.command for item in items if isinstance(item.command, RotateSigningKey)]

    def unlock_and_compare() -> SigningKey:
        opened = unlock()
        # Repeated because the answer was lost, the order comes with the new password: that one is opened.
        if any(opened.key_id == a.old and instance.unlocker.opens(a.person, a.key, password) for a in asked):
            raise Refused("SAME_PASSWORD", "the next key is sealed under the password of this one")
        return opened

    return unlock_and_compare
