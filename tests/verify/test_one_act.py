"""One command is one act of one signer: the verifier decides nothing that two hands have put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit.drafting import Ceremony, Chain, draft
from core.audit.statement import Seen
from core.clock import new_txn_id
from core.kernel.actors import Auth, Meaning
from core.kernel.encoding import to_base64
from core.kernel.recorded import Reason, Signer
from core.store.recorder import Batch
from core.store.refusals import sealed_by, service_signer
from core.trial.authority import resolve_meaning
from core.trial.context import Decided
from core.trial.instance.events import CommandRefused
from core.trial.people.events import RoleGranted, SigningKeyEnrolled
from core.trial.subject.events import SubjectEnrolled
from tests.support.given import ADM, PI, SC, SRC, ZONE, screening
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around

if TYPE_CHECKING:
    from core.kernel.recorded import Event
    from core.keys.ed25519 import SigningKey
    from core.store.sealing import SignedEvent
    from tests.support.given import Member

__all__ = ["founded", "world"]

REFUSED = CommandRefused("ROLE_NOT_HELD", "SignIn", SC.id, None)


def codes(world: World) -> set[tuple[int | None, str]]:
    report = verify_store(world.url, world.trust, workers=0)
    return {(f.position, f.code) for f in report.findings}


def act_of(world: World, member: Member | None) -> tuple[Ceremony, SigningKey]:
    """Return an act of signing now, by a person or by the service, and the key."""
    created, now = world.trial.instance.created, world.clock()
    assert created is not None
    key = world.secrets.service_key if member is None else world.keys[member.id]
    signer = (
        service_signer(created)
        if member is None
        else Signer(member.id, member.name, member.role, None, key.key_id)
    )
    seen = Seen(world.log.head.size, to_base64(world.log.head.root()))
    origin, txn = created.origin, new_txn_id(now)
    return Ceremony(origin, created.environment, txn, signer, now, ZONE, now, None, seen), key


def part(
    world: World, act: Ceremony, key: SigningKey, events: list[tuple[str, Event]], at: int
) -> SignedEvent:
    """Return one event of a command, signed in an act of its own."""
    is_service, trial = act.signer.id == "service", world.trial
    meaning = (
        Meaning.RECORDED
        if is_service
        else resolve_meaning(trial.instance, events[at][1].TOPIC, act.signer.role, None)
    )
    named = () if is_service else ("instance", f"person/{act.signer.id}")
    decided = [(Decided(stream, event), trial.instance.legal[meaning]) for stream, event in events]
    drafted = draft(act, Chain(trial.versions, trial.digests), named, decided)
    return sealed_by(key, drafted[at], Auth.SERVICE if is_service else Auth.PASSWORD)


def test_the_service_does_not_end_a_command_that_a_person_began(world: World) -> None:
    """Nobody decides a command whose last event is the service's: that could be anything."""
    events: list[tuple[str, Any]] = [("subject/S99", SubjectEnrolled(1, 1, None)), ("refusals", REFUSED)]
    (act, key), (service, service_key) = act_of(world, PI), act_of(world, None)
    service = replace(service, txn=act.txn)
    world.log.append(Batch([part(world, act, key, events, 0), part(world, service, service_key, events, 1)]))
    assert (world.log.size(), "COMMAND_BROKEN") in codes(world)


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": timedelta(days=-9)},
        {"reason": Reason("because", "somebody said so")},
        {"zone": "Europe/Berlin"},
    ],
)
def test_the_events_of_a_command_make_the_same_claims(world: World, other: dict[str, Any]) -> None:
    act, key = act_of(world, ADM)
    changed = {name: act.occurred_at + one if name == "occurred_at" else one for name, one in other.items()}
    events: list[tuple[str, Any]] = [
        (f"person/{SC.id}", RoleGranted(SC.role, None, None)),
        (f"person/{SC.id}", SigningKeyEnrolled(world.keys[SRC.id].key_id, "")),
    ]
    world.log.append(
        Batch([part(world, act, key, events, 0), part(world, replace(act, **changed), key, events, 1)])
    )
    assert (world.log.size(), "COMMAND_BROKEN") in codes(world)


def test_the_service_corrects_nobody(world: World) -> None:
    """Else whoever holds its key has any signature read `changed since signing`."""
    world.do(screening("S01"), SC)
    append_around(world, None, "refusals", REFUSED, corrects=world.trial.acts[SC.id].digest)
    assert codes(world) == {(world.log.size(), "NOT_THE_SERVICE")}
