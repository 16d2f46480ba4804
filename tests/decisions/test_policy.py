"""The policy changes on two officers' word, from a position on, and never so that a control is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.kernel import streams
from core.kernel.actors import Duty, Environment, Meaning, Role
from core.kernel.errors import TrialError
from core.trial.devices.events import DeviceRevoked
from core.trial.instance.commands import ApprovePolicyChange, ProposePolicyChange, WithdrawPolicyChange
from core.trial.instance.events import (
    Accountability,
    DutyGrant,
    Grant,
    LegalSentence,
    Lockout,
    Policy,
    PolicyChanged,
    PolicyChangeProposed,
    PolicyChangeWithdrawn,
    ServiceTokenRevoked,
)
from core.trial.instance.policy_bounds import ESSENTIAL, require_sound
from core.trial.instance.policy_differences import differences
from core.trial.instance.state import Enacted, Instance
from core.trial.people.commands import EnrolPerson, ProposeRole
from core.trial.people.events import (
    KeyCompromiseDeclared,
    LockedOut,
    PasswordChanged,
    PolicyAccepted,
    RoleEnded,
    RoleGranted,
    SignaturesReaffirmed,
    TrainingRecorded,
)
from core.trial.policy import ACCOUNTABILITY, founding_policy
from tests.decisions.enrolled import ADM2, KEY, NEW, NOW, PROOF, SEC2, enrolled
from tests.support.given import ADM, AUD, SEC, Member, Past, given, on, why

BORN = founding_policy()
FOUNDED = given(study=None).trial.instance
DAY = timedelta(days=1)
DOSED = "subject.DoseAdministered/1"
NEXT_TEXT = Accountability("accountability/2", "What is signed in my name is mine, on paper and on screen.")


def policy(**changes: Any) -> Policy:
    """Return the founding policy of a training instance with some items replaced."""
    return replace(BORN, **changes)


STRICTER = policy(lockout=Lockout(3, 30))
IN_WORDS = ("lock-out: 3 failed attempts within 30 minutes, was 5 failed attempts within 15 minutes",)
PROPOSED = [Past(streams.INSTANCE, PolicyChangeProposed(STRICTER, IN_WORDS), by=ADM)]
COVERS = given(PROPOSED).past()
APPROVED = [*PROPOSED, Past(streams.INSTANCE, PolicyChanged(COVERS, IN_WORDS), by=SEC)]
APPROVE, WITHDRAW = ApprovePolicyChange(COVERS), WithdrawPolicyChange(COVERS)


# -- two officers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [ADM, SEC])
def test_an_officer_proposes_the_whole_policy_and_says_why(by: Member) -> None:
    propose = ProposePolicyChange(STRICTER)
    given().when(propose, by, reason=why()).then([PolicyChangeProposed(STRICTER, IN_WORDS)])
    given().when(propose, by).refused("REASON_REQUIRED")


def test_the_other_kind_of_officer_puts_it_in_force() -> None:
    given(PROPOSED).when(APPROVE, SEC, reason=why()).then([PolicyChanged(COVERS, IN_WORDS)])
    given(PROPOSED).when(APPROVE, SEC).refused("REASON_REQUIRED")


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (ADM, "SOD_VIOLATION"),
        (Member(ADM.id, ADM.name, Role.SEC), "SOD_VIOLATION"),
        (ADM2, "OTHER_OFFICER_NEEDED"),
    ],
    ids=["proposer", "proposer in another role", "same kind"],
)
def test_nobody_else_does(by: Member, code: str) -> None:
    given(PROPOSED).when(APPROVE, by, reason=why()).refused(code)


@pytest.mark.parametrize("reaffirmed", [False, True])
def test_what_a_stolen_key_proposed_waits_until_it_is_re_affirmed(*, reaffirmed: bool) -> None:
    stolen = on(ADM.id, KeyCompromiseDeclared("ed25519:" + "0" * 64, 1), by=SEC)
    stands = [on(ADM.id, SignaturesReaffirmed((COVERS,), ("as proposed",)), by=ADM)]
    story = given([*PROPOSED, stolen, *(stands if reaffirmed else [])]).when(APPROVE, SEC, reason=why())
    if reaffirmed:
        assert story.decided
    else:
        story.refused("PROPOSAL_IN_DOUBT")


def test_one_policy_is_proposed_at_a_time() -> None:
    another = ProposePolicyChange(policy(lockout=Lockout(4, 30)))
    given(PROPOSED).when(another, SEC, reason=why()).refused("PROPOSAL_OPEN")
    given(APPROVED).when(another, SEC, reason=why()).then(
        [
            PolicyChangeProposed(
                another.policy,
                ("lock-out: 4 failed attempts within 30 minutes, was 3 failed attempts within 30 minutes",),
            )
        ]
    )


@pytest.mark.parametrize("command", [APPROVE, WITHDRAW])
def test_only_what_is_proposed_is_settled(command: ApprovePolicyChange | WithdrawPolicyChange) -> None:
    given().when(command, SEC, reason=why()).refused("NOTHING_TO_APPROVE")
    given(APPROVED).when(command, SEC, reason=why()).refused("NOTHING_TO_APPROVE")
    other = replace(command, covers="sha256:" + "0" * 64)
    given(PROPOSED).when(other, SEC, reason=why()).refused("STALE_PROPOSAL")


@pytest.mark.parametrize("by", [ADM, SEC, SEC2])
def test_any_officer_withdraws_a_proposal_and_says_why(by: Member) -> None:
    given(PROPOSED).when(WITHDRAW, by, reason=why()).then([PolicyChangeWithdrawn(COVERS, IN_WORDS)])
    given(PROPOSED).when(WITHDRAW, by).refused("REASON_REQUIRED")
    withdrawn = [*PROPOSED, Past(streams.INSTANCE, PolicyChangeWithdrawn(COVERS, IN_WORDS), by=by)]
    instance = given(withdrawn).trial.instance
    assert (instance.policy, instance.proposal) == (BORN, None)


def test_it_counts_behind_the_approval_and_never_backwards() -> None:
    instance = given(APPROVED).trial.instance
    approved_at = given(APPROVED).trial.position
    assert given(PROPOSED).trial.instance.policy == BORN
    assert instance.policy == STRICTER
    assert [instance.policy_at(at) for at in (approved_at - 1, approved_at)] == [BORN, BORN]
    assert instance.policy_at(approved_at + 1) == STRICTER
    assert instance.policy_at(1) is None


# -- what no policy says ----------------------------------------------------------------------------

SERVICE_ROW = next(g for g in BORN.grants if g.role is Role.SVC)
APPROVING = next(s for s in BORN.legal if s.meaning is Meaning.APPROVED)
RECORDED = next(s for s in BORN.legal if s.meaning is Meaning.RECORDED)


def without(*gone: Grant) -> tuple[Grant, ...]:
    return tuple(g for g in BORN.grants if g not in gone)


def without_type(topic: str) -> tuple[Grant, ...]:
    return without(*(g for g in BORN.grants if g.type == topic))


def with_grant(role: Role, topic: str, meaning: Meaning) -> Policy:
    return policy(grants=(*BORN.grants, Grant(role, topic, meaning)))


def rewritten(sentence: LegalSentence, **changes: Any) -> Policy:
    return policy(legal=tuple(replace(s, **changes) if s == sentence else s for s in BORN.legal))


UNSOUND = {
    "as it is": (BORN, "NO_CHANGE"),
    "in another order": (policy(grants=BORN.grants[::-1], legal=BORN.legal[::-1]), "NO_CHANGE"),
    "a row twice": (policy(grants=(*BORN.grants, BORN.grants[0])), "BAD_POLICY"),
    "a role twice": (policy(trained=(*BORN.trained, BORN.trained[0])), "BAD_POLICY"),
    "a type under two duties": (policy(duties=(*BORN.duties, DutyGrant(Duty.LABS, DOSED))), "BAD_POLICY"),
    "a meaning without a sentence": (policy(legal=BORN.legal[1:]), "BAD_POLICY"),
    "a type of no release": (with_grant(Role.PI, "subject.Sung/1", Meaning.AUTHORED), "UNKNOWN_TOPIC"),
    "a duty of no release": (
        policy(duties=(*BORN.duties, DutyGrant(Duty.LABS, "subject.Sung/1"))),
        "UNKNOWN_TOPIC",
    ),
    "less of the service": (policy(grants=without(SERVICE_ROW)), "SERVICE_FIXED"),
    "more of the service": (with_grant(Role.SVC, DOSED, Meaning.RECORDED), "SERVICE_FIXED"),
    "a person as the service": (with_grant(Role.SEC, LockedOut.TOPIC, Meaning.APPROVED), "SERVICE_FIXED"),
    "a record by a person": (with_grant(Role.PI, DOSED, Meaning.RECORDED), "SERVICE_FIXED"),
    "other words of the service": (rewritten(RECORDED, id="recorded/2"), "SERVICE_FIXED"),
    "devices that nobody ends": (policy(grants=without_type(DeviceRevoked.TOPIC)), "OFFICERS_LOCKED_OUT"),
    "tools that nobody ends": (policy(grants=without_type(ServiceTokenRevoked.TOPIC)), "OFFICERS_LOCKED_OUT"),
    "officers in training": (policy(trained=(*BORN.trained, Role.SEC)), "OFFICERS_LOCKED_OUT"),
    "officers delegated": (policy(delegated=(*BORN.delegated, Role.ADM)), "OFFICERS_LOCKED_OUT"),
    "officers for a while": (policy(time_boxed=(Role.SEC,)), "OFFICERS_LOCKED_OUT"),
    "an inspector who signs": (with_grant(Role.AUD, DOSED, Meaning.AUTHORED), "GRANT_OUT_OF_BOUNDS"),
    "a monitor who doses": (with_grant(Role.CRA, DOSED, Meaning.VERIFIED), "GRANT_OUT_OF_BOUNDS"),
    "an officer who doses": (with_grant(Role.ADM, DOSED, Meaning.APPROVED), "GRANT_OUT_OF_BOUNDS"),
    "an investigator who enrols": (
        with_grant(Role.PI, RoleGranted.TOPIC, Meaning.APPROVED),
        "GRANT_OUT_OF_BOUNDS",
    ),
    "one kind of officer alone": (
        with_grant(Role.ADM, "people.EnrolmentApproved/1", Meaning.APPROVED),
        "GRANT_OUT_OF_BOUNDS",
    ),
    "an investigator who judges what is dose-limiting": (
        with_grant(Role.PI, "subject.DltAdjudicated/1", Meaning.RESPONSIBILITY),
        "GRANT_OUT_OF_BOUNDS",
    ),
    "a meaning that is not the role's": (with_grant(Role.SC, DOSED, Meaning.VOTED), "GRANT_OUT_OF_BOUNDS"),
    "a monitor delegated": (policy(delegated=(*BORN.delegated, Role.CRA)), "NOT_DELEGABLE"),
    "an account as a duty": (
        policy(duties=(*BORN.duties, DutyGrant(Duty.LABS, PasswordChanged.TOPIC))),
        "NOT_DELEGABLE",
    ),
    "a register as a duty": (
        policy(duties=(*BORN.duties, DutyGrant(Duty.LABS, "devices.DeviceRevoked/1"))),
        "NOT_DELEGABLE",
    ),
    "an id that looks like another": (
        policy(accountability=Accountability("\N{CYRILLIC SMALL LETTER A}ccountability/1", "Not mine.")),
        "BAD_TEXT",
    ),
    "another text under its id": (rewritten(APPROVING, text="Fine."), "SENTENCE_FROZEN"),
    "a sentence of two lines": (rewritten(APPROVING, id="a/2", text="I do\nnot"), "BAD_TEXT"),
    "no sentence": (rewritten(APPROVING, id="a/2", text=" "), "BAD_TEXT"),
    "another accountability under its id": (
        policy(accountability=Accountability(ACCOUNTABILITY.id, "Never mind.")),
        "ACCOUNTABILITY_FROZEN",
    ),
    "too few attempts": (policy(lockout=Lockout(2, 15)), "BAD_LOCKOUT"),
    "too many attempts": (policy(lockout=Lockout(11, 15)), "BAD_LOCKOUT"),
    "too short a memory": (policy(lockout=Lockout(5, 4)), "BAD_LOCKOUT"),
    "too long a memory": (policy(lockout=Lockout(5, 1441)), "BAD_LOCKOUT"),
    "a password for no day": (policy(password_days=0), "BAD_PASSWORD_DAYS"),
    "a password for years": (policy(password_days=731), "BAD_PASSWORD_DAYS"),
}


@pytest.mark.parametrize(("wanted", "code"), UNSOUND.values(), ids=UNSOUND)
def test_a_policy_that_takes_a_control_away_is_refused(wanted: Policy, code: str) -> None:
    given(study=None).when(ProposePolicyChange(wanted), ADM, reason=why()).refused(code)


OFFICERS_NEED = [g for g in BORN.grants if g.role in {Role.ADM, Role.SEC} and g.type in ESSENTIAL]


@pytest.mark.parametrize("grant", OFFICERS_NEED, ids=lambda g: f"{g.role} {g.type}")
def test_officers_keep_what_runs_the_instance(grant: Grant) -> None:
    with pytest.raises(TrialError, match="OFFICERS_LOCKED_OUT"):
        require_sound(FOUNDED, policy(grants=without(grant)))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SVC])
def test_every_role_keeps_its_own_account(role: Role) -> None:
    gone = next(g for g in BORN.grants if (g.role, g.type) == (role, PolicyAccepted.TOPIC))
    with pytest.raises(TrialError, match="OWN_ACCOUNT_FIXED"):
        require_sound(FOUNDED, policy(grants=without(gone)))


def test_a_real_trial_has_passwords_that_end() -> None:
    real = founding_policy(Environment.PRODUCTION)
    created = replace(FOUNDED.created, environment=Environment.PRODUCTION)  # type: ignore[type-var]
    instance = Instance(created=created, enacted=(Enacted(1, 1, real),))
    require_sound(instance, replace(real, password_days=90))
    with pytest.raises(TrialError, match="BAD_PASSWORD_DAYS"):
        require_sound(instance, replace(real, password_days=None))


# -- what a sponsor may decide ----------------------------------------------------------------------

ONE_DOSER = next(g for g in BORN.grants if g.type == DOSED and g.role is Role.SI)
SOUND = {
    "a type that fewer sign": (policy(grants=without(ONE_DOSER)), False),
    "work shared anew at the site": (
        with_grant(Role.SC, "casebook.LabReviewed/1", Meaning.AUTHORED),
        True,
    ),
    "fewer roles in training": (policy(trained=BORN.trained[1:]), True),
    "fewer roles under delegation": (policy(delegated=BORN.delegated[1:]), True),
    "a duty less": (policy(duties=BORN.duties[1:]), True),
    "another duty": (policy(duties=(replace(BORN.duties[0], duty=Duty.LABS), *BORN.duties[1:])), True),
    "auditors for a while": (policy(time_boxed=(Role.AUD,)), False),
    "passwords that end": (policy(password_days=90), False),
    "more attempts": (policy(lockout=Lockout(10, 15)), True),
    "attempts sooner forgotten": (policy(lockout=Lockout(5, 5)), True),
    "other words": (rewritten(APPROVING, id="approved/2", text="I approve of this."), False),
    "another accountability policy": (policy(accountability=NEXT_TEXT), False),
    "officers who record no training": (
        policy(grants=without(Grant(Role.ADM, TrainingRecorded.TOPIC, Meaning.APPROVED))),
        False,
    ),
}


@pytest.mark.parametrize(("wanted", "loosens"), SOUND.values(), ids=SOUND)
def test_what_two_officers_may_change_is_said_item_by_item(wanted: Policy, *, loosens: bool) -> None:
    (said,) = given(study=None).when(ProposePolicyChange(wanted), ADM, reason=why()).decided
    (difference,) = differences(BORN, wanted)
    assert said.event == PolicyChangeProposed(wanted, (difference.in_words(),))
    assert difference.loosens is loosens


def test_a_grant_that_an_older_release_gave_may_stay() -> None:
    """A type that this release does not know any more is no reason to refuse every change."""
    old = with_grant(Role.PI, "subject.Sung/1", Meaning.AUTHORED)
    instance = replace(FOUNDED, enacted=(Enacted(1, 1, old),))
    require_sound(instance, replace(old, lockout=Lockout(4, 15)))


def test_a_release_that_signs_more_by_itself_gets_its_grants() -> None:
    older = replace(BORN, grants=without(SERVICE_ROW))
    require_sound(replace(FOUNDED, enacted=(Enacted(1, 1, older),)), BORN)


def test_no_id_ever_gets_another_text_however_long_ago() -> None:
    renamed = policy(accountability=NEXT_TEXT)
    words = tuple(one.in_words() for one in differences(BORN, renamed))
    past = [Past(streams.INSTANCE, PolicyChangeProposed(renamed, words), by=ADM)]
    past += [Past(streams.INSTANCE, PolicyChanged(given(past).past(), words), by=SEC)]
    back = ProposePolicyChange(policy(accountability=Accountability(ACCOUNTABILITY.id, "Never mind.")))
    given(past).when(back, ADM, reason=why()).refused("ACCOUNTABILITY_FROZEN")
    assert given(past).when(ProposePolicyChange(BORN), ADM, reason=why()).decided


# -- roles that end by a date -----------------------------------------------------------------------

BOXED = policy(time_boxed=(Role.AUD,))
BOXING = [Past(streams.INSTANCE, PolicyChangeProposed(BOXED, ()), by=ADM)]
BOXING += [Past(streams.INSTANCE, PolicyChanged(given(BOXING).past(), ()), by=SEC)]


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (None, "TIME_BOX_REQUIRED"),
        (NOW + 367 * DAY, "TIME_BOX_REQUIRED"),
        (NOW, "BAD_INTERVAL"),
        (NOW + 366 * DAY, None),
    ],
)
def test_an_inspector_is_let_in_until_a_date(until: Any, code: str | None) -> None:
    enrol = EnrolPerson("aud.new", "Inga Inspector", "Agency", KEY.key_id, PROOF, AUD.role, until)
    story = given(BOXING).when(enrol, ADM)
    if code is not None:
        story.refused(code)
        return
    assert story.decided[-1].event == RoleGranted(Role.AUD, None, until)


def test_a_further_role_of_an_inspector_has_an_end_too() -> None:
    past = enrolled(Member(NEW.id, NEW.name, Role.CRA), before=BOXING)
    past += [on(NEW.id, RoleEnded(Role.CRA), by=SEC)]
    later = ProposeRole(NEW.id, Role.AUD, NOW + DAY, None)
    given(past).when(later, ADM).refused("TIME_BOX_REQUIRED")
    boxed = replace(later, valid_until=NOW + 367 * DAY)
    given(past).when(boxed, ADM).then([RoleGranted(Role.AUD, boxed.valid_from, boxed.valid_until)])


@pytest.mark.parametrize(
    ("environment", "boxed"), [(Environment.TRAINING, None), (Environment.PRODUCTION, (Role.AUD,))]
)
def test_a_real_trial_is_born_with_inspectors_in_a_box(
    environment: Environment, boxed: tuple[Role, ...] | None
) -> None:
    assert founding_policy(environment).time_boxed == boxed
