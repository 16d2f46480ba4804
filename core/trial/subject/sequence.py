"""The order of a subject's steps: none may claim to have occurred before the one that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Refused

if TYPE_CHECKING:
    from core.trial.context import Context
    from core.trial.subject.state import Subject


def require_in_order(subject: Subject, context: Context) -> None:
    """Refuse a step that claims to have occurred before the step that it rests on.

    A dose claimed for a day before enrolment would have its DLT window over before it began.

    Raises: `ILLEGAL_SEQUENCE`.
    """
    if subject.milestone_at is not None and context.occurred_at < subject.milestone_at:
        raise Refused("ILLEGAL_SEQUENCE", "this cannot have occurred before the step that it rests on")


def has_left(subject: Subject) -> bool:
    """Tell whether the subject has withdrawn, died, received a transplant or been lost to follow-up."""
    return bool(subject.withdrawn or subject.died or subject.transplanted or subject.lost)
