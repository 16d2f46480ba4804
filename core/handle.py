"""The only writer: every event enters the log through here.

    1 load    fold the log; the decision notes each stream that it looks at
    2 decide  pure: events, or a coded refusal that is itself recorded
    3 state   canonical statements: event, who, when, why, meaning, prev, reads, seen
    4 sign    by the person: an opened key, or signatures that the client brings
    5 append  one transaction, which fails if a stream that was read has moved

A failure between 4 and 5 leaves nothing; after 5 the record stands even if the answer is lost, and
the same command sent again (same `txn`) gets the receipt of the first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.audit.authority_at import PREPARED_LIFETIME
from core.audit.drafting import Ceremony, Chain
from core.audit.snapshot import SnapshotChecks
from core.audit.statement import Seen, is_uuid7
from core.ceremony import Plan, first_statement, matching, receipt_of, require_writable, stated
from core.kernel.actors import Auth
from core.kernel.codec import to_data
from core.kernel.encoding import to_base64
from core.kernel.errors import Conflict, Malformed, Refused, TrialError
from core.kernel.recorded import Signer
from core.kernel.time import require_zone
from core.keys.checks import PossessionChecks
from core.request import Receipt, Request, Signed
from core.store.recorder import Batch
from core.store.refusals import refusal, sealed_by
from core.trial.authority import require_member, resolve_meaning
from core.trial.catalogue import decide, opening_topics
from core.trial.context import Context, require_timely
from core.trial.facts import Facts
from core.trial.replay import is_replay_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from core.audit.drafting import Drafted
    from core.audit.statement import Statement
    from core.keys.ed25519 import SigningKey
    from core.store.recorder import WriterView
    from core.store.sealing import SignedEvent
    from core.store.trial_log import TrialLog
    from core.trial.catalogue import Command

__all__ = ["Handler", "Receipt", "Request", "Signed"]

ATTEMPTS = 20


class Handler:
    """Handles commands on one log."""

    def __init__(self, log: TrialLog, service_key: SigningKey, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._service_key = service_key
        self._clock = clock

    # -- the two ways to sign -----------------------------------------------------------------------

    def submit(self, command: Command, request: Request, unlock: Callable[[], SigningKey]) -> Receipt:
        """Open the key, decide, sign and append; decide and sign again where a stream moved.

        Raises: `Refused` (recorded), `Malformed`, `Conflict` `VERSION_CONFLICT`, `Unavailable`.
        """
        with _recording_refusals(self, command, request):
            key = unlock()
            for _ in range(ATTEMPTS):
                with self._log.lock:
                    self._log.catch_up()
                    if (receipt := self._earlier(command, request)) is not None:
                        return receipt
                    plan = self._plan(command, request, key.key_id, self._now(), self._head())
                drafted = stated(plan)
                try:
                    return self._append(plan, drafted, [sealed_by(key, d, Auth.PASSWORD) for d in drafted])
                except Conflict:
                    continue  # a target that moved on from `expected_version` is refused by the next draft
            raise Conflict("VERSION_CONFLICT", "the record keeps changing; try again")

    def prepare(self, command: Command, request: Request) -> tuple[bytes, ...]:
        """Return the exact statements that the client has to sign, one an event; nothing is written.

        Raises: as `submit`.
        """
        with _recording_refusals(self, command, request), self._log.lock:
            self._log.catch_up()
            if self._log.positions_of(request.txn):
                raise Conflict("ALREADY_RECORDED", "a command with this idempotency key is in the log")
            plan = self._plan(command, request, None, self._now(), self._head())
            return tuple(drafted.data for drafted in stated(plan))

    def commit(self, command: Command, request: Request, signed: Sequence[Signed]) -> Receipt:
        """Decide again, demand the very bytes that were signed, and append them.

        Raises: as `submit`; `NOTHING_SIGNED`, `PREPARED_EXPIRED`, `BAD_SEEN`, `BAD_SIGNATURE`, `WRONG_KEY`.
        """
        with _recording_refusals(self, command, request):
            with self._log.lock:
                self._log.catch_up()
                if (receipt := self._earlier(command, request)) is not None:
                    return receipt
                first = first_statement(signed)
                self._require_fresh(first, request)
                plan = self._plan(command, request, first.signer.key, first.signed_at, first.seen)
            drafted = stated(plan)
            try:
                return self._append(plan, drafted, matching(drafted, signed))
            except Conflict:
                with self._log.lock:
                    self._log.catch_up()
                    if (receipt := self._earlier(command, request)) is not None:
                        return receipt
                raise

    # -- the steps ----------------------------------------------------------------------------------

    def _plan(
        self, command: Command, request: Request, key_id: str | None, signed_at: datetime, seen: Seen
    ) -> Plan:
        """Load and decide: fold, authority, deciders."""
        trial = self._log.trial
        facts = Facts(trial)
        instance = facts.instance()
        if instance.created is None or not instance.is_open:
            raise Refused("INSTANCE_NOT_OPEN", "the founding officers have not both confirmed the instance")
        person = facts.person(request.person)
        active = require_member(person, request.role)
        if key_id is not None and key_id != active:
            raise Refused("WRONG_KEY", "this is not the person's active key")
        self._require_version(command, request)
        checks = SnapshotChecks(PossessionChecks(instance.created.origin), self._signed_root)
        context = _context(request, checks, signed_at)
        require_timely(context, facts.study())
        decided = tuple(
            (one, meaning, instance.legal[meaning])
            for one in decide(facts, command, context)
            for meaning in [resolve_meaning(instance, one.event.TOPIC, request.role, request.meaning)]
        )
        ceremony = Ceremony(
            origin=instance.created.origin,
            environment=instance.created.environment,
            txn=request.txn,
            signer=Signer(person.id, person.name, request.role, None, active),
            signed_at=signed_at,
            zone=request.zone,
            occurred_at=request.occurred_at,
            reason=request.reason,
            seen=seen,
        )
        targets = {one.stream: trial.versions.get(one.stream, 0) for one, _, _ in decided}
        expects = {**facts.reads, **targets}
        # A copy: the folded trial moves on as soon as its lock is released.
        chain = Chain(expects, {stream: trial.digests[stream] for stream in expects if expects[stream]})
        return Plan(ceremony, chain, tuple(facts.reads), decided, expects, facts.births, trial.position)

    def _require_version(self, command: Command, request: Request) -> None:
        stands = self._log.trial.versions.get(command.target, 0)
        if request.expected_version is not None and request.expected_version != stands:
            raise Conflict("VERSION_CONFLICT", f"the record is now at version {stands}", version=stands)

    def _signed_root(self, size: int) -> bytes | None:
        """Return the root of a committed head, None where no checkpoint was ever signed over the size."""
        if not 0 < size <= self._log.head.size or not self._log.has_checkpoint(size):
            return None
        return self._log.root_at(size)

    def _now(self) -> datetime:
        """The server's time, and never before the log's newest receipt: another server may be ahead."""
        return max(self._clock(), self._log.received_at)

    def _head(self) -> Seen:
        return Seen(self._log.head.size, to_base64(self._log.head.root()))

    def _append(self, plan: Plan, drafted: Sequence[Drafted], events: Sequence[SignedEvent]) -> Receipt:
        def build(view: WriterView) -> Sequence[SignedEvent]:
            require_writable(plan, view)
            return events

        appended = self._log.append(Batch(build, plan.expects, plan.births))
        return receipt_of(drafted[-1].statement, appended)

    # -- client-held keys ---------------------------------------------------------------------------

    def _require_fresh(self, statement: Statement, request: Request) -> None:
        """Check what a commit takes over from the signed bytes: time, head seen, command id."""
        age = self._now() - statement.signed_at
        if not timedelta() <= age <= PREPARED_LIFETIME:
            raise Refused("PREPARED_EXPIRED", "a prepared statement is signed within 15 minutes")
        if statement.txn.id != request.txn:
            raise Refused("STATEMENT_DIFFERS", "the signed statement belongs to another command")
        seen, size = statement.seen, self._log.head.size
        if seen.size < self._log.last_seen_by(statement.signer.id):
            raise Conflict("VERSION_CONFLICT", "the same person has meanwhile signed with a newer head")
        if seen.size > size:
            raise Refused("BAD_SEEN", "the log head that was signed is not one of this log's newer heads")
        # Only committed heads have a checkpoint; a size between two of them was nobody's to see.
        known = seen.size == 0 or self._log.has_checkpoint(seen.size)
        if not known or to_base64(self._log.root_at(seen.size)) != seen.root:
            raise Refused("BAD_SEEN", "the log head that was signed is not this log's")

    # -- repetition and refusals --------------------------------------------------------------------

    def _earlier(self, command: Command, request: Request) -> Receipt | None:
        """Return the receipt of the same command if it is already in the log.

        Raises: `IDEMPOTENCY_MISMATCH` where the key was used for something else.
        """
        positions = self._log.positions_of(request.txn)
        if not positions:
            return None
        entries = [self._log.entry(position) for position in positions]
        recorded = [entry.recorded() for entry in entries]
        opens_with = opening_topics(type(command))
        if not is_replay_of(to_data(command), command.target, opens_with, recorded, request):
            raise Conflict("IDEMPOTENCY_MISMATCH", "this idempotency key was used for another command")
        last = recorded[-1]
        return Receipt(
            txn=request.txn,
            stream=last.stream,
            version=last.version,
            positions=positions,
            leaf_hashes=tuple(self._log.tree.node(0, position - 1) for position in positions),
            checkpoint=self._log.checkpoint() or b"",
            replayed=True,
        )

    def record_refusal(self, code: str, command: str, person: str, target: str | None) -> None:
        """Record that the system refused something; built and signed inside the writer, unguarded."""
        with self._log.lock:
            self._log.catch_up()
            created = self._log.trial.instance.created
        if created is None:
            return
        build = refusal(created, self._service_key, self._now(), (code, command, person, target))
        self._log.append(Batch(build))


class _recording_refusals:  # noqa: N801 - reads as a statement of what the block does
    """Records a refusal of an enrolled person's command before it reaches the caller."""

    def __init__(self, handler: Handler, command: Command, request: Request) -> None:
        self._handler, self._command, self._request = handler, command, request

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused) and not isinstance(error, Malformed):
            name = type(self._command).__name__
            self._handler.record_refusal(error.code, name, self._request.person, _target(self._command))


def _target(command: Command) -> str | None:
    try:
        return command.target
    except TrialError:
        return None


def _context(request: Request, checks: SnapshotChecks, now: datetime) -> Context:
    """Return what deciders are told; `now` is the instant that is signed."""
    if request.occurred_at > now:
        raise Malformed("FUTURE_TIME", "occurred_at lies in the future", field="occurred_at")
    require_zone(request.zone)
    if request.reason is not None and not (request.reason.code.strip() and request.reason.text.strip()):
        raise Malformed("BAD_REASON", "a reason has a code and a sentence", field="reason")
    if not is_uuid7(request.txn):
        raise Malformed("BAD_TXN", "the idempotency key is a UUID of version 7 in lower case")
    return Context(
        person=request.person,
        role=request.role,
        now=now,
        occurred_at=request.occurred_at,
        zone=request.zone,
        reason=request.reason,
        checks=checks,
    )
