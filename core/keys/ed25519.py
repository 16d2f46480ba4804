"""Ed25519 with a strict check of public keys (RFC 8032; FIPS 186-5 clause 7).

The library verifies by RFC 8032 5.1.7 but loads every 32 bytes as a public key. A key of low order
has signatures that anybody can make, so such keys, and second spellings of a point, are refused here
at enrolment and again at every verification.
"""

from __future__ import annotations

import functools
import re
import secrets
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.kernel.errors import IntegrityFinding, Malformed, Refused

SEED_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_KEY_ID_PREFIX: Final = "ed25519:"
_KEY_ID: Final = re.compile(r"ed25519:([0-9a-f]{64})")

_P: Final = 2**255 - 19  # RFC 8032 5.1
_WITHOUT_SIGN_OF_X: Final = 2**255 - 1

# The y of the points of order 1, 2, 4 and 8, each also in its second spelling y + p where that fits
# into 255 bits. With either sign of x these are the 14 encodings of C2SP/CCTV ed25519/README.md.
_LOW_ORDER_Y: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        _P,
        _P + 1,
        int.from_bytes(
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
        ),
        int.from_bytes(
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
        ),
    }
)

# Bounds what strangers' keys can occupy; a trial has some tens of signers.
_LOADED_KEYS: Final = 1024


class SigningKey:
    """A loaded private key that signs, shows only its key id and cannot be copied, pickled or read out."""

    __slots__ = ("_private", "key_id", "public_key")

    key_id: str
    public_key: bytes

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(_require_seed(seed))
        self.public_key = self._private.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Return the deterministic signature of the message, 64 bytes (RFC 8032 5.1.6)."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        # copy, deepcopy and pickle all come through here
        raise TypeError("a signing key is neither copied nor stored")


def new_seed() -> bytes:
    """Return 32 bytes of the system's randomness: a private key (RFC 8032 5.1.5)."""
    return secrets.token_bytes(SEED_BYTES)


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check one signature, the key included (RFC 8032 5.1.7: also S < L).

    Raises: `BAD_SIGNATURE`; where the key itself is at fault, the fact `key_fault` holds its code.
    """
    try:
        _loaded(public_key).verify(signature, message)
    except InvalidSignature:
        raise IntegrityFinding(
            "BAD_SIGNATURE", "the signature is not one of this key over these bytes"
        ) from None
    except Refused as fault:
        raise IntegrityFinding(
            "BAD_SIGNATURE", "a key that is not acceptable cannot have signed", key_fault=fault.code
        ) from None


def require_acceptable_public_key(public_key: bytes) -> bytes:
    """Return the key if it is 32 bytes, the only spelling of its point, and not of low order.

    Whether y has a point on the curve is found at the first verification, where it fails.

    Raises: `BAD_PUBLIC_KEY`, `WEAK_KEY`, `NON_CANONICAL_KEY`. Source: RFC 8032 5.1.3, C2SP/CCTV ed25519.
    """
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise Malformed("BAD_PUBLIC_KEY", f"a public key has {PUBLIC_KEY_BYTES} bytes")
    y = int.from_bytes(public_key, "little") & _WITHOUT_SIGN_OF_X
    if y in _LOW_ORDER_Y:
        raise Refused("WEAK_KEY", "the key is a point of low order: anybody can sign for it")
    if y >= _P:
        raise Refused("NON_CANONICAL_KEY", "the key is a second spelling of another key")
    return public_key


def key_id_of(public_key: bytes) -> str:
    """Return `ed25519:` and the public key as 64 lower-case hex digits."""
    return _KEY_ID_PREFIX + public_key.hex()


def parse_key_id(text: str) -> bytes:
    """Return the public key of a key id; only the one spelling is read.

    Raises: `BAD_KEY_ID`.
    """
    read = _KEY_ID.fullmatch(text)
    if read is None:
        raise Malformed("BAD_KEY_ID", "a key id reads ed25519: and 64 lower-case hex digits")
    return bytes.fromhex(read[1])


@functools.lru_cache(maxsize=_LOADED_KEYS)
def _loaded(public_key: bytes) -> Ed25519PublicKey:
    """Return the library's key; refusals are not remembered, so nothing bad is ever cached."""
    return Ed25519PublicKey.from_public_bytes(require_acceptable_public_key(public_key))


def _require_seed(seed: bytes) -> bytes:
    """Return the seed if it has 32 bytes.

    Raises: `BAD_SEED`.
    """
    if len(seed) != SEED_BYTES:
        raise Malformed("BAD_SEED", f"a seed has {SEED_BYTES} bytes")
    return seed
