"""Decisions about signing keys: one counts at a time, none is ever used again, none comes on one word.

A person regains the power to sign only with a key that they prove to hold and two officers bring in; no
officer's act yields a key that could sign (21 CFR 11.200(a)(3), 11.300).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.kernel.texts import is_digest
from core.trial.acts import act_in_words
from core.trial.context import Context, Decided, require_reason
from core.trial.people import commands, events
from core.trial.people.events import (
    CredentialResetProposed,
    KeyCompromiseDeclared,
    PasswordChanged,
    SignaturesReaffirmed,
    SigningKeyEnrolled,
    SigningKeyRevoked,
    SigningKeyRotated,
)
from core.trial.people.officers import require_dispensable
from core.trial.people.suspicions import suspicions_by

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts
    from core.trial.people.person import Person


def require_owner(person: str, context: Context) -> None:
    """Refuse who is not the person that the command is about.

    Raises: `SOD_VIOLATION`.
    """
    if person != context.person:
        raise Refused("SOD_VIOLATION", "only the person themselves can do this")


def require_digest(digest: str | None, field: str) -> None:
    """Refuse a text that is no digest; None is fine.

    Raises: `BAD_DIGEST`.
    """
    if digest is not None and not is_digest(digest):
        raise Malformed("BAD_DIGEST", "a digest reads sha256: and 64 hexadecimal digits", field=field)


def require_new_key(facts: Facts, person: str, key: str, proof: str, context: Context) -> None:
    """Refuse a key that was ever somebody's, or of which possession is not proved.

    Raises: `KEY_IN_USE`, and what the key checks raise.
    """
    if facts.key_owner(key) is not None:
        raise Refused("KEY_IN_USE", "a key belongs to one person or device for ever")
    context.checks.require_possession(person, key, proof)


def require_no_key(person: Person) -> None:
    """Refuse a second key beside one that counts.

    Raises: `KEY_ACTIVE`.
    """
    if person.active_key is not None:
        raise Refused("KEY_ACTIVE", "the person has a key that counts: rotate or revoke it first")


def _require_active(person: Person, key: str) -> None:
    if person.active_key != key:
        raise Refused("KEY_NOT_ACTIVE", "this is not the person's active key")


def require_resettable(facts: Facts, person: Person, key: str, context: Context) -> None:
    """Refuse the reset of a key that does not count, or of the last officer's.

    Raises: `KEY_NOT_ACTIVE`, `LAST_OFFICER`.
    """
    _require_active(person, key)
    require_dispensable(facts, person.id, context)


def propose_signing_key(
    facts: Facts, command: commands.ProposeSigningKey, context: Context
) -> tuple[Decided, ...]:
    """Propose a new key for somebody who has none: after loss, reset, revocation or compromise.

    Raises: `UNKNOWN_PERSON`, `SOD_VIOLATION`, `KEY_ACTIVE`, `PROPOSAL_OPEN`, `KEY_IN_USE`, and what the key
    checks raise.
    """
    person = facts.enrolled_person(command.person)
    if command.person == context.person:
        raise Refused("SOD_VIOLATION", "nobody proposes a key for themselves")
    require_no_key(person)
    if any(isinstance(p.event, SigningKeyEnrolled) for p in person.proposals):
        raise Refused("PROPOSAL_OPEN", "a key of this person waits for its approval")
    require_new_key(facts, command.person, command.key, command.proof, context)
    return (Decided(command.target, SigningKeyEnrolled(command.key, command.proof)),)


def propose_credential_reset(
    facts: Facts, command: commands.ProposeCredentialReset, context: Context
) -> tuple[Decided, ...]:
    """Propose to destroy a key whose password is lost; it counts until a second officer approves.

    Raises: `UNKNOWN_PERSON`, `SOD_VIOLATION`, `KEY_NOT_ACTIVE`, `LAST_OFFICER`, `PROPOSAL_OPEN`,
    `REASON_REQUIRED`.
    """
    person = facts.enrolled_person(command.person)
    if command.person == context.person:
        raise Refused("SOD_VIOLATION", "an officer's own key is reset by others")
    require_resettable(facts, person, command.key, context)
    if any(isinstance(p.event, CredentialResetProposed) for p in person.proposals):
        raise Refused("PROPOSAL_OPEN", "a reset of this person's key waits for its approval")
    require_reason(context)
    return (Decided(command.target, CredentialResetProposed(command.key)),)


def revoke_signing_key(
    facts: Facts, command: commands.RevokeSigningKey, context: Context
) -> tuple[Decided, ...]:
    """Revoke a key, at once: 21 CFR 11.300(c).

    Raises: `KEY_NOT_ACTIVE`, `REASON_REQUIRED`, `LAST_OFFICER`.
    """
    _require_active(facts.person(command.person), command.key)
    require_reason(context)
    require_dispensable(facts, command.person, context)
    return (Decided(command.target, SigningKeyRevoked(command.key)),)


def declare_key_compromise(
    facts: Facts, command: commands.DeclareKeyCompromise, context: Context
) -> tuple[Decided, ...]:
    """Revoke a key and put in doubt what it signed from a position on (trust 2, T10).

    A key that does not count any more can still turn out to have been stolen earlier; the key that it was
    rotated to meanwhile falls with it.

    Raises: `UNKNOWN_KEY`, `ALREADY_RECORDED`, `BAD_POSITION`, `REASON_REQUIRED`, `LAST_OFFICER`.
    """
    person = facts.person(command.person)
    if not any(held.what == command.key for held in person.keys):
        raise Refused("UNKNOWN_KEY", "this was never the person's key")
    if any(s.key == command.key and s.suspected_from <= command.suspected_from for s in person.suspicions):
        raise Refused("ALREADY_RECORDED", "the compromise was declared from this position or an earlier one")
    if not 1 <= command.suspected_from <= facts.position:
        raise Malformed(
            "BAD_POSITION", "the suspicion starts at a position of the log", field="suspected_from"
        )
    require_reason(context)
    doubted = suspicions_by(person.keys, command.key, command.suspected_from, facts.position)
    if person.active_key in {suspicion.key for suspicion in doubted}:
        require_dispensable(facts, command.person, context)
    return (Decided(command.target, KeyCompromiseDeclared(command.key, command.suspected_from)),)


def rotate_signing_key(
    facts: Facts, command: commands.RotateSigningKey, context: Context
) -> tuple[Decided, ...]:
    """Replace one's own key; the old one signs, so that nobody else can.

    Raises: `SOD_VIOLATION`, `KEY_NOT_ACTIVE`, `KEY_IN_USE`, and what the key checks raise.
    """
    require_owner(command.person, context)
    _require_active(facts.person(command.person), command.old)
    require_new_key(facts, command.person, command.key, command.proof, context)
    return (Decided(command.target, SigningKeyRotated(command.old, command.key, command.proof)),)


def change_password(facts: Facts, command: commands.ChangePassword, context: Context) -> tuple[Decided, ...]:
    """Record that the key was sealed anew under another password: 21 CFR 11.300(b).

    Raises: `SOD_VIOLATION`, `KEY_NOT_ACTIVE`.
    """
    require_owner(command.person, context)
    _require_active(facts.person(command.person), command.key)
    return (Decided(command.target, PasswordChanged(command.key)),)


def reaffirm_signatures(
    facts: Facts, command: commands.ReaffirmSignatures, context: Context
) -> tuple[Decided, ...]:
    """Stand by signatures that a compromise has put in doubt; each of them is one's own and in doubt.

    Raises: `SOD_VIOLATION`, `BAD_COVERS`, `NOT_IN_DOUBT`.
    """
    require_owner(command.person, context)
    if not command.covers or len(set(command.covers)) != len(command.covers):
        raise Malformed("BAD_COVERS", "name each signature once, and one at least", field="covers")
    doubtful = {act.digest: act for act in facts.doubtful_signatures(command.person)}
    if not doubtful.keys() >= set(command.covers):
        raise Refused("NOT_IN_DOUBT", "one of these is no signature of this person that is in doubt")
    reaffirms = tuple(act_in_words(doubtful[digest]) for digest in command.covers)
    return (Decided(command.target, SignaturesReaffirmed(command.covers, reaffirms)),)


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.ProposeSigningKey, propose_signing_key, (events.SigningKeyEnrolled,)),
    (commands.ProposeCredentialReset, propose_credential_reset, (events.CredentialResetProposed,)),
    (commands.RevokeSigningKey, revoke_signing_key, (events.SigningKeyRevoked,)),
    (commands.DeclareKeyCompromise, declare_key_compromise, (events.KeyCompromiseDeclared,)),
    (commands.RotateSigningKey, rotate_signing_key, (events.SigningKeyRotated,)),
    (commands.ChangePassword, change_password, (events.PasswordChanged,)),
    (commands.ReaffirmSignatures, reaffirm_signatures, (events.SignaturesReaffirmed,)),
)
