"""Attempts in somebody's name: counted in the log, locked out in the same transaction, let in by another."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Lock, Thread
from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.kernel.actors import Role
from core.kernel.errors import Refused, TrialError
from core.keys.ed25519 import SigningKey, new_seed
from core.store.recorder import Batch
from core.store.refusals import by_service, service_of
from core.trial.context import Decided
from core.trial.instance.events import CommandRefused
from core.trial.misuse import ATTEMPT_CODES
from core.trial.people.commands import ApproveEnrolment, EndRole, LiftLockout, ProposeRole
from core.trial.people.events import LockedOut
from tests.support.given import ADM, PI, SC, SC2, SEC, Member, dose, screening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.world import World

LIMIT = 5


def try_to_sign(world: World, person: Member = SC, code: str = "WRONG_PASSWORD") -> str:
    def unlock() -> SigningKey:
        raise Refused(code, "the key did not open")

    with pytest.raises(TrialError) as caught:
        world.handler.submit(screening("S01"), world.request(person), unlock)
    return caught.value.code


def newest(world: World) -> object:
    return world.log.entry(world.log.size()).payload


def is_locked(world: World, person: Member = SC) -> bool:
    return world.trial.people[person.id].locked_at is not None


@pytest.mark.parametrize("code", sorted(ATTEMPT_CODES))
def test_the_last_attempt_and_the_lock_out_are_one_transaction(world: World, code: str) -> None:
    for _ in range(LIMIT - 1):
        assert try_to_sign(world, code=code) == code
        assert not is_locked(world)
    size = world.log.size()
    assert try_to_sign(world, code=code) == code
    last, lock = world.log.entry(size + 1), world.log.entry(size + 2)
    assert last.payload == CommandRefused(code, "ScreenSubject", SC.id, "subject/S01")
    assert lock.payload == LockedOut(LIMIT)
    assert (lock.statement.stream, lock.statement.signer.id) == (f"person/{SC.id}", "service")
    assert last.statement.txn.id == lock.statement.txn.id
    assert world.log.size() == size + 2
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_who_is_locked_out_signs_nothing_and_their_password_is_not_even_tried(world: World) -> None:
    for _ in range(LIMIT):
        try_to_sign(world)
    tried = list[str]()

    def unlock() -> SigningKey:
        tried.append("the right password")
        return world.keys[SC.id]

    with pytest.raises(Refused, match="LOCKED_OUT"):
        world.handler.submit(screening("S01"), world.request(SC), unlock)
    with pytest.raises(Refused, match="LOCKED_OUT"):
        world.handler.prepare(screening("S01"), world.request(SC))
    assert tried == []
    assert world.do(screening("S01"), SC2).positions  # nobody else is


def test_attempts_long_ago_do_not_count(world: World) -> None:
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    world.advance(minutes=15)
    try_to_sign(world)
    assert not is_locked(world)


def test_attempts_that_just_still_count(world: World) -> None:
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    world.advance(minutes=14, seconds=59)
    try_to_sign(world)
    assert is_locked(world)


def test_what_the_trial_refuses_is_no_attempt(world: World) -> None:
    for _ in range(2 * LIMIT):
        assert world.refused(dose("S09"), PI) == "UNKNOWN_SUBJECT"
    assert not is_locked(world, PI)


def test_another_person_lifts_it_and_earlier_failures_do_not_count_again(world: World) -> None:
    for _ in range(LIMIT):
        try_to_sign(world)
    world.do(LiftLockout(SC.id), SEC, reason="called back and identified")
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    assert not is_locked(world)
    assert world.do(screening("S01"), SC).positions
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_tries_while_locked_out_leave_one_refusal_a_minute(world: World) -> None:
    for _ in range(LIMIT):
        try_to_sign(world)
    size = world.log.size()
    for _ in range(20):
        assert try_to_sign(world) == "LOCKED_OUT"
    assert world.log.size() == size + 1
    world.advance(minutes=1)
    try_to_sign(world)
    assert world.log.size() == size + 2


def test_nobody_who_is_not_enrolled_is_locked_out(world: World) -> None:
    for _ in range(2 * LIMIT):
        world.handler.record_refusal("NO_SEALED_KEY", "SignIn", "nobody", None)
    assert isinstance(newest(world), CommandRefused)


def test_the_last_who_could_let_anybody_in_is_not_locked_out(world: World) -> None:
    """Else who knows the officers' ids could stop the trial for good."""
    size = world.log.size()
    for officer in (SEC, ADM):
        for _ in range(4 * LIMIT):
            try_to_sign(world, officer)
    assert world.log.size() == size + 2 * (LIMIT + 1) + 1  # each with one more, and one lock-out
    assert is_locked(world, SEC)
    assert not is_locked(world, ADM)
    world.advance(minutes=1)
    world.do(LiftLockout(SEC.id), ADM, reason="called back and identified")
    try_to_sign(world, ADM)
    assert is_locked(world, ADM)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_refusal_that_is_no_attempt_makes_no_lock_out_due(world: World) -> None:
    """Days after somebody else could lift it again: the writer and a verifier ask the same question."""
    for officer in (SEC, ADM):
        for _ in range(LIMIT):
            try_to_sign(world, officer)
    world.do(LiftLockout(SEC.id), ADM, reason="called back and identified")
    world.advance(days=3)
    assert world.refused(screening("S09"), ADM) == "NOT_AUTHORISED"
    world.do(screening("S01"), SC)
    assert not is_locked(world, ADM)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_what_the_last_officer_is_refused_otherwise_is_still_recorded(world: World) -> None:
    """One refusal a minute speaks for the tries behind it, and for nothing else."""
    for officer in (SEC, ADM):
        for _ in range(LIMIT + 2):
            try_to_sign(world, officer)
    size = world.log.size()
    world.handler.record_refusal("WRONG_PASSWORD", "SignIn", ADM.id, None)
    assert world.log.size() == size
    world.handler.record_refusal("NOT_AUTHORISED", "ScreenSubject", ADM.id, "subject/S09")
    assert newest(world) == CommandRefused("NOT_AUTHORISED", "ScreenSubject", ADM.id, "subject/S09")
    assert world.log.size() == size + 1


def test_attempts_long_ago_make_no_lock_out_due_with_the_next(world: World) -> None:
    for officer in (SEC, ADM):
        for _ in range(LIMIT):
            try_to_sign(world, officer)
    world.do(LiftLockout(SEC.id), ADM, reason="called back and identified")
    world.advance(days=3)
    try_to_sign(world, ADM)
    assert not is_locked(world, ADM)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def sign_in(world: World, person: Member, tried: list[str], *, right: bool = False) -> str | None:
    """Sign in with a password; `tried` grows by each that is held against the sealed key."""

    def check() -> None:
        tried.append(person.id)
        if not right:
            raise Refused("WRONG_PASSWORD", "the key did not open")

    try:
        with world.handler.refusing.attempt_as("SignIn", person.id):
            check()
    except Refused as refused:
        return refused.code
    return None


def test_passwords_of_the_last_officer_are_tried_once_a_minute(world: World) -> None:
    """They are not locked out; so whoever guesses has to wait (part 11 section 11.300(d))."""
    for _ in range(LIMIT):
        try_to_sign(world, SEC)
    tried, size = list[str](), world.log.size()
    codes = [sign_in(world, ADM, tried) for _ in range(100)]
    assert codes == ["WRONG_PASSWORD"] * (LIMIT + 1) + ["TRY_LATER"] * (99 - LIMIT)
    assert (len(tried), world.log.size()) == (LIMIT + 1, size + LIMIT + 1)
    assert not is_locked(world, ADM)
    world.advance(seconds=59)
    assert sign_in(world, ADM, tried, right=True) == "TRY_LATER"
    world.advance(seconds=1)
    assert [sign_in(world, ADM, tried) for _ in range(2)] == ["WRONG_PASSWORD", "TRY_LATER"]
    assert len(tried) == LIMIT + 2
    world.advance(minutes=1)
    assert sign_in(world, ADM, tried, right=True) is None
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_who_is_left_only_until_a_date_is_no_last_officer(world: World) -> None:
    """Their role would lapse, and with it the last hand that lets anybody in."""
    deputy = Member("adm.yu", "Yu Fei", Role.ADM)
    world.keys[deputy.id] = SigningKey(new_seed())
    world.enrol(deputy, world.keys[deputy.id])
    world.do(EndRole(deputy.id, Role.ADM), SEC, reason="stands in for a day only")
    world.do(ProposeRole(deputy.id, Role.ADM, None, world.clock() + timedelta(days=1)), ADM)
    covers = tuple(p.digest for p in world.trial.people[deputy.id].proposals)
    world.do(ApproveEnrolment(deputy.id, covers), SEC)
    for officer in (SEC, ADM, deputy):
        for _ in range(LIMIT):
            try_to_sign(world, officer)
    assert [is_locked(world, one) for one in (SEC, ADM, deputy)] == [True, False, True]
    world.advance(days=2)
    world.do(LiftLockout(SEC.id), ADM, reason="called back and identified")
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_strangers_do_not_keep_the_last_officer_from_signing(world: World) -> None:
    """Who signs is signed in already; else one failure a minute in their name would stop the trial."""
    for officer in (SEC, ADM):
        for _ in range(2 * LIMIT):
            sign_in(world, officer, [])
    assert sign_in(world, ADM, [], right=True) == "TRY_LATER"
    world.do(LiftLockout(SEC.id), ADM, reason="called back and identified")
    assert not is_locked(world, SEC)


def test_nobody_else_waits(world: World) -> None:
    for officer in (SEC, ADM):
        for _ in range(2 * LIMIT):
            try_to_sign(world, officer)
    assert sign_in(world, SC, [], right=True) is None


def test_thirty_two_threads_on_two_servers_lock_out_once_after_a_handful_of_tries(world: World) -> None:
    servers = [world, world.sibling()]
    start, guard, tried = Barrier(32), Lock(), list[int]()

    def attack(number: int) -> None:
        def unlock() -> SigningKey:
            with guard:
                tried.append(number)
            raise Refused("WRONG_PASSWORD", "the key did not open")

        start.wait()
        for _ in range(3):
            with pytest.raises(TrialError):
                servers[number % 2].handler.submit(screening("S01"), world.request(SC), unlock)

    threads = [Thread(target=attack, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    payloads = [world.log.entry(n + 1).payload for n in range(world.log.size())]
    assert sum(isinstance(p, LockedOut) for p in payloads) == 1
    assert LIMIT <= len(tried) <= LIMIT + len(servers) - 1
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_what_another_server_has_just_recorded_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the fold and the append: the writer counts inside its transaction."""
    other, append = world.sibling(), world.log.append
    for _ in range(LIMIT - 2):
        try_to_sign(world)

    def append_late(batch: Batch) -> object:
        monkeypatch.setattr(world.log, "append", append)
        try_to_sign(other)
        return append(batch)

    monkeypatch.setattr(world.log, "append", append_late)
    try_to_sign(world)
    assert newest(world) == LockedOut(LIMIT)
    assert verify_store(world.url, world.trust, workers=0).findings == ()


# -- what a service that locks people out at will would leave -------------------------------------------


def says(world: World, *decided: Decided) -> None:
    world.log.catch_up()
    service = service_of(world.log, world.secrets.service_key)
    assert service is not None

    def decide(_view: object) -> Sequence[Decided]:
        return decided

    build = by_service(service, world.clock(), decide)
    world.log.append(Batch(build))


def refusal(code: str = "WRONG_PASSWORD", person: Member = SC) -> Decided:
    return Decided("refusals", CommandRefused(code, "SignIn", person.id, None))


def lock(attempts: int = LIMIT, person: Member = SC) -> Decided:
    return Decided(f"person/{person.id}", LockedOut(attempts))


def findings(world: World) -> set[str]:
    return {finding.code for finding in verify_store(world.url, world.trust, workers=0).findings}


def test_a_lock_out_without_refusals_is_a_finding(world: World) -> None:
    says(world, lock())
    assert findings(world) == {"LOCKOUT_UNJUSTIFIED"}


def test_a_lock_out_of_somebody_else_is_a_finding(world: World) -> None:
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    says(world, refusal(), lock(person=PI))
    assert findings(world) == {"LOCKOUT_UNJUSTIFIED"}


def test_a_lock_out_that_counts_wrongly_is_a_finding(world: World) -> None:
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    says(world, refusal(), lock(attempts=LIMIT + 1))
    assert findings(world) == {"LOCKOUT_UNJUSTIFIED"}


def test_a_lock_out_on_its_own_is_a_finding(world: World) -> None:
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    says(world, refusal())
    says(world, lock())
    assert findings(world) == {"LOCKOUT_UNJUSTIFIED"}


def test_a_lock_out_that_is_missing_is_a_finding(world: World) -> None:
    for _ in range(LIMIT - 1):
        try_to_sign(world)
    says(world, refusal())
    says(world, refusal())
    assert findings(world) == {"LOCKOUT_MISSING"}
