"""Names of streams: one stream is one consistency unit."""

from __future__ import annotations

import re

from core.kernel.errors import Malformed

INSTANCE = "instance"
STUDY = "study"
ESCALATION = "escalation"
REFUSALS = "refusals"
DEVICES = "devices"

SUBJECT_PREFIX = "subject/"
CASEBOOK_PREFIX = "casebook/"
PERSON_PREFIX = "person/"
LOT_PREFIX = "lot/"
QUERY_PREFIX = "query/"
REVIEW_PREFIX = "review/"

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9.\-]{0,39}")
_STREAM = re.compile(
    r"instance|study|escalation|refusals|devices|(?:subject|casebook|person|lot|query|review)/[A-Za-z][A-Za-z0-9.\-]{0,39}"
)


def require_key(text: str, what: str) -> str:
    """Return the identifier if it is 1 to 40 of letters, digits, dot and hyphen, a letter first.

    Raises: `BAD_IDENTIFIER`.
    """
    if not _KEY.fullmatch(text):
        raise Malformed(
            "BAD_IDENTIFIER", f"{what} is 1 to 40 letters, digits, dots or hyphens and starts with a letter"
        )
    return text


def is_stream(name: str) -> bool:
    """Tell whether the name is one of a stream that version 1 knows."""
    return _STREAM.fullmatch(name) is not None


def subject(key: str) -> str:
    """Return the stream of what decisions about a subject are made from."""
    return SUBJECT_PREFIX + require_key(key, "a subject key")


def casebook(key: str) -> str:
    """Return the stream of a subject's visits, labs and assessments."""
    return CASEBOOK_PREFIX + require_key(key, "a subject key")


def person(identifier: str) -> str:
    """Return the stream of a person's identity, keys and roles."""
    return PERSON_PREFIX + require_key(identifier, "a person's id")


def lot(identifier: str) -> str:
    """Return the stream of a lot of the cell product."""
    return LOT_PREFIX + require_key(identifier, "a lot's id")


def query(identifier: str) -> str:
    """Return the stream of a query about an item of a casebook."""
    return QUERY_PREFIX + require_key(identifier, "a query's id")


def review(identifier: str) -> str:
    """Return the stream of one review: source verification, audit trail, countersignature, visit."""
    return REVIEW_PREFIX + require_key(identifier, "a review's id")


def is_of_subject(stream: str) -> bool:
    """Tell whether the stream is one of the two that a subject has: decisions, and the casebook."""
    return stream.startswith((SUBJECT_PREFIX, CASEBOOK_PREFIX))


def key_of(stream: str) -> str:
    """Return what stands behind the slash: the subject key, or the id of a person, lot, query or review."""
    return stream.partition("/")[2]
