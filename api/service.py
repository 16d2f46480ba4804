"""What one server process works with; each request finds it at its application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from api.decoy import Decoy
    from api.feed.feed import Feed
    from api.instance import Instance
    from api.oidc.login import Login
    from api.reading import ReadSide, VerifyPositions
    from api.settings import Settings
    from core.keys.sign_in import Challenges

EXTENSION = "dosetrail"


@dataclass(frozen=True, slots=True)
class Service:
    """An opened instance with the read side and the feed of this process."""

    instance: Instance
    settings: Settings
    reading: ReadSide
    feed: Feed
    decoy: Decoy
    challenges: Challenges
    device_challenges: Challenges
    verify_positions: VerifyPositions
    login: Login | None = None

    def close(self) -> None:
        """End what runs beside requests; the instance stays open for whoever opened it."""
        self.feed.close()
        self.reading.close()


def the_service() -> Service:
    """Return the service of the application that handles this request."""
    found: Service = current_app.extensions[EXTENSION]
    return found
