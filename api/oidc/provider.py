"""The OpenID provider behind its network: discovery, keys, and the exchange of a code for an ID token.

* The way back is direct and guarded: TLS checked, or this machine; five seconds; no redirect, no proxy and no
  credentials from the environment.
* What the provider publishes is fetched at first need and kept for an hour; its keys are fetched anew once
  when a token names one that is unknown.
* Nothing that it says reaches an error: its sentences may hold what nobody shall read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import InvalidKeyIdError, JoseError
from requests import RequestException

from api.oidc.claims import require_answer
from api.oidc.keys import key_set, signed_claims
from api.oidc.settings import is_safe_address
from core.audit.strict_json import read_request
from core.kernel.errors import Malformed, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from joserfc.jwk import KeySet
    from requests import Response

    from api.oidc.flows import Begun
    from api.oidc.settings import OidcSettings

TIMEOUT_SECONDS: Final = 5
KEPT_SECONDS: Final = 3600

_DISCOVERY: Final = "/.well-known/openid-configuration"
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_DOCUMENT_LIMIT: Final = 200_000
_CHUNK: Final = 65_536
_BASIC, _POST = "client_secret_basic", "client_secret_post"
# Only these are the person's side; whatever else the token endpoint refuses is between it and this server.
_OF_THE_PERSON: Final = {"invalid_grant", "invalid_request", "access_denied"}


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    at: float


class Provider:
    """One provider as its client sees it."""

    def __init__(self, settings: OidcSettings, seconds: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._seconds = seconds
        self._kept: dict[str, _Kept] = {}

    def authorization_url(self, begun: Begun) -> str:
        """Return where the person's browser goes to prove who they are, now and not some time ago.

        Raises: `OIDC_UNAVAILABLE`.
        """
        endpoint = self._metadata()["authorization_endpoint"]
        with self._session() as session:
            url, _ = session.create_authorization_url(
                endpoint,
                state=begun.state,
                code_verifier=begun.verifier,
                redirect_uri=begun.redirect_uri,
                nonce=begun.nonce,
                prompt="login",
                max_age="0",
            )
        return str(url)

    def claims(self, code: str, begun: Begun) -> Mapping[str, Any]:
        """Return what the provider signed about who came; only signature and issuer are checked.

        Raises: `BAD_ANSWER`, `OIDC_UNAVAILABLE`.
        """
        token = self._exchanged(code, begun).get("id_token")
        if not isinstance(token, str):
            raise _unavailable()
        try:
            claims = self._signed(token)
        except (JoseError, Malformed, TypeError, ValueError):
            raise Refused("BAD_ANSWER", "the provider did not sign this answer") from None
        if claims.get("iss") != self._settings.issuer:
            raise Refused("BAD_ANSWER", "another provider signed this answer")
        return claims

    def require_answer(self, claims: Mapping[str, Any], begun: Begun, now: datetime) -> None:
        """Require that the claims answer this log-in.

        Raises: `BAD_ANSWER`.
        """
        require_answer(claims, begun, self._settings, now)

    def _signed(self, token: str) -> dict[str, Any]:
        try:
            return signed_claims(token, self._keys())
        except InvalidKeyIdError:
            self._kept.pop("keys", None)
            return signed_claims(token, self._keys())

    def _exchanged(self, code: str, begun: Begun) -> Mapping[str, Any]:
        metadata = self._metadata()
        try:
            with self._session(_way_of_client(metadata)) as session:
                answer: Mapping[str, Any] = session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                    redirect_uri=begun.redirect_uri,
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
        except OAuthError as error:
            if error.error in _OF_THE_PERSON:
                raise Refused("BAD_ANSWER", "the provider does not know this code") from None
            raise _unavailable() from None
        except (RequestException, TypeError, ValueError):
            raise _unavailable() from None
        return answer

    def _metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self._kept_or("metadata", self._discovered)
        return found

    def _keys(self) -> KeySet:
        found: KeySet = self._kept_or("keys", lambda: key_set(self._document(self._metadata()["jwks_uri"])))
        return found

    def _kept_or(self, name: str, fetch: Callable[[], Any]) -> Any:  # noqa: ANN401 - typed by the callers
        kept, now = self._kept.get(name), self._seconds()
        if kept is None or now - kept.at >= KEPT_SECONDS:
            kept = self._kept[name] = _Kept(fetch(), now)
        return kept.value

    def _discovered(self) -> dict[str, Any]:
        """Fetch what the provider says of itself (OpenID Connect Discovery 1.0, 4).

        Raises: `OIDC_UNAVAILABLE`, also where it names another issuer or an address that is not guarded.
        """
        found = self._document(self._settings.issuer.rstrip("/") + _DISCOVERY)
        if not isinstance(found, dict) or found.get("issuer") != self._settings.issuer:
            raise _unavailable()
        if not all(is_safe_address(found.get(name)) for name in _ADDRESSES):
            raise _unavailable()
        return found

    def _document(self, address: str) -> object:
        try:
            with (
                self._session() as session,
                session.get(
                    address, withhold_token=True, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
                ) as answer,
            ):
                if answer.status_code != 200:
                    raise _unavailable()
                return read_request(_content(answer))
        except (RequestException, Malformed):
            raise _unavailable() from None

    def _session(self, way: str = _BASIC) -> Any:  # noqa: ANN401 - Authlib is untyped
        session = OAuth2Session(
            self._settings.client_id,
            self._settings.client_secret,
            token_endpoint_auth_method=way,
            scope="openid",
            code_challenge_method="S256",
        )
        session.trust_env = False
        if self._settings.ca_file is not None:
            session.verify = str(self._settings.ca_file)
        return session


def _content(answer: Response) -> bytes:
    content = b""
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > _DOCUMENT_LIMIT:
            raise _unavailable()
    return content


def _way_of_client(metadata: Mapping[str, Any]) -> str:
    """Return how this client names itself: as the standard says, unless the provider takes only the other."""
    offered = metadata.get("token_endpoint_auth_methods_supported")
    return _POST if isinstance(offered, list) and _BASIC not in offered and _POST in offered else _BASIC


def _unavailable() -> Unavailable:
    return Unavailable(
        "OIDC_UNAVAILABLE", "the identity provider cannot be reached, or does not answer as one"
    )
