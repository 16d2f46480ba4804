"""What a decider may look at; looking is what makes a guard.

Every stream whose state is handed out is noted with its version. The append then fails if one of
them moved, so a decision can never rest on a fact that was no longer true when it was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.errors import Refused
from core.trial.acts import acts_since
from core.trial.casebook.state import Casebook
from core.trial.people.person import Person
from core.trial.people.signature_states import SignatureState, doubtful_signatures, state_of
from core.trial.product.state import Lot
from core.trial.quality import state as quality
from core.trial.quality.query_state import QueryStatus
from core.trial.subject.state import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.trial.acts import Act
    from core.trial.devices.state import Devices
    from core.trial.escalation.holds import Trigger
    from core.trial.escalation.state import Escalation
    from core.trial.hindsight import Remembered
    from core.trial.instance.state import Instance
    from core.trial.quality.query_state import Query
    from core.trial.quality.state import Access, CasebookQuality
    from core.trial.state import TrialState
    from core.trial.study.state import Study


class Facts:
    """A reading of the trial that remembers what was read."""

    def __init__(self, trial: TrialState) -> None:
        self._trial = trial
        self.reads: dict[str, int] = {}
        self.guards: dict[str, int] = {}
        self.births: dict[str, int] = {}

    def _note(self, stream: str) -> None:
        self.reads[stream] = self._trial.versions.get(stream, 0)

    @property
    def position(self) -> int:
        """The position up to which the trial is folded."""
        return self._trial.position

    @property
    def is_real(self) -> bool:
        """Tell whether this is the record of a real trial; no guard, as position 1 never changes."""
        return self._trial.instance.is_real

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

    def devices(self) -> Devices:
        """Return the register of devices."""
        self._note(streams.DEVICES)
        return self._trial.devices

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

    def head(self, stream: str) -> tuple[int, str | None]:
        """Return version and newest digest of a stream, 0 and None while nothing stands in it."""
        self._note(stream)
        return self._trial.versions.get(stream, 0), self._trial.digests.get(stream)

    def access(self, key: str) -> Access:
        """Return whether a subject's casebook takes entries."""
        self._note(streams.subject(key))
        return self._trial.quality.get(key, quality.NEW).access

    def quality(self, key: str) -> CasebookQuality:
        """Return items, signature and access of a subject's casebook.

        What was verified in it stands in reviews: see `note_reviews`.
        """
        self._note(streams.subject(key))
        self._note(streams.casebook(key))
        return self._trial.quality.get(key, quality.NEW)

    def query(self, identifier: str) -> Query | None:
        """Return a query, None if the id is new."""
        self._note(streams.query(identifier))
        return self._trial.queries.get(identifier)

    def unsettled_queries(self, key: str) -> tuple[str, ...]:
        """Return the ids of a subject's queries that are not closed; guards that none is raised meanwhile."""
        self.births[streams.QUERY_PREFIX] = len(self._trial.queries)
        about = {name: one for name, one in self._trial.queries.items() if one.raised.subject_key == key}
        for name in about:
            self._note(streams.query(name))
        return tuple(name for name, one in about.items() if one.status is not QueryStatus.CLOSED)

    def has_review(self, identifier: str) -> bool:
        """Tell whether a review is recorded under this id."""
        self._note(streams.review(identifier))
        return streams.review(identifier) in self._trial.versions

    def note_reviews(self) -> None:
        """Guard that no further review is recorded meanwhile."""
        self.births[streams.REVIEW_PREFIX] = self._trial.reviews

    def signed(self, digest: str) -> Act | None:
        """Return by whom and where a statement was signed, None where no person signed it.

        No guard, as signatures only grow.
        """
        return self._trial.signed.get(digest)

    def changes_of(self, act: Act) -> tuple[int, ...]:
        """Return the positions of what changed a signed statement since; guards that nothing more does."""
        for key in sorted(act.subjects):
            self._note(streams.subject(key))
            self._note(streams.casebook(key))
        return self._trial.revisions.changed_by.get(act.position, ())

    def countersigners(self, digest: str) -> frozenset[str]:
        """Return who countersigned a statement; see `note_reviews`."""
        return self._trial.countersigners.get(digest, frozenset())

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

    def enrolled_person(self, identifier: str) -> Person:
        """Return a person whom two officers have enrolled.

        Raises: `UNKNOWN_PERSON`.
        """
        person = self.person(identifier)
        if not person.name:
            raise Refused("UNKNOWN_PERSON", "nobody is enrolled under this id")
        return person

    def acts(self, person: str, position: int) -> Iterator[Act]:
        """Yield what a person signed at the position and behind it, newest first.

        No guard: what a person has signed only ever grows.
        """
        return acts_since(self._trial.acts.get(person), position)

    def doubtful_signatures(self, identifier: str) -> tuple[Act, ...]:
        """Return a person's signatures that a compromise has put in doubt, newest first."""
        return doubtful_signatures(self.person(identifier), self._trial.acts.get(identifier))

    def is_in_doubt(self, digest: str) -> bool:
        """Tell whether a compromise puts a signed statement in doubt; guards that none is declared meanwhile.

        Who signed it is among what was read only where a compromise was ever declared of them.
        """
        act = self._trial.signed.get(digest)
        if act is None:
            return False
        signer, stream = self._trial.people.get(act.by, Person(act.by)), streams.person(act.by)
        if signer.suspicions:
            self._note(stream)
        else:
            self.guards[stream] = self._trial.versions.get(stream, 0)
        return state_of(signer, act.position, act.key, digest) is SignatureState.INDETERMINATE

    def people_ever(self) -> tuple[Person, ...]:
        """Return everybody of whom the log knows; also guards that nobody else appears meanwhile."""
        self._note_births_of_people()
        return tuple(self._trial.people.values())

    def people(self) -> tuple[Person, ...]:
        """Return everybody who is or was enrolled or proposed."""
        for identifier in self._trial.people:
            self._note(streams.person(identifier))
        self._note(streams.INSTANCE)
        return tuple(self._trial.people.values())

    def key_owner(self, key: str) -> str | None:
        """Return which person or device holds, held or is about to hold the key: it is never used again.

        Guards every person, as a rotation elsewhere could bring the same key in meanwhile, and all devices.
        """
        self.people()
        self._note_births_of_people()
        self._guard_devices()
        return self._trial.key_owners.get(key) or self._trial.devices.owner_of(key)

    def _guard_devices(self) -> None:
        """Guard that no device appears; a log without any names none, as before there was a register."""
        if streams.DEVICES in self._trial.versions:
            self._note(streams.DEVICES)
        else:
            self.births[streams.DEVICES] = 0

    def _note_births_of_people(self) -> None:
        self.births[streams.PERSON_PREFIX] = sum(
            1 for stream in self._trial.versions if stream.startswith(streams.PERSON_PREFIX)
        )
