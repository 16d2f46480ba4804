"""From a command to a plan: fold, authority, deciders, and the guards of what was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.audit.drafting import Ceremony, Chain
from core.audit.snapshot import SnapshotChecks
from core.audit.statement import is_uuid7
from core.ceremony import Plan
from core.kernel.actors import Auth
from core.kernel.errors import Conflict, Malformed, Refused
from core.kernel.recorded import Signer
from core.kernel.time import require_zone
from core.keys.checks import PossessionChecks
from core.trial.authority import (
    require_fresh_password,
    require_member,
    require_signatory,
    require_standing,
    require_trusted_clock,
    resolve_meaning,
)
from core.trial.catalogue import decide, opening_topics
from core.trial.context import Context, require_timely
from core.trial.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from core.audit.statement import Seen
    from core.request import Item, Request
    from core.trial.context import Decided
    from core.trial.instance.events import InstanceCreated, LegalSentence
    from core.trial.instance.state import Instance
    from core.trial.trial import Trial


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is signed: when, with which head seen, and with which key, brought how; None while preparing."""

    signed_at: datetime
    seen: Seen
    key: str | None = None
    auth: Auth = Auth.CLIENT_KEY


@dataclass(frozen=True, slots=True)
class Basis:
    """What is decided on: the folded trial, the versions that people looked at, the log's signed heads.

    Within a series `trial` already holds the items before; `looked_at` is the log without them.
    """

    trial: Trial
    looked_at: Mapping[str, int]
    signed_root: Callable[[int], bytes | None]


def plan(item: Item, terms: Terms, basis: Basis) -> Plan:
    """Decide a command on the basis.

    Raises: `CLOCK_UNTRUSTED`, `Refused` by authority or by a decider, `VERSION_CONFLICT` where the target
    has moved.
    """
    command, request, trial = item.command, item.request, basis.trial
    facts = Facts(trial)
    instance = facts.instance()
    created = require_open(instance)
    require_trusted_clock(instance)
    active = _require_authority(facts, item, terms)
    _require_version(item, basis)
    checks = SnapshotChecks(PossessionChecks(created.origin), basis.signed_root)
    context = _context(request, checks, terms.signed_at)
    require_timely(context, facts.study())
    decided = tuple(_with_sentence(instance, one, request) for one in decide(facts, command, context))
    topics = {one.event.TOPIC for one, _ in decided}
    person = facts.person(request.person)
    delegation = require_standing(instance, person, request.role, topics, terms.signed_at)
    ceremony = Ceremony(
        origin=created.origin,
        environment=created.environment,
        txn=request.txn,
        signer=Signer(person.id, person.name, request.role, delegation, active),
        signed_at=terms.signed_at,
        zone=request.zone,
        occurred_at=request.occurred_at,
        reason=request.reason,
        seen=terms.seen,
    )
    targets = {one.stream: trial.versions.get(one.stream, 0) for one, _ in decided}
    expects = {**facts.guards, **facts.reads, **targets}
    # A copy: the folded trial moves on as soon as its lock is released.
    chain = Chain(expects, {stream: trial.digests[stream] for stream in expects if expects[stream]})
    return Plan(ceremony, chain, tuple(facts.reads), decided, expects, facts.births, trial.position)


def require_open(instance: Instance) -> InstanceCreated:
    """Return how the instance was created.

    Raises: `INSTANCE_NOT_OPEN`.
    """
    if instance.created is None or not instance.is_open:
        raise Refused("INSTANCE_NOT_OPEN", "the founding officers have not both confirmed the instance")
    return instance.created


def _require_authority(facts: Facts, item: Item, terms: Terms) -> str:
    """Return the key that counts of a person who may ask for the command now.

    Raises: `WRONG_KEY`, and what `core.trial.authority` raises.
    """
    instance, request = facts.instance(), item.request
    person = facts.person(request.person)
    active = require_member(person, request.role, terms.signed_at)
    if terms.key is not None and terms.key != active:
        raise Refused("WRONG_KEY", "this is not the person's active key")
    opens_with = opening_topics(type(item.command))
    require_signatory(instance, request.role, opens_with)
    require_standing(instance, person, request.role, opens_with, terms.signed_at)
    if terms.key is not None and terms.auth is Auth.PASSWORD:
        require_fresh_password(instance, person, opens_with, terms.signed_at)
    return active


def _require_version(item: Item, basis: Basis) -> None:
    stands = basis.looked_at.get(item.command.target, 0)
    expected = item.request.expected_version
    if expected is not None and expected != stands:
        raise Conflict("VERSION_CONFLICT", f"the record is now at version {stands}", version=stands)


def _with_sentence(instance: Instance, one: Decided, request: Request) -> tuple[Decided, LegalSentence]:
    """Return the event with the sentence of the meaning with which it is signed."""
    return one, instance.legal[resolve_meaning(instance, one.event.TOPIC, request.role, request.meaning)]


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
