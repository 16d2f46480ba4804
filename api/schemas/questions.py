"""What a query string may ask: where to cut, where to go on, what to keep."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from api.changes import Since
from api.reading import Cut
from api.schemas.fields import Instant, Text
from api.schemas.strict import StrictSchema

MAX_POSITION = 2**53 - 1
PAGE_LIMIT = 500

_CUTS = ("as_of", "as_of_position", "min_position")


def place(least: int = 0, **kwargs: Any) -> fields.Integer:  # noqa: ANN401 - marshmallow's arguments
    """Return a field for a place in the log."""
    return fields.Integer(validate=validate.Range(least, MAX_POSITION), **kwargs)


def page_limit(default: int) -> fields.Integer:
    """Return a field for how many rows a page may have."""
    return fields.Integer(validate=validate.Range(1, PAGE_LIMIT), load_default=default)


class CutQuery(StrictSchema):
    """Where to read: live, or as of one instant or one position."""

    as_of = Instant()
    as_of_position = place()
    min_position = place()

    @validates_schema
    def one_cut(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse two cuts at once."""
        if "as_of" in data and "as_of_position" in data:
            raise ValidationError("as_of and as_of_position exclude each other")

    @post_load
    def made(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        """Return the cut under `cut`, and whatever else was asked beside it."""
        cut = Cut(**{name: data.pop(name) for name in _CUTS if name in data})
        return {"cut": cut, **data}


class PageQuery(CutQuery):
    """A page by position: behind `after`, at most `limit` rows."""

    after = place(load_default=0)
    limit = page_limit(100)


class JournalQuery(StrictSchema):
    """A page of the access journal: behind the entry `after`, at most `limit`."""

    after = place(load_default=0)
    limit = page_limit(100)


class TrailQuery(PageQuery):
    """A page of the audit trail, by person, event name or stream."""

    actor = Text()
    event = Text()
    stream = Text()


class ChangesQuery(StrictSchema):
    """Since which act of the caller, about whom, and a page by position."""

    since = Text(required=True, validate=validate.OneOf([str(one) for one in Since]))
    subject = Text()
    after = place(load_default=0)
    limit = page_limit(100)


class FeedQuery(StrictSchema):
    """A page of the feed (http-feeds.org); `type` and `subject` keep, `timeout` waits, in milliseconds."""

    lastEventId = place(load_default=0)  # noqa: N815 - the name in the HTTP Feeds specification
    limit = page_limit(100)
    type = Text()
    subject = Text()
    timeout = fields.Integer(validate=validate.Range(0, 600_000), load_default=0)


class InclusionQuery(StrictSchema):
    """Which event, in the tree of which size."""

    position = place(1, required=True)
    size = place(1, required=True)


class ConsistencyQuery(StrictSchema):
    """From which head to which."""

    old = place(1, required=True)
    new = place(1, required=True)
