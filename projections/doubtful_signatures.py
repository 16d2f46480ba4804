"""Signatures that a declared compromise has put in doubt, until their owner stands by them (trust 2, T10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.actors import Role
from core.trial.people.events import KeyCompromiseDeclared, SignaturesReaffirmed
from core.trial.people.person import Person
from core.trial.people.signature_states import SignatureState, changed_states, suspicion_of
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.acts import Act
    from core.trial.trial import Trial


class DoubtfulSignatures:
    """One row a signature in doubt, by its position; officers read it too, it shows no clinical value."""

    name = "doubtful-signatures"
    readers = CLINICAL_READERS | {Role.ADM, Role.SEC}
    concerns = frozenset({KeyCompromiseDeclared, SignaturesReaffirmed})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return what a compromise brings here, and what a re-affirmation takes away or brings back."""
        if not isinstance(event.payload, KeyCompromiseDeclared | SignaturesReaffirmed):
            return
        person = trial.people[streams.key_of(event.stream)]
        was = before if isinstance(before, Person) else None
        for act, state in changed_states(was, person, trial.acts.get(person.id)).items():
            doubtful = state is SignatureState.INDETERMINATE
            yield RowChange(str(act.position), _row(person, act) if doubtful else None)


def _row(person: Person, act: Act) -> dict[str, Any]:
    suspicion = suspicion_of(person, act.position, act.key)
    return {
        "position": act.position,
        "stream": act.stream,
        "digest": act.digest,
        "signer": person.id,
        "printed_name": person.name,
        "key": act.key,
        "suspected_from": suspicion.suspected_from if suspicion else None,
        "declared_at": suspicion.declared_at if suspicion else None,
    }
