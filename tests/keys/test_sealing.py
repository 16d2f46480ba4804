"""Sealed seeds: only the owner's password with the instance's pepper opens one, in its own place."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from core.kernel.actors import Environment
from core.kernel.errors import IntegrityFinding, Malformed, Refused
from core.keys import sealing
from core.keys.ed25519 import SigningKey
from core.keys.sealing import (
    PRODUCTION,
    TRAINING,
    SealedSeed,
    SealParameters,
    check_password,
    open_seed,
    parameters_for,
    seal_seed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SEED: Final = bytes(range(32))
KEY: Final = SigningKey(SEED)
PEPPER: Final = b"\x5a" * 32
PASSWORD: Final = "correct horse battery staple"


def sealed_with(parameters: SealParameters = TRAINING, person: str = "pi-wang") -> SealedSeed:
    return seal_seed(SEED, PASSWORD, person, KEY.key_id, PEPPER, parameters)


@pytest.fixture(scope="module")
def sealed() -> SealedSeed:
    return sealed_with()


def opens(sealed: SealedSeed, password: str = PASSWORD, pepper: bytes = PEPPER) -> str:
    """The code with which opening fails, or the key id."""
    try:
        return open_seed(sealed, password, pepper).key_id
    except (Refused, IntegrityFinding) as error:
        return error.code


def with_blob(sealed: SealedSeed, name: str, blob: bytes) -> SealedSeed:
    changed: dict[str, Any] = {name: blob}
    return replace(sealed, **changed)


def flips(blob: bytes) -> list[bytes]:
    return [
        blob[:at] + bytes([blob[at] ^ flip]) + blob[at + 1 :]
        for at in range(len(blob))
        for flip in (0x01, 0x80)
    ]


def test_the_owner_opens_what_was_sealed(sealed: SealedSeed) -> None:
    key = open_seed(sealed, PASSWORD, PEPPER)
    assert key.sign(b"dose") == KEY.sign(b"dose")
    check_password(sealed, PASSWORD, PEPPER)


def test_production_seals_with_64_mib_three_times_four_lanes() -> None:
    assert SealParameters(memory_kib=65_536, iterations=3, lanes=4) == PRODUCTION
    assert opens(sealed_with(PRODUCTION)) == KEY.key_id


def test_each_environment_has_its_cost() -> None:
    assert parameters_for(Environment.PRODUCTION) is PRODUCTION
    assert parameters_for(Environment.TRAINING) is TRAINING


def test_two_sealings_share_nothing(sealed: SealedSeed) -> None:
    again = sealed_with()
    for secret in ("salt", "nonce", "ciphertext", "login_verifier"):
        assert getattr(again, secret) != getattr(sealed, secret)


def test_a_password_is_the_same_from_every_keyboard() -> None:
    composed = seal_seed(SEED, "\u00e9clair au chocolat", "pi-wang", KEY.key_id, PEPPER, TRAINING)
    assert opens(composed, "e\u0301clair au chocolat") == KEY.key_id


@pytest.mark.parametrize(
    "guess",
    [
        "",
        "\0",
        "\0" * 32,
        PASSWORD + "\0",
        PASSWORD[:-1],
        PASSWORD.upper(),
        f" {PASSWORD}",
        "\ud800",
        "a" * 1025,
    ],
)
def test_a_wrong_password_opens_nothing(sealed: SealedSeed, guess: str) -> None:
    assert opens(sealed, guess) == "WRONG_PASSWORD"
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        check_password(sealed, guess, PEPPER)


def test_a_wrong_password_is_found_before_anything_is_decrypted(
    sealed: SealedSeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    def decrypted(*_: object) -> SigningKey:
        raise AssertionError("decrypted with a wrong password")

    monkeypatch.setattr("core.keys.sealing.hmac.compare_digest", compare)
    monkeypatch.setattr(sealing, "_decrypted", decrypted)
    assert opens(sealed, "wrong") == "WRONG_PASSWORD"
    assert [other for _, other in compared] == [sealed.login_verifier]


def test_an_endless_password_costs_no_derivation(sealed: SealedSeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "Argon2id", None)
    assert opens(sealed, "a" * 1025) == "WRONG_PASSWORD"
    with pytest.raises(TypeError):
        opens(sealed, "a" * 1024)


@pytest.mark.parametrize("pepper", [bytes(32), b"\x5a" * 31 + b"\x5b"])
def test_without_the_pepper_the_right_password_is_wrong(sealed: SealedSeed, pepper: bytes) -> None:
    assert opens(sealed, pepper=pepper) == "WRONG_PASSWORD"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_pepper_of_another_length_is_malformed(sealed: SealedSeed, length: int) -> None:
    assert opens(sealed, pepper=b"\x5a" * length) == "BAD_PEPPER"


@pytest.mark.parametrize(
    "moved",
    [
        {"person": "si-chen"},
        {"key_id": SigningKey(bytes(32)).key_id},
        {"parameters": replace(TRAINING, iterations=2)},
        {"parameters": replace(TRAINING, memory_kib=257)},
        {"parameters": replace(TRAINING, lanes=2)},
    ],
    ids=["person", "key", "iterations", "memory", "lanes"],
)
def test_a_blob_is_bound_to_its_place_by_the_derivation(sealed: SealedSeed, moved: dict[str, Any]) -> None:
    assert opens(replace(sealed, **moved)) == "WRONG_PASSWORD"


@pytest.mark.parametrize("moved", ["person", "key_id", "parameters"])
def test_a_blob_is_bound_to_its_place_by_the_associated_data_too(
    sealed: SealedSeed, moved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_base = sealing._base(sealed, PASSWORD, PEPPER)
    monkeypatch.setattr(sealing, "_base", lambda *_: true_base)  # as if the derivation bound nothing
    elsewhere: dict[str, Any] = {
        "person": "si-chen",
        "key_id": SigningKey(bytes(32)).key_id,
        "parameters": replace(TRAINING, iterations=2),
    }
    assert opens(sealed) == KEY.key_id
    assert opens(replace(sealed, **{moved: elsewhere[moved]})) == "SEALED_KEY_ALTERED"


@pytest.mark.parametrize(
    ("blob", "code"),
    [
        ("salt", "WRONG_PASSWORD"),
        ("login_verifier", "WRONG_PASSWORD"),
        ("nonce", "SEALED_KEY_ALTERED"),
        ("ciphertext", "SEALED_KEY_ALTERED"),
    ],
)
def test_every_flipped_byte_is_noticed(sealed: SealedSeed, blob: str, code: str) -> None:
    verdicts = [opens(with_blob(sealed, blob, flipped)) for flipped in flips(getattr(sealed, blob))]
    assert len(verdicts) >= 24
    assert set(verdicts) == {code}


@pytest.mark.parametrize("blob", ["salt", "nonce", "ciphertext", "login_verifier"])
@pytest.mark.parametrize(
    "cut", [lambda _: b"", lambda blob: blob[:-1], lambda blob: blob + b"\0", lambda _: b"1234567"]
)
def test_a_blob_of_another_length_is_noticed(
    sealed: SealedSeed, blob: str, cut: Callable[[bytes], bytes]
) -> None:
    assert opens(with_blob(sealed, blob, cut(getattr(sealed, blob)))) in {
        "SEALED_KEY_ALTERED",
        "WRONG_PASSWORD",
    }


def test_somebody_elses_blob_under_this_name_stays_closed() -> None:
    mine = sealed_with()
    theirs = seal_seed(
        b"\x01" * 32, "their own password", "si-chen", key_id_of(b"\x01" * 32), PEPPER, TRAINING
    )
    for name in (field.name for field in fields(SealedSeed)):
        mixed = replace(mine, **{name: getattr(theirs, name)})
        if mixed != mine:
            assert opens(mixed) in {"WRONG_PASSWORD", "SEALED_KEY_ALTERED"}
            assert opens(mixed, "their own password") in {"WRONG_PASSWORD", "SEALED_KEY_ALTERED"}


def key_id_of(seed: bytes) -> str:
    return SigningKey(seed).key_id


def test_another_seed_inside_a_perfect_seal_is_noticed(sealed: SealedSeed) -> None:
    wrap_key = sealing._expand(sealing._base(sealed, PASSWORD, PEPPER), sealing._WRAP)
    for content in (bytes(32), bytes(31), b""):
        ciphertext = AESGCM(wrap_key).encrypt(sealed.nonce, content, sealing._associated(sealed))
        assert opens(replace(sealed, ciphertext=ciphertext)) == "SEALED_KEY_ALTERED"


def test_a_key_id_that_is_not_the_seeds_is_not_sealed() -> None:
    with pytest.raises(Refused, match="KEY_ID_MISMATCH"):
        seal_seed(SEED, PASSWORD, "pi-wang", key_id_of(bytes(32)), PEPPER, TRAINING)


@pytest.mark.parametrize("password", ["", "a" * 1025, "\ud800"])
def test_what_could_not_be_typed_again_is_not_sealed(password: str) -> None:
    with pytest.raises(Refused, match="WEAK_PASSWORD"):
        seal_seed(SEED, password, "pi-wang", KEY.key_id, PEPPER, TRAINING)


@pytest.mark.parametrize(
    "cost",
    [
        (0, 1, 1),
        (7, 1, 1),
        (31, 1, 4),
        (2**20 + 1, 1, 1),
        (2**31, 1, 1),
        (64, 0, 1),
        (64, 17, 1),
        (64, 1, 0),
        (512, 1, 17),
        (64, -1, 1),
    ],
)
def test_a_cost_beyond_its_bounds_is_refused(cost: tuple[int, int, int]) -> None:
    with pytest.raises(Malformed, match="BAD_SEAL_PARAMETERS"):
        SealParameters(*cost)


def hkdf(base: bytes, label: bytes) -> bytes:
    """RFC 5869 for one block, by hand."""
    extracted = hmac.digest(bytes(32), base, "sha256")
    return hmac.digest(extracted, label + b"\x01", "sha256")


def twin_base(sealed: SealedSeed) -> bytes:
    cost = sealed.parameters
    argon2id = Argon2id(
        salt=sealed.salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    owner = b"".join(len(part).to_bytes(8, "big") + part for part in (b"pi-wang", KEY.key_id.encode()))
    return argon2id.derive(PASSWORD.encode()) + hmac.new(PEPPER, owner, hashlib.sha256).digest()


def test_the_seal_is_what_its_description_says(sealed: SealedSeed) -> None:
    base = twin_base(sealed)
    said = b'{"key":"%s","parameters":{"iterations":1,"lanes":1,"memory_kib":256},"person":"pi-wang",' % (
        KEY.key_id.encode()
    )
    said += b'"v":"dosetrail/sealed-seed/1"}'
    assert AESGCM(hkdf(base, b"dosetrail/wrap/1")).decrypt(sealed.nonce, sealed.ciphertext, said) == SEED
    assert hkdf(base, b"dosetrail/auth/1") == sealed.login_verifier


def test_the_login_verifier_is_no_key_to_the_seed(sealed: SealedSeed) -> None:
    base = twin_base(sealed)
    assert hkdf(base, b"dosetrail/wrap/1") != sealed.login_verifier
    for near in (
        sealed.login_verifier,
        hkdf(sealed.login_verifier, b"dosetrail/wrap/1"),
        base[:32],
        base[32:],
    ):
        with pytest.raises(InvalidTag):
            AESGCM(near).decrypt(sealed.nonce, sealed.ciphertext, sealing._associated(sealed))


def test_framing_keeps_two_owners_apart() -> None:
    one = replace(sealed_with(), person="ab", key_id="cd")
    other = replace(one, person="abc", key_id="d")
    assert sealing._base(one, PASSWORD, PEPPER) != sealing._base(other, PASSWORD, PEPPER)


def test_a_seed_sealed_by_the_first_release_still_opens() -> None:
    old = SealedSeed(
        person="pi-wang",
        key_id=KEY.key_id,
        parameters=SealParameters(memory_kib=256, iterations=1, lanes=1),
        salt=bytes.fromhex("ffd9e1db5a0ba6271e036cc42f77ee84"),
        nonce=bytes.fromhex("76f77b33f4dd8434abc61850"),
        ciphertext=bytes.fromhex(
            "64986fb39fee1c120891277b7f2fb195a0318aba36236605e822498e7890a165b0940fd369267faa039a6f37356fb919"
        ),
        login_verifier=bytes.fromhex("1c34e441ca343183bff32b133833e7c7b1e68bbbc54f04a386dcf4fc7cd9622a"),
    )
    assert opens(old) == KEY.key_id


class CountingArgon2id:
    """Counts how many derivations run at once."""

    running = 0
    most = 0
    lock = threading.Lock()

    def __init__(self, **_: object) -> None: ...

    def derive(self, _: bytes) -> bytes:
        with self.lock:
            type(self).running += 1
            type(self).most = max(self.most, self.running)
        time.sleep(0.01)
        with self.lock:
            type(self).running -= 1
        return bytes(32)


def test_two_derivations_run_at_once_and_no_more(sealed: SealedSeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "Argon2id", CountingArgon2id)
    threads = [threading.Thread(target=sealing._base, args=(sealed, PASSWORD, PEPPER)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CountingArgon2id.most == 2


def test_a_failed_derivation_gives_its_place_back(
    sealed: SealedSeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OutOfMemory(CountingArgon2id):
        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(sealing, "Argon2id", OutOfMemory)
        for _ in range(3):
            with pytest.raises(MemoryError):
                open_seed(sealed, PASSWORD, PEPPER)
    assert opens(sealed) == KEY.key_id
