"""The same command twice is one event; the same key for something else is an error."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.actors import Meaning, Role
from core.kernel.codec import to_data
from core.kernel.errors import Unavailable
from core.request import Request
from core.rules.screening_facts import Group
from core.trial.people.commands import ProposeRole
from core.trial.people.events import RoleGranted
from core.trial.replay import is_replay_of
from core.trial.subject.commands import (
    CompleteDltWindow,
    ConfirmEligibility,
    RecordDeath,
    RecordLiverTransplant,
    ScreenSubject,
)
from tests.support.given import ADM, PI, SC, SC2, START, ZONE, Past, recorded, screening, why

if TYPE_CHECKING:
    from core.handle import Receipt
    from core.store.recorder import Appended, Batch
    from tests.support.world import World


def again(world: World, command: Any, request: Any) -> Receipt:
    return world.handler.submit(command, request, lambda: world.keys[request.person])


def test_the_same_command_again_is_one_event_and_the_same_receipt(world: World) -> None:
    request = world.request(SC)
    first, second = again(world, screening("S01"), request), again(world, screening("S01"), request)
    assert (replace(first, replayed=True)) == second
    assert second.positions == (world.log.size(),)


def test_a_restarted_server_still_knows_the_command(world: World) -> None:
    request = world.request(SC)
    first = again(world, screening("S01"), request)
    assert first.positions == again(world.sibling(), screening("S01"), request).positions


def test_a_repetition_long_after_still_gets_its_receipt(world: World) -> None:
    request = world.request(SC)
    first = again(world, screening("S01"), request)
    world.do(ConfirmEligibility("S01", Group.ACLF), PI)
    world.advance(days=400)
    assert first.positions == again(world, screening("S01"), request).positions


def test_a_repetition_with_the_version_that_was_expected_gets_its_receipt(world: World) -> None:
    request = world.request(SC, expected_version=1)
    first = again(world, screening("S01"), request)
    assert first.positions == again(world, screening("S01"), request).positions


def test_a_repetition_may_name_the_meaning_that_the_first_left_to_the_policy(world: World) -> None:
    request = world.request(SC)
    first = again(world, screening("S01"), request)
    named = replace(request, meaning=Meaning.AUTHORED)
    assert first.positions == again(world, screening("S01"), named).positions


DIFFERENT: dict[str, tuple[dict[str, Any], str]] = {
    "another person": ({"person": SC2.id}, "IDEMPOTENCY_MISMATCH"),
    "another role": ({"role": PI.role}, "ROLE_NOT_HELD"),  # refused before the key is even opened
    "another reason": ({"reason": why()}, "IDEMPOTENCY_MISMATCH"),
    "another meaning": ({"meaning": Meaning.APPROVED}, "IDEMPOTENCY_MISMATCH"),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_the_key_belongs_to_who_used_it_and_to_what_was_said(world: World, what: str) -> None:
    request = world.request(SC)
    again(world, screening("S01"), request)
    world.advance(minutes=1)
    with pytest.raises(Exception, match=DIFFERENT[what][1]):
        again(world, screening("S01"), replace(request, **DIFFERENT[what][0]))


def test_the_key_belongs_to_the_time_that_was_claimed(world: World) -> None:
    request = world.request(SC)
    again(world, screening("S01"), request)
    earlier = replace(request, occurred_at=request.occurred_at - timedelta(milliseconds=1))
    with pytest.raises(Exception, match="IDEMPOTENCY_MISMATCH"):
        again(world, screening("S01"), earlier)


@pytest.mark.parametrize(
    "other", [screening("S02"), screening("S01", weight="69.0"), screening("S01", weight="68")]
)
def test_the_key_belongs_to_every_field_of_the_command(world: World, other: ScreenSubject) -> None:
    request = world.request(SC)
    again(world, screening("S01"), request)
    with pytest.raises(Exception, match="IDEMPOTENCY_MISMATCH"):
        again(world, other, request)


def test_a_command_whose_fields_all_stand_in_another_ones_event_is_not_its_repetition(world: World) -> None:
    """Closing the window says nothing but the subject; the dose's event says that too."""
    key = world.enrolled()
    world.prepare(key)
    request = world.request(PI)
    again(world, world.dose(key), request)
    with pytest.raises(Exception, match="IDEMPOTENCY_MISMATCH"):
        again(world, CompleteDltWindow(key), request)


def test_a_transplant_on_the_day_of_death_is_not_the_death(world: World) -> None:
    key, request = world.dosed(), world.request(PI)
    today = world.clock().date()
    again(world, RecordDeath(key, today, None, related=False), request)
    with pytest.raises(Exception, match="IDEMPOTENCY_MISMATCH"):
        again(world, RecordLiverTransplant(key, today), request)


def test_an_answer_lost_after_the_commit_is_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = world.log.append
    request, size = world.request(SC), world.log.size()

    def lost(batch: Batch) -> Appended:
        append(batch)
        raise Unavailable("ANSWER_LOST", "the network went away")

    monkeypatch.setattr(world.log, "append", lost)
    with pytest.raises(Unavailable):
        again(world, screening("S01"), request)
    monkeypatch.undo()
    receipt = again(world, screening("S01"), request)
    assert ((size + 1,), True, size + 1) == (receipt.positions, receipt.replayed, world.log.size())


def test_an_append_that_failed_leaves_the_key_free(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    request = world.request(SC)

    def failed(_batch: Batch) -> Appended:
        raise Unavailable("STORE_BUSY", "disk full")

    monkeypatch.setattr(world.log, "append", failed)
    with pytest.raises(Unavailable):
        again(world, screening("S01"), request)
    monkeypatch.undo()
    assert not again(world, screening("S01"), request).replayed


def test_a_double_click_on_two_servers_is_one_event(world: World) -> None:
    request, size = world.request(SC), world.log.size()
    start, receipts = Barrier(4), list[Any]()

    def click(server: World) -> None:
        start.wait()
        receipts.append(again(server, screening("S01"), request))

    clicks = [
        Thread(target=click, args=(server,)) for server in (world, world, world.sibling(), world.sibling())
    ]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert {(size + 1,)} == {receipt.positions for receipt in receipts}
    assert sorted(r.replayed for r in receipts) == [False, True, True, True]
    assert size + 1 == world.log.size()


def test_events_that_contradict_each_other_come_from_no_command() -> None:
    """A later event does not excuse the first: each that says a field of the command says the same."""
    asked = Request(ADM.id, ADM.role, START, ZONE, "")
    wanted, other = (
        recorded(Past("person/sc.liu", RoleGranted(role, None, None), ADM), at, at)
        for at, role in enumerate((Role.SC, Role.PI), 1)
    )
    command = ProposeRole("sc.liu", Role.SC, None, None)
    for events, same in (([wanted], True), ([other, wanted], False), ([wanted, other], False)):
        topics = frozenset({RoleGranted.TOPIC})
        assert is_replay_of(to_data(command), command.target, topics, events, asked) is same
