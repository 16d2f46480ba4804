"""Nobody enters on one officer's word, and what one officer takes away is gone at once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.kernel.actors import Role
from core.keys.checks import PossessionChecks
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, EnrolPerson, RejectEnrolment, VerifyIdentity
from core.trial.people.events import (
    CredentialResetProposed,
    EnrolmentApproved,
    EnrolmentRejected,
    IdentityEvidence,
    IdentityVerified,
    KeyCompromiseDeclared,
    PersonInvited,
    RoleGranted,
    SignaturesReaffirmed,
    SigningKeyEnrolled,
    SigningKeyRevoked,
)
from tests.decisions.enrolled import (
    ADM2,
    COVERS,
    DAY,
    KEY,
    NEW,
    NOW,
    PROOF,
    SEC2,
    enrolled,
    granted,
    person_after,
    proposed,
    seen,
    with_command,
)
from tests.support.given import ADM, ORIGIN, SEC, ZONE, Member, Past, digest, given, on, why

if TYPE_CHECKING:
    from datetime import datetime

ASKED = EnrolPerson(NEW.id, NEW.name, "RenJi", KEY.key_id, PROOF, Role.SC)
PROPOSED = [
    PersonInvited(NEW.name, "RenJi"),
    SigningKeyEnrolled(KEY.key_id, PROOF),
    RoleGranted(Role.SC, None, None),
]
APPROVE = ApproveEnrolment(NEW.id, COVERS)
PROPOSED_WORDS = (
    f"{NEW.name} (RenJi) under the id {NEW.id}",
    f"the key {KEY.key_id}",
    "the role SC, from now on, without end",
)
PASSPORT = VerifyIdentity(NEW.id, IdentityEvidence.PASSPORT, None)
READY = [*proposed(), seen()]


def asked(person: str = "x.y", name: str = "X Y", organisation: str = "Z", **fields: object) -> EnrolPerson:
    said: dict[str, object] = {"key": KEY.key_id, "proof": PROOF, "role": Role.PI, **fields}
    return EnrolPerson(person, name, organisation, **said)  # type: ignore[arg-type]


# -- proposing --------------------------------------------------------------------------------------


def test_a_proposal_names_person_key_and_role() -> None:
    given().when(ASKED, ADM, key_checks=PossessionChecks(ORIGIN)).then(PROPOSED)


def test_a_proposal_alone_gives_neither_key_nor_role() -> None:
    person = person_after(proposed())
    assert (person.active_key, person.active_roles(NOW), person.name) == (None, (), "")


@pytest.mark.parametrize("events", [proposed(), enrolled()], ids=["proposed", "enrolled"])
@pytest.mark.parametrize("wanted", [NEW.id, "SC.new", "Sc.New"])
def test_an_id_is_never_given_twice_whatever_its_case(events: list[Past], wanted: str) -> None:
    given(events).when(asked(wanted), ADM).refused("PERSON_EXISTS")


def test_the_id_of_somebody_who_was_rejected_stays_taken() -> None:
    gone = [*proposed(), on(NEW.id, EnrolmentRejected(COVERS, PROPOSED_WORDS), by=SEC)]
    given(gone).when(ASKED, ADM).refused("PERSON_EXISTS")


@pytest.mark.parametrize("taken", ["sec.lin", "SEC.LIN", "service", "Service"])
def test_the_ids_of_founders_and_of_the_service_are_taken(taken: str) -> None:
    given().when(asked(taken), ADM).refused("PERSON_EXISTS")


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "Two\nLines", " Padded", "1234"])
def test_a_printed_name_is_one_line_of_1_to_120_characters(name: str) -> None:
    given().when(asked(name=name), ADM).refused("BAD_NAME")


def test_a_printed_name_of_120_characters_is_taken() -> None:
    told = EnrolPerson(NEW.id, "x" * 120, "RenJi", KEY.key_id, PROOF, Role.SC)
    given().when(told, ADM).then([PersonInvited("x" * 120, "RenJi"), *PROPOSED[1:]])


@pytest.mark.parametrize("organisation", ["", "  ", "x" * 121])
def test_an_organisation_has_1_to_120_characters(organisation: str) -> None:
    given().when(asked(organisation=organisation), ADM).refused("BAD_TEXT")


def test_nobody_enrols_themselves() -> None:
    given().when(asked(), Member("x.y", "X Y", Role.ADM)).refused("SOD_VIOLATION")


def test_the_role_of_the_instance_is_nobodys() -> None:
    given().when(asked(role=Role.SVC), ADM).refused("BAD_ROLE")


@pytest.mark.parametrize("key", ["key of sec.lin", "service key", "log key", KEY.key_id])
def test_a_key_belongs_to_one_holder_for_ever(key: str) -> None:
    given(proposed()).when(asked(key=key), ADM).refused("KEY_IN_USE")


def test_a_revoked_key_is_not_given_to_somebody_else() -> None:
    gone = [*enrolled(), on(NEW.id, SigningKeyRevoked(KEY.key_id), by=SEC)]
    given(gone).when(asked(), ADM).refused("KEY_IN_USE")


def test_a_proof_made_for_another_person_is_refused() -> None:
    story = given().when(asked(), ADM, key_checks=PossessionChecks(ORIGIN))
    story.refused("BAD_PROOF_OF_POSSESSION")


def test_a_proof_made_for_another_instance_is_refused() -> None:
    moved = asked(proof=prove_possession(KEY, "other.example/NCT05727722", "x.y"))
    given().when(moved, ADM, key_checks=PossessionChecks(ORIGIN)).refused("BAD_PROOF_OF_POSSESSION")


def test_a_key_of_low_order_is_refused() -> None:
    weak = asked(key="ed25519:01" + "00" * 31)
    given().when(weak, ADM, key_checks=PossessionChecks(ORIGIN)).refused("WEAK_KEY")


# -- who somebody is --------------------------------------------------------------------------------


def test_a_registrar_states_that_they_have_seen_who_it_is() -> None:
    given(proposed()).when(PASSPORT, SEC).then([IdentityVerified(IdentityEvidence.PASSPORT, None)])


def test_the_evidence_may_be_kept_under_its_digest() -> None:
    kept = VerifyIdentity(NEW.id, IdentityEvidence.IDENTITY_CARD, digest(1))
    given(proposed()).when(kept, SEC).then([IdentityVerified(IdentityEvidence.IDENTITY_CARD, digest(1))])


@pytest.mark.parametrize("document", ["", "sha256:00", "passport.pdf", "SHA256:" + "0" * 64])
def test_what_is_no_digest_is_refused(document: str) -> None:
    kept = VerifyIdentity(NEW.id, IdentityEvidence.PASSPORT, document)
    given(proposed()).when(kept, SEC).refused("BAD_DIGEST")


def test_nobody_verifies_who_is_not_proposed() -> None:
    given().when(PASSPORT, SEC).refused("UNKNOWN_PERSON")


@pytest.mark.parametrize("by", [Member(NEW.id, NEW.name, Role.SEC), Member(ADM.id, ADM.name, Role.SEC)])
def test_neither_owner_nor_proposer_verifies_the_identity(by: Member) -> None:
    given(proposed()).when(PASSPORT, by).refused("SOD_VIOLATION")


def test_an_identity_is_verified_once() -> None:
    given(READY).when(PASSPORT, SEC2).refused("ALREADY_RECORDED")


def test_without_identity_nobody_is_approved() -> None:
    given(proposed()).when(APPROVE, SEC).refused("IDENTITY_NOT_VERIFIED")


# -- the second officer -----------------------------------------------------------------------------


def test_a_second_officer_approves_exactly_what_is_open() -> None:
    given(READY).when(APPROVE, SEC).then([EnrolmentApproved(COVERS, PROPOSED_WORDS)])


def test_an_approval_says_the_dates_of_a_role_and_the_key_that_it_destroys() -> None:
    dated = on(NEW.id, RoleGranted(Role.LB, NOW, NOW + DAY), by=ADM)
    reset = on(NEW.id, CredentialResetProposed(KEY.key_id), by=ADM)
    covers = (digest(10), digest(9))
    words = (f"destroys the key {KEY.key_id}", f"the role LB, from {local(NOW)}, until {local(NOW + DAY)}")
    given([*enrolled(), dated, reset]).when(ApproveEnrolment(NEW.id, covers), SEC).then(
        [EnrolmentApproved(covers, words)]
    )


def local(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(ZONE)).isoformat()


def test_an_approval_makes_name_key_and_role_count() -> None:
    person = person_after(enrolled())
    assert (person.name, person.active_key, person.active_roles(NOW)) == (NEW.name, KEY.key_id, (Role.SC,))


def test_nothing_is_approved_twice() -> None:
    given(enrolled()).when(APPROVE, SEC).refused("NOTHING_TO_APPROVE")


@pytest.mark.parametrize("reaffirmed", [False, True])
def test_what_a_stolen_key_proposed_waits_until_it_is_re_affirmed(*, reaffirmed: bool) -> None:
    """A re-affirmation counts behind the declaration: it is signed with another key."""
    stolen = on(ADM.id, KeyCompromiseDeclared("ed25519:" + "0" * 64, 1), by=SEC)
    stands = [on(ADM.id, SignaturesReaffirmed(COVERS, ("as proposed",) * len(COVERS)), by=ADM)]
    story = given([*READY, stolen, *(stands if reaffirmed else [])]).when(APPROVE, SEC)
    if reaffirmed:
        assert story.decided
    else:
        story.refused("PROPOSAL_IN_DOUBT")


@pytest.mark.parametrize("covers", [COVERS[:2], (*COVERS, digest(99)), ()])
def test_an_approval_of_other_than_the_open_proposals_is_stale(covers: tuple[str, ...]) -> None:
    given(READY).when(ApproveEnrolment(NEW.id, covers), SEC).refused("STALE_PROPOSAL")


def test_the_proposer_does_not_approve_whatever_role_they_take() -> None:
    for role in (Role.ADM, Role.SEC):
        given(READY).when(APPROVE, Member(ADM.id, ADM.name, role)).refused("SOD_VIOLATION")


def test_nobody_approves_themselves() -> None:
    given(READY).when(APPROVE, Member(NEW.id, NEW.name, Role.SEC)).refused("SOD_VIOLATION")


def test_a_role_that_has_come_to_conflict_meanwhile_is_not_approved() -> None:
    held = granted(Role.CRA, before=[])  # nobody's role yet stands in its way
    clash = [*held, on(NEW.id, RoleGranted(Role.SC, None, None), by=ADM)]
    given(clash).when(ApproveEnrolment(NEW.id, (digest(6),)), SEC).refused("CONFLICTING_ROLES")


def test_one_officer_rejects_what_is_open_and_the_rest_waits() -> None:
    roles = [on(NEW.id, RoleGranted(role, None, None), by=ADM) for role in (Role.LB, Role.SI)]
    reject = RejectEnrolment(NEW.id, (digest(10),))
    person = with_command([*enrolled(), *roles], reject, ADM, reason=why())
    assert [p.digest for p in person.proposals] == [digest(9)]


def test_a_proposed_person_is_rejected_whole() -> None:
    reject = RejectEnrolment(NEW.id, COVERS)
    given(READY).when(reject, ADM, reason=why()).then([EnrolmentRejected(COVERS, PROPOSED_WORDS)])
    assert with_command(READY, reject, ADM, reason=why()).proposals == ()


def test_rejecting_needs_a_reason() -> None:
    given(READY).when(RejectEnrolment(NEW.id, COVERS), SEC).refused("REASON_REQUIRED")


@pytest.mark.parametrize("covers", [(), (digest(99),), (*COVERS, digest(99))])
def test_only_what_is_open_is_rejected(covers: tuple[str, ...]) -> None:
    story = given(READY).when(RejectEnrolment(NEW.id, covers), SEC, reason=why())
    story.refused("STALE_PROPOSAL")


def test_where_nothing_is_open_nothing_is_rejected() -> None:
    story = given(enrolled()).when(RejectEnrolment(NEW.id, COVERS), ADM2, reason=why())
    story.refused("NOTHING_TO_APPROVE")
