"""A training instance made ready for a script: founded, its people enrolled, its clock scripted.

- Only a training instance that holds nothing but its genesis is played on.
- Each person's key is opened once, with the published password, and signs the whole series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.play.acts import SCRIPTED
from api.training import ADMINISTRATOR, ORGANISATION, ORIGIN, SECURITY_OFFICER, STAFF
from api.wiring import LOG, OfficerEntry, create_instance, open_instance, store_folder
from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth
from core.handle import Request
from core.kernel.actors import Environment
from core.kernel.errors import Refused
from core.kernel.recorded import Reason
from core.keys.possession import prove_possession
from core.trial.context import late_entry
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.study.nct05727722 import SITE_ZONE, STUDY

if TYPE_CHECKING:
    from datetime import datetime

    from api.play.acts import Lazily
    from api.training import TrainingPerson
    from api.wiring import Instance
    from core.keys.ed25519 import SigningKey
    from core.trial.catalogue import Command

GENESIS_SIZE: Final = 3


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

    def enrol_staff(self, occurred_at: datetime) -> None:
        """Let the two officers enrol everybody."""
        for person in STAFF:
            key = self.instance.keep_new_key(person.id, person.password, Environment.TRAINING)
            proof = prove_possession(key, self._origin(), person.id)
            proposal = EnrolPerson(person.id, person.name, ORGANISATION, key.key_id, proof, person.role)
            self.act(ADMINISTRATOR, proposal, occurred_at)
            self.act(SECURITY_OFFICER, ApproveEnrolment(person.id, self._open_proposals(person)), occurred_at)

    def _due(self, command: Command | Lazily) -> Command | None:
        if not callable(command):
            return command
        log = self.instance.log
        with log.lock:
            log.catch_up()
            return command(log)

    def _key(self, person: TrainingPerson) -> SigningKey:
        if person.id not in self._keys:
            self._keys[person.id] = self.instance.unlocker.open(person.id, person.password)
        return self._keys[person.id]

    def _origin(self) -> str:
        created = self.instance.log.trial.instance.created
        return created.origin if created else ORIGIN

    def _open_proposals(self, person: TrainingPerson) -> tuple[str, ...]:
        log = self.instance.log
        with log.lock:
            log.catch_up()
            return tuple(proposal.digest for proposal in log.trial.people[person.id].proposals)


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
