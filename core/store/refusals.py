"""Refusals as events: built and signed by the service inside the writer's transaction.

Nobody waits for the stream of refusals and nothing is decided from it, so it carries no guards: each
refusal takes the version that is next when it is its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.audit.drafting import Ceremony, Chain, Drafted, draft
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae
from core.audit.entry import open_entry
from core.audit.statement import Seen
from core.clock import new_txn_id
from core.kernel import streams
from core.kernel.actors import Auth, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.recorded import Signer
from core.store.sealing import SignedEvent
from core.trial.authority import SERVICE, SERVICE_NAME
from core.trial.context import Decided
from core.trial.instance.events import CommandRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from eventsourcing.persistence import StoredEvent

    from core.keys.ed25519 import SigningKey
    from core.store.recorder import WriterView
    from core.trial.instance.events import InstanceCreated

UTC = "Etc/UTC"


def service_signer(created: InstanceCreated) -> Signer:
    """Return the instance itself as signer."""
    return Signer(SERVICE, SERVICE_NAME, Role.SVC, None, created.service_key)


def refusal(
    created: InstanceCreated,
    service_key: SigningKey,
    signed_at: datetime,
    facts: tuple[str, str, str, str | None],
) -> Callable[[WriterView], Sequence[StoredEvent]]:
    """Return a builder for one `CommandRefused`; `facts` are code, command, person and target."""

    def build(view: WriterView) -> Sequence[StoredEvent]:
        version, newest = view.last(streams.REFUSALS)
        digests = {} if newest is None else {streams.REFUSALS: open_entry(newest).digest}
        # Another server may have received later than this one's time.
        now = max(signed_at, view.received_at)
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
        decided = Decided(streams.REFUSALS, CommandRefused(*facts))
        legal = next(s.id for s in created.policy.legal if s.meaning is Meaning.RECORDED)
        chain = Chain({streams.REFUSALS: version}, digests)
        (drafted,) = draft(ceremony, chain, (), [(decided, Meaning.RECORDED, legal)])
        return [sealed_by(service_key, drafted, Auth.SERVICE)]

    return build


def sealed_by(key: SigningKey, drafted: Drafted, auth: Auth) -> SignedEvent:
    """Return the statement signed by the key, ready to be sealed into the log."""
    envelope = Envelope(drafted.data, key.key_id, key.sign(pae(PAYLOAD_TYPE, drafted.data)))
    return to_seal(drafted, envelope, auth)


def to_seal(drafted: Drafted, envelope: Envelope, auth: Auth) -> SignedEvent:
    """Return a signed statement, ready to be sealed into the log."""
    statement = drafted.statement
    return SignedEvent(statement.stream, statement.ver, statement.type, b"", envelope, auth)
