"""Log-ins that have begun: what was asked of the provider, kept until the person comes back.

The flow is 256 random bits told to the client that began, so that whoever else learns the provider's answer
can do nothing with it; there is no cookie. It is kept as SHA-256, in this process only (one worker serves an
instance; a restart ends what has begun), for five minutes, and works once.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.actors import Role

LIFETIME: Final = timedelta(minutes=5)
MOST: Final = 4096

_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in under way: for which role, to come back where, begun when, and its secrets."""

    role: Role
    redirect_uri: str
    at: datetime
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(role: Role, redirect_uri: str, now: datetime) -> Begun:
    """Return a new log-in with secrets of its own: for OpenID `state` and `nonce`, for PKCE `verifier`."""
    return Begun(role, redirect_uri, now, *(secrets.token_urlsafe(_BYTES) for _ in range(3)))


class Flows:
    """Keeps what has begun; beyond `most` the oldest makes room."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[bytes, Begun] = {}
        self._lock = threading.Lock()

    def keep(self, begun: Begun) -> str:
        """Return the flow under which the client ends this log-in; it cannot be had a second time."""
        flow = secrets.token_urlsafe(_BYTES)
        with self._lock:
            self._drop_old(begun.at)
            self._kept[_stored_form(flow)] = begun
        return flow

    def take(self, flow: str, state: str, now: datetime) -> Begun:
        """Return what began under the flow; whatever comes of it, the flow is used up.

        Raises: `BAD_ANSWER` for an unknown, used or old flow, and for the state of another one.
        """
        with self._lock:
            begun = self._kept.pop(_stored_form(flow), None)
        if begun is None or not timedelta() <= now - begun.at <= LIFETIME:
            raise Refused("BAD_ANSWER", "this log-in was not begun, or too long ago, or is over")
        if not hmac.compare_digest(state.encode(), begun.state.encode()):
            raise Refused("BAD_ANSWER", "the answer belongs to another log-in")
        return begun

    def _drop_old(self, now: datetime) -> None:
        self._kept = {flow: begun for flow, begun in self._kept.items() if now - begun.at <= LIFETIME}
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]


def _stored_form(flow: str) -> bytes:
    return sha256(flow.encode()).digest()
