"""What becomes of a session or an invitation, as the access journal keeps it."""

from __future__ import annotations

from enum import StrEnum


class What(StrEnum):
    """What happened to a session or an invitation."""

    STARTED = "started"
    ENDED = "ended"
    EXPIRED = "expired"
    INVITED = "invited"
    INVITATION_USED = "invitation used"
    INVITATION_EXPIRED = "invitation expired"
    INVITATION_WITHDRAWN = "invitation withdrawn"
