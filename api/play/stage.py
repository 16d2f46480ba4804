"""A training instance made ready for a script: founded, its people enrolled, its clock scripted.

- Only a training instance that holds nothing but its genesis is played on.
- Each person's key is opened once, with the published password, and signs the whole series.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from api.play.acts import SCRIPTED
from api.training import ADMINISTRATOR, ORGANISATION, ORIGIN, SECURITY_OFFICER, STAFF, acting_as
from api.wiring import LOG, OfficerEntry, create_instance, open_instance, store_folder
from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth
from core.handle import Request
from core.kernel.actors import Environment, Role
from core.kernel.errors import Refused
from core.kernel.recorded import Reason
from core.keys.possession import prove_possession
from core.trial.context import late_entry
from core.trial.people.commands import (
    AcceptPolicy,
    ApproveEnrolment,
    DelegateDuties,
    EnrolPerson,
    RecordTraining,
    VerifyIdentity,
)
from core.trial.people.events import IdentityEvidence
from core.trial.study.nct05727722 import SITE_ZONE, STUDY

if TYPE_CHECKING:
    from datetime import datetime

    from api.instance import Instance
    from api.play.acts import Lazily
    from api.training import TrainingPerson
    from core.keys.ed25519 import SigningKey
    from core.trial.catalogue import Command
    from core.trial.trial import Trial

GENESIS_SIZE: Final = 3
COURSE: Final = "Good clinical practice and this protocol"
TRAINING_COUNTS: Final = timedelta(days=1096)
# How long after one another people act where no script says when.
STEP: Final = timedelta(minutes=1)


class Stage:
    """The instance, its clock, and the opened keys of the people who act."""

    def __init__(self, instance: Instance, clock: ScriptedClock) -> None:
        self.instance = instance
        self.clock = clock
        self._keys: dict[str, SigningKey] = {}

    def act(
        self,
        person: TrainingPerson,
        command: Command | Lazily,
        occurred_at: datetime,
        reason: Reason | None = None,
    ) -> None:
        """Let a person command, unless there is nothing to be done.

        Raises: what the handler refuses; `WRONG_PASSWORD`, `NO_SEALED_KEY` where the people are others.
        """
        due = self._due(command)
        if due is None:
            return
        if reason is None and self.clock() - occurred_at > late_entry(self.instance.log.trial.study):
            reason = Reason(SCRIPTED, "entered late by the script, which gives no reason")
        request = Request(
            person=person.id,
            role=person.role,
            occurred_at=occurred_at,
            zone=SITE_ZONE,
            txn=new_txn_id(self.clock()),
            reason=reason,
        )
        self.instance.handler.submit(due, request, lambda: self._key(person))

    def next(self, person: TrainingPerson, command: Command | Lazily, reason: Reason | None = None) -> None:
        """Let a person command a minute later.

        Raises: as `act`.
        """
        self.clock.advance_to(self.clock() + STEP)
        self.act(person, command, self.clock(), reason)

    def attempt(self, person: TrainingPerson, password: str) -> None:
        """Try to sign in as a person would who has the password wrong.

        Raises: what the handler refuses: `WRONG_PASSWORD`, `LOCKED_OUT`.
        """
        with self.instance.handler.refusing.attempt_as("SignIn", person.id):
            self.instance.unlocker.check(person.id, password)

    def enrol_staff(self, occurred_at: datetime) -> None:
        """Let the two officers enrol everybody, and everybody do what comes before the first signature."""
        for officer in (ADMINISTRATOR, SECURITY_OFFICER):
            self._accept(officer, occurred_at)
        for person in STAFF:
            self.enrol(person, occurred_at)
        for person in STAFF:
            self.delegate(person, occurred_at)

    def enrol(self, person: TrainingPerson, occurred_at: datetime) -> None:
        """Let the officers enrol a person, who is trained and accepts what binds them."""
        key, proof = self.new_key(person)
        proposal = EnrolPerson(person.id, person.name, ORGANISATION, key, proof, person.role)
        trained_on = occurred_at.date()
        training = RecordTraining(person.id, COURSE, trained_on, trained_on + TRAINING_COUNTS)
        self.act(ADMINISTRATOR, proposal, occurred_at)
        self.verify_identity(person, occurred_at)
        self.approve(person, occurred_at)
        self.act(ADMINISTRATOR, training, occurred_at)
        self._accept(person, occurred_at)

    def verify_identity(self, person: TrainingPerson, occurred_at: datetime) -> None:
        """Let the security officer see who a person is; whose key was ended is seen once more."""
        self.act(SECURITY_OFFICER, VerifyIdentity(person.id, IdentityEvidence.PASSPORT, None), occurred_at)

    def approve(self, person: TrainingPerson, occurred_at: datetime) -> None:
        """Let the security officer approve whatever is proposed about a person."""
        self.act(SECURITY_OFFICER, ApproveEnrolment(person.id, self._open_proposals(person)), occurred_at)

    def delegate(self, person: TrainingPerson, occurred_at: datetime) -> None:
        """Let the investigator delegate a person's duties, where they have any."""
        if person.duties:
            delegated = DelegateDuties(person.id, person.role, person.duties, None, None)
            self.act(acting_as(Role.PI), delegated, occurred_at)

    def new_key(self, person: TrainingPerson) -> tuple[str, str]:
        """Seal a new key under the person's password; return its id and the proof of possession."""
        key = self.instance.keep_new_key(person.id, person.password, Environment.TRAINING)
        return key.key_id, prove_possession(key, self._origin(), person.id)

    def trial(self) -> Trial:
        """Return the trial as the log tells it now."""
        with self.instance.log.lock:
            self.instance.log.catch_up()
            return self.instance.log.trial

    def _accept(self, person: TrainingPerson, occurred_at: datetime) -> None:
        policy = self.instance.log.trial.instance.accountability
        if policy is not None:
            self.act(person, AcceptPolicy(person.id, policy.id, policy.digest), occurred_at)

    def _due(self, command: Command | Lazily) -> Command | None:
        if not callable(command):
            return command
        log = self.instance.log
        with log.lock:
            log.catch_up()
            return command(log)

    def _key(self, person: TrainingPerson) -> SigningKey:
        """Open the person's key, once as long as it is the one that counts."""
        opened = self._keys.get(person.id)
        if opened is None or opened.key_id != self.trial().people[person.id].active_key:
            opened = self.instance.unlocker.open(person.id, person.password)
            self._keys[person.id] = opened
        return opened

    def _origin(self) -> str:
        created = self.instance.log.trial.instance.created
        return created.origin if created else ORIGIN

    def _open_proposals(self, person: TrainingPerson) -> tuple[str, ...]:
        return tuple(proposal.digest for proposal in self.trial().people[person.id].proposals)


def set_stage(url: str, start: datetime) -> Stage:
    """Open or create the training instance and enrol its people; the clock stands at `start` or later.

    Raises: `BAD_STORE`, `TRAINING_ONLY`, `STORE_NOT_EMPTY`, `NO_SEALED_KEY` or `WRONG_PASSWORD` where
    other people than the training officers founded it, and what opening or enrolling refuses.
    """
    clock = ScriptedClock(start)
    instance = _opened(url, clock) if (store_folder(url) / LOG).exists() else _created(url, clock)
    try:
        stage = Stage(instance, clock)
        stage.enrol_staff(start)
    except BaseException:
        instance.close()
        raise
    return stage


def _opened(url: str, clock: ScriptedClock) -> Instance:
    instance = open_instance(url, clock)
    try:
        _require_playable(instance)
        # The log's receive times never go back (record 1), whatever the script's first date is.
        clock.advance_to(instance.log.entry(GENESIS_SIZE).recorded().recorded_at)
    except BaseException:
        instance.close()
        raise
    return instance


def _require_playable(instance: Instance) -> None:
    created = instance.log.trial.instance.created
    if created is not None and created.environment is not Environment.TRAINING:
        raise Refused("TRAINING_ONLY", "a script is played on a training instance, never on a production one")
    if instance.log.size() != GENESIS_SIZE:
        raise Refused("STORE_NOT_EMPTY", "this store already holds a trial; play the script on a new store")
    for officer in (SECURITY_OFFICER, ADMINISTRATOR):
        instance.unlocker.check(officer.id, officer.password)


def _created(url: str, clock: ScriptedClock) -> Instance:
    birth = Birth(ORIGIN, Environment.TRAINING, STUDY)
    sec, adm = (OfficerEntry(p.id, p.name, p.role, p.password) for p in (SECURITY_OFFICER, ADMINISTRATOR))
    return create_instance(url, birth, (sec, adm), clock)
