"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.auth import bearer_token, proof_of, sign_in, the_caller
from api.schemas.answers import (
    ChallengeRequest,
    ChallengeResponse,
    DeviceChallengeRequest,
    OpenSessionsResponse,
    SessionResponse,
    SignInRequest,
)
from api.schemas.strict import Blueprint
from api.service import the_service
from core.audit.dsse import DEVICE_TYPE, SIGN_IN_TYPE
from core.kernel.encoding import to_base64
from core.kernel.time import write_instant
from core.keys.sign_in import LIFETIME

if TYPE_CHECKING:
    from api.execution import Answer
    from core.keys.sessions import Session

SESSIONS = Blueprint("sessions", __name__, url_prefix="/v1/sessions")


@SESSIONS.route("", methods=["POST"], endpoint="sign_in")
@SESSIONS.arguments(SignInRequest)
@SESSIONS.response(201, SessionResponse)
@SESSIONS.doc(security=[], operationId="sign_in")
def start_session(asked: dict[str, Any]) -> Answer:
    """Sign in as a person in one of their roles, by password or by key; the token is told once."""
    token = sign_in(asked["person"], asked["role"], proof_of(asked), asked.get("device"))
    body = {"token": token, "person": asked["person"], "role": str(asked["role"])}
    return body, 201, {"Location": "/v1/sessions/current"}


@SESSIONS.route("/challenges", methods=["POST"], endpoint="challenge")
@SESSIONS.arguments(ChallengeRequest)
@SESSIONS.response(200, ChallengeResponse)
@SESSIONS.doc(security=[], operationId="challenge")
def make_challenge(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for a challenge, to sign in with a key of one's own; it is made for unknown people too."""
    service = the_service()
    return _challenge(service.challenges.issue(asked["person"], service.instance.clock()), SIGN_IN_TYPE)


@SESSIONS.route("/device-challenges", methods=["POST"], endpoint="device_challenge")
@SESSIONS.arguments(DeviceChallengeRequest)
@SESSIONS.response(200, ChallengeResponse)
@SESSIONS.doc(security=[], operationId="device_challenge")
def make_device_challenge(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for a challenge that a registered device signs; it is made for unknown devices too."""
    service = the_service()
    challenge = service.device_challenges.issue(asked["device"], service.instance.clock())
    return _challenge(challenge, DEVICE_TYPE)


@SESSIONS.route("", methods=["GET"])
@SESSIONS.response(200, OpenSessionsResponse)
def list_sessions() -> dict[str, Any]:
    """List one's own open sessions by name."""
    instance = the_service().instance
    found = instance.sessions.open_of(the_caller().person, instance.clock())
    return {"sessions": [_open_session(name, session) for name, session in found.items()]}


@SESSIONS.route("/<name>", methods=["DELETE"])
@SESSIONS.response(204)
def end_named_session(name: str) -> None:
    """End one of one's own sessions by its name, wherever it is open."""
    instance = the_service().instance
    instance.sessions.end_named(the_caller().person, name, instance.clock())


@SESSIONS.route("/current", methods=["GET"])
@SESSIONS.response(200, SessionResponse)
def show_session() -> dict[str, str]:
    """Say who is signed in, in which role."""
    caller = the_caller()
    return {"person": caller.person, "name": caller.name, "role": str(caller.role)}


@SESSIONS.route("/current", methods=["DELETE"])
@SESSIONS.response(204)
def end_session() -> None:
    """Sign out; the token is worth nothing from now on."""
    instance = the_service().instance
    instance.sessions.end(bearer_token(), instance.clock())


def _challenge(challenge: bytes, payload_type: str) -> dict[str, Any]:
    seconds = int(LIFETIME.total_seconds())
    return {"challenge": to_base64(challenge), "payload_type": payload_type, "seconds": seconds}


def _open_session(name: str, session: Session) -> dict[str, str | None]:
    return {
        "session": name,
        "role": str(session.role),
        "device": session.device,
        "started_at": write_instant(session.started_at),
        "last_used_at": write_instant(session.last_used_at),
    }
