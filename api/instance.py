"""An opened instance: the log, who writes it, who keeps keys and sessions, and the folder they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.actors import Environment
from core.kernel.errors import Refused
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.passwords import require_acceptable_password
from core.keys.sealing import parameters_for, seal_seed
from core.trial.people.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from core.clock_watch import ClockWatch
    from core.handle import Handler
    from core.keys.custody import Custody
    from core.keys.custody_file import CustodyFile
    from core.keys.invitations import Invitations
    from core.keys.sealing import SealedSeed
    from core.keys.secrets_folder import InstanceSecrets
    from core.keys.service_tokens import ServiceTokenStore
    from core.keys.sessions import SessionStore
    from core.keys.unlock import Unlocker
    from core.store.access_journal import AccessJournal
    from core.store.trial_log import TrialLog
    from core.stranger_watch import StrangerWatch
    from core.trial.instance.events import InstanceCreated

VIEWS = "views.sqlite"


@dataclass(frozen=True, slots=True)
class Instance:
    """An opened instance and its parts."""

    folder: Path
    log: TrialLog
    handler: Handler
    secrets: InstanceSecrets
    custody: Custody
    custody_file: CustodyFile
    invitations: Invitations
    sessions: SessionStore
    service_tokens: ServiceTokenStore
    access_journal: AccessJournal
    strangers: StrangerWatch
    unlocker: Unlocker
    clock: Callable[[], datetime]
    clock_watch: ClockWatch | None

    @property
    def views_path(self) -> Path:
        """Where the views are kept; the file may be deleted at any time."""
        return self.folder / VIEWS

    def close(self) -> None:
        """Close the files."""
        self.strangers.close()
        self.log.close()
        self.custody_file.close()
        self.access_journal.close()

    def creation(self) -> InstanceCreated:
        """Return how the instance was created.

        Raises: `INSTANCE_NOT_OPEN`.
        """
        with self.log.lock:
            self.log.catch_up()
            created = self.log.trial.instance.created
        if created is None:
            raise Refused("INSTANCE_NOT_OPEN", "this store holds no founded instance")
        return created

    def person(self, person: str) -> Person:
        """Return the person as the log knows them now, empty if the id is new."""
        with self.log.lock:
            self.log.catch_up()
            return self.log.trial.people.get(person, Person(person))

    def present(self) -> datetime:
        """Return the instant at which a live view judges what is overdue or missed.

        The time of a training instance is that of its log: a scripted trial of last year is not a trial in
        which everything has been overdue for a year.
        """
        created = self.log.trial.instance.created
        training = created is not None and created.environment is Environment.TRAINING
        return self.log.received_at if training else self.clock()

    def keep_new_key(self, person: str, password: str, environment: Environment) -> SigningKey:
        """Make a key for a person, seal it under their password and return it opened.

        The sealed seed is on disk before any event names the key (record 6).

        Raises: `WEAK_PASSWORD`.
        """
        require_acceptable_password(password, person, environment)
        key, sealed = self.sealed_new_key(person, password, environment)
        self.custody.put(sealed)
        return key

    def sealed_new_key(
        self, person: str, password: str, environment: Environment
    ) -> tuple[SigningKey, SealedSeed]:
        """Return a new key, opened and sealed; it is kept nowhere yet."""
        seed = new_seed()
        key, cost = SigningKey(seed), parameters_for(environment)
        return key, seal_seed(seed, password, person, key.key_id, self.secrets.pepper, cost)
