"""The log-in by a provider as a server keeps it: its settings, the provider, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from api.oidc.flows import Flows, begin
from api.oidc.settings import read_settings
from core.kernel.errors import Malformed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from api.oidc.flows import Begun
    from api.oidc.settings import OidcSettings
    from core.kernel.actors import Role


class Asked(Protocol):
    """What is asked of the provider; it takes the extra to answer."""

    def authorization_url(self, begun: Begun) -> str:
        """Return where the person's browser goes."""

    def claims(self, code: str, begun: Begun) -> Mapping[str, Any]:
        """Return what the provider signed about who came."""

    def require_answer(self, claims: Mapping[str, Any], begun: Begun, now: datetime) -> None:
        """Require that this answers what was begun."""


@dataclass(frozen=True, slots=True)
class Login:
    """A provider whose word this server takes, and the log-ins under way."""

    settings: OidcSettings
    provider: Asked
    flows: Flows = field(default_factory=Flows)

    def begin(self, role: Role, redirect_uri: str, now: datetime) -> tuple[str, str]:
        """Return the flow, for the client alone, and the address for the person's browser.

        Raises: `REDIRECT_NOT_ALLOWED`, `OIDC_UNAVAILABLE`.
        """
        if redirect_uri not in self.settings.redirect_uris:
            raise Malformed("REDIRECT_NOT_ALLOWED", "redirect_uri is none of those that are configured")
        begun = begin(role, redirect_uri, now)
        url = self.provider.authorization_url(begun)
        return self.flows.keep(begun), url


def open_login(path: Path) -> Login:
    """Return the log-in that a settings file describes; nothing is asked of the provider yet.

    Raises: `OIDC_NOT_INSTALLED`, `BAD_SETTING`, `SECRETS_MISSING`, `SECRETS_EXPOSED`.
    """
    try:
        from api.oidc.provider import Provider  # noqa: PLC0415 - an extra: the server runs without it
    except ModuleNotFoundError as error:
        raise Unavailable(
            "OIDC_NOT_INSTALLED", f"log-in by a provider needs the extra oidc: {error.name} is not installed"
        ) from None
    settings = read_settings(path)
    return Login(settings, Provider(settings))
