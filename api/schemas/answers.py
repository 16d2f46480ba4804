"""What answers look like, for the documentation and for those who write clients."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from api.schemas.fields import KEY_PATTERN, Instant, Text
from api.schemas.strict import StrictSchema
from core.kernel.actors import Role


class Answer(Schema):
    """An answer may grow fields; clients ignore those that they do not know."""

    class Meta:
        """Unknown fields are left alone."""

        unknown = EXCLUDE


class ProblemResponse(Answer):
    """RFC 9457; facts of the refusal stand beside these members."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(allow_none=True)


class SignInRequest(StrictSchema):
    """Who signs in, in which of their roles: with a password, or with the answer to a challenge."""

    person = Text(required=True)
    role = fields.Enum(Role, by_value=Text, required=True)
    password = Text(load_only=True)
    challenge = Text(
        load_only=True, metadata={"description": "Base64, as POST /v1/sessions/challenges told it."}
    )
    signature = Text(
        load_only=True,
        metadata={"description": "Base64 of the Ed25519 signature over the DSSE PAE of the challenge."},
    )

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: object) -> None:
        if data.keys() & {"password", "challenge", "signature"} not in (
            {"password"},
            {"challenge", "signature"},
        ):
            raise ValidationError("give a password, or a challenge with its signature", "password")


class ChallengeRequest(StrictSchema):
    """Who is about to sign in with a key of their own."""

    person = Text(required=True)


class ChallengeResponse(Answer):
    """What the person's key has to sign: the DSSE PAE of the payload type and the decoded challenge."""

    challenge = fields.String()
    payload_type = fields.String()
    seconds = fields.Integer()


class SessionResponse(Answer):
    """A session; the token is told once, at sign-in."""

    token = fields.String()
    person = fields.String(metadata={"pattern": KEY_PATTERN})
    name = fields.String()
    role = fields.String()


class ReceiptResponse(Answer):
    """Where the record stands, and the signed head that covers it."""

    txn = fields.String(required=True)
    stream = fields.String(required=True)
    version = fields.Integer(required=True)
    positions = fields.List(fields.Integer(), required=True)
    leaf_hashes = fields.List(fields.String(validate=validate.Length(equal=64)), required=True)
    checkpoint = fields.String(required=True)
    replayed = fields.Boolean(required=True)


class PreparedStatementResponse(Answer):
    """The bytes to sign, what they say, and the digest of their PAE."""

    statement = fields.String(required=True)
    text = fields.String(required=True)
    digest = fields.String(required=True)


class PreparedResponse(Answer):
    """Everything that the person signs with their own key, one statement an event."""

    txn = fields.String(required=True)
    payload_type = fields.String(required=True)
    expires_at = fields.String(required=True)
    statements = fields.List(fields.Nested(PreparedStatementResponse), required=True)


class RowsResponse(Answer):
    """Rows of a view with the position that they were read at."""

    position = fields.Integer(required=True)
    as_of = Instant(required=True, allow_none=True)
    rows = fields.List(fields.Dict(), required=True)


class SubjectResponse(Answer):
    """One subject; `streams` holds the versions for If-Match."""

    position = fields.Integer(required=True)
    as_of = Instant(required=True, allow_none=True)
    row = fields.Dict(required=True)
    streams = fields.Dict(keys=fields.String(), values=fields.Integer())


class StreamResponse(Answer):
    """Where a stream stands."""

    stream = fields.String(required=True)
    version = fields.Integer(required=True)


class ExplanationResponse(Answer):
    """Why the decision at a position is what it is; `signed` where the position is a signed decision."""

    position = fields.Integer(required=True)
    configuration = fields.Dict(required=True)
    facts = fields.String(required=True)
    outcomes = fields.List(fields.Dict(), required=True)
    adjudications_due = fields.List(fields.Dict(), required=True)
    holds = fields.List(fields.Dict(), required=True)
    row = fields.Dict(required=True)
    decision = fields.Dict(required=True)
    overlays = fields.List(fields.String(), required=True)
    ceiling = fields.Integer(required=True)
    trigger = fields.Integer(required=True, allow_none=True)
    levels = fields.List(fields.Dict(), required=True)
    signed = fields.Dict(required=True, allow_none=True)
    program = fields.Dict(required=True)


class ProofResponse(Answer):
    """Hashes in hex, nearest sibling first (RFC 9162)."""

    proof = fields.List(fields.String(), required=True)
    leaf_hash = fields.String()


class OfflineReceiptResponse(Answer):
    """One event's place under a signed head, to be checked without this server."""

    position = fields.Integer(required=True)
    leaf_hash = fields.String(required=True)
    size = fields.Integer(required=True)
    proof = fields.List(fields.String(), required=True)
    checkpoint = fields.String(required=True)
