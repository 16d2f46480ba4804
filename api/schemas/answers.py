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


class DeviceProof(StrictSchema):
    """Which registered device asks, and its answer to a challenge made for it."""

    device = Text(required=True)
    challenge = Text(
        required=True,
        load_only=True,
        metadata={"description": "Base64, as POST /v1/sessions/device-challenges told it."},
    )
    signature = Text(
        required=True,
        load_only=True,
        metadata={"description": "Base64 of the Ed25519 signature over the DSSE PAE of the challenge."},
    )


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

    device = fields.Nested(DeviceProof, load_only=True)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: object) -> None:
        if data.keys() & {"password", "challenge", "signature"} not in (
            {"password"},
            {"challenge", "signature"},
        ):
            raise ValidationError("give a password, or a challenge with its signature", "password")


class InvitationRequest(StrictSchema):
    """Whom an administrator invites, by the id that they are to have."""

    person = Text(required=True)


class InvitationResponse(Answer):
    """The one-time code, to be handed to the person; it is told once."""

    person = fields.String()
    code = fields.String()
    expires_at = fields.String()


class OpenInvitationResponse(Answer):
    """One invitation that is open, without its code."""

    person = fields.String()
    invited_by = fields.String()
    invited_at = fields.String()
    expires_at = fields.String()


class InvitationsResponse(Answer):
    """The invitations that are open, by person."""

    invitations = fields.List(fields.Nested(OpenInvitationResponse))


class KeyRequest(StrictSchema):
    """Who was invited, with the code and the password that only they know."""

    person = Text(required=True)
    code = Text(required=True, load_only=True)
    password = Text(required=True, load_only=True)


class SealedKeyRequest(StrictSchema):
    """The password that opens the key that counts, and another one, under which one's next key is sealed."""

    password = Text(required=True, load_only=True)
    new_password = Text(required=True, load_only=True)


class EnrolmentResponse(Answer):
    """A public key with the proof that its owner holds it, as an officer proposes them."""

    person = fields.String()
    key = fields.String()
    proof = fields.String()


class ChallengeRequest(StrictSchema):
    """Who is about to sign in with a key of their own."""

    person = Text(required=True)


class DeviceChallengeRequest(StrictSchema):
    """The registered device from which somebody is about to sign in."""

    device = Text(required=True)


class ChallengeResponse(Answer):
    """What the key has to sign: the DSSE PAE of the payload type and the decoded challenge."""

    challenge = fields.String()
    payload_type = fields.String()
    seconds = fields.Integer()


class SessionResponse(Answer):
    """A session; the token is told once, at sign-in."""

    token = fields.String()
    person = fields.String(metadata={"pattern": KEY_PATTERN})
    name = fields.String()
    role = fields.String()


class OpenSessionResponse(Answer):
    """One open session of the person who asks, by its name."""

    session = fields.String()
    role = fields.String()
    device = fields.String(allow_none=True)
    started_at = fields.String()
    last_used_at = fields.String()


class OpenSessionsResponse(Answer):
    """The open sessions of the person who asks, oldest first."""

    sessions = fields.List(fields.Nested(OpenSessionResponse))


class EndedSessionsResponse(Answer):
    """How many sessions were ended."""

    ended = fields.Integer()


class AccessJournalResponse(Answer):
    """Entries of the access journal, oldest first; `number` counts them."""

    rows = fields.List(fields.Dict())


class OwnAccessResponse(Answer):
    """What the log knows of who asks: their row of `people`, and their rows of `access-register`."""

    position = fields.Integer()
    row = fields.Dict()
    rights = fields.List(fields.Dict())


class AccountabilityPolicyResponse(Answer):
    """The accountability policy in force; `policy` and `digest` go into its acceptance."""

    policy = fields.String()
    digest = fields.String()
    text = fields.String()


class SecretResponse(Answer):
    """The secret of a service token, told this once."""

    token = fields.String(metadata={"description": "The id of the token, as the log names it."})
    secret = fields.String()


class LookResponse(Answer):
    """What was last seen of a subject, or of the whole site, and the proof that it still stands."""

    subject_key = fields.String(allow_none=True, required=True)
    since = fields.Dict(required=True)
    seen = fields.Dict(required=True)
    proof = fields.List(fields.String(), required=True)


class ChangesResponse(Answer):
    """Rows of the audit trail since heads that the person had seen, with proofs that these still stand."""

    looks = fields.List(fields.Nested(LookResponse), required=True)
    head = fields.Dict(required=True)
    checkpoint = fields.String(required=True)
    position = fields.Integer(required=True)
    rows = fields.List(fields.Dict(), required=True)
    next = fields.Integer(allow_none=True, required=True)


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
    """The bytes to sign, the text to read with its digest, and the digest of the bytes' PAE."""

    statement = fields.String(required=True)
    text = fields.String(required=True)
    display = fields.String(required=True)
    digest = fields.String(required=True)


class PreparedResponse(Answer):
    """Everything that the person signs with their own key, one statement an event."""

    txn = fields.String(required=True)
    payload_type = fields.String(required=True)
    expires_at = fields.String(required=True)
    seen = fields.Dict(required=True, metadata={"description": "The head of the log: size and root."})
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
