"""What a person sends with a command: its data, when and why, and how they sign."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from api.schemas.fields import Base64, Instant, Text, Truth, Zone
from api.schemas.generator import data_schema, schema_of
from api.schemas.strict import StrictSchema
from core.audit.statement import Seen
from core.handle import Signed
from core.kernel.actors import Meaning
from core.kernel.recorded import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Signing:
    """One of three: user id and password that open the kept key, a request to prepare, signed statements.

    `shown` are the digests of the texts that the person has read, `seen` the head of the log that came with
    them; None where they do not say; `new_password` comes with a change of password only.
    """

    person: str | None = None
    password: str | None = None
    shown: tuple[str, ...] | None = None
    seen: Seen | None = None
    prepare: bool = False
    signed: tuple[Signed, ...] | None = None
    new_password: str | None = None

    def __repr__(self) -> str:
        """Show which way, never the password."""
        return f"Signing(prepare={self.prepare}, signed={self.signed is not None})"


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it was sent; `data` holds the fields that do not stand in the path."""

    data: Mapping[str, Any]
    occurred_at: datetime
    zone: str
    signing: Signing | None
    reason: Reason | None
    meaning: str | None


class SignedStatementRequest(StrictSchema):
    """A prepared statement with the signature by the person's own key."""

    statement = Base64(required=True)
    signature = Base64(required=True)

    @post_load
    def made(self, data: dict[str, Any], **_kwargs: object) -> Signed:
        """Return it as the core takes it."""
        return Signed(**data)


class SigningRequest(StrictSchema):
    """How the person signs: user id, password and what was shown; prepare; or signed (21 CFR 11.200)."""

    person = Text()
    password = Text(load_only=True)
    shown = fields.List(Text(), metadata={"description": "`display` of each statement that was prepared."})
    seen = fields.Nested(schema_of(Seen), metadata={"description": "`seen` of what was prepared."})
    prepare = Truth()
    signed = fields.List(fields.Nested(SignedStatementRequest))
    new_password = Text(load_only=True, metadata={"description": "For a change of password."})

    @validates_schema
    def one_way(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse none and refuse several."""
        if data.keys() - {"shown", "seen", "new_password"} == {"person", "password"}:
            return
        if data.keys() not in ({"prepare"}, {"signed"}) or data.get("prepare") is False:
            raise ValidationError("exactly one of person with password, prepare: true, signed is expected")

    @post_load
    def made(self, data: dict[str, Any], **_kwargs: object) -> Signing:
        """Return the way that was chosen."""
        lists: dict[str, Any] = {name: tuple(data[name]) for name in ("shown", "signed") if name in data}
        return Signing(**(data | lists))


class OrderRequest(StrictSchema):
    """What all commands share."""

    occurred_at = Instant(required=True)
    zone = Zone(required=True)
    signing = fields.Nested(SigningRequest, load_default=None)
    reason = fields.Nested(schema_of(Reason), allow_none=True, load_default=None)
    meaning = Text(allow_none=True, load_default=None, metadata={"enum": [*map(str, Meaning), None]})

    @post_load
    def made(self, data: dict[str, Any], **_kwargs: object) -> Order:
        """Return the order."""
        return Order(**{"signing": None, **data})


@cache
def order_schema(command: type, in_path: frozenset[str]) -> type[OrderRequest]:
    """Return `<Command>Request`: what all commands share and this one's data."""
    data = fields.Nested(data_schema(command, in_path), required=True)
    doc = {"__doc__": f"Request: {(command.__doc__ or '').strip()}"}
    return type(f"{command.__name__}Request", (OrderRequest,), {"data": data, **doc})
