"""Who asks: sign-in by password or key, a bearer token afterwards, and the role as the log gives it now.

* Authentication runs before everything else of a request, so 401 precedes 422 and no route forgets it.
* A session gives reading only; each signature asks for the password or the key again (21 CFR 11.200(a)).
* Role and key are asked of the folded log at every request: an ended role ends the access at once.
* A refused sign-in says and shows nothing of why: one problem, one duration.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from flask import g, request

from api.service import the_service
from core.kernel.actors import Role
from core.kernel.encoding import from_base64
from core.kernel.errors import Refused, TrialError
from core.keys.ed25519 import SigningKey, new_seed, parse_key_id
from core.keys.sealing import SealedSeed, check_password, parameters_for, seal_seed
from core.keys.service_tokens import PREFIX as SERVICE_TOKEN_PREFIX
from core.trial.authority import require_member
from core.trial.instance.events import Scope
from core.trial.instance.tool_owners import may_own
from core.trial.people.state import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.wiring import Instance

# What each part of the interface asks of a tool's token; every other part is for people.
SCOPES: Final[Mapping[str, Scope]] = {
    "events": Scope.EVENTS,
    "views": Scope.VIEWS,
    "explanations": Scope.VIEWS,
    "log": Scope.LOG,
    "alerts": Scope.ALERTS,
}
WITHOUT_SESSION = frozenset(
    {"sessions.sign_in", "sessions.challenge", "oidc.begin", "oidc.end", "credentials.request_key"}
)
SIGN_IN = "SignIn"
_SIGN_IN_FAILED: Final = (
    "person and password, or key, do not belong together; after too many failures wait a minute, and if it "
    "still fails ask a registrar to let you in again"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a request: a person in the role of their session, or a tool by the id of its token."""

    person: str
    name: str
    role: Role
    scopes: tuple[Scope, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decoy:
    """A sealed seed of nobody, checked where there is none so that the work is the same."""

    sealed: SealedSeed
    pepper: bytes

    @classmethod
    def made_for(cls, instance: Instance) -> Decoy:
        """Return a decoy at the cost of the instance's own seals."""
        with instance.log.lock:
            instance.log.catch_up()
            created = instance.log.trial.instance.created
        if created is None:
            raise Refused("INSTANCE_NOT_OPEN", "the log has not been founded")
        seed, pepper = new_seed(), instance.secrets.pepper
        key_id, cost = SigningKey(seed).key_id, parameters_for(created.environment)
        return cls(seal_seed(seed, secrets.token_hex(), "nobody", key_id, pepper, cost), pepper)

    def work(self, password: str) -> None:
        """Do the work of a check that fails."""
        with suppress(Refused):
            check_password(self.sealed, password, self.pepper)


def origin_of(instance: Instance) -> str:
    """Return the name of the log."""
    with instance.log.lock:
        instance.log.catch_up()
        created = instance.log.trial.instance.created
    return created.origin if created else ""


def require_session() -> None:
    """Find out who asks, for everything under /v1 but the sign-in itself.

    Raises: as `caller_of`; `NOT_AUTHORISED` for a tool outside its scopes.
    """
    if not request.path.startswith("/v1") or request.endpoint in WITHOUT_SESSION:
        return
    g.caller = caller_of(the_service().instance, bearer_token())
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

    Raises: `NOT_SIGNED_IN`, `SESSION_EXPIRED`, `LOCKED_OUT`, `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    if token.startswith(SERVICE_TOKEN_PREFIX):
        return tool_of(instance, token)
    session = instance.sessions.require(token, instance.clock())
    return member(instance, session.person, session.role)


def tool_of(instance: Instance, secret: str) -> Caller:
    """Return the tool with this secret, while the log lets it read and its owner may read as much.

    Raises: `NOT_SIGNED_IN`.
    """
    token, now = instance.service_tokens.token_of(secret), instance.clock()
    with instance.log.lock:
        instance.log.catch_up()
        trial = instance.log.trial
        right = trial.instance.tokens.get(token)
        owner = None if right is None else trial.people.get(right.granted.owner)
    if right is None or not right.counts(now) or owner is None:
        raise Refused("NOT_SIGNED_IN", "the right of this service token has ended")
    if not may_own(owner, right.granted.scopes, now):
        raise Refused("NOT_SIGNED_IN", "the right of this service token has ended")
    return Caller(token, right.granted.tool, Role.SVC, right.granted.scopes)


def member(instance: Instance, person: str, role: Role) -> Caller:
    """Return the person if they hold role and key now.

    Raises: `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    found = _person(instance, person)
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


def sign_in(person: str, role: Role, proof: Proof) -> str:
    """Check the proof and return the token of a new session.

    Raises: `SIGN_IN_FAILED` for an unknown person, for a wrong proof and for a right one of who is locked out
    alike: no answer tells whose id it is. `ROLE_NOT_HELD`, `NO_ACTIVE_KEY`.
    """
    service, began = the_service(), time.monotonic()
    try:
        _prove(person, proof)
    except TrialError:
        take_its_time(began)
        raise Refused("SIGN_IN_FAILED", _SIGN_IN_FAILED) from None
    _require_known_role(person, role)
    return service.instance.sessions.start(person, role, service.instance.clock())


def take_its_time(began: float) -> None:
    """Wait until a refused sign-in that began then (`time.monotonic`) has taken as long as any other."""
    seconds = the_service().settings.refused_sign_in_seconds
    time.sleep(max(0.0, began + seconds - time.monotonic()))


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
    return bool(_person(instance, person).keys)


def _person(instance: Instance, person: str) -> Person:
    with instance.log.lock:
        instance.log.catch_up()
        return instance.log.trial.people.get(person, Person(person))
