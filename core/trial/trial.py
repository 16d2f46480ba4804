"""The whole trial as a fold of the log: one state per stream, and what the log itself remembers.

* `apply` takes events in position order and nothing else; it does not judge them.
* States of streams are immutable; only the dictionaries here change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.errors import IntegrityFinding, Malformed
from core.trial.authority import SERVICE
from core.trial.casebook import state as casebook
from core.trial.casebook.state import Casebook
from core.trial.escalation import state as escalation
from core.trial.escalation.state import Escalation
from core.trial.instance import state as instance
from core.trial.instance.events import InstanceCreated
from core.trial.instance.state import Instance
from core.trial.people import state as people
from core.trial.people.state import Person, founding_officer
from core.trial.study import state as study
from core.trial.study.state import Study
from core.trial.subject import state as subject
from core.trial.subject.state import Subject

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded


class Trial:
    """All stream states at one position of the log."""

    def __init__(self) -> None:
        self.position = 0
        self.versions: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.instance = Instance()
        self.study = Study()
        self.escalation = Escalation()
        self.subjects: dict[str, Subject] = {}
        self.casebooks: dict[str, Casebook] = {}
        self.people: dict[str, Person] = {}
        self.key_owners: dict[str, str] = {}

    def apply(self, recorded: Recorded) -> None:
        """Fold one more event; the states before it stay as they were for who holds them.

        Raises: `CANNOT_FOLD` for an event that no decision can have made; nothing has changed then.
        """
        try:
            self._evolve(recorded)
        except (KeyError, TypeError, AttributeError, ValueError, Malformed) as error:
            raise IntegrityFinding(
                "CANNOT_FOLD", "the event refers to what is not there", recorded.position
            ) from error
        self.position = recorded.position
        self.versions[recorded.stream] = recorded.version
        self.digests[recorded.stream] = recorded.digest

    def copy(self) -> Trial:
        """Return the trial as it stands; the states in it are shared, as they never change."""
        twin = Trial()
        for name, value in vars(self).items():
            setattr(twin, name, dict(value) if isinstance(value, dict) else value)
        return twin

    def _evolve(self, recorded: Recorded) -> None:
        kind, _, key = recorded.stream.partition("/")
        match kind:
            case "subject":
                self.subjects[key] = subject.evolve(self.subjects.get(key, Subject()), recorded)
            case "casebook":
                self.casebooks[key] = casebook.evolve(self.casebooks.get(key, Casebook()), recorded)
            case "person":
                self._evolve_person(key, recorded)
            case streams.STUDY:
                self.study = study.evolve(self.study, recorded)
            case streams.ESCALATION:
                self.escalation = escalation.evolve(self.escalation, recorded)
            case _:
                self._evolve_instance(recorded)

    def _evolve_instance(self, recorded: Recorded) -> None:
        self.instance = instance.evolve(self.instance, recorded)
        if isinstance(recorded.payload, InstanceCreated):
            self.key_owners[recorded.payload.service_key] = SERVICE
            self.key_owners[recorded.payload.log_key] = SERVICE
            for officer in recorded.payload.officers:
                self._keep_person(founding_officer(officer, recorded.position))

    def _evolve_person(self, key: str, recorded: Recorded) -> None:
        self._keep_person(people.evolve(self.people.get(key, Person(key)), recorded))

    def _keep_person(self, person: Person) -> None:
        self.people[person.id] = person
        for held in person.keys:
            self.key_owners[held.what] = person.id
        for proposal in person.proposals:
            if (key := getattr(proposal.event, "key", None)) is not None:
                self.key_owners[key] = person.id
