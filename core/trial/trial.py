"""The whole trial as a fold of the log: one state per stream, and what the log itself remembers.

* `apply` takes events in position order and nothing else; it does not judge them.
* States of streams are immutable; only the dictionaries here change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel import streams
from core.kernel.errors import IntegrityFinding, Refused
from core.trial import misuse
from core.trial.acts import Act
from core.trial.attempts import Attempts
from core.trial.authority import SERVICE
from core.trial.casebook import state as casebook
from core.trial.casebook.state import Casebook
from core.trial.catalogue import OPENED_BY
from core.trial.cohorts import contribution, contributions
from core.trial.devices import state as devices
from core.trial.escalation import state as escalation
from core.trial.escalation.events import DecisionSigned
from core.trial.escalation.holds import of_levels, of_subject, with_raised
from core.trial.hindsight import reconsidered, remember
from core.trial.instance import state as instance
from core.trial.instance.events import CommandRefused, InstanceCreated
from core.trial.people import state as people
from core.trial.people.events import LockedOut, LockoutLifted
from core.trial.people.person import Person
from core.trial.people.state import founding_officer
from core.trial.product import state as product
from core.trial.product.state import Lot
from core.trial.quality import query_state
from core.trial.quality import state as quality
from core.trial.quality.countersigning import countersigned
from core.trial.quality.events import (
    CasebookQualityEvent,
    Countersigned,
    MonitoringVisitRecorded,
    SourceMismatchFound,
    SourceVerified,
)
from core.trial.state import TrialState
from core.trial.study import state as study
from core.trial.subject import state as subject
from core.trial.subject.state import Subject

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded


_NONE: Final[frozenset[str]] = frozenset()


class Trial(TrialState):
    """The state of the trial as it is folded from the log, event by event."""

    def apply(self, recorded: Recorded) -> None:
        """Fold one more event; the states before it stay as they were for who holds them.

        Raises: `CANNOT_FOLD` for an event that no decision can have made; nothing has changed then.
        """
        try:
            self._evolve(recorded)
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, Refused) as error:
            raise IntegrityFinding(
                "CANNOT_FOLD", "the event refers to what is not there", recorded.position
            ) from error
        self.position = recorded.position
        self.versions[recorded.stream] = recorded.version
        self.digests[recorded.stream] = recorded.digest
        self._remember_act(recorded)
        self.revisions = self.revisions.with_statement(recorded)
        self._count_attempt(recorded)
        opened = OPENED_BY.get(type(recorded.payload))
        self.prompts = self.prompts.with_event(recorded, None if opened is None else opened.__name__)

    def _remember_act(self, recorded: Recorded) -> None:
        signer = recorded.signer
        if signer.id != SERVICE:
            act = Act(
                position=recorded.position,
                by=signer.id,
                stream=recorded.stream,
                topic=recorded.topic,
                digest=recorded.digest,
                key=signer.key,
                subjects=self._subjects_of(recorded),
                before=self.acts.get(signer.id),
                covers=self.revisions.covered_by_payload(recorded.payload),
            )
            self.acts[signer.id] = act
            self.signed = self.signed.with_item(act.digest, act)

    def _subjects_of(self, recorded: Recorded) -> frozenset[str]:
        """Return the subjects whom a statement is about; a review of the audit trail is about the trail."""
        kind, _, key = recorded.stream.partition("/")
        match kind, recorded.payload:
            case "subject" | "casebook", _:
                return frozenset({key})
            case "query", _:
                return frozenset({self.queries[key].raised.subject_key})
            case _, SourceVerified(subject_key=about) | SourceMismatchFound(subject_key=about):
                return frozenset({about})
            case _, MonitoringVisitRecorded(subjects=visited):
                return frozenset(visited)
            case _, Countersigned(covers=covers):
                return _NONE.union(*(self.signed[one].subjects for one in covers if one in self.signed))
            case _:
                return _NONE

    def _count_attempt(self, recorded: Recorded) -> None:
        """Keep what failed in the name of somebody enrolled; the last failure may make a lock-out due."""
        self.lockout_due = None
        event = recorded.payload
        if isinstance(event, LockedOut | LockoutLifted):
            self.attempts[streams.key_of(recorded.stream)] = Attempts()
        elif isinstance(event, CommandRefused) and event.person in self.people:
            judged = misuse.judged(self, event, recorded.recorded_at)
            self.attempts[event.person] = judged.attempts
            self.lockout_due = event.person if judged.locks_out else None

    def copy(self) -> Trial:
        """Return the trial as it stands; the states in it are shared, as they never change."""
        twin = Trial()
        for name, value in vars(self).items():
            setattr(twin, name, dict(value) if isinstance(value, dict) else value)
        return twin

    def _evolve(self, recorded: Recorded) -> None:  # noqa: C901 - one case a kind of stream
        kind, _, key = recorded.stream.partition("/")
        match kind:
            case "subject" if isinstance(recorded.payload, CasebookQualityEvent):
                self.quality[key] = quality.evolve(self.quality.get(key, quality.NEW), recorded)
            case "subject":
                self._evolve_subject(key, recorded)
                self._evolve_entries(key, recorded)
            case "casebook":
                self.casebooks[key] = casebook.evolve(self.casebooks.get(key, Casebook()), recorded)
                self._evolve_entries(key, recorded)
            case "query":
                self.queries[key] = query_state.evolve(self.queries.get(key), recorded)
            case "review":
                self._evolve_review(recorded)
            case "lot":
                self.lots[key] = product.evolve(self.lots.get(key, Lot()), recorded)
            case "person":
                self._evolve_person(key, recorded)
            case streams.STUDY:
                self._evolve_study(recorded)
            case streams.ESCALATION:
                self._evolve_escalation(recorded)
            case streams.DEVICES:
                self.devices = devices.evolve(self.devices, recorded)
            case _:
                self._evolve_instance(recorded)

    def _evolve_subject(self, key: str, recorded: Recorded) -> None:
        after = subject.evolve(self.subjects.get(key, Subject()), recorded)
        remembered, raised, decisive_at = self.remembered, self.raised, self.decisive_at
        found, present, at_levels = self.contributions, self.present.get(key, _NONE), self.present_at_levels
        if after.enrolled is not None:
            self.study.level_now(after.enrolled.config_number, after.enrolled.level)
        if after.dose is not None:
            remembered = reconsidered(remembered, key, after, self.study, recorded)
            triggers = of_subject(key, after, self.study, recorded)
            raised, present = with_raised(raised, triggers, present), frozenset(triggers)
            contributes = contribution(key, after, self.study)
            if contributes is not None and contributes != self.contributions.get(key):
                decisive_at = recorded.position
                found = {**self.contributions, key: contributes}
                triggers = of_levels(found, {**self.subjects, key: after}, self.study, recorded)
                raised, at_levels = with_raised(raised, triggers, at_levels), frozenset(triggers)
        self.subjects[key], self.contributions = after, found
        if present:
            self.present[key] = present
        else:
            self.present.pop(key, None)
        self.present_at_levels = at_levels
        self.remembered, self.raised, self.decisive_at = remembered, raised, decisive_at

    def _evolve_entries(self, key: str, recorded: Recorded) -> None:
        self.quality[key] = quality.entered(self.quality.get(key, quality.NEW), recorded)

    def _evolve_review(self, recorded: Recorded) -> None:
        event = recorded.payload
        match event:
            case SourceVerified(subject_key=key) | SourceMismatchFound(subject_key=key):
                self.quality[key] = quality.checked(self.quality.get(key, quality.NEW), recorded)
            case Countersigned():
                self.countersigners = countersigned(self.countersigners, recorded)
            case _:
                pass
        self.reviews += 1

    def _evolve_study(self, recorded: Recorded) -> None:
        after = study.evolve(self.study, recorded)
        if after.number != self.study.number:
            # Ordinals of levels may have moved.
            self.contributions = contributions({key: self.subjects[key] for key in self.contributions}, after)
            self.decisive_at = recorded.position
        self.study = after

    def _evolve_escalation(self, recorded: Recorded) -> None:
        after, remembered = escalation.evolve(self.escalation, recorded), self.remembered
        if isinstance(recorded.payload, DecisionSigned):
            remembered = (*remembered, remember(self.subjects, self.study, recorded))
        self.escalation, self.remembered = after, remembered

    def _evolve_instance(self, recorded: Recorded) -> None:
        after = instance.evolve(self.instance, recorded)
        if isinstance(recorded.payload, InstanceCreated):
            founders = [founding_officer(one, recorded) for one in recorded.payload.officers]
            self.key_owners[recorded.payload.service_key] = SERVICE
            self.key_owners[recorded.payload.log_key] = SERVICE
            for founder in founders:
                self._keep_person(founder)
        self.instance = after

    def _evolve_person(self, key: str, recorded: Recorded) -> None:
        self._keep_person(people.evolve(self.people.get(key, Person(key)), recorded))

    def _keep_person(self, person: Person) -> None:
        proposed = (getattr(proposal.event, "key", None) for proposal in person.proposals)
        keys = {*(held.what for held in person.keys), *filter(None, proposed)}
        if any(self.key_owners.get(key, person.id) != person.id for key in keys):
            raise ValueError("a key belongs to one person for ever")
        self.people[person.id] = person
        self.key_owners.update(dict.fromkeys(keys, person.id))
