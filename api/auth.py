"""Who asks: sign-in by password or key, a bearer token afterwards, and the role as the log gives it now.

* Authentication runs before everything else of a request, so 401 precedes 422 and no route forgets it.
* A session gives reading only; each signature asks for the password or the key again (21 CFR 11.200(a)).
* Role and key are asked of the folded log at every request: an ended role ends the access at once.
* A refused sign-in says and shows nothing of why: one problem, one duration.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from flask import g, request

from api.devices import SIGN_IN, register_of, require_counting, require_device, signing_in, take_its_time
from api.service import the_service
from core.kernel.actors import Role
from core.kernel.encoding import from_base64
from core.kernel.errors import Refused, TrialError
from core.keys.ed25519 import parse_key_id
from core.keys.service_tokens import PREFIX as SERVICE_TOKEN_PREFIX
from core.trial.authority import require_member
from core.trial.instance.events import Scope
from core.trial.instance.tool_owners import may_own

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.instance import Instance

# What each part of the interface asks of a tool's token; every other part is for people.
SCOPES: Final[Mapping[str, Scope]] = {
    "events": Scope.EVENTS,
    "views": Scope.VIEWS,
    "explanations": Scope.VIEWS,
    "log": Scope.LOG,
    "alerts": Scope.ALERTS,
}
WITHOUT_SESSION = frozenset(
    {
        "sessions.sign_in",
        "sessions.challenge",
        "sessions.device_challenge",
        "oidc.begin",
        "oidc.end",
        "credentials.request_key",
    }
)
_SIGN_IN_FAILED: Final = (
    "person and password, or key, do not belong together; after too many failures wait a minute, and if it "
    "still fails ask a registrar to let you in again"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a request: a person in the role of their session, or a tool by the id of its token.

    `device` is the registered device on which the session began, or for which the tool was told its secret.
    """

    person: str
    name: str
    role: Role
    scopes: tuple[Scope, ...] | None = None
    device: str | None = None


def origin_of(instance: Instance) -> str:
    """Return the name of the log."""
    with instance.log.lock:
        instance.log.catch_up()
        created = instance.log.trial.instance.created
    return created.origin if created else ""


def require_session() -> None:
    """Find out who asks, for everything under /v1 but the sign-in itself.

    Raises: as `caller_of` and `require_device`; `NOT_AUTHORISED` for a tool outside its scopes.
    """
    if not request.path.startswith("/v1") or request.endpoint in WITHOUT_SESSION:
        return
    g.caller = caller_of(the_service().instance, bearer_token())
    require_device(g.caller.device)
    if g.caller.scopes is not None and SCOPES.get(request.blueprint or "") not in g.caller.scopes:
        raise Refused("NOT_AUTHORISED", "the scopes of this service token do not reach here")


def bearer_token() -> str:
    """Return the token that the request carries.

    Raises: `NOT_SIGNED_IN`.
    """
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise Refused("NOT_SIGNED_IN", "sign in first")
    return given.token


def caller_of(instance: Instance, token: str) -> Caller:
    """Return who bears the token, judged by the session and by the log as they stand now.

    Raises: `NOT_SIGNED_IN`, `SESSION_EXPIRED`, `LOCKED_OUT`, `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`,
    `DEVICE_REVOKED`.
    """
    if token.startswith(SERVICE_TOKEN_PREFIX):
        return tool_of(instance, token)
    session = instance.sessions.require(token, instance.clock())
    try:
        require_counting(register_of(instance), session.device)
    except Refused:
        instance.sessions.end(token, instance.clock())
        raise
    return replace(member(instance, session.person, session.role), device=session.device)


def tool_of(instance: Instance, secret: str) -> Caller:
    """Return the tool with this secret, while the log lets it read and its owner may read as much.

    Raises: `NOT_SIGNED_IN`, `DEVICE_REVOKED`.
    """
    token, device = instance.service_tokens.token_of(secret)
    require_counting(register_of(instance), device)
    now = instance.clock()
    with instance.log.lock:
        instance.log.catch_up()
        trial = instance.log.trial
        right = trial.instance.tokens.get(token)
        owner = None if right is None else trial.people.get(right.granted.owner)
    if right is None or not right.counts(now) or owner is None:
        raise Refused("NOT_SIGNED_IN", "the right of this service token has ended")
    if not may_own(owner, right.granted.scopes, now):
        raise Refused("NOT_SIGNED_IN", "the right of this service token has ended")
    return Caller(token, right.granted.tool, Role.SVC, right.granted.scopes, device)


def member(instance: Instance, person: str, role: Role) -> Caller:
    """Return the person if they hold role and key now.

    Raises: `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    found = instance.person(person)
    require_member(found, role, instance.clock())
    return Caller(person, found.name, role)


def the_caller() -> Caller:
    """Return who asks."""
    caller: Caller = g.caller
    return caller


Proof: TypeAlias = "Callable[[str], None]"
"""Raises a refusal unless it shows that the person asks."""


def proof_of(asked: Mapping[str, str]) -> Proof:
    """Return the proof that a sign-in brought: a password, or a signed challenge."""
    if "password" in asked:
        return lambda person: _check_password(person, asked["password"])
    return lambda person: _check_answer(person, asked["challenge"], asked["signature"])


def sign_in(person: str, role: Role, proof: Proof, said: Mapping[str, str] | None) -> str:
    """Check device and proof and return the token of a new session; `said` is what the device brings.

    Raises: `SIGN_IN_FAILED` for an unknown person, for a wrong proof and for a right one of who is locked out
    alike: no answer tells whose id it is. `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`, and as `signing_in`.
    """
    service = the_service()
    device = signing_in(person, said, is_known=is_enrolled(service.instance, person))
    began = time.monotonic()
    try:
        _prove(person, proof)
    except TrialError:
        take_its_time(began)
        raise Refused("SIGN_IN_FAILED", _SIGN_IN_FAILED) from None
    _require_known_role(person, role)
    return service.instance.sessions.start(person, role, service.instance.clock(), device)


def _prove(person: str, proof: Proof) -> None:
    instance = the_service().instance
    if not is_enrolled(instance, person):
        instance.strangers.unknown_sign_in()
        proof(person)
        raise Refused("BAD_ANSWER", "nobody signs in under this id")
    # 21 CFR 11.300(d): an attempt on a known person's account is on the record.
    with instance.handler.refusing.attempt_as(SIGN_IN, person):
        proof(person)


def _check_password(person: str, password: str) -> None:
    service = the_service()
    try:
        service.instance.unlocker.check(person, password)
    except Refused as error:
        if error.code == "NO_SEALED_KEY":
            service.decoy.work(password)
        raise


def _check_answer(person: str, challenge: str, signature: str) -> None:
    service = the_service()
    key = service.instance.log.active_key_of(person)
    if key is None:
        raise Refused("BAD_ANSWER", "nobody signs in under this id")
    answer = from_base64(challenge), from_base64(signature)
    service.challenges.take(*answer, person, parse_key_id(key), service.instance.clock())


def _require_known_role(person: str, role: Role) -> None:
    instance = the_service().instance
    try:
        member(instance, person, role)
    except Refused as error:
        instance.handler.record_refusal(error.code, SIGN_IN, person, None)
        raise


def is_enrolled(instance: Instance, person: str) -> bool:
    """Tell whether the log knows anybody under the id who could ever sign."""
    return bool(instance.person(person).keys)
