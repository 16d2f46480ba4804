"""What the system refused is recorded: who, what kind, why; never what was submitted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.audit.statement import read_statement
from core.genesis import Birth, Founder, found
from core.handle import Handler
from core.kernel.actors import Auth, Environment, Meaning, Role
from core.kernel.errors import Malformed, Refused, TrialError, Unavailable
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.secrets_folder import InstanceSecrets
from core.store.recorder import Batch
from core.trial.instance.events import CommandRefused
from core.trial.people.commands import EndRole
from tests.support.given import ADM, ORIGIN, PI, SC, SEC, Member, dose, report, screening, why
from tests.support.world import open_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.world import World

MARKER = "ZEBRACROSSING"


def test_a_refusal_names_code_command_person_and_target(world: World) -> None:
    assert world.refused(dose("S09"), PI) == "UNKNOWN_SUBJECT"
    entry = world.log.entry(world.log.size())
    assert CommandRefused("UNKNOWN_SUBJECT", "AdministerDose", PI.id, "subject/S09") == entry.payload
    assert (
        entry.statement.stream,
        entry.statement.signer.id,
        entry.statement.signer.role,
        entry.statement.meaning,
        entry.leaf.seal.auth,
    ) == ("refusals", "service", Role.SVC, Meaning.RECORDED, Auth.SERVICE)


def test_a_refusal_holds_nothing_of_what_was_submitted(world: World) -> None:
    asked = report(world.candidate(), verbatim=MARKER)
    world.advance(days=3)
    world.do(asked, SC)
    size = world.log.size()
    assert world.refused(asked, SC, reason=why(MARKER, MARKER)) == "DUPLICATE_AE"
    (leaf,) = world.states()[size:]
    opened = world.log.entry(size + 1).leaf.envelope.statement
    assert (leaf.find(MARKER.encode()), opened.find(MARKER.encode())) == (-1, -1)
    assert MARKER.encode() in world.log.entry(size).leaf.envelope.statement  # the search can find


@pytest.mark.parametrize("code", ["WRONG_PASSWORD", "NO_SEALED_KEY", "WRONG_PERSON"])
def test_a_key_that_did_not_open_is_a_refusal_too(world: World, code: str) -> None:
    def unlock() -> SigningKey:
        raise Refused(code, "the key did not open")

    with pytest.raises(Refused, match=code):
        world.handler.submit(screening("S01"), world.request(SC), unlock)
    assert (
        CommandRefused(code, "ScreenSubject", SC.id, "subject/S01")
        == world.log.entry(world.log.size()).payload
    )


def test_what_is_malformed_is_not_recorded(world: World) -> None:
    size = world.log.size()
    assert world.refused(screening("no spaces please"), SC) == "BAD_IDENTIFIER"
    assert (
        world.refused(screening("S01"), Member("who am I", "x", Role.SC), key=world.keys[SC.id])
        == "BAD_IDENTIFIER"
    )
    assert size == world.log.size()


def test_an_edit_check_of_data_is_recorded_without_the_value(world: World) -> None:
    """FDA 2024, question 13: the prompt is kept, whether the text was prepared or already signed."""
    key = world.candidate()
    future = report(key, verbatim=MARKER, onset=world.clock().date() + timedelta(days=2))
    prompt = CommandRefused("FUTURE_TIME", "ReportAdverseEvent", SC.id, f"subject/{key}")
    for _ in range(2):
        size = world.log.size()
        assert world.refused(future, SC) == "FUTURE_TIME"
        assert [world.log.entry(n).payload for n in range(size + 1, world.log.size() + 1)] == [prompt]
        assert MARKER.encode() not in world.log.entry(size + 1).leaf.envelope.statement
        with pytest.raises(Malformed, match="FUTURE_TIME"):
            world.handler.prepare(future, world.request(SC))
        assert (world.log.size(), world.log.entry(size + 2).payload) == (size + 2, prompt)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_malformed_input_that_is_about_no_subjects_data_is_not_recorded(world: World) -> None:
    size = world.log.size()
    ended = EndRole(SC.id, Role.SC)
    assert world.refused(ended, SEC, reason=why("late", " ")) == "BAD_REASON"
    assert size == world.log.size()


def test_edit_checks_flood_the_log_no_more_than_other_refusals(world: World) -> None:
    counted: list[tuple[str, str]] = []

    def is_repeated(code: str, person: str) -> bool:
        counted.append((code, person))
        return len(counted) > 3

    world.handler.refusing.count_with(is_repeated)
    future = report(world.candidate(), onset=world.clock().date() + timedelta(days=2))
    size = world.log.size()
    for _ in range(7):
        world.refused(future, SC)
    assert (world.log.size(), counted) == (size + 3, [("FUTURE_TIME", SC.id)] * 7)


def test_what_cannot_be_counted_is_recorded(world: World) -> None:
    def is_repeated(_code: str, _person: str) -> bool:
        raise Unavailable("ACCESS_JOURNAL_UNAVAILABLE", "the journal cannot be written")

    world.handler.refusing.count_with(is_repeated)
    size = world.log.size()
    assert world.refused(dose("S09"), PI) == "UNKNOWN_SUBJECT"
    assert world.log.size() == size + 1


def test_a_refusal_of_preparing_is_recorded(world: World) -> None:
    with pytest.raises(Refused, match="UNKNOWN_SUBJECT"):
        world.handler.prepare(dose("S01"), world.request(PI))
    assert isinstance(world.log.entry(world.log.size()).payload, CommandRefused)


def test_refusals_at_the_same_time_are_all_recorded(world: World) -> None:
    servers = [world, world.sibling()]
    start, size = Barrier(8), world.log.size()

    def refuse(number: int) -> None:
        start.wait()
        for _ in range(5):
            servers[number % 2].refused(dose(f"S{number}"), PI)

    threads = [Thread(target=refuse, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refusals = [world.log.entry(p) for p in range(size + 1, world.log.size() + 1)]
    assert len(refusals) == 40
    assert list(range(1, 41)) == sorted(entry.statement.ver for entry in refusals)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_refusals_disturb_no_decision(world: World) -> None:
    request = world.request(SC)
    (before,) = world.handler.prepare(screening("S01"), request)
    seen = world.log.size()
    world.refused(dose("S01"), PI)
    (after,) = world.handler.prepare(screening("S01"), request)
    first, second = read_statement(before), read_statement(after)
    assert (first.seen.size, second.seen.size) == (seen, seen + 1)
    assert replace(first, seen=second.seen, display=second.display) == second
    assert world.do(screening("S01"), SC).version == 2


# -- before the instance is open ------------------------------------------------------------------------


@pytest.fixture
def half_founded(world: World, tmp_path: Path) -> Iterator[Handler]:
    """Give a handler on a log that holds position 1 only."""
    folder = tmp_path / "half"
    folder.mkdir()
    InstanceSecrets.create(folder / "secrets")
    log, secrets = open_log(folder, world.clock)
    append = log.append

    def first_only(batch: Batch) -> object:
        events = batch.events
        assert not callable(events)
        return append(Batch(events[:1], batch.expects))

    log.append = first_only  # type: ignore[method-assign,assignment]
    founders = [Founder(o.id, o.name, o.role, world.keys[o.id]) for o in (SEC, ADM)]
    found(log, Birth(ORIGIN, Environment.TRAINING, "x"), (founders[0], founders[1]), secrets, world.clock)
    log.append = append  # type: ignore[method-assign]
    yield Handler(log, secrets.service_key, world.clock)
    log.close()


def test_nothing_is_accepted_before_both_officers_confirmed(world: World, half_founded: Handler) -> None:
    with pytest.raises(Refused, match="INSTANCE_NOT_OPEN"):
        half_founded.submit(screening("S01"), world.request(SEC), lambda: world.keys[SEC.id])


def test_an_empty_log_refuses_without_a_record(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    InstanceSecrets.create(folder / "secrets")
    log, secrets = open_log(folder, world.clock)
    with pytest.raises(Refused, match="INSTANCE_NOT_OPEN"):
        Handler(log, secrets.service_key, world.clock).submit(
            screening("S01"), world.request(SEC), lambda: world.keys[SEC.id]
        )
    assert log.size() == 0
    log.close()


# -- founding -------------------------------------------------------------------------------------------


def _founders(world: World) -> tuple[Founder, Founder]:
    return (
        Founder(SEC.id, SEC.name, Role.SEC, world.keys[SEC.id]),
        Founder(ADM.id, ADM.name, Role.ADM, world.keys[ADM.id]),
    )


def _founding_refused(world: World, folder: Path, founders: tuple[Founder, Founder]) -> str:
    folder.mkdir()
    InstanceSecrets.create(folder / "secrets")
    log, secrets = open_log(folder, world.clock)
    try:
        found(log, Birth(ORIGIN, Environment.TRAINING, "x"), founders, secrets, world.clock)
    except TrialError as error:
        return error.code
    finally:
        size = log.size()
        log.close()
        assert size == 0
    raise AssertionError("founded")


def test_two_different_people_with_keys_of_their_own_found_an_instance(world: World, tmp_path: Path) -> None:
    sec, adm = _founders(world)
    bad = {
        "one person twice": (sec, Founder(SEC.id, SEC.name, Role.ADM, adm.key)),
        "one key twice": (sec, Founder(ADM.id, ADM.name, Role.ADM, sec.key)),
        "roles the other way round": (adm, sec),
        "the service itself": (sec, Founder("service", "x", Role.ADM, adm.key)),
    }
    codes = {name: _founding_refused(world, tmp_path / name, pair) for name, pair in bad.items()}
    assert dict.fromkeys(bad, "BAD_FOUNDERS") == codes


def test_a_founder_has_a_name(world: World, tmp_path: Path) -> None:
    nameless = Founder(ADM.id, " ", Role.ADM, SigningKey(new_seed()))
    assert _founding_refused(world, tmp_path / "x", (_founders(world)[0], nameless)) == "BAD_NAME"


def test_an_instance_is_founded_once(world: World) -> None:
    with pytest.raises(Refused, match="INSTANCE_EXISTS"):
        found(
            world.log,
            Birth(ORIGIN, Environment.TRAINING, "x"),
            _founders(world),
            world.secrets,
            world.clock,
        )
