"""Requests and answers of the log-in by an OpenID provider."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.answers import Answer, DeviceProof
from api.schemas.fields import Text
from api.schemas.strict import StrictSchema
from core.kernel.actors import Role

_SHORT = validate.Length(1, 200)


class BeginLoginRequest(StrictSchema):
    """In which role somebody logs in, and where their browser is to come back."""

    role = fields.Enum(Role, by_value=Text, required=True)
    redirect_uri = Text(required=True, metadata={"description": "One of those that the operator configured."})


class BegunLoginResponse(Answer):
    """The flow is for the client that began alone, once, within the seconds; the address for the browser."""

    flow = fields.String(required=True)
    authorization_url = fields.String(required=True)
    seconds = fields.Integer(required=True)


class EndLoginRequest(StrictSchema):
    """The flow, with the `state` and the `code` that the browser came back with."""

    flow = Text(required=True, load_only=True, validate=_SHORT)
    state = Text(required=True, load_only=True, validate=_SHORT)
    code = Text(required=True, load_only=True, validate=validate.Length(1, 4096))
    device = fields.Nested(DeviceProof, load_only=True)
