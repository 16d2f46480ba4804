"""What an ID token has to say, beyond being signed (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from api.oidc.flows import Begun
    from api.oidc.settings import OidcSettings

# How far the provider's clock may be from this server's.
SKEW_SECONDS: Final = 60


def require_answer(claims: Mapping[str, Any], begun: Begun, settings: OidcSettings, now: datetime) -> None:
    """Require that the token answers this log-in, for this client, with the person there just now.

    Its issuer was checked with its signature.

    Raises: `BAD_ANSWER`.
    """
    token = CodeIDToken(
        claims,
        {},
        options={"aud": {"essential": True, "value": settings.client_id}},
        params={"nonce": begun.nonce, "client_id": settings.client_id},
    )
    try:
        token.validate(now=int(now.timestamp()), leeway=SKEW_SECONDS)
    except (JoseError, TypeError, ValueError):
        raise _bad_answer() from None
    # Authlib takes max_age=0 for none given; here it is what makes the person prove themselves anew.
    for name in ("iat", "auth_time"):
        _require_since(claims.get(name), begun.at, now)


def _require_since(moment: object, began: datetime, now: datetime) -> None:
    earliest, latest = began.timestamp() - SKEW_SECONDS, now.timestamp() + SKEW_SECONDS
    if not isinstance(moment, int) or not earliest <= moment <= latest:
        raise _bad_answer()


def _bad_answer() -> Refused:
    return Refused("BAD_ANSWER", "the provider's answer does not belong to this log-in")
