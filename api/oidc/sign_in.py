"""Signing in with the provider's word: whoever it names is a person only as the log says.

Nobody is created, no role is taken from the provider, and every signature still asks for the person's own
password or key (21 CFR 11.200(a)).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from api.auth import is_enrolled, member
from api.devices import SIGN_IN, signing_in, take_its_time
from api.service import the_service
from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from api.instance import Instance
    from api.oidc.flows import Begun
    from api.oidc.login import Login
    from api.oidc.settings import OidcSettings
    from core.kernel.actors import Role


def the_login() -> Login:
    """Return the log-in of this server.

    Raises: `OIDC_NOT_CONFIGURED`.
    """
    login = the_service().login
    if login is None:
        raise Refused("OIDC_NOT_CONFIGURED", "this server has no log-in by an identity provider")
    return login


def end_login(
    login: Login, flow: str, state: str, code: str, said: Mapping[str, str] | None
) -> tuple[str, str, Role]:
    """Return the token of a new session, whose it is, and in which role.

    Raises: `SIGN_IN_FAILED` for whatever is wrong on the person's side, `OIDC_UNAVAILABLE`; for the device as
    `signing_in`.
    """
    service, began = the_service(), time.monotonic()
    instance = service.instance
    try:
        with _counting_strangers(instance):
            begun = login.flows.take(flow, state, instance.clock())
        person = _signed_in(instance, login, begun, code)
    except Refused:
        take_its_time(began)
        raise Refused("SIGN_IN_FAILED", "this log-in makes nobody of this trial signed in") from None
    device = signing_in(person, said, is_known=True)
    return instance.sessions.start(person, begun.role, instance.clock(), device), person, begun.role


def _signed_in(instance: Instance, login: Login, begun: Begun, code: str) -> str:
    """Return the person whom the provider names, if they may sign in; else it is on the record.

    Raises: `BAD_ANSWER`, `OIDC_UNAVAILABLE`, `LOCKED_OUT`, `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    with _counting_strangers(instance):
        claims = login.provider.claims(code, begun)
        person = _person_of(instance, login.settings, claims)
    # 21 CFR 11.300(d): the provider vouches for the name, so what else is wrong was tried in it.
    with instance.handler.refusing.attempt_as(SIGN_IN, person):
        login.provider.require_answer(claims, begun, instance.clock())
        member(instance, person, begun.role)
    return person


def _person_of(instance: Instance, settings: OidcSettings, claims: Mapping[str, Any]) -> str:
    """Return who stands in the settings for the provider's `sub`, if the log knows them.

    Raises: `BAD_ANSWER`.
    """
    sub = claims.get("sub")
    person = settings.people.get(sub) if isinstance(sub, str) else None
    if person is None or not is_enrolled(instance, person):
        raise Refused("BAD_ANSWER", "whom the provider names is nobody of this trial")
    return person


@contextmanager
def _counting_strangers(instance: Instance) -> Iterator[None]:
    """Count a log-in that names no person of the log, as it counts a sign-in under an unknown id."""
    try:
        yield
    except Refused:
        instance.strangers.unknown_sign_in()
        raise
