"""Signatures of ID tokens: the provider's public keys, and the algorithms that are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from core.audit.strict_json import read_request
from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from joserfc.jwk import Key

# Public keys only: "none" has no key, and HS256 would take a public key for a shared secret (RFC 8725, 2.1).
ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "Ed25519", "EdDSA"})

_KINDS: Final[Mapping[str, type[RSAKey | ECKey | OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_LEAST_MODULUS: Final = 342  # characters of base64: 2048 bits


class _Registry(JWSRegistry):
    """joserfc's algorithms by our list, and without its warning at each EdDSA."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc's model of an algorithm is not public
        """Return an algorithm of the list."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def key_set(document: object) -> KeySet:
    """Return the keys of a JWKS that an ID token may be signed with; others are passed over."""
    given = document.get("keys") if isinstance(document, dict) else None
    return KeySet(list(_usable(given if isinstance(given, list) else [])))


def signed_claims(token: str, keys: KeySet) -> dict[str, Any]:
    """Return what a token says that one of the keys signed.

    Raises: `BAD_ANSWER`; joserfc's `InvalidKeyIdError` where the keys hold none of its name.
    """
    found = jws.deserialize_compact(token, keys, registry=_Registry(strict_check_header=False))
    claims = read_request(found.payload)
    if not isinstance(claims, dict):
        raise Refused("BAD_ANSWER", "the provider's answer says nothing")
    return claims


def _usable(given: list[object]) -> Iterator[Key]:
    for one in given:
        if not isinstance(one, dict) or one.get("kty") not in _KINDS:
            continue
        if one["kty"] == "RSA" and len(str(one.get("n"))) < _LEAST_MODULUS:
            continue
        try:
            yield _KINDS[one["kty"]].import_key(one)
        except (JoseError, TypeError, ValueError, KeyError):
            continue
