"""Series of signatures: N commands, N signatures, one ceremony, all in the log or none of them."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit.display import digest_of_text
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.statement import read_statement
from core.handle import Item, Signed
from core.kernel.errors import TrialError
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.series import SERIES_LIMIT
from core.trial.escalation.commands import CastSrcVote, EndSrcVoting, SignDecision
from core.trial.instance.events import CommandRefused
from core.trial.people.commands import EndRole, RotateSigningKey
from core.trial.subject.commands import ReportAdverseEvent
from tests.support.given import ADM, ORIGIN, PI, SC, SC2, SRC, START, report, screening, why

if TYPE_CHECKING:
    from core.store.recorder import Batch
    from tests.support.world import World


def event(key: str, ae_id: str) -> ReportAdverseEvent:
    return report(key, ae_id, onset=START.date())


def items(world: World, count: int = 3, **request: Any) -> list[Item]:
    """Screen a subject and report adverse events, each of which needs the screening before it."""
    commands = [screening("S01"), *(event("S01", f"AE-{n}") for n in range(1, count))]
    return [Item(command, world.request(SC, **request)) for command in commands]


def submitted(world: World, series: list[Item], **how: Any) -> Any:
    return world.handler.submit_series(series, lambda: world.keys[SC.id], **how)


def code_of(act: Any) -> str:
    with pytest.raises(TrialError) as caught:
        act()
    return caught.value.code


def shown(prepared: Any) -> list[str]:
    return [read_statement(data).display for statements in prepared for data in statements]


def signed(world: World, prepared: Any) -> list[Signed]:
    key = world.keys[SC.id]
    return [Signed(d, key.sign(pae(PAYLOAD_TYPE, d))) for statements in prepared for d in statements]


def test_each_command_reads_what_the_ones_before_it_leave(world: World) -> None:
    before = world.log.size()
    series = items(world)
    receipts = submitted(world, series, shown=shown(world.handler.prepare_series(series)))
    statements = [world.log.entry(before + n).statement for n in (1, 2, 3)]
    assert [s.ver for s in statements] == [2, 3, 4]
    assert [r.version for r in receipts] == [2, 3, 4]
    assert [r.positions for r in receipts] == [(before + n,) for n in (1, 2, 3)]
    assert len({s.seen.size for s in statements}) == 1  # of one ceremony: one head
    assert [s.txn.id for s in statements] == [item.request.txn for item in series]
    assert verify_store(world.url, world.trust, workers=0).findings == ()


@pytest.mark.parametrize("secret", [CastSrcVote("M1", "expand", 1, "so"), EndSrcVoting("M1")])
def test_a_vote_is_not_tried_out_together_with_what_counts_it(world: World, secret: Any) -> None:
    sign = SignDecision("M1", "expand", 1, None)
    series = [Item(command, world.request(SRC)) for command in (secret, sign)]
    assert code_of(lambda: world.handler.prepare_series(series)) == "BAD_SERIES"
    assert code_of(lambda: world.handler.prepare_series(series[::-1])) == "BAD_SERIES"
    assert code_of(lambda: world.handler.prepare_series(series[:1])) != "BAD_SERIES"


def test_a_key_of_ones_own_signs_a_series_too(world: World) -> None:
    series = items(world)
    prepared = world.handler.prepare_series(series)
    world.advance(minutes=14)
    before = world.log.size()
    receipts = world.handler.commit_series(series, signed(world, prepared))
    assert [p for r in receipts for p in r.positions] == [before + 1, before + 2, before + 3]
    assert verify_store(world.url, world.trust, workers=0).findings == ()
    again = world.handler.commit_series(series, signed(world, prepared))
    assert [replace(r, replayed=True) for r in receipts] == [
        replace(a, checkpoint=r.checkpoint) for a, r in zip(again, receipts, strict=True)
    ]


def test_a_signature_under_another_statement_of_the_series_is_refused(world: World) -> None:
    series = items(world)
    good = signed(world, world.handler.prepare_series(series))
    swapped = [
        replace(good[0], signature=good[1].signature),
        replace(good[1], signature=good[0].signature),
        good[2],
    ]
    before = world.log.size()
    assert code_of(lambda: world.handler.commit_series(series, swapped)) == "BAD_SIGNATURE"
    assert code_of(lambda: world.handler.commit_series(series, good[:2])) == "VERSION_CONFLICT"
    assert code_of(lambda: world.handler.commit_series(series, good[::-1])) != ""
    assert [type(world.log.entry(p).payload) for p in range(before + 1, world.log.size() + 1)] == [
        CommandRefused
    ] * (world.log.size() - before)


def test_one_refusal_refuses_all_and_is_recorded_against_its_command(world: World) -> None:
    series = items(world)
    series[2] = replace(series[2], command=event("S77", "AE-2"))
    before = world.log.size()
    assert code_of(lambda: submitted(world, series)) == "UNKNOWN_SUBJECT"
    assert world.log.size() == before + 1
    told = world.log.entry(before + 1).payload
    assert told == CommandRefused("UNKNOWN_SUBJECT", ReportAdverseEvent.__name__, SC.id, "subject/S77")


def test_the_key_is_opened_once(world: World) -> None:
    opened: list[int] = []

    def unlock() -> Any:
        opened.append(1)
        return world.keys[SC.id]

    world.handler.submit_series(items(world, 5), unlock)
    assert opened == [1]


def test_a_series_partly_in_the_log_is_refused_and_a_whole_one_answered(world: World) -> None:
    series = items(world)
    first = submitted(world, series[:1])
    assert code_of(lambda: submitted(world, series)) == "SERIES_PARTLY_RECORDED"
    before = world.log.size()
    assert submitted(world, series[:1])[0].positions == first[0].positions
    other = [replace(series[0], command=screening("S02"))]
    assert code_of(lambda: submitted(world, other)) == "IDEMPOTENCY_MISMATCH"
    assert world.log.size() == before


def test_what_is_no_series_is_refused_unrecorded(world: World) -> None:
    one, *_ = series = items(world)
    before = world.log.size()
    for bad in (
        [],
        [one, one],
        [one] * (SERIES_LIMIT + 1),
        [one, replace(one, request=world.request(SC2))],
        [one, replace(one, request=world.request(PI))],
    ):
        assert code_of(lambda bad=bad: submitted(world, bad)) == "BAD_SERIES"
    assert world.log.size() == before
    assert len(submitted(world, series)) == 3


def test_a_text_that_changes_on_a_redo_is_not_signed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's entry comes in between: the version that the signer was shown is not the next one."""
    request = world.request(SC)
    told = shown([world.handler.prepare(screening("S01"), request)])
    append = world.log.append

    def overtaken(batch: Batch) -> Any:
        monkeypatch.setattr(world.log, "append", append)
        world.sibling().do(screening("S01"), SC2)
        return append(batch)

    monkeypatch.setattr(world.log, "append", overtaken)
    unlock = lambda: world.keys[SC.id]  # noqa: E731 - as everywhere
    assert code_of(lambda: world.handler.submit(screening("S01"), request, unlock, told)) in {
        "SHOWN_DIFFERS",
        "SUBJECT_EXISTS",
        "NO_RESCREENING_LEFT",
    }
    assert world.log.positions_of(request.txn) == ()


def test_a_role_that_ends_while_a_series_is_signed_refuses_all_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server ends the role between decision and append: nothing of the series stands behind that."""
    series, append = items(world), world.log.append

    def overtaken(batch: Batch) -> Any:
        monkeypatch.setattr(world.log, "append", append)
        world.sibling().do(EndRole(SC.id, SC.role), ADM, reason=why())
        return append(batch)

    monkeypatch.setattr(world.log, "append", overtaken)
    assert code_of(lambda: submitted(world, series)) == "ROLE_NOT_HELD"
    assert not any(world.log.positions_of(item.request.txn) for item in series)


@pytest.mark.parametrize("writers", [6])
def test_series_and_single_commands_at_once_all_land_and_verify(world: World, writers: int) -> None:
    """A series waits for a moment in which nobody else writes, and gets it."""
    world.do(screening("S01"), SC)
    barrier, done = Barrier(writers), list[Any]()

    def write(number: int) -> None:
        names = [f"AE-{number}-{n}" for n in range(4)]
        member = SC if number % 2 else SC2
        listed = [Item(event("S01", name), world.request(member)) for name in names]
        barrier.wait()
        unlock = lambda: world.keys[member.id]  # noqa: E731 - as everywhere
        if number % 3:
            done.append(world.handler.submit_series(listed, unlock))
        else:
            done.extend(world.handler.submit(one.command, one.request, unlock) for one in listed)

    threads = [Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report_ = verify_store(world.url, world.trust, workers=0)
    assert report_.findings == ()
    for receipts in done:
        if isinstance(receipts, tuple):
            first = receipts[0].positions[0]
            assert [r.positions for r in receipts] == [(first + n,) for n in range(4)]
    assert sum(len(r) if isinstance(r, tuple) else 1 for r in done) == 4 * writers


@pytest.mark.parametrize("by_service", [False, True])
def test_a_signature_over_a_text_that_was_never_shown_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, *, by_service: bool
) -> None:
    with monkeypatch.context() as lying:
        lying.setattr("core.audit.drafting.digest_of_text", lambda text: digest_of_text(f"{text} "))
        if by_service:
            world.handler.record_refusal("X", "Nothing", SC.id, None)
        else:
            world.do(screening("S01"), SC)
    findings = verify_store(world.url, world.trust, workers=0).findings
    assert [(one.position, one.code) for one in findings] == [(world.log.size(), "DISPLAY_DIFFERS")]


def rotation(world: World) -> tuple[Item, SigningKey]:
    new = SigningKey(new_seed())
    proof = prove_possession(new, ORIGIN, SC.id)
    command = RotateSigningKey(SC.id, world.keys[SC.id].key_id, new.key_id, proof)
    return Item(command, world.request(SC)), new


def test_nothing_is_signed_behind_a_rotation_in_the_same_series(world: World) -> None:
    """It would need the new key; refused before anything counts as an attempt to sign with a wrong one."""
    size = world.log.size()
    for _ in range(5):
        series = [rotation(world)[0], *items(world, 1)]
        assert code_of(lambda series=series: submitted(world, series)) == "BAD_SERIES"
        assert code_of(lambda series=series: world.handler.prepare_series(series)) == "BAD_SERIES"
        assert code_of(lambda series=series: world.handler.commit_series(series, [])) == "BAD_SERIES"
    assert world.log.size() == size
    assert world.trial.people[SC.id].locked_at is None


def test_a_series_may_end_with_a_rotation(world: World) -> None:
    rotated, new = rotation(world)
    submitted(world, [*items(world, 1), rotated])
    assert world.trial.people[SC.id].active_key == new.key_id
    assert verify_store(world.url, world.trust, workers=0).findings == ()
