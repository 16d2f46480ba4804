"""Signing in by an OpenID provider: two requests of the client, with the browser's way in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.oidc.flows import LIFETIME
from api.oidc.sign_in import end_login, the_login
from api.schemas.answers import SessionResponse
from api.schemas.oidc import BeginLoginRequest, BegunLoginResponse, EndLoginRequest
from api.schemas.strict import Blueprint
from api.service import the_service

if TYPE_CHECKING:
    from api.execution import Answer

OIDC = Blueprint("oidc", __name__, url_prefix="/v1/sessions")


@OIDC.route("/oidc-starts", methods=["POST"], endpoint="begin")
@OIDC.arguments(BeginLoginRequest)
@OIDC.response(200, BegunLoginResponse)
@OIDC.doc(security=[], operationId="begin_oidc_login")
def begin_login(asked: dict[str, Any]) -> dict[str, Any]:
    """Begin a log-in by the identity provider, where the server has one."""
    now = the_service().instance.clock()
    flow, url = the_login().begin(asked["role"], asked["redirect_uri"], now)
    return {"flow": flow, "authorization_url": url, "seconds": int(LIFETIME.total_seconds())}


@OIDC.route("/oidc", methods=["POST"], endpoint="end")
@OIDC.arguments(EndLoginRequest)
@OIDC.response(201, SessionResponse)
@OIDC.doc(security=[], operationId="end_oidc_login")
def finish_login(asked: dict[str, Any]) -> Answer:
    """Sign in with what the identity provider answered; the session reads, each signature asks again."""
    token, person, role = end_login(
        the_login(), asked["flow"], asked["state"], asked["code"], asked.get("device")
    )
    body = {"token": token, "person": person, "role": str(role)}
    return body, 201, {"Location": "/v1/sessions/current"}
