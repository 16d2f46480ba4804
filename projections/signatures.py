"""The register of signatures: 21 CFR 11.50(a), printed name, time and meaning of each, and what became of it.

`state` is what a signature is worth as far as the log knows now, `changed_by` the later statements that
changed what it stands for, `key_ended` how the key ended that made it. The verdict on its bytes is no part of
the row: a view can be wrong, a verdict is computed from the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.kernel.time import local_text
from core.trial.acts import acts_since
from core.trial.people.person import Person
from core.trial.people.signature_states import SignatureState, changed_states
from core.trial.registry import event_name
from core.trial.revisions import covers_of
from projections.projection import CLINICAL_READERS, RowChange, RowPatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Signatures:
    """One row a signed event, keyed by its position; `signed_at` carries the signer's own offset.

    `covers` names other statements by their digests: each is the `digest` of another row.
    """

    name = "signatures"
    by_position = True
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange | RowPatch]:
        """Return the row of the event's signature, and what the event changes about earlier ones."""
        later = {**_worth(event, before, trial), **_changed(trial)}
        yield RowChange(str(event.position), {**_row(event, trial), **later.pop(event.position, {})})
        for position in sorted(later):
            yield RowPatch(str(position), later[position])


def _row(event: Recorded, trial: Trial) -> dict[str, Any]:
    signer = event.signer
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "digest": event.digest,
        "event": event_name(event.topic),
        "signer": signer.id,
        "printed_name": signer.name,
        "role": signer.role,
        "meaning": event.meaning,
        "legal": _sentence(event.legal, trial),
        "signed_at": local_text(event.signed_at, event.zone),
        "zone": event.zone,
        "key": signer.key,
        "auth": event.auth,
        "covers": list(covers_of(event.payload)),
        "state": SignatureState.VALID,
        "changed_by": [],
        "key_ended": None,
    }


def _changed(trial: Trial) -> dict[int, dict[str, Any]]:
    """Return, by position, the signatures that the newest event of all changes."""
    revisions = trial.revisions
    return {one: {"changed_by": list(revisions.changed_by[one])} for one in revisions.newest}


def _worth(event: Recorded, before: object, trial: Trial) -> dict[int, dict[str, Any]]:
    """Return, by position, what an event about a person changes about their signatures."""
    if not event.stream.startswith(streams.PERSON_PREFIX):
        return {}
    person = trial.people[streams.key_of(event.stream)]
    newest, was = trial.acts.get(person.id), before if isinstance(before, Person) else None
    later: dict[int, dict[str, Any]] = {}
    for held in person.keys:
        if held.until == event.position:
            ended = {"position": held.until, "by": event_name(event.topic), "reason": _reason(event)}
            for act in acts_since(newest, held.since):
                if act.key == held.what:
                    later[act.position] = {"key_ended": ended}
    for act, state in changed_states(was, person, newest).items():
        later.setdefault(act.position, {})["state"] = state
    return later


def _reason(event: Recorded) -> str | None:
    return event.reason.code if event.reason else None


def _sentence(identifier: str, trial: Trial) -> str | None:
    """Return the frozen text of the id, None where no policy ever had it (verification's business)."""
    sentence = trial.instance.sentences.get(identifier)
    return sentence.text if sentence else None
