"""A log of any length: the golden trial, then what it records of each candidate again and again.

* Stated, signed, sealed and checkpointed as the writer does it, 500 events a commit; the deciders are not
  asked, since a hundred thousand decisions are not what is measured.
* A round is one candidate of the golden trial under another key, with other laboratory values, and without
  what follows from enrolment: a phase 1 trial has a dozen doses, not thousands.
* Every 20th round is about a subject who was dosed. So records a subject stay at what a patient has,
  however long the log is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

from api.play.player import golden_trial, play
from api.training import TRAINING_PEOPLE
from api.wiring import open_instance
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae, statement_digest
from core.audit.statement import Seen
from core.clock import ScriptedClock, new_txn_id
from core.kernel import streams
from core.kernel.actors import Auth
from core.kernel.encoding import to_base64
from core.kernel.recorded import Txn
from core.store.recorder import Batch
from core.store.sealing import SignedEvent
from core.trial.registry import event_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.instance import Instance
    from core.audit.entry import Entry
    from core.audit.statement import Statement
    from core.keys.ed25519 import SigningKey
    from core.store.trial_log import TrialLog

# What can be recorded about everybody any number of times, and what only about a candidate.
REPEATED: Final = frozenset(
    {
        "LabPanelReported",
        "LabResultCorrected",
        "HlaAntibodyReported",
        "AdverseEventReported",
        "AdverseEventCorrected",
    }
)
ONCE: Final = frozenset(
    {
        "SubjectScreened",
        "EligibilityConfirmed",
        "SubjectScreenFailed",
        "SubjectWithdrawn",
        "DeathRecorded",
        "LiverTransplantRecorded",
    }
)
ROUNDS_A_DOSED: Final = 20
COMMIT: Final = 500
_NAMES: Final = ("specimen_set", "ae_id")  # what has to be another one in every round


@dataclass(frozen=True, slots=True)
class _Round:
    """The subject that the records of a round are about, and the number that sets them apart."""

    key: str
    number: int
    dosed: bool


class GeneratedTrial:
    """A store with the golden trial, and what makes its log longer."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}"
        play(golden_trial(), url)
        self._clock = ScriptedClock()
        self.instance: Instance = open_instance(url, self._clock)
        self.log: TrialLog = self.instance.log
        self._clock.advance_to(self.log.received_at)
        trial = self.log.trial
        entries = [self.log.entry(n + 1) for n in range(self.log.size())]
        self._models = [
            [e for e in entries if e.statement.stream in _streams_of(key)] for key in trial.subjects
        ]
        self._dosed = [key for key, subject in trial.subjects.items() if subject.dose]
        self._versions, self._digests = dict(trial.versions), dict(trial.digests)
        self._keys: dict[str, SigningKey] = {}

    def grow(self, events: int) -> None:
        """Append until the log holds this many events."""
        records = self._records()
        while (size := self.log.size()) < events:
            seen = Seen(size, to_base64(self.log.root_at(size)))
            commit = islice(records, min(COMMIT, events - size))
            self.log.append(Batch([self._signed(one, seen) for one in commit]))

    def _records(self) -> Iterator[Statement]:
        for number in count(1):
            model = self._models[number % len(self._models)]
            if number % ROUNDS_A_DOSED:
                turn = _Round(f"C{number:05d}", number, dosed=False)
            else:
                key = self._dosed[number // ROUNDS_A_DOSED % len(self._dosed)]
                turn = _Round(key, number, dosed=True)
            digests: dict[str, str] = {}
            for entry in model:
                name = event_name(entry.statement.type)
                if name in REPEATED or (name in ONCE and not turn.dosed):
                    yield self._restated(entry, turn, digests)
                    digests[entry.digest] = self._digests[self._stream(entry, turn)]

    def _stream(self, entry: Entry, turn: _Round) -> str:
        return f"{entry.statement.stream.partition('/')[0]}/{turn.key}"

    def _restated(self, entry: Entry, turn: _Round, digests: dict[str, str]) -> Statement:
        """Return the statement about another subject, and note it as the newest of its stream."""
        self._clock.advance_to(self._clock() + timedelta(seconds=30))
        now, stream = self._clock(), self._stream(entry, turn)
        corrects = entry.statement.corrects
        return replace(
            entry.statement,
            stream=stream,
            ver=self._versions.get(stream, 0) + 1,
            prev=self._digests.get(stream),
            reads={s: v for s, v in entry.statement.reads.items() if not s.startswith(_ABOUT_SUBJECTS)},
            txn=Txn(new_txn_id(now), 0, 1),
            signed_at=now,
            occurred_at=now,
            corrects=corrects and digests[corrects],
            data=_renamed(entry.statement.data, turn),
        )

    def _signed(self, statement: Statement, seen: Seen) -> SignedEvent:
        key = self._key(statement.signer.id)
        data = replace(statement, seen=seen).to_bytes()
        self._versions[statement.stream] = statement.ver
        self._digests[statement.stream] = statement_digest(data)
        envelope = Envelope(data, key.key_id, key.sign(pae(PAYLOAD_TYPE, data)))
        return SignedEvent(statement.stream, statement.ver, statement.type, b"", envelope, Auth.PASSWORD)

    def _key(self, identifier: str) -> SigningKey:
        if identifier not in self._keys:
            person = next(p for p in TRAINING_PEOPLE if p.id == identifier)
            self._keys[identifier] = self.instance.unlocker.open(person.id, person.password)
        return self._keys[identifier]


_ABOUT_SUBJECTS = (streams.SUBJECT_PREFIX, streams.CASEBOOK_PREFIX)


def _streams_of(key: str) -> tuple[str, str]:
    return streams.subject(key), streams.casebook(key)


def _renamed(value: Any, turn: _Round) -> Any:
    if isinstance(value, list):
        return [_renamed(one, turn) for one in value]
    if not isinstance(value, dict):
        return value
    renamed = {name: _renamed_member(name, one, turn) for name, one in value.items()}
    return {**renamed, "value": _varied(value, turn)} if "analyte" in value and "value" in value else renamed


def _renamed_member(name: str, value: Any, turn: _Round) -> Any:
    if name in _NAMES and isinstance(value, str):
        return f"{value}-{turn.number}"
    # Otherwise the committee would have to judge hundreds of toxicities of ten people.
    if name == "causality" and turn.dosed:
        return "unrelated"
    return _renamed(value, turn)


def _varied(result: dict[str, Any], turn: _Round) -> str:
    """Return another value of the same scale, up to a tenth higher: real values seldom repeat."""
    value = Decimal(result["value"])
    exponent = value.as_tuple().exponent
    step = Decimal((0, (1,), exponent if isinstance(exponent, int) else 0))
    higher = value * (1 + Decimal((turn.number * 7 + len(result["analyte"])) % 100) / 1000)
    return format(higher.quantize(step), "f")
