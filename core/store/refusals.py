"""Refusals as events: built and signed by the service inside the writer's transaction.

Nobody waits for the stream of refusals, so it carries no guards: each refusal takes the version that is
next when it is its turn. Whether it makes a lock-out due is decided there too. What a verifier would report
is not signed (`core/audit/service_statements.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.audit.drafting import Ceremony, Chain, Drafted, draft
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae
from core.audit.entry import open_entry
from core.audit.service_statements import SERVICE_STATEMENT, what_is_wrong
from core.audit.statement import Seen
from core.clock import new_txn_id
from core.kernel import streams
from core.kernel.actors import Auth, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import IntegrityFinding
from core.kernel.recorded import Signer
from core.store.sealing import SignedEvent
from core.trial import misuse
from core.trial.authority import SERVICE, SERVICE_NAME
from core.trial.context import Decided
from core.trial.people.events import LockedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from eventsourcing.persistence import StoredEvent

    from core.keys.ed25519 import SigningKey
    from core.store.recorder import WriterView
    from core.store.trial_log import TrialLog
    from core.trial.instance.events import CommandRefused, InstanceCreated
    from core.trial.trial import Trial

UTC = "Etc/UTC"


def service_signer(created: InstanceCreated) -> Signer:
    """Return the instance itself as signer."""
    return Signer(SERVICE, SERVICE_NAME, Role.SVC, None, created.service_key)


@dataclass(frozen=True, slots=True)
class Service:
    """The instance as it speaks: its birth and key, and the trial by which its words are judged."""

    created: InstanceCreated
    key: SigningKey
    trial: Trial
    born_at: datetime


def service_of(log: TrialLog, key: SigningKey) -> Service | None:
    """Return the service of a log that is caught up, None where it was never founded."""
    created = log.trial.instance.created
    if created is None:
        return None
    return Service(created, key, log.trial, log.entry(1).leaf.seal.received_at)


def by_service(
    service: Service, signed_at: datetime, decide: Callable[[WriterView], Sequence[Decided]]
) -> Callable[[WriterView], Sequence[StoredEvent]]:
    """Return a builder for one command of the service; what it says is decided inside the transaction.

    Raises, when it builds: `SERVICE_STATEMENT` for what no honest service says.
    """
    created = service.created

    def build(view: WriterView) -> Sequence[StoredEvent]:
        decided = decide(view)
        # Another server may have received later than this one's time.
        now = max(signed_at, view.received_at)
        _require_honest(service, decided, now)
        ceremony = Ceremony(
            origin=created.origin,
            environment=created.environment,
            txn=new_txn_id(now),
            signer=service_signer(created),
            signed_at=now,
            zone=UTC,
            occurred_at=now,
            reason=None,
            seen=Seen(view.size, to_base64(view.root)),
        )
        # The sentence of the service is the founding one for ever (core/trial/instance/policy_bounds.py).
        legal = next(s for s in created.policy.legal if s.meaning is Meaning.RECORDED)
        drafted = draft(ceremony, _chain(view, decided), (), [(one, legal) for one in decided])
        return [sealed_by(service.key, one, Auth.SERVICE) for one in drafted]

    return build


def _require_honest(service: Service, decided: Sequence[Decided], now: datetime) -> None:
    for one in decided:
        for detail in what_is_wrong(one.event, service.trial, service.born_at, now):
            raise IntegrityFinding(SERVICE_STATEMENT, detail)


def _chain(view: WriterView, decided: Sequence[Decided]) -> Chain:
    """Return where the streams stand inside the transaction."""
    newest = {one.stream: view.last(one.stream) for one in decided}
    versions = {stream: version for stream, (version, _) in newest.items()}
    return Chain(
        versions, {s: open_entry(data).digest for s, (_, data) in newest.items() if data is not None}
    )


def attempt(trial: Trial, refused: CommandRefused) -> Callable[[WriterView], Sequence[Decided]]:
    """Return what is decided of a failed attempt: the refusal, and the lock-out that it makes due.

    `trial` is a copy of the caller's own: it is folded on inside the transaction, other servers' events
    included, so that however many attempts fail at once exactly one of them locks the person out.
    """

    def decide(view: WriterView) -> Sequence[Decided]:
        for state in view.after(trial.position):
            trial.apply(open_entry(state).recorded())
        this, judged = Decided(streams.REFUSALS, refused), misuse.judged(trial, refused, view.received_at)
        if not judged.locks_out:
            return [this]
        locked = LockedOut(len(judged.attempts.failed))
        return [this, Decided(streams.person(refused.person), locked)]

    return decide


def sealed_by(key: SigningKey, drafted: Drafted, auth: Auth) -> SignedEvent:
    """Return the statement signed by the key, ready to be sealed into the log."""
    envelope = Envelope(drafted.data, key.key_id, key.sign(pae(PAYLOAD_TYPE, drafted.data)))
    return to_seal(drafted, envelope, auth)


def to_seal(drafted: Drafted, envelope: Envelope, auth: Auth) -> SignedEvent:
    """Return a signed statement, ready to be sealed into the log."""
    statement = drafted.statement
    return SignedEvent(statement.stream, statement.ver, statement.type, b"", envelope, auth)
