"""What changed since somebody last looked: since their visit, their verification, their signature.

* Whoever looked at one subject has not looked at the others: it counts subject by subject, and everything
  about a subject whom the person never looked at has changed. Nothing is left out because of a later act.
* Each answer counts from a head of the log that the person had before them, and proves that nothing up to
  that head was rewritten: a consistency proof from it to the head of now (RFC 9162 2.1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from core.audit.checkpoint import parse_checkpoint
from core.audit.merkle import consistency_proof
from core.kernel import streams
from core.kernel.encoding import to_base64
from core.kernel.errors import Refused
from core.kernel.time import local_text
from core.trial.acts import acts_since
from core.trial.quality.events import (
    CasebookSigned,
    Countersigned,
    MonitoringVisitRecorded,
    SourceMismatchFound,
    SourceVerified,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from core.store.trial_log import TrialLog
    from core.trial.acts import Act

CLINICAL: Final = (streams.SUBJECT_PREFIX, streams.CASEBOOK_PREFIX, streams.LOT_PREFIX)


class Since(StrEnum):
    """Since which act of the person who asks.

    A verification also where the source differed; a signature is one over a whole casebook: the
    investigator's, or a countersignature of it.
    """

    VISIT = "visit"
    VERIFICATION = "verification"
    SIGNATURE = "signature"


_TOPICS: Final[Mapping[Since, frozenset[str]]] = {
    Since.VISIT: frozenset({MonitoringVisitRecorded.TOPIC}),
    Since.VERIFICATION: frozenset({SourceVerified.TOPIC, SourceMismatchFound.TOPIC}),
    Since.SIGNATURE: frozenset({CasebookSigned.TOPIC, Countersigned.TOPIC}),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """An act of a person and the head of the log that they had before them: size and root in base64."""

    position: int
    signed_at: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Looks:
    """Where a person last looked at each subject; under None at the site as a whole.

    `subject_key` is the one subject asked about, None for all.
    """

    since: Since
    subject_key: str | None
    by_subject: Mapping[str | None, Looked]

    @property
    def first(self) -> int:
        """The position behind which there can be a change."""
        everybody = None in self.by_subject or self.subject_key is not None
        return min(look.size for look in self.by_subject.values()) if everybody else 0

    def is_change(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row of the audit trail is about a subject, or at a visit a lot, and not yet seen."""
        key = row["subject_key"]
        if not str(row["stream"]).startswith(CLINICAL) or self.subject_key not in {None, key}:
            return False
        if key is None and self.since is not Since.VISIT:
            return False
        look = self.by_subject.get(key, self.by_subject.get(None))
        return look is None or (row["position"] > look.size and row["position"] != look.position)


def last_looks(log: TrialLog, person: str, since: Since, subject_key: str | None = None) -> Looks:
    """Return the person's newest act of this kind about each subject, and what they saw then.

    A visit names the head that the monitor looked at; every other act saw the head that it was signed on.

    Raises: `NO_EARLIER_ACT`.
    """
    with log.lock:
        log.catch_up()
        newest, signed = log.trial.acts.get(person), log.trial.signed
    acts: dict[str | None, Act] = {}
    for act in acts_since(newest, 1):
        if act.topic in _TOPICS[since]:
            for key in _looked_at(log, act, signed):
                acts.setdefault(key, act)
        if None in acts or (subject_key is not None and subject_key in acts):
            break
    if subject_key is not None:
        found = acts.get(subject_key, acts.get(None))
        acts = {} if found is None else {subject_key: found}
    if not acts:
        raise Refused("NO_EARLIER_ACT", f"there is no {since} of yours that changes could count from")
    return Looks(since, subject_key, {key: _looked(log, act) for key, act in acts.items()})


def proof_to_head(log: TrialLog, looks: Looks) -> dict[str, Any]:
    """Return the heads that were seen, each proved to be the beginning of the newest signed one."""
    checkpoint = log.checkpoint() or b""
    size = parse_checkpoint(checkpoint.rpartition(b"\n\n")[0] + b"\n").size
    return {
        "looks": [_proved(log, key, look, size) for key, look in looks.by_subject.items()],
        "head": {"size": size, "root": to_base64(log.root_at(size))},
        "checkpoint": checkpoint.decode(),
    }


def _looked_at(log: TrialLog, act: Act, signed: Mapping[str, Act]) -> Collection[str | None]:
    """Return the subjects whom the act is about, None for all of them.

    Of what is countersigned only the signature over a casebook stands for the casebook.
    """
    if act.topic != Countersigned.TOPIC:
        return act.subjects or {None}
    covered = [signed[digest] for digest in log.entry(act.position).statement.data["covers"]]
    return {key for one in covered if one.topic == CasebookSigned.TOPIC for key in one.subjects}


def _looked(log: TrialLog, act: Act) -> Looked:
    statement = log.entry(act.position).statement
    size, root = statement.seen.size, statement.seen.root
    if act.topic == MonitoringVisitRecorded.TOPIC:
        size, root = statement.data["size"], statement.data["root"]
    return Looked(act.position, local_text(statement.signed_at, statement.zone), size, root)


def _proved(log: TrialLog, key: str | None, look: Looked, size: int) -> dict[str, Any]:
    proof = consistency_proof(look.size, size, log.tree.node) if 0 < look.size <= size else []
    return {
        "subject_key": key,
        "since": {"position": look.position, "signed_at": look.signed_at},
        "seen": {"size": look.size, "root": look.root},
        "proof": [one.hex() for one in proof],
    }
