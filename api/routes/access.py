"""Who has access: one's own standing, sessions that officers end, the journal, secrets of service tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import request

from api.auth import the_caller
from api.devices import device_of
from api.reading import Cut
from api.schemas.answers import (
    AccessJournalResponse,
    AccountabilityPolicyResponse,
    DeviceProof,
    EndedSessionsResponse,
    OwnAccessResponse,
    SecretResponse,
)
from api.schemas.questions import JournalQuery
from api.schemas.strict import Blueprint
from api.service import the_service
from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.kernel.streams import DEVICES
from core.trial.devices.events import DeviceKind

if TYPE_CHECKING:
    from api.execution import Answer

ACCESS = Blueprint("access", __name__, url_prefix="/v1")


@ACCESS.route("/accountability-policy")
@ACCESS.response(200, AccountabilityPolicyResponse)
def show_accountability_policy() -> dict[str, str]:
    """Show the policy that everybody reads and accepts before they sign anything: 21 CFR 11.10(j)."""
    instance = the_service().instance
    with instance.log.lock:
        instance.log.catch_up()
        policy = instance.log.trial.instance.accountability
    if policy is None:
        raise Refused("INSTANCE_NOT_OPEN", "the log has not been founded")
    return {"policy": policy.id, "digest": policy.digest, "text": policy.text}


@ACCESS.route("/people/me")
@ACCESS.response(200, OwnAccessResponse)
def show_own_access() -> dict[str, Any]:
    """Show who asks what the log knows of them: standing, what they still lack, and every right."""
    reading, person = the_service().reading, the_caller().person
    people, register = (reading.rows(view, Cut()) for view in ("people", "access-register"))
    (row,) = (one for one in people.rows if one["person"] == person)
    rights = [one for one in register.rows if one["person"] == person]
    return {"position": register.position, "row": row, "rights": rights}


@ACCESS.route("/people/<person>/sessions", methods=["DELETE"])
@ACCESS.response(200, EndedSessionsResponse)
def end_sessions_of(person: str) -> dict[str, int]:
    """End every session of a person, at once; registrars only."""
    caller, instance = the_caller(), the_service().instance
    _require_role(caller.role, Role.SEC)
    return {"ended": instance.sessions.end_all_of(person, instance.clock(), caller.person)}


@ACCESS.route("/access-journal")
@ACCESS.arguments(JournalQuery, location="query")
@ACCESS.response(200, AccessJournalResponse)
def show_access_journal(asked: dict[str, Any]) -> Answer:
    """Show who had a session when, a page at a time; Link leads on."""
    _require_role(the_caller().role, Role.SEC, Role.AUD)
    rows = the_service().instance.access_journal.page(asked["after"], asked["limit"])
    after = rows[-1]["number"] if rows else asked["after"]
    query = urlencode({**request.args, "after": str(after)})
    headers = {"Link": f'<{request.path}?{query}>; rel="next"'} if len(rows) == asked["limit"] else {}
    return {"rows": rows}, 200, headers


@ACCESS.route("/service-tokens/<token>/secrets", methods=["POST"])
@ACCESS.response(201, SecretResponse)
def tell_secret(token: str) -> dict[str, str]:
    """Tell the secret of a service token, once, to the person who owns the token."""
    return _tell(token, None)


@ACCESS.route("/service-tokens/<token>/interface-secrets", methods=["POST"])
@ACCESS.arguments(DeviceProof)
@ACCESS.response(201, SecretResponse)
def tell_interface_secret(said: dict[str, str], token: str) -> dict[str, str]:
    """Tell the secret of a service token, once, to its owner for a registered interface."""
    return _tell(token, said)


def _tell(token: str, said: dict[str, str] | None) -> dict[str, str]:
    caller, instance = the_caller(), the_service().instance
    with instance.log.lock:
        instance.log.catch_up()
        right = instance.log.trial.instance.tokens.get(token)
    if right is None or right.granted.owner != caller.person:
        raise Refused("UNKNOWN_TOKEN", "no service token of yours was issued under this id")
    if not right.counts(instance.clock()):
        raise Refused("TOKEN_REVOKED", "the right of this service token has ended")
    with instance.handler.refusing.recording_as("TellSecret", caller.person, lambda: DEVICES):
        device = device_of(said, DeviceKind.INTERFACE)
    return {"token": token, "secret": instance.service_tokens.tell(token, device)}


def _require_role(role: Role, *allowed: Role) -> None:
    if role not in allowed:
        raise Refused("NOT_AUTHORISED", f"the role {role} does not do this", role=str(role))
