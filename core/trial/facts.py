"""What a decider may look at; looking is what makes a guard.

Every stream whose state is handed out is noted with its version. The append then fails if one of
them moved, so a decision can never rest on a fact that was no longer true when it was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.errors import Refused
from core.trial.casebook.state import Casebook
from core.trial.people.state import Person
from core.trial.product.state import Lot
from core.trial.subject.state import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trial.escalation.holds import Trigger
    from core.trial.escalation.state import Escalation
    from core.trial.hindsight import Remembered
    from core.trial.instance.state import Instance
    from core.trial.study.state import Study
    from core.trial.trial import Trial


class Facts:
    """A reading of the trial that remembers what was read."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.reads: dict[str, int] = {}
        self.births: dict[str, int] = {}

    def _note(self, stream: str) -> None:
        self.reads[stream] = self._trial.versions.get(stream, 0)

    def instance(self) -> Instance:
        """Return the instance: origin, keys, policy."""
        self._note(streams.INSTANCE)
        return self._trial.instance

    def study(self) -> Study:
        """Return the study with its protocol configuration."""
        self._note(streams.STUDY)
        return self._trial.study

    def escalation(self) -> Escalation:
        """Return what the safety review committee has signed."""
        self._note(streams.ESCALATION)
        return self._trial.escalation

    def decisive_at(self) -> int:
        """Return the position of the last event that changed what the decision is computed from."""
        self.study()
        self.subjects()
        return self._trial.decisive_at

    def raised(self) -> Mapping[str, Trigger]:
        """Return every trigger of an automatic hold that ever came about, by its id."""
        self.study()
        self.subjects()
        return self._trial.raised

    def remembered(self) -> tuple[Remembered, ...]:
        """Return each signed decision with what would be decided for that day as it is known now."""
        self.study()
        self.subjects()
        self.escalation()
        return self._trial.remembered

    def subject(self, key: str) -> Subject:
        """Return a subject, empty if the key is new."""
        self._note(streams.subject(key))
        return self._trial.subjects.get(key, Subject())

    def known_subject(self, key: str) -> Subject:
        """Return a subject who has been screened.

        Raises: `UNKNOWN_SUBJECT`.
        """
        subject = self.subject(key)
        if subject.screened is None:
            raise Refused("UNKNOWN_SUBJECT", "no subject was screened under this key")
        return subject

    def consented_subject(self, key: str) -> Subject:
        """Return a subject who has consented, perhaps not screened yet.

        Raises: `UNKNOWN_SUBJECT`.
        """
        subject = self.subject(key)
        if not subject.is_known:
            raise Refused("UNKNOWN_SUBJECT", "nobody has consented under this key")
        return subject

    def subjects(self) -> Mapping[str, Subject]:
        """Return every subject; also guards that no further subject appears meanwhile.

        Without that second guard two candidates could take the same last slot, each unseen by the other.
        """
        for key in self._trial.subjects:
            self._note(streams.subject(key))
        self.births[streams.SUBJECT_PREFIX] = len(self._trial.subjects)
        return self._trial.subjects

    def casebook(self, key: str) -> Casebook:
        """Return a subject's casebook, empty if nothing was entered yet."""
        self._note(streams.casebook(key))
        return self._trial.casebooks.get(key, Casebook())

    def lot(self, identifier: str) -> Lot:
        """Return a lot of the product, empty if the id is new."""
        self._note(streams.lot(identifier))
        return self._trial.lots.get(identifier, Lot())

    def known_lot(self, identifier: str) -> Lot:
        """Return a lot that was received.

        Raises: `UNKNOWN_LOT`.
        """
        lot = self.lot(identifier)
        if lot.contents is None:
            raise Refused("UNKNOWN_LOT", "no lot was received under this id")
        return lot

    def lots(self) -> Mapping[str, Lot]:
        """Return every lot; also guards that no further lot appears meanwhile."""
        for identifier in self._trial.lots:
            self._note(streams.lot(identifier))
        self.births[streams.LOT_PREFIX] = len(self._trial.lots)
        return self._trial.lots

    def person(self, identifier: str) -> Person:
        """Return a person, empty if the id is new; founding officers stand in the instance stream."""
        self._note(streams.person(identifier))
        self._note(streams.INSTANCE)
        return self._trial.people.get(identifier, Person(identifier))

    def people(self) -> tuple[Person, ...]:
        """Return everybody who is or was enrolled or proposed."""
        for identifier in self._trial.people:
            self._note(streams.person(identifier))
        self._note(streams.INSTANCE)
        return tuple(self._trial.people.values())

    def key_owner(self, key: str) -> str | None:
        """Return who holds, held or is about to hold the key: keys are never shared or used again."""
        self.births[streams.PERSON_PREFIX] = sum(
            1 for stream in self._trial.versions if stream.startswith(streams.PERSON_PREFIX)
        )
        return self._trial.key_owners.get(key)
