"""Whatever fails, and whenever: the log is whole, its head is the head of its leaves, and it goes on.

Faults come in pairs: the step failed, and the step failed although it was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.audit.checkpoint import open_note, parse_checkpoint
from core.audit.merkle import CompactRange, leaf_hash
from core.kernel.errors import TrialError, Unavailable
from core.keys.ed25519 import verify
from tests.support.faults import COMMIT, STEPS, Fault, die_at
from tests.support.given import ORIGIN, SC, SC2, screening

if TYPE_CHECKING:
    from core.handle import Request
    from tests.support.world import World

PAIRS = [(step, done) for step in STEPS for done in (False, True)]


def check_log(world: World, size: int) -> None:
    """Hold the log against everything that is true after every commit, then append once more."""
    fresh = world.sibling()
    states = fresh.states()
    tree = CompactRange()
    for state in states:
        tree.append(leaf_hash(state))
    assert size == len(states) == fresh.log.size()
    note = open_note(fresh.log.checkpoint() or b"", ORIGIN, world.secrets.log_key.public_key, verify)
    head = parse_checkpoint(note)
    assert (size, tree.root()) == (head.size, head.root)
    assert verify_store(world.url, world.trust, workers=0).findings == ()
    for server in (world, fresh):
        assert server.do(screening(f"N{server.log.size()}"), SC2).positions == (server.log.size(),)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def submit(world: World, request: Request, key: str = "S01") -> tuple[int, ...]:
    return world.handler.submit(screening(key), request, lambda: world.keys[request.person]).positions


@pytest.mark.parametrize(("step", "done"), PAIRS)
def test_a_failing_step_fails_the_append_and_harms_nothing(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    done: bool,  # noqa: FBT001 - a row of the table
) -> None:
    size, request = world.log.size(), world.request(SC)
    fault = Fault(step, done=done).install(monkeypatch)
    with pytest.raises(Unavailable, match="STORE_BUSY"):
        submit(world, request)
    monkeypatch.undo()
    assert fault.fired
    written = step == COMMIT and done
    check_log(world, size + written)
    assert submit(world, request) == ((size + 1,) if written else (world.log.size(),))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), RuntimeError("bug")], ids=repr)
@pytest.mark.parametrize("step", STEPS)
def test_an_error_of_any_kind_at_any_step_harms_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    size = world.log.size()
    Fault(step, done=False, error=error).install(monkeypatch)
    with pytest.raises(type(error)):
        submit(world, world.request(SC))
    monkeypatch.undo()
    check_log(world, size)


@pytest.mark.parametrize("method", ["seal", "checkpoint", "now"])
def test_a_sealer_that_fails_fails_the_append_and_harms_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    size, request = world.log.size(), world.request(SC)

    def broken(*_: object) -> bytes:
        raise Unavailable("KEY_GONE", "the log key cannot be reached")

    monkeypatch.setattr(world.log.recorder.sealer, method, broken)
    with pytest.raises(Unavailable, match="KEY_GONE"):
        submit(world, request)
    monkeypatch.undo()
    check_log(world, size)


@pytest.mark.parametrize("step", ["INSERT INTO stored_events", "UPDATE log_head SET size = ?", COMMIT])
def test_refusals_that_cannot_be_recorded_do_not_pass_as_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    size = world.log.size()
    Fault(step, done=False).install(monkeypatch)
    with pytest.raises(TrialError, match="STORE_BUSY"):
        world.do(screening("S01"), type(SC)("stranger", "S", SC.role), key=world.keys[SC.id])
    monkeypatch.undo()
    check_log(world, size)


@pytest.mark.slow
@pytest.mark.parametrize(("step", "done"), PAIRS)
def test_a_process_killed_at_any_step_leaves_a_whole_log(
    world: World,
    step: str,
    done: bool,  # noqa: FBT001 - a row of the table
) -> None:
    size = world.log.size()
    die_at(world.folder, step, done=done)
    check_log(world, size + (step == COMMIT and done))
