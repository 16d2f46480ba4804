"""What officers do in the episode of oversight: a lock-out, a rotation, a compromise, what is let in.

A second coordinator is enrolled for it, so that no key which signed the golden trial is put in doubt.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from api.training import ADMINISTRATOR, SECOND_COORDINATOR, SECURITY_OFFICER, acting_as
from core.kernel import streams
from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.kernel.recorded import Reason
from core.trial.casebook.commands import RecordMedication
from core.trial.casebook.events import MedicationClass
from core.trial.devices.commands import ApproveDevice, RegisterDevice
from core.trial.devices.events import DeviceKind
from core.trial.instance.commands import ApprovePolicyChange, IssueServiceToken, ProposePolicyChange
from core.trial.instance.events import Scope
from core.trial.people import commands as people
from core.trial.policy import founding_policy

if TYPE_CHECKING:
    from api.play.stage import Stage
    from api.training import TrainingPerson

FORGETFUL: Final = acting_as(Role.LB)
CAREFUL: Final = acting_as(Role.PH, 1)
# As many as the policy of a training instance takes.
ATTEMPTS: Final = founding_policy().lockout.attempts
REMEMBERED_MINUTES: Final = 30
MISTYPED: Final = "trainign-lb"
SUBJECTS: Final = ("S007", "S009")
SCOPES: Final = (Scope.EVENTS, Scope.VIEWS, Scope.ALERTS)
TOKEN_LASTS: Final = timedelta(days=180)
ANALYSER: Final = "AN-1"


def lockout_and_lifting(stage: Stage) -> None:
    """Wrong passwords in somebody's name lock them out; an officer lets them in again."""
    for _ in range(ATTEMPTS):
        with suppress(Refused):
            stage.attempt(FORGETFUL, MISTYPED)
    asked = Reason("identity_checked", "they came in person: the keyboard of the ward was set otherwise")
    stage.next(SECURITY_OFFICER, people.LiftLockout(FORGETFUL.id), asked)


def policy_revised(stage: Stage) -> None:
    """Attempts are to be remembered for longer: one officer proposes it, the other puts it in force."""
    policy = stage.trial().instance.policy
    if policy is None:
        return
    longer = replace(policy, lockout=replace(policy.lockout, minutes=REMEMBERED_MINUTES))
    asked = Reason("lockout_reviewed", "whoever guesses slowly is to be found too")
    stage.next(ADMINISTRATOR, ProposePolicyChange(longer), asked)
    proposal = stage.trial().instance.proposal
    if proposal is not None:
        stage.next(SECURITY_OFFICER, ApprovePolicyChange(proposal.digest), asked)


def keys_and_doubts(stage: Stage) -> None:
    """One person rotates a key; another's is stolen, replaced, and one of two signatures stood by."""
    _rotate(stage, CAREFUL)
    entered = _entries_of_second_coordinator(stage)
    person = SECOND_COORDINATOR.id
    stolen = Reason("stolen", "the notebook with the password was taken from the office")
    declared = people.DeclareKeyCompromise(person, _key_of(stage, SECOND_COORDINATOR), entered[0][0])
    stage.next(SECURITY_OFFICER, declared, stolen)
    key, proof = stage.new_key(SECOND_COORDINATOR)
    stage.next(ADMINISTRATOR, people.ProposeSigningKey(person, key, proof))
    stage.verify_identity(SECOND_COORDINATOR, stage.clock())
    stage.approve(SECOND_COORDINATOR, stage.clock())
    stage.next(SECOND_COORDINATOR, people.ReaffirmSignatures(person, (entered[0][1],)))


def tool_let_in(stage: Stage) -> None:
    """The security officer lets a dashboard read in the auditor's care; the secret is told to nobody here."""
    until, owner = stage.clock() + TOKEN_LASTS, acting_as(Role.AUD)
    issued = IssueServiceToken("dashboard", "Safety dashboard", owner.id, SCOPES, until)
    stage.next(SECURITY_OFFICER, issued)


def analyser_let_in(stage: Stage) -> None:
    """The administrator registers an analyser of the laboratory, the security officer approves it."""
    stage.next(
        ADMINISTRATOR,
        RegisterDevice(
            ANALYSER, DeviceKind.ANALYSER, "chemistry analyser", "laboratory, room 2", "SN 40117", None, None
        ),
    )
    registration = stage.trial().devices.by_id[ANALYSER].digest
    stage.next(SECURITY_OFFICER, ApproveDevice(ANALYSER, registration))


def _rotate(stage: Stage, person: TrainingPerson) -> None:
    old = _key_of(stage, person)
    key, proof = stage.new_key(person)
    stage.next(person, people.RotateSigningKey(person.id, old, key, proof))


def _key_of(stage: Stage, person: TrainingPerson) -> str:
    key = stage.trial().people[person.id].active_key
    if key is None:
        raise Refused("NO_ACTIVE_KEY", f"{person.id} has no key that counts")
    return key


def _entries_of_second_coordinator(stage: Stage) -> list[tuple[int, str]]:
    """Enrol the second coordinator, let them enter two medications; return position and digest of each."""
    stage.enrol(SECOND_COORDINATOR, stage.clock())
    stage.delegate(SECOND_COORDINATOR, stage.clock())
    entered = []
    for key in SUBJECTS:
        given = RecordMedication(key, "CM-1", "pantoprazole", MedicationClass.OTHER, date(2024, 7, 20), None)
        stage.next(SECOND_COORDINATOR, given)
        trial = stage.trial()
        entered.append((trial.position, trial.digests[streams.casebook(key)]))
    return entered
