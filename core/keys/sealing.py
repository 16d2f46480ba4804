"""PURE but for randomness. A person's seed sealed under their own password (trust 3.3, M1).

    base     = Argon2id(password, salt) || HMAC-SHA256(pepper, person and key id, each framed)
    wrap key = HKDF-SHA256(base, "dosetrail/wrap/1")     opens the seed
    verifier = HKDF-SHA256(base, "dosetrail/auth/1")     stored; tells right from wrong passwords

Invariants: the store without the password opens nothing, and without the pepper cannot even be
guessed at. Neither derived value reveals the other. A blob is bound to its person, key and parameters
twice: by the derivation and by the associated data. Who may use the opened key is asked of the log.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.audit import canonical
from core.kernel.actors import Environment
from core.kernel.errors import IntegrityFinding, Malformed, Refused
from core.keys.ed25519 import SigningKey
from core.keys.passwords import LONGEST, password_bytes, require_sealable

PEPPER_BYTES: Final = 32
SALT_BYTES: Final = 16  # RFC 9106 section 4: 128 bits
NONCE_BYTES: Final = 12  # NIST SP 800-38D 8.2.2
_KEY_BYTES: Final = 32

_VERSION: Final = "dosetrail/sealed-seed/1"
_WRAP: Final = b"dosetrail/wrap/1"
_AUTH: Final = b"dosetrail/auth/1"

# One derivation holds 64 MiB; 32 threads of the server would hold 2 GiB.
_DERIVATIONS: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class SealParameters:
    """Cost of one guess: memory in KiB (8 per lane to 1 GiB), iterations (1 to 16), lanes (1 to 16).

    The bounds keep an edited store from asking for all the memory of the machine.

    Raises: `BAD_SEAL_PARAMETERS`. Source: RFC 9106 3.1.
    """

    memory_kib: int
    iterations: int
    lanes: int

    def __post_init__(self) -> None:
        bounded = 1 <= self.lanes <= 16 and 1 <= self.iterations <= 16
        if not bounded or not 8 * self.lanes <= self.memory_kib <= 1024 * 1024:
            raise Malformed("BAD_SEAL_PARAMETERS", "the cost of sealing is out of its range")


PRODUCTION: Final = SealParameters(memory_kib=64 * 1024, iterations=3, lanes=4)  # RFC 9106 section 4, second
TRAINING: Final = SealParameters(memory_kib=256, iterations=1, lanes=1)


def parameters_for(environment: Environment) -> SealParameters:
    """Return what an instance seals with."""
    return TRAINING if environment is Environment.TRAINING else PRODUCTION


@dataclass(frozen=True, slots=True)
class SealedSeed:
    """What custody keeps of a person's key: useless without their password and the instance's pepper."""

    person: str
    key_id: str
    parameters: SealParameters
    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    login_verifier: bytes = field(repr=False)


def seal_seed(
    seed: bytes, password: str, person: str, key_id: str, pepper: bytes, parameters: SealParameters
) -> SealedSeed:
    """Seal a seed for its owner with a fresh salt and nonce.

    Raises: `WEAK_PASSWORD` outside 1 to 1024 characters, `BAD_SEED`, `BAD_PEPPER`, and `KEY_ID_MISMATCH`
    where the key id is not the seed's.
    """
    require_sealable(password)
    if not _same(SigningKey(seed).key_id, key_id):
        raise Refused("KEY_ID_MISMATCH", "the key id is not that of the seed")
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    empty = SealedSeed(person, key_id, parameters, salt, nonce, ciphertext=b"", login_verifier=b"")
    base = _base(empty, password, pepper)
    ciphertext = AESGCM(_expand(base, _WRAP)).encrypt(nonce, seed, _associated(empty))
    return replace(empty, ciphertext=ciphertext, login_verifier=_expand(base, _AUTH))


def open_seed(sealed: SealedSeed, password: str, pepper: bytes) -> SigningKey:
    """Return the key of a sealed seed.

    An edited salt, verifier, person, key id or cost cannot be told from a wrong password.

    Raises: `WRONG_PASSWORD`, `SEALED_KEY_ALTERED`, `BAD_PEPPER`.
    """
    base = _proven_base(sealed, password, pepper)
    key = _decrypted(sealed, _expand(base, _WRAP))
    if not _same(key.key_id, sealed.key_id):
        raise _altered()
    return key


def reseal(sealed: SealedSeed, password: str, new_password: str, pepper: bytes) -> SealedSeed:
    """Return the seed sealed under another password of its owner, at the same cost.

    Raises: `WRONG_PASSWORD`, `WEAK_PASSWORD`, `SEALED_KEY_ALTERED`, `BAD_PEPPER`.
    """
    base = _proven_base(sealed, password, pepper)
    seed = _seed_in(sealed, _expand(base, _WRAP))
    return seal_seed(seed, new_password, sealed.person, sealed.key_id, pepper, sealed.parameters)


def check_password(sealed: SealedSeed, password: str, pepper: bytes) -> None:
    """Require the owner's password; the seed stays sealed.

    Raises: `WRONG_PASSWORD`, `SEALED_KEY_ALTERED`, `BAD_PEPPER`.
    """
    _proven_base(sealed, password, pepper)


def _proven_base(sealed: SealedSeed, password: str, pepper: bytes) -> bytes:
    """Return the base secret once the login verifier matches; decided before anything is decrypted.

    Raises: `WRONG_PASSWORD`, `SEALED_KEY_ALTERED`, `BAD_PEPPER`.
    """
    if len(sealed.salt) != SALT_BYTES:
        raise _altered()
    if len(password) > LONGEST:
        raise _wrong_password()
    base = _base(sealed, password, pepper)
    if not hmac.compare_digest(_expand(base, _AUTH), sealed.login_verifier):
        raise _wrong_password()
    return base


def _base(sealed: SealedSeed, password: str, pepper: bytes) -> bytes:
    """Return what a password and the pepper make together for this owner and key, 64 bytes.

    Raises: `BAD_PEPPER`.
    """
    if len(pepper) != PEPPER_BYTES:
        raise Malformed("BAD_PEPPER", f"the pepper has {PEPPER_BYTES} bytes")
    owner = _framed(sealed.person) + _framed(sealed.key_id)
    return _stretched(password, sealed.salt, sealed.parameters) + hmac.digest(pepper, owner, "sha256")


def _stretched(password: str, salt: bytes, parameters: SealParameters) -> bytes:
    """Return Argon2id of the password, 32 bytes (RFC 9106); at most two run at a time."""
    argon2id = Argon2id(
        salt=salt,
        length=_KEY_BYTES,
        iterations=parameters.iterations,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    )
    with _DERIVATIONS:
        return argon2id.derive(password_bytes(password))


def _expand(base: bytes, label: bytes) -> bytes:
    """Return one of the two independent values of a base secret, 32 bytes (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=label).derive(base)


def _decrypted(sealed: SealedSeed, wrap_key: bytes) -> SigningKey:
    """Open the blob.

    Raises: `SEALED_KEY_ALTERED`.
    """
    try:
        return SigningKey(_seed_in(sealed, wrap_key))
    except Malformed:
        raise _altered() from None


def _seed_in(sealed: SealedSeed, wrap_key: bytes) -> bytes:
    """Return what the blob holds.

    Raises: `SEALED_KEY_ALTERED`.
    """
    try:
        return AESGCM(wrap_key).decrypt(sealed.nonce, sealed.ciphertext, _associated(sealed))
    except (InvalidTag, ValueError):
        raise _altered() from None


def _associated(sealed: SealedSeed) -> bytes:
    """Return the associated data: what a blob says about itself and must not change."""
    cost = {
        "memory_kib": sealed.parameters.memory_kib,
        "iterations": sealed.parameters.iterations,
        "lanes": sealed.parameters.lanes,
    }
    return canonical.dumps({"v": _VERSION, "person": sealed.person, "key": sealed.key_id, "parameters": cost})


def _framed(text: str) -> bytes:
    """Return the text behind its length in 8 bytes, so that two texts in a row read one way only."""
    raw = text.encode()
    return len(raw).to_bytes(8, "big") + raw


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _wrong_password() -> Refused:
    return Refused("WRONG_PASSWORD", "the password is not this person's")


def _altered() -> IntegrityFinding:
    return IntegrityFinding("SEALED_KEY_ALTERED", "the sealed key is not what was sealed")
