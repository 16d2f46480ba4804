"""Roles that are granted until a date only: an inspector's access ends by itself (part 11 section 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.actors import Role
    from core.trial.instance.state import Instance

LONGEST: Final = timedelta(days=366)


def require_time_box(instance: Instance, role: Role, start: datetime, end: datetime | None) -> None:
    """Refuse a grant without an end, or of more than 366 days, of a role that the policy boxes in time.

    Raises: `TIME_BOX_REQUIRED`.
    """
    boxed = instance.policy.time_boxed if instance.policy else None
    if role in (boxed or ()) and (end is None or end - start > LONGEST):
        raise Malformed(
            "TIME_BOX_REQUIRED",
            f"the role {role} is granted until a date within {LONGEST.days} days",
            field="valid_until",
        )
