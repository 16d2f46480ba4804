"""Keys of people who let the server keep them: invited, sealed, and sealed for the next rotation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from api.auth import the_caller
from api.credentials import (
    invite,
    open_invitations,
    seal_invited,
    seal_next,
    withdraw_invitation,
)
from api.devices import take_its_time
from api.schemas.answers import (
    EnrolmentResponse,
    InvitationRequest,
    InvitationResponse,
    InvitationsResponse,
    KeyRequest,
    SealedKeyRequest,
)
from api.schemas.strict import Blueprint
from api.service import the_service
from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.kernel.time import write_instant
from core.keys.invitations import LIFETIME
from core.trial.people.officers import OFFICERS

if TYPE_CHECKING:
    from api.execution import Answer

CREDENTIALS = Blueprint("credentials", __name__, url_prefix="/v1")


@CREDENTIALS.route("/invitations", methods=["POST"])
@CREDENTIALS.arguments(InvitationRequest)
@CREDENTIALS.response(201, InvitationResponse)
def make_invitation(asked: dict[str, Any]) -> Answer:
    """Invite somebody to seal a key of their own; the one-time code is told once, for them alone."""
    service, caller = the_service(), the_caller()
    instance, person = service.instance, asked["person"]
    with instance.handler.refusing.recording_as("Invite", caller.person, lambda: None):
        if caller.role is not Role.ADM:
            raise Refused("NOT_AUTHORISED", "an administrator invites", role=str(caller.role))
        now = instance.clock()
        code = invite(instance, person, caller.person, now)
    return {"person": person, "code": code, "expires_at": write_instant(now + LIFETIME)}, 201, {}


@CREDENTIALS.route("/invitations", methods=["GET"])
@CREDENTIALS.response(200, InvitationsResponse)
def list_invitations() -> dict[str, Any]:
    """List who is invited and has not sealed a key yet; officers only, and never a code."""
    _require_officer()
    instance = the_service().instance
    return {
        "invitations": [
            {
                "person": one.person,
                "invited_by": one.invited_by,
                "invited_at": write_instant(one.invited_at),
                "expires_at": write_instant(one.expires_at),
            }
            for one in open_invitations(instance, instance.clock())
        ]
    }


@CREDENTIALS.route("/invitations/<person>", methods=["DELETE"])
@CREDENTIALS.response(204)
def end_invitation(person: str) -> Answer:
    """Withdraw an invitation: its code opens nothing any more; officers only."""
    _require_officer()
    instance = the_service().instance
    withdraw_invitation(instance, person, the_caller().person, instance.clock())
    return {}, 204, {}


def _require_officer() -> None:
    role = the_caller().role
    if role not in OFFICERS:
        raise Refused("NOT_AUTHORISED", f"the role {role} does not do this", role=str(role))


@CREDENTIALS.route("/key-requests", methods=["POST"], endpoint="request_key")
@CREDENTIALS.arguments(KeyRequest)
@CREDENTIALS.response(201, EnrolmentResponse)
@CREDENTIALS.doc(security=[], operationId="request_key")
def request_key(asked: dict[str, Any]) -> Answer:
    """Seal a new key under one's own password with an invitation; officers then propose and approve it."""
    began = time.monotonic()
    try:
        return _requested(**asked), 201, {}
    except Refused as error:
        if error.code == "INVITATION_REFUSED":
            take_its_time(began)
        raise


def _requested(person: str, code: str, password: str) -> dict[str, str]:
    """Seal the key; a refused code in the name of somebody known is on the record (21 CFR 11.300(d)).

    Raises: as `seal_invited`.
    """
    instance = the_service().instance
    try:
        return seal_invited(instance, person, code, password)
    except Refused as error:
        if error.code == "INVITATION_REFUSED":
            if instance.person(person).keys:
                instance.handler.refusing.record(error.code, "RequestKey", person, None)
            else:
                instance.strangers.unknown_sign_in()
        raise


@CREDENTIALS.route("/people/<person>/sealed-keys", methods=["POST"])
@CREDENTIALS.arguments(SealedKeyRequest)
@CREDENTIALS.response(201, EnrolmentResponse)
def seal_next_key(asked: dict[str, Any], person: str) -> Answer:
    """Seal one's next key under another password, before the key rotation that names it is signed."""
    if person != the_caller().person:
        raise Refused("SOD_VIOLATION", "only the person themselves can do this")
    return seal_next(the_service().instance, person, **asked), 201, {}
