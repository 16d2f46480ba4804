"""Nobody enters on one officer's word, and what one officer takes away is gone at once."""

from __future__ import annotations

import pytest

from core.kernel.actors import Role
from core.keys.checks import PossessionChecks
from core.keys.ed25519 import SigningKey
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, EndRole, EnrolPerson, RevokeSigningKey
from core.trial.people.events import (
    EnrolmentApproved,
    PersonInvited,
    RoleEnded,
    RoleGranted,
    SigningKeyEnrolled,
    SigningKeyRevoked,
)
from tests.support.given import ADM, ORIGIN, SEC, Past, digest, given, on, why

KEY = SigningKey(b"\x07" * 32)
PROOF = prove_possession(KEY, ORIGIN, "pi.chen")
ASKED = EnrolPerson("pi.chen", "Chen Wei", "RenJi", KEY.key_id, PROOF, Role.PI)
PROPOSED = [PersonInvited("Chen Wei", "RenJi"), SigningKeyEnrolled(KEY.key_id, PROOF), RoleGranted(Role.PI)]
COVERS = (digest(4), digest(5), digest(6))


def proposals(by: object = ADM) -> list[Past]:
    return [on("pi.chen", event, by=by) for event in PROPOSED]  # type: ignore[arg-type]


def member() -> list[Past]:
    return [*proposals(), on("pi.chen", EnrolmentApproved(COVERS), by=SEC)]


def test_a_proposal_names_person_key_and_role() -> None:
    given().when(ASKED, ADM, key_checks=PossessionChecks(ORIGIN)).then(PROPOSED)


def test_a_proposal_alone_gives_neither_key_nor_role() -> None:
    person = given(proposals()).trial.people["pi.chen"]
    assert (person.active_key, person.active_roles, person.name) == (None, (), "")


@pytest.mark.parametrize("events", [proposals(), member()], ids=["proposed", "enrolled"])
def test_an_id_is_never_given_twice(events: list[Past]) -> None:
    given(events).when(ASKED, ADM).refused("PERSON_EXISTS")


@pytest.mark.parametrize("taken", ["sec.lin", "service"])
def test_the_ids_of_founders_and_of_the_service_are_taken(taken: str) -> None:
    given().when(EnrolPerson(taken, "X", "Y", KEY.key_id, PROOF, Role.PI), ADM).refused("PERSON_EXISTS")


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_printed_name_has_1_to_120_characters(name: str) -> None:
    given().when(EnrolPerson("a.b", name, "Y", KEY.key_id, PROOF, Role.PI), ADM).refused("BAD_NAME")


def test_a_printed_name_of_120_characters_is_taken() -> None:
    asked = EnrolPerson("a.b", "x" * 120, "Y", KEY.key_id, PROOF, Role.PI)
    given().when(asked, ADM).then([PersonInvited("x" * 120, "Y"), *PROPOSED[1:]])


def test_nobody_enrols_themselves() -> None:
    asked = EnrolPerson("a.b", "A B", "Y", KEY.key_id, PROOF, Role.PI)
    given().when(asked, type(ADM)("a.b", "A B", Role.ADM)).refused("SOD_VIOLATION")


@pytest.mark.parametrize("key", ["key of sec.lin", "service key", "log key", KEY.key_id])
def test_a_key_belongs_to_one_holder_for_ever(key: str) -> None:
    asked = EnrolPerson("x.y", "X Y", "Z", key, PROOF, Role.PI)
    given(proposals()).when(asked, ADM).refused("KEY_IN_USE")


def test_a_revoked_key_is_not_given_to_somebody_else() -> None:
    gone = [*member(), on("pi.chen", SigningKeyRevoked(KEY.key_id), by=SEC)]
    given(gone).when(EnrolPerson("x.y", "X Y", "Z", KEY.key_id, PROOF, Role.PI), ADM).refused("KEY_IN_USE")


def test_a_proof_made_for_another_person_is_refused() -> None:
    asked = EnrolPerson("x.y", "X Y", "Z", KEY.key_id, PROOF, Role.PI)
    story = given().when(asked, ADM, key_checks=PossessionChecks(ORIGIN))
    story.refused("BAD_PROOF_OF_POSSESSION")


def test_a_key_of_low_order_is_refused() -> None:
    asked = EnrolPerson("x.y", "X Y", "Z", "ed25519:01" + "00" * 31, PROOF, Role.PI)
    given().when(asked, ADM, key_checks=PossessionChecks(ORIGIN)).refused("WEAK_KEY")


def test_a_second_officer_approves_exactly_what_is_open() -> None:
    given(proposals()).when(ApproveEnrolment("pi.chen", COVERS), SEC).then([EnrolmentApproved(COVERS)])


def test_an_approval_makes_name_key_and_role_count() -> None:
    person = given(member()).trial.people["pi.chen"]
    assert ("Chen Wei", KEY.key_id, (Role.PI,)) == (person.name, person.active_key, person.active_roles)


def test_nothing_is_approved_twice() -> None:
    given(member()).when(ApproveEnrolment("pi.chen", COVERS), SEC).refused("NOTHING_TO_APPROVE")


@pytest.mark.parametrize("covers", [COVERS[:2], (*COVERS, digest(99)), ()])
def test_an_approval_of_other_than_the_open_proposals_is_stale(covers: tuple[str, ...]) -> None:
    given(proposals()).when(ApproveEnrolment("pi.chen", covers), SEC).refused("STALE_PROPOSAL")


def test_the_proposer_does_not_approve() -> None:
    given(proposals()).when(ApproveEnrolment("pi.chen", COVERS), ADM).refused("SOD_VIOLATION")


def test_separation_is_per_person_not_per_role() -> None:
    same_person_as_sec = type(ADM)(ADM.id, ADM.name, Role.SEC)
    given(proposals()).when(ApproveEnrolment("pi.chen", COVERS), same_person_as_sec).refused("SOD_VIOLATION")


def test_nobody_approves_themselves() -> None:
    oneself = type(ADM)("pi.chen", "Chen Wei", Role.SEC)
    given(proposals()).when(ApproveEnrolment("pi.chen", COVERS), oneself).refused("SOD_VIOLATION")


def test_one_officer_ends_a_role() -> None:
    given(member()).when(EndRole("pi.chen", Role.PI), SEC, reason=why()).then([RoleEnded(Role.PI)])


def test_an_ended_role_does_not_count() -> None:
    person = given([*member(), on("pi.chen", RoleEnded(Role.PI), by=SEC)]).trial.people["pi.chen"]
    assert not person.holds_role(Role.PI)


def test_a_role_that_is_not_held_cannot_be_ended() -> None:
    given(member()).when(EndRole("pi.chen", Role.SRC), SEC, reason=why()).refused("ROLE_NOT_HELD")


def test_ending_a_role_needs_a_reason() -> None:
    given(member()).when(EndRole("pi.chen", Role.PI), SEC).refused("REASON_REQUIRED")


@pytest.mark.parametrize(("text", "code"), [("", "x"), ("x", ""), (" ", "\t")])
def test_a_blank_reason_is_none(text: str, code: str) -> None:
    story = given(member()).when(EndRole("pi.chen", Role.PI), SEC, reason=why(text, code))
    story.refused("REASON_REQUIRED")


def test_one_officer_revokes_a_key() -> None:
    asked = RevokeSigningKey("pi.chen", KEY.key_id)
    given(member()).when(asked, SEC, reason=why()).then([SigningKeyRevoked(KEY.key_id)])


def test_revoking_needs_a_reason() -> None:
    given(member()).when(RevokeSigningKey("pi.chen", KEY.key_id), SEC).refused("REASON_REQUIRED")


def test_only_the_active_key_can_be_revoked() -> None:
    story = given(proposals()).when(RevokeSigningKey("pi.chen", KEY.key_id), SEC, reason=why())
    story.refused("KEY_NOT_ACTIVE")


def test_a_key_counts_from_the_position_after_its_approval_to_its_revocation() -> None:
    gone = [*member(), on("pi.chen", SigningKeyRevoked(KEY.key_id), by=SEC)]
    person = given(gone).trial.people["pi.chen"]
    could = [p for p in range(1, 11) if person.could_sign(KEY.key_id, Role.PI, p)]
    assert could == [8]  # approved at 7, revoked at 8: the revocation itself could still be one's own
