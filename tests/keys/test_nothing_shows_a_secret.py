"""Secrets stay where they are: not in a repr, an error, a log line, a pickle, nor a stolen disk."""

from __future__ import annotations

import base64
import copy
import io
import logging
import pickle
import shutil
import traceback
from contextlib import closing
from dataclasses import asdict, astuple, replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from core.kernel.actors import Environment
from core.kernel.errors import TrialError
from core.keys.custody import Custody
from core.keys.custody_file import CustodyFile
from core.keys.ed25519 import SigningKey
from core.keys.passwords import require_acceptable_password
from core.keys.sealing import TRAINING, SealedSeed, check_password, open_seed, seal_seed
from core.keys.secrets_folder import InstanceSecrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRODUCTION: Final = Environment.PRODUCTION
SEED: Final = b"\xfa\xceseed-of-a-person-for-a-test!!!"
PASSWORD: Final = "pa\u00dfwort-of-a-person"
PEPPER: Final = b"\xbe\xefpepper-of-an-instance-in-test!"


def spellings(secret: bytes) -> list[str]:
    """How a secret may look in text."""
    return [
        secret.hex(),
        secret.hex().upper(),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
        repr(secret)[2:-1],
        repr(list(secret))[1:-1],
        str(int.from_bytes(secret, "little")),
        str(int.from_bytes(secret, "big")),
        secret.decode("latin-1"),
    ]


SECRETS: Final = [
    *(spelling for secret in (SEED, PEPPER, PASSWORD.encode()) for spelling in spellings(secret)),
    PASSWORD,
    ascii(PASSWORD)[1:-1],
]


def shown(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_the_search_finds_what_it_looks_for() -> None:
    assert len(SEED) == len(PEPPER) == 32
    assert all(shown(f"seed={spelling}") for spelling in SECRETS)
    assert shown(repr({"password": PASSWORD}))


@pytest.fixture(scope="module")
def sealed() -> SealedSeed:
    return seal_seed(SEED, PASSWORD, "pi-wang", SigningKey(SEED).key_id, PEPPER, TRAINING)


@pytest.fixture
def instance() -> InstanceSecrets:
    return InstanceSecrets(PEPPER, SigningKey(SEED), SigningKey(bytes(32)))


def test_no_repr_shows_a_secret(sealed: SealedSeed, instance: InstanceSecrets) -> None:
    for thing in (SigningKey(SEED), sealed, instance):
        text = f"{thing!r} {thing!s} {thing} {[thing]} {dir(thing)}"
        assert shown(text) == []
    for blob in (sealed.salt, sealed.nonce, sealed.ciphertext, sealed.login_verifier):
        assert repr(blob) not in repr(sealed)


def test_no_log_line_shows_a_secret(sealed: SealedSeed, instance: InstanceSecrets) -> None:
    written = io.StringIO()
    logger = logging.Logger("scratch")  # noqa: LOG001 - a logger of its own, away from pytest's
    logger.addHandler(logging.StreamHandler(written))
    try:
        open_seed(sealed, "wrong", PEPPER)
    except TrialError:
        logger.exception("%r %s %r", sealed, instance, SigningKey(SEED))
    assert "WRONG_PASSWORD" in written.getvalue()
    assert shown(written.getvalue()) == []


def altered(sealed: SealedSeed) -> SealedSeed:
    return replace(sealed, nonce=bytes(12))


FAILURES: Final[list[Callable[[SealedSeed], object]]] = [
    lambda sealed: open_seed(sealed, PASSWORD + "!", PEPPER),
    lambda sealed: open_seed(sealed, PASSWORD + "\ud800", PEPPER),
    lambda sealed: open_seed(sealed, PASSWORD * 100, PEPPER),
    lambda sealed: open_seed(sealed, PASSWORD, PEPPER[:-1]),
    lambda sealed: open_seed(altered(sealed), PASSWORD, PEPPER),
    lambda sealed: open_seed(replace(sealed, salt=b""), PASSWORD, PEPPER),
    lambda sealed: open_seed(replace(sealed, ciphertext=b""), PASSWORD, PEPPER),
    lambda sealed: check_password(sealed, PASSWORD + "!", PEPPER),
    lambda _: seal_seed(SEED, PASSWORD, "pi-wang", "ed25519:00", PEPPER, TRAINING),
    lambda sealed: seal_seed(SEED, PASSWORD + "\ud800", "pi-wang", sealed.key_id, PEPPER, TRAINING),
    lambda sealed: seal_seed(SEED + b"!", PASSWORD, "pi-wang", sealed.key_id, PEPPER, TRAINING),
    lambda sealed: seal_seed(SEED, PASSWORD, "pi-wang", sealed.key_id, PEPPER + b"!", TRAINING),
    lambda _: SigningKey(SEED + b"!"),
    lambda _: SigningKey(SEED * 2),
    lambda _: require_acceptable_password(PASSWORD, PASSWORD[:7], PRODUCTION),
    lambda _: require_acceptable_password(PASSWORD + "\ud800", "pi-wang", PRODUCTION),
]


@pytest.mark.parametrize("fail", FAILURES)
def test_no_error_shows_a_secret(sealed: SealedSeed, fail: Callable[[SealedSeed], object]) -> None:
    with pytest.raises(TrialError) as raised:
        fail(sealed)
    for error in chain_of(raised.value):
        assert shown(f"{error!s} {error!r} {error.args!r} {vars(error)!r}") == []
        assert not isinstance(error, UnicodeError)  # it would carry the whole password in `object`
    assert shown("".join(traceback.format_exception(raised.value))) == []


def chain_of(error: BaseException | None) -> list[BaseException]:
    """The error and everything that it drags along, suppressed or not."""
    return [] if error is None else [error, *chain_of(error.__context__), *chain_of(error.__cause__)]


@pytest.mark.parametrize("taking_away", [pickle.dumps, copy.deepcopy, asdict, astuple])
def test_an_instances_secrets_are_not_taken_away(instance: InstanceSecrets, taking_away: Any) -> None:
    with pytest.raises(TypeError, match="neither copied nor stored"):
        taking_away(instance)


def test_a_pickled_blob_holds_no_secret(sealed: SealedSeed) -> None:
    stored = pickle.dumps(sealed)
    for secret in (SEED, PEPPER, PASSWORD.encode()):
        assert secret not in stored
    assert shown(stored.decode("latin-1")) == []


def test_a_stolen_disk_without_the_password_opens_nothing(tmp_path: Path) -> None:
    """DBA and operator together: every file, the pepper included, but no password (trust 2, T7)."""
    instance, stolen = tmp_path / "instance", tmp_path / "stolen"
    instance.mkdir()
    made = InstanceSecrets.create(instance / "secrets")
    with closing(CustodyFile.create(instance / "custody.sqlite")) as file:
        key_id = SigningKey(SEED).key_id
        Custody(file).put(seal_seed(SEED, PASSWORD, "pi-wang", key_id, made.pepper, TRAINING))
        shutil.copytree(instance, stolen)

    secrets = InstanceSecrets.load(stolen / "secrets")
    with closing(CustodyFile.open(stolen / "custody.sqlite")) as file:
        sealed = Custody(file).sealed_for("pi-wang")
    assert sealed is not None
    for guess in guesses(sealed, secrets):
        with pytest.raises(TrialError, match="WRONG_PASSWORD"):
            open_seed(sealed, guess, secrets.pepper)
    everything = b"".join(path.read_bytes() for path in stolen.rglob("*") if path.is_file())
    for form in (SEED, SEED.hex().encode(), PASSWORD.encode(), base64.b64encode(SEED)):
        assert form not in everything
    assert open_seed(sealed, PASSWORD, secrets.pepper).key_id == key_id


def guesses(sealed: SealedSeed, secrets: InstanceSecrets) -> list[str]:
    return [
        "",
        "\0",
        "\0" * 20,
        "pi-wang",
        "password",
        PASSWORD.upper(),
        PASSWORD + "\0",
        PASSWORD + " ",
        PASSWORD[:-1],
        sealed.login_verifier.hex(),
        sealed.login_verifier.decode("latin-1"),
        secrets.pepper.hex(),
        sealed.key_id,
    ]
