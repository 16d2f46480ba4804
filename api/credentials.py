"""Keys sealed under passwords: made by invitation or for a rotation, destroyed once the log has ended them.

What counts is in the log; custody follows it. A seed is sealed before an event names its key, and destroyed
behind the event that ends it: a crash in between leaves a state from which the same step can be taken again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from api.devices import end_sessions_on_revoked
from core.kernel.errors import Refused, Unavailable
from core.kernel.streams import PERSON_PREFIX, key_of, require_key
from core.keys.passwords import require_acceptable_password, require_another_password
from core.keys.possession import prove_possession
from core.keys.session_changes import What
from core.store.access_journal import Access
from core.trial.people.events import SigningKeyRotated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from api.instance import Instance
    from core.keys.custody import Custody
    from core.keys.ed25519 import SigningKey
    from core.keys.invitations import Invitation
    from core.request import Receipt
    from core.store.trial_log import TrialLog
    from core.trial.instance.events import InstanceCreated
    from core.trial.people.person import Person


# -- new keys --------------------------------------------------------------------------------------------


def invite(instance: Instance, person: str, by: str, now: datetime) -> str:
    """Return a one-time code with which somebody without a key that counts seals one of their own.

    Raises: `BAD_IDENTIFIER`, `KEY_ACTIVE`.
    """
    require_key(person, "a person's id")
    if instance.person(person).active_key is not None:
        raise Refused("KEY_ACTIVE", "the person has a key that counts: rotate or revoke it first")
    open_invitations(instance, now)
    code = instance.invitations.invite(person, by, now)
    _note(instance, What.INVITED, person, by, now)
    return code


def open_invitations(instance: Instance, now: datetime) -> list[Invitation]:
    """Return the invitations that still open something; those that have run out are closed and noted.

    Raises: `CUSTODY_UNAVAILABLE`, `ACCESS_JOURNAL_UNAVAILABLE`.
    """
    found = instance.invitations.open()
    for one in found:
        if one.expires_at <= now and instance.invitations.close(one.person, now):
            _note(instance, What.INVITATION_EXPIRED, one.person, None, now)
    return [one for one in found if now < one.expires_at]


def withdraw_invitation(instance: Instance, person: str, by: str, now: datetime) -> None:
    """Close an invitation before it is used.

    Raises: `UNKNOWN_INVITATION`, `CUSTODY_UNAVAILABLE`, `ACCESS_JOURNAL_UNAVAILABLE`.
    """
    open_invitations(instance, now)
    if not instance.invitations.close(person, now):
        raise Refused("UNKNOWN_INVITATION", "no open invitation of this person is there")
    _note(instance, What.INVITATION_WITHDRAWN, person, by, now)


def _note(instance: Instance, what: What, person: str, by: str | None, now: datetime) -> None:
    instance.access_journal.note(Access.by_invitation(what, person, by), now)


def seal_invited(instance: Instance, person: str, code: str, password: str) -> dict[str, str]:
    """Seal a new key under the password of an invited person; return what the officers need to propose it.

    The password is judged before the code, so that it tells nothing about the code.

    Raises: `BAD_IDENTIFIER`, `WEAK_PASSWORD`, `INVITATION_REFUSED`.
    """
    require_key(person, "a person's id")
    created, now = instance.creation(), instance.clock()
    open_invitations(instance, now)
    require_acceptable_password(password, person, created.environment)
    instance.invitations.require(person, code, now)
    key, sealed = instance.sealed_new_key(person, password, created.environment)
    instance.invitations.redeem(code, sealed, now)
    _note(instance, What.INVITATION_USED, person, None, now)
    _destroy_unnamed(instance, person, key.key_id)
    return _enrolment(created, person, key)


def seal_next(instance: Instance, person: str, password: str, new_password: str) -> dict[str, str]:
    """Seal a new key under another password than that of the key that counts; return what a rotation names.

    The age of a password starts again with a rotation, so the old one cannot go on (21 CFR 11.300(b)).

    Raises: `NO_SEALED_KEY`, `WRONG_PASSWORD`, `LOCKED_OUT`, `SAME_PASSWORD`, `WEAK_PASSWORD`.
    """
    created = instance.creation()
    with instance.handler.refusing.attempt_as("SealKey", person):
        instance.unlocker.check(person, password)
    require_another_password(password, new_password)
    key = instance.keep_new_key(person, new_password, created.environment)
    _destroy_unnamed(instance, person, key.key_id)
    return _enrolment(created, person, key)


def _destroy_unnamed(instance: Instance, person: str, newest: str) -> None:
    """Destroy the person's older seeds that no event names: one waits at a time, whoever asks how often.

    Raises: `CUSTODY_UNAVAILABLE`.
    """
    with instance.log.lock:
        instance.log.catch_up()
        named = frozenset(instance.log.trial.key_owners)
    for owner, key in instance.custody.kept():
        if owner == person and key != newest and key not in named:
            instance.custody.destroy(key)


def _enrolment(created: InstanceCreated, person: str, key: SigningKey) -> dict[str, str]:
    proof = prove_possession(key, created.origin, person)
    return {"person": person, "key": key.key_id, "proof": proof}


# -- keys that have ended ---------------------------------------------------------------------------------


def destroy_ended_seeds(log: TrialLog, custody: Custody) -> None:
    """Destroy every sealed seed of a key that the log has ended; what is destroyed already is fine.

    Raises: `CUSTODY_UNAVAILABLE`.
    """
    with log.lock:
        log.catch_up()
        people = dict(log.trial.people)
    for person, key in custody.kept():
        known = people.get(person)
        if known is not None and any(h.what == key and h.until is not None for h in known.keys):
            custody.destroy(key)


def settle(instance: Instance, receipts: Sequence[Receipt], by: str) -> None:
    """Let custody and sessions follow events about people and devices that have just been recorded.

    The record stands whatever happens here; what cannot be done now is done at the next start.
    """
    about = {r.stream: r.positions for r in receipts if r.stream.startswith(PERSON_PREFIX)}
    with suppress(Unavailable):
        end_sessions_on_revoked(instance, receipts, by)
        if not about:
            return
        destroy_ended_seeds(instance.log, instance.custody)
        for stream, positions in about.items():
            if _lost_key(instance.person(key_of(stream)), positions):
                instance.sessions.end_all_of(key_of(stream), instance.clock(), by)


def _lost_key(person: Person, positions: Sequence[int]) -> bool:
    """Tell whether a key of the person ended there, other than by their own hand."""
    return any(
        held.until in positions and held.ended_by != SigningKeyRotated.__name__ for held in person.keys
    )
