"""Signing in with a key: a challenge is answered once, whichever server of the instance takes the answer."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from core.audit.dsse import pae
from core.kernel.errors import Refused
from core.keys.custody_file import CustodyFile
from core.keys.ed25519 import SigningKey, parse_key_id
from core.keys.sign_in import DEVICE, LIFETIME, PERSON, Asked, Challenges

if TYPE_CHECKING:
    from pathlib import Path

NOW: Final = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)
KEY: Final = SigningKey(bytes(range(32)))
HOLDER: Final = "sc-liu"


def challenges(file: CustodyFile, asked: Asked = PERSON) -> Challenges:
    return Challenges(file, b"p" * 32, "trial.example", asked)


def takes(server: Challenges, challenge: bytes, asked: Asked, now: datetime = NOW) -> bool:
    """Tell whether the server takes the right answer to the challenge."""
    answer = KEY.sign(pae(asked.payload_type, challenge))
    try:
        server.take(challenge, answer, HOLDER, parse_key_id(KEY.key_id), now)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("asked", [PERSON, DEVICE], ids=lambda asked: asked.field)
def test_an_answer_counts_once_with_all_servers_of_an_instance(tmp_path: Path, asked: Asked) -> None:
    path = tmp_path / "custody.sqlite"
    with closing(CustodyFile.create(path)) as one, closing(CustodyFile.open(path)) as other:
        challenge = challenges(one, asked).issue(HOLDER, NOW)
        assert takes(challenges(one, asked), challenge, asked)
        assert not takes(challenges(other, asked), challenge, asked)
        assert takes(challenges(other, asked), challenges(one, asked).issue(HOLDER, NOW), asked)


def test_what_was_answered_is_forgotten_once_no_answer_would_count(custody_file: CustodyFile) -> None:
    server = challenges(custody_file)
    challenge, last = server.issue(HOLDER, NOW), NOW + LIFETIME
    assert takes(server, challenge, PERSON)
    assert not takes(server, challenge, PERSON, last)
    later = last + timedelta(milliseconds=1)
    assert takes(server, server.issue(HOLDER, later), PERSON, later)
    with custody_file.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM answered_challenge").fetchone() == (1,)
