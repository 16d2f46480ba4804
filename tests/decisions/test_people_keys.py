"""One key counts at a time, none is used again, none comes on one word; doubt is named and lifted."""

from __future__ import annotations

import pytest

from core.kernel.actors import Role
from core.keys.checks import PossessionChecks
from core.keys.possession import prove_possession
from core.trial.people.commands import (
    ApproveEnrolment,
    ChangePassword,
    DeclareKeyCompromise,
    ProposeCredentialReset,
    ProposeSigningKey,
    ReaffirmSignatures,
    RevokeSigningKey,
    RotateSigningKey,
)
from core.trial.people.events import (
    CredentialResetProposed,
    IdentityEvidence,
    IdentityVerified,
    KeyCompromiseDeclared,
    PasswordChanged,
    SignaturesReaffirmed,
    SigningKeyEnrolled,
    SigningKeyRevoked,
    SigningKeyRotated,
)
from core.trial.people.signature_states import SignatureState, doubtful_signatures, state_of
from tests.decisions.enrolled import (
    KEY,
    NEW,
    NEXT_KEY,
    SEC2,
    approving,
    enrolled,
    officers,
    person_after,
    proposed,
    seen,
    with_command,
)
from tests.support.given import ADM, ORIGIN, SEC, Member, Past, digest, given, on, screened, why

WORDS = "subject screened, position 10, subject/S02"
SELF = Member(NEW.id, NEW.name, Role.ADM)
NEW_PROOF = prove_possession(NEXT_KEY, ORIGIN, NEW.id)
REVOKE = RevokeSigningKey(NEW.id, KEY.key_id)
REVOKED = [*enrolled(), on(NEW.id, SigningKeyRevoked(KEY.key_id), by=SEC)]
BRING = ProposeSigningKey(NEW.id, NEXT_KEY.key_id, NEW_PROOF)
RESET = ProposeCredentialReset(NEW.id, KEY.key_id)
ROTATE = RotateSigningKey(NEW.id, KEY.key_id, NEXT_KEY.key_id, NEW_PROOF)


# -- revocation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("officer", [SEC, ADM])
def test_one_officer_revokes_a_key(officer: Member) -> None:
    given(enrolled()).when(REVOKE, officer, reason=why()).then([SigningKeyRevoked(KEY.key_id)])
    assert with_command(enrolled(), REVOKE, officer, reason=why()).active_key is None


def test_revoking_needs_a_reason() -> None:
    given(enrolled()).when(REVOKE, SEC).refused("REASON_REQUIRED")


@pytest.mark.parametrize("events", [proposed(), REVOKED], ids=["proposed", "revoked"])
def test_only_the_active_key_can_be_revoked(events: list[Past]) -> None:
    given(events).when(REVOKE, SEC, reason=why()).refused("KEY_NOT_ACTIVE")


def test_the_key_of_the_last_officer_stays() -> None:
    key = f"key of {SEC.id}"
    for asked in (
        RevokeSigningKey(SEC.id, key),
        DeclareKeyCompromise(SEC.id, key, 1),
        ProposeCredentialReset(SEC.id, key),
    ):
        given().when(asked, ADM, reason=why()).refused("LAST_OFFICER")
    asked = RevokeSigningKey(SEC.id, key)
    given(officers()).when(asked, ADM, reason=why()).then([SigningKeyRevoked(key)])


# -- a new key --------------------------------------------------------------------------------------


def test_a_new_key_takes_two_officers_and_the_owners_proof() -> None:
    story = given(REVOKED).when(BRING, ADM, key_checks=PossessionChecks(ORIGIN))
    story.then([SigningKeyEnrolled(NEXT_KEY.key_id, NEW_PROOF)])
    waits = [*REVOKED, on(NEW.id, SigningKeyEnrolled(NEXT_KEY.key_id, NEW_PROOF), by=ADM), seen()]
    assert person_after(waits).active_key is None
    approve = ApproveEnrolment(NEW.id, (digest(10),))
    given(waits).when(approve, ADM).refused("SOD_VIOLATION")
    given(waits).when(approve, Member(NEW.id, NEW.name, Role.SEC)).refused("SOD_VIOLATION")
    assert with_command(waits, approve, SEC).active_key == NEXT_KEY.key_id


def test_nobody_but_the_owner_proves_to_hold_it() -> None:
    stolen = ProposeSigningKey(NEW.id, NEXT_KEY.key_id, prove_possession(NEXT_KEY, ORIGIN, "other.x"))
    story = given(REVOKED).when(stolen, ADM, key_checks=PossessionChecks(ORIGIN))
    story.refused("BAD_PROOF_OF_POSSESSION")


def test_nobody_proposes_a_key_for_themselves() -> None:
    given(REVOKED).when(BRING, SELF).refused("SOD_VIOLATION")


def test_no_second_key_beside_one_that_counts() -> None:
    given(enrolled()).when(BRING, ADM).refused("KEY_ACTIVE")


def test_a_revoked_key_never_comes_back() -> None:
    given(REVOKED).when(ProposeSigningKey(NEW.id, KEY.key_id, "proof"), ADM).refused("KEY_IN_USE")


def test_one_new_key_waits_at_a_time() -> None:
    waits = [*REVOKED, on(NEW.id, SigningKeyEnrolled("another", "proof"), by=ADM)]
    given(waits).when(BRING, ADM).refused("PROPOSAL_OPEN")


def test_a_new_key_is_for_somebody_who_is_enrolled() -> None:
    given(proposed()).when(BRING, ADM).refused("UNKNOWN_PERSON")


def test_a_founding_officers_new_key_waits_for_their_identity() -> None:
    key = f"key of {SEC.id}"
    gone = [*officers(), on(SEC.id, SigningKeyRevoked(key), by=ADM)]
    waits = [*gone, on(SEC.id, SigningKeyEnrolled("new key", "proof"), by=ADM)]
    approve = ApproveEnrolment(SEC.id, (digest(len(waits) + 3),))
    given(waits).when(approve, SEC2).refused("IDENTITY_NOT_VERIFIED")
    verified = [*waits, on(SEC.id, IdentityVerified(IdentityEvidence.PASSPORT, None), by=SEC2)]
    assert with_command(verified, approve, SEC2).active_key == "new key"


# -- a lost password --------------------------------------------------------------------------------


def test_a_reset_waits_for_a_second_officer_and_gives_no_power() -> None:
    given(enrolled()).when(RESET, ADM, reason=why()).then([CredentialResetProposed(KEY.key_id)])
    waits = [*enrolled(), on(NEW.id, CredentialResetProposed(KEY.key_id), by=ADM)]
    assert person_after(waits).active_key == KEY.key_id
    approve = ApproveEnrolment(NEW.id, (digest(9),))
    given(waits).when(approve, ADM).refused("SOD_VIOLATION")
    assert with_command(waits, approve, SEC).active_key is None


def test_a_reset_of_a_key_that_has_gone_meanwhile_is_not_approved() -> None:
    proposal = on(NEW.id, CredentialResetProposed(KEY.key_id), by=ADM)
    gone = [*enrolled(), proposal, on(NEW.id, SigningKeyRevoked(KEY.key_id), by=SEC)]
    given(gone).when(ApproveEnrolment(NEW.id, (digest(9),)), SEC).refused("KEY_NOT_ACTIVE")


def test_two_keys_that_wait_are_not_both_approved() -> None:
    key = on(NEW.id, SigningKeyEnrolled("a", "p"), by=ADM)
    second = on(NEW.id, SigningKeyEnrolled("b", "p"), by=ADM)
    waits = [*REVOKED, key, approving(digest(10)), second, seen()]
    given(waits).when(ApproveEnrolment(NEW.id, (digest(12),)), SEC).refused("KEY_ACTIVE")


@pytest.mark.parametrize(
    ("events", "by", "code"),
    [
        (proposed(), ADM, "UNKNOWN_PERSON"),
        (enrolled(), SELF, "SOD_VIOLATION"),
        (REVOKED, ADM, "KEY_NOT_ACTIVE"),
        ([*enrolled(), on(NEW.id, CredentialResetProposed(KEY.key_id), by=ADM)], ADM, "PROPOSAL_OPEN"),
    ],
    ids=str,
)
def test_who_and_what_cannot_be_reset(events: list[Past], by: Member, code: str) -> None:
    given(events).when(RESET, by, reason=why()).refused(code)


def test_a_reset_needs_a_reason() -> None:
    given(enrolled()).when(RESET, ADM).refused("REASON_REQUIRED")


# -- one's own key ----------------------------------------------------------------------------------


def test_one_replaces_ones_own_key() -> None:
    story = given(enrolled()).when(ROTATE, NEW, key_checks=PossessionChecks(ORIGIN))
    story.then([SigningKeyRotated(KEY.key_id, NEXT_KEY.key_id, NEW_PROOF)])
    person = with_command(enrolled(), ROTATE, NEW)
    assert (person.active_key, [k.until for k in person.keys]) == (NEXT_KEY.key_id, [9, None])


def test_nobody_replaces_or_reseals_another_persons_key() -> None:
    for asked in (ROTATE, ChangePassword(NEW.id, KEY.key_id), ReaffirmSignatures(NEW.id, (digest(1),))):
        given(enrolled()).when(asked, SEC).refused("SOD_VIOLATION")


def test_only_the_key_that_counts_is_replaced_or_resealed() -> None:
    given(REVOKED).when(ROTATE, NEW).refused("KEY_NOT_ACTIVE")
    given(REVOKED).when(ChangePassword(NEW.id, KEY.key_id), NEW).refused("KEY_NOT_ACTIVE")


@pytest.mark.parametrize("key", [KEY.key_id, f"key of {SEC.id}", "service key", "log key"])
def test_no_used_key_comes_by_rotation(key: str) -> None:
    asked = RotateSigningKey(NEW.id, KEY.key_id, key, "proof")
    given(enrolled()).when(asked, NEW).refused("KEY_IN_USE")


def test_a_changed_password_is_recorded_with_its_key() -> None:
    given(enrolled()).when(ChangePassword(NEW.id, KEY.key_id), NEW).then([PasswordChanged(KEY.key_id)])


# -- compromise -------------------------------------------------------------------------------------

# The newcomer signed at 9 and 10; the officers learn of the theft afterwards.
SIGNED = [*enrolled(), on("S01", screened(), by=NEW), on("S02", screened(), by=NEW)]


def stolen(since: int) -> list[Past]:
    return [*SIGNED, on(NEW.id, KeyCompromiseDeclared(_key_that_signed(), since), by=SEC)]


def _key_that_signed() -> str:
    """The key that every signature of these stories names."""
    return "ed25519:" + "0" * 64


def test_a_declared_compromise_takes_the_key_at_once() -> None:
    asked = DeclareKeyCompromise(NEW.id, KEY.key_id, 9)
    given(SIGNED).when(asked, SEC, reason=why()).then([KeyCompromiseDeclared(KEY.key_id, 9)])
    person = with_command(SIGNED, asked, SEC, reason=why())
    assert (person.active_key, person.keys[0].ended_by) == (None, "KeyCompromiseDeclared")


def test_a_key_that_ended_earlier_may_still_turn_out_to_have_been_stolen() -> None:
    asked = DeclareKeyCompromise(NEW.id, KEY.key_id, 8)
    person = with_command(REVOKED, asked, SEC, reason=why())
    assert (person.keys[0].until, person.keys[0].ended_by) == (9, "SigningKeyRevoked")


def test_a_suspicion_may_be_carried_further_back_but_not_repeated() -> None:
    events = [*SIGNED, on(NEW.id, KeyCompromiseDeclared(KEY.key_id, 9), by=SEC)]
    for since in (9, 10):
        asked = DeclareKeyCompromise(NEW.id, KEY.key_id, since)
        given(events).when(asked, SEC, reason=why()).refused("ALREADY_RECORDED")
    earlier = DeclareKeyCompromise(NEW.id, KEY.key_id, 8)
    given(events).when(earlier, SEC, reason=why()).then([KeyCompromiseDeclared(KEY.key_id, 8)])


def test_only_a_key_of_the_person_is_declared_compromised() -> None:
    asked = DeclareKeyCompromise(NEW.id, NEXT_KEY.key_id, 1)
    given(SIGNED).when(asked, SEC, reason=why()).refused("UNKNOWN_KEY")


@pytest.mark.parametrize("since", [0, -1, 11])
def test_a_suspicion_starts_at_a_position_of_the_log(since: int) -> None:
    asked = DeclareKeyCompromise(NEW.id, KEY.key_id, since)
    given(SIGNED).when(asked, SEC, reason=why()).refused("BAD_POSITION")


def test_declaring_needs_a_reason() -> None:
    given(SIGNED).when(DeclareKeyCompromise(NEW.id, KEY.key_id, 9), SEC).refused("REASON_REQUIRED")


@pytest.mark.parametrize(("since", "doubtful"), [(9, {9, 10}), (10, {10}), (11, set())])
def test_what_the_key_signed_since_then_is_in_doubt(since: int, doubtful: set[int]) -> None:
    trial = given(stolen(since)).trial
    found = doubtful_signatures(trial.people[NEW.id], trial.acts.get(NEW.id))
    assert {act.digest for act in found} == {digest(position) for position in doubtful}


def test_what_another_key_signed_is_not_in_doubt() -> None:
    person = given(stolen(9)).trial.people[NEW.id]
    assert state_of(person, 10, NEXT_KEY.key_id, digest(10)) is SignatureState.VALID


def test_what_its_owner_stands_by_is_reaffirmed_and_the_rest_stays_in_doubt() -> None:
    asked = ReaffirmSignatures(NEW.id, (digest(10),))
    given(stolen(9)).when(asked, NEW).then([SignaturesReaffirmed((digest(10),), (WORDS,))])
    person = with_command(stolen(9), asked, NEW)
    states = [state_of(person, p, _key_that_signed(), digest(p)) for p in (8, 9, 10, 11)]
    assert states == ["valid", "indeterminate", "reaffirmed", "valid"]


@pytest.mark.parametrize("covers", [(), (digest(9), digest(9))])
def test_each_signature_is_named_once_and_one_at_least(covers: tuple[str, ...]) -> None:
    given(stolen(9)).when(ReaffirmSignatures(NEW.id, covers), NEW).refused("BAD_COVERS")


@pytest.mark.parametrize("named", [digest(8), digest(99), digest(1)])
def test_only_what_is_in_doubt_is_reaffirmed(named: str) -> None:
    asked = ReaffirmSignatures(NEW.id, (digest(9), named))
    given(stolen(9)).when(asked, NEW).refused("NOT_IN_DOUBT")


def test_nothing_is_reaffirmed_twice() -> None:
    again = [*stolen(9), on(NEW.id, SignaturesReaffirmed((digest(9),), (WORDS,)), by=NEW)]
    given(again).when(ReaffirmSignatures(NEW.id, (digest(9),)), NEW).refused("NOT_IN_DOUBT")
