"""Sessions: one continuous period, bounded, revocable, and a token that the store does not know."""

from __future__ import annotations

import base64
import hashlib
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from core.kernel.actors import Role
from core.kernel.errors import Malformed, Refused
from core.keys.custody_file import CustodyFile
from core.keys.sessions import ABSOLUTE, IDLE, Session, SessionStore

if TYPE_CHECKING:
    from pathlib import Path

NOW: Final = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)
JUST: Final = timedelta(milliseconds=1)
MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def sessions(custody_file: CustodyFile) -> SessionStore:
    return SessionStore(custody_file)


@pytest.fixture
def token(sessions: SessionStore) -> str:
    return sessions.start("pi-wang", Role.PI, NOW)


def refusal_of(sessions: SessionStore, token: str, now: datetime = NOW) -> str:
    with pytest.raises(Refused) as refusal:
        sessions.require(token, now)
    assert not token or token not in str(refusal.value)
    return refusal.value.code


def test_a_session_stays_with_the_device_on_which_it_began(sessions: SessionStore, token: str) -> None:
    on_device = sessions.start("pi-wang", Role.PI, NOW, "WS-1")
    other = sessions.start("sc-liu", Role.SC, NOW, "WS-2")
    assert sessions.require(on_device, NOW).device == "WS-1"
    assert sessions.require(token, NOW).device is None
    assert [sessions.end_all_on("WS-1", NOW, "adm-xu") for _ in range(2)] == [1, 0]
    assert refusal_of(sessions, on_device) == "NOT_SIGNED_IN"
    assert sessions.require(token, NOW).person == "pi-wang"
    assert sessions.require(other, NOW).device == "WS-2"


def test_a_custody_file_from_before_devices_takes_sessions(tmp_path: Path) -> None:
    path = tmp_path / "older.sqlite"
    with closing(CustodyFile.create(path)) as made, made.transaction() as connection:
        connection.execute("DROP TABLE begun_on")
    with closing(CustodyFile.open(path)) as opened:
        sessions = SessionStore(opened)
        assert sessions.require(sessions.start("pi-wang", Role.PI, NOW, "WS-1"), NOW).device == "WS-1"


def test_a_token_stands_for_who_signed_in(sessions: SessionStore, token: str) -> None:
    assert sessions.require(token, NOW + MINUTE) == Session("pi-wang", Role.PI, NOW, NOW)
    assert sessions.require(token, NOW + 2 * MINUTE) == Session("pi-wang", Role.PI, NOW, NOW + MINUTE)


def test_the_limits_are_those_of_the_specification() -> None:
    assert (timedelta(minutes=15), timedelta(hours=12)) == (IDLE, ABSOLUTE)


def test_an_idle_session_runs_out(sessions: SessionStore, token: str) -> None:
    sessions.require(token, NOW + IDLE - JUST)
    sessions.require(token, NOW + 2 * IDLE - 2 * JUST)
    assert refusal_of(sessions, token, NOW + 3 * IDLE - 2 * JUST) == "SESSION_EXPIRED"


def test_a_busy_session_runs_out_too(sessions: SessionStore, token: str) -> None:
    for minutes in range(10, 12 * 60, 10):
        sessions.require(token, NOW + minutes * MINUTE)
    sessions.require(token, NOW + ABSOLUTE - JUST)
    assert refusal_of(sessions, token, NOW + ABSOLUTE) == "SESSION_EXPIRED"


def test_the_limits_are_parameters(custody_file: CustodyFile) -> None:
    sessions = SessionStore(custody_file, idle=2 * MINUTE, absolute=3 * MINUTE)
    one, other = (sessions.start("pi-wang", Role.PI, NOW) for _ in range(2))
    assert refusal_of(sessions, one, NOW + 2 * MINUTE) == "SESSION_EXPIRED"
    sessions.require(other, NOW + 2 * MINUTE - JUST)
    assert refusal_of(sessions, other, NOW + 3 * MINUTE) == "SESSION_EXPIRED"


def test_a_session_that_ran_out_does_not_wake_when_the_clock_goes_back(
    sessions: SessionStore, token: str
) -> None:
    assert refusal_of(sessions, token, NOW + IDLE) == "SESSION_EXPIRED"
    assert refusal_of(sessions, token, NOW + MINUTE) == "SESSION_EXPIRED"
    assert refusal_of(sessions, token, NOW + ABSOLUTE) == "SESSION_EXPIRED"


def test_a_clock_that_goes_back_does_not_move_the_last_use_back(sessions: SessionStore, token: str) -> None:
    sessions.require(token, NOW + 10 * MINUTE)
    sessions.require(token, NOW)
    assert sessions.require(token, NOW + 11 * MINUTE).last_used_at == NOW + 10 * MINUTE


def test_uses_within_a_second_are_one_use(sessions: SessionStore, token: str) -> None:
    sessions.require(token, NOW + timedelta(milliseconds=999))
    assert sessions.require(token, NOW + timedelta(seconds=1)).last_used_at == NOW
    assert sessions.require(token, NOW + timedelta(seconds=1)).last_used_at == NOW + timedelta(seconds=1)


def test_an_ended_session_is_none(sessions: SessionStore, token: str) -> None:
    sessions.end(token, NOW + MINUTE)
    assert refusal_of(sessions, token, NOW + MINUTE) == "NOT_SIGNED_IN"
    assert refusal_of(sessions, token, NOW + ABSOLUTE) == "NOT_SIGNED_IN"
    sessions.end(token, NOW + 2 * MINUTE)


def test_all_sessions_of_one_person_end_and_nobody_elses(sessions: SessionStore, token: str) -> None:
    second = sessions.start("pi-wang", Role.SRC, NOW)
    other = sessions.start("si-chen", Role.SI, NOW)
    sessions.end(sessions.start("pi-wang", Role.PI, NOW), NOW)
    assert sessions.end_all_of("pi-wang", NOW) == 2
    assert {refusal_of(sessions, token), refusal_of(sessions, second)} == {"NOT_SIGNED_IN"}
    assert sessions.require(other, NOW).person == "si-chen"
    assert sessions.end_all_of("pi-wang", NOW) == 0


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "dts_",
        "dts_" + "A" * 42,
        "dts_" + "A" * 44,
        "DTS_" + "A" * 43,
        "A" * 43,
        "dts_" + "A" * 43 + "\n",
        "dts_" + "A" * 42 + "=",
        "dts_" + "A" * 42 + "+",
        "dts_" + "A" * 42 + "\N{FULLWIDTH LATIN CAPITAL LETTER A}",
        "dts_" + "\ud800" * 43,
        "dts_" + "A" * 1_000_000,
        "' OR 1=1 --",
    ],
)
def test_what_is_no_token_is_not_looked_up(sessions: SessionStore, malformed: str) -> None:
    sessions._file.close()  # a look-up would be CUSTODY_UNAVAILABLE
    assert refusal_of(sessions, malformed) == "NOT_SIGNED_IN"
    with pytest.raises(Refused, match="NOT_SIGNED_IN"):
        sessions.end(malformed, NOW)


def test_an_unknown_token_is_nobody(sessions: SessionStore, token: str) -> None:
    unknown = "dts_" + base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
    assert unknown != token
    assert refusal_of(sessions, unknown) == "NOT_SIGNED_IN"
    with pytest.raises(Refused, match="NOT_SIGNED_IN"):
        sessions.end(unknown, NOW)


def test_a_token_has_one_spelling(sessions: SessionStore, token: str) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelt = token[:-1] + alphabet[alphabet.index(token[-1]) | 1]
    assert base64.urlsafe_b64decode(respelt[4:] + "=") == raw(token)
    assert refusal_of(sessions, respelt) == "NOT_SIGNED_IN"


def raw(token: str) -> bytes:
    return base64.urlsafe_b64decode(token[4:] + "=")


def test_tokens_are_256_random_bits(sessions: SessionStore) -> None:
    tokens = {sessions.start("pi-wang", Role.PI, NOW) for _ in range(20)}
    assert len(tokens) == 20
    assert {len(raw(token)) for token in tokens} == {32}


def test_the_file_knows_the_token_by_its_digest_only(
    sessions: SessionStore, token: str, custody_path: Path
) -> None:
    sessions.require(token, NOW + MINUTE)
    everything = b"".join(file.read_bytes() for file in custody_path.parent.glob("custody.sqlite*"))
    assert hashlib.sha256(raw(token)).digest() in everything
    for form in (token.encode(), token[4:].encode(), raw(token), raw(token).hex().encode()):
        assert form not in everything


def test_the_digest_is_no_token(sessions: SessionStore, token: str) -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(raw(token)).digest()).decode().rstrip("=")
    assert refusal_of(sessions, "dts_" + digest) == "NOT_SIGNED_IN"


def test_a_session_does_not_show_its_token(sessions: SessionStore, token: str) -> None:
    session = sessions.require(token, NOW)
    assert token[4:] not in repr(session)


def test_a_time_without_its_zone_is_refused(sessions: SessionStore, token: str) -> None:
    naive = NOW.replace(tzinfo=None)
    for act in (
        lambda: sessions.start("pi-wang", Role.PI, naive),
        lambda: sessions.require(token, naive),
        lambda: sessions.end(token, naive),
        lambda: sessions.end_all_of("pi-wang", naive),
    ):
        with pytest.raises(Malformed, match="NAIVE_TIME"):
            act()
    assert sessions.require(token, NOW).person == "pi-wang"


def test_a_malformed_person_gets_no_session(sessions: SessionStore) -> None:
    for person in ("", "pi wang", "\ud800"):
        with pytest.raises(Malformed, match="BAD_IDENTIFIER"):
            sessions.start(person, Role.PI, NOW)
        with pytest.raises(Malformed, match="BAD_IDENTIFIER"):
            sessions.end_all_of(person, NOW)


def test_once_ended_no_thread_gets_in(sessions: SessionStore, token: str) -> None:
    ended = threading.Event()
    let_in_after_the_end: list[bool] = []

    def keep_asking() -> None:
        for at in range(200):
            over = ended.is_set()
            try:
                sessions.require(token, NOW + at * timedelta(seconds=1))
            except Refused:
                return
            let_in_after_the_end.append(over)

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    sessions.end(token, NOW + MINUTE)
    ended.set()
    for thread in threads:
        thread.join()
    assert not any(let_in_after_the_end)
