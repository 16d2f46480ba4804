"""The tree of errors; every one carries a stable code.

TrialError
 +-- Refused            a rule, an authority or a signature says no: the record may know about it
 |    +-- Malformed     the input is not well formed: only an edit check of data is recorded, no value
 +-- Conflict           a stream moved since it was read: try again
 +-- IntegrityFinding   a proof failed: the stored record is not what was signed
 +-- CannotVerify       something needed for a proof is missing: neither good nor bad
 +-- Unavailable        the store or a key cannot be reached

Codes are SCREAMING_SNAKE, name the violated rule, and are stable for ever. The HTTP status of a
code is known only to `api/problems.py`.
"""

from __future__ import annotations


class TrialError(Exception):
    """Root of all errors: a stable `code`, a sentence for people, and facts for programs.

    Facts never hold a secret or a submitted value.
    """

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts = facts


class Refused(TrialError):
    """A rule of the trial, of authority or of signatures forbids the command."""


class Malformed(Refused):
    """The input is not well formed; nothing of it is recorded, and that it was only by an edit check."""


class Conflict(TrialError):
    """A stream that the decision read has moved; the whole command may be tried again."""


class IntegrityFinding(TrialError):
    """Stored bytes fail a check; `position` names the first place where they do, if known."""

    def __init__(self, code: str, detail: str, position: int | None = None, **facts: object) -> None:
        super().__init__(code, detail, **facts)
        self.position = position


class CannotVerify(TrialError):
    """A check could not be made because something it needs is absent."""


class Unavailable(TrialError):
    """The store or a key could not be reached; nothing was written."""
