"""What an operator may set about the HTTP interface; an unknown name is an error, not a silence."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from core.kernel.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "DOSETRAIL_HTTP_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of the HTTP interface; times in seconds.

    `refused_sign_in_seconds` is how long every refused sign-in takes, so that its time tells nothing.
    `stream_slots` bounds the requests that may hold a thread while they wait for events.
    """

    heartbeat_seconds: float = 15.0
    stream_slots: int = 16
    reading_wait_seconds: float = 2.0
    refused_sign_in_seconds: float = 0.4
    long_poll_seconds: float = 30.0
    body_limit: int = 1_000_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings that stand under `DOSETRAIL_HTTP_<NAME>`.

        Raises: `BAD_SETTING` for an unknown name or a value that is no positive number.
        """
        kinds = {f.name: type(f.default) for f in fields(cls)}
        given = {
            name.removeprefix(PREFIX).lower(): text
            for name, text in environment.items()
            if name.startswith(PREFIX)
        }
        numbers: dict[str, Any] = {n: _number(n, text, kinds.get(n)) for n, text in given.items()}
        return cls(**numbers)


def _number(name: str, text: str, kind: type | None) -> float:
    if kind not in {int, float}:
        raise Malformed("BAD_SETTING", f"there is no setting {PREFIX}{name.upper()}", setting=name)
    try:
        number: float = int(text) if kind is int else float(text)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise Malformed("BAD_SETTING", f"{PREFIX}{name.upper()} is a number from 0", setting=name)
    return number
