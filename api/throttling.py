"""How often one address and one token may try: 21 CFR 11.300(d), before anything is looked at.

Whatever changes something or tries a password is counted, by the address of the connection and by the token
that it brings; reading is not. Behind proxies the address is what the outermost trusted one saw, if the
settings say how many there are; what a client writes into `X-Forwarded-For` itself is never believed.

Counts are of this process (one worker serves an instance); they come before the lock-out of a person, which
is in the log and holds for every server.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from flask import request
from flask_limiter import ApplicationLimit, Limiter

from api.service import the_service

if TYPE_CHECKING:
    from flask import Flask

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TRYING: Final = ("/v1/sessions", "/v1/key-requests")


def add_throttling(app: Flask) -> Limiter:
    """Bound what an address and a token may try in a minute; a limit of 0 is none."""
    limiter = Limiter(
        key_func=_address,
        storage_uri="memory://",
        strategy="moving-window",
        headers_enabled=True,
        application_limits=[
            ApplicationLimit(_tries, key_function=_address, scope="tries", exempt_when=_is_no_try),
            ApplicationLimit(_orders, key_function=_bearer, scope="orders", exempt_when=_is_no_order),
        ],
    )
    limiter.init_app(app)
    return limiter


def _tries() -> str:
    return f"{the_service().settings.sign_ins_per_minute} per minute"


def _orders() -> str:
    return f"{the_service().settings.orders_per_minute} per minute"


def _tries_without_session() -> bool:
    return request.method == "POST" and request.path.startswith(_TRYING)


def _is_no_try() -> bool:
    return not _tries_without_session() or not the_service().settings.sign_ins_per_minute


def _is_no_order() -> bool:
    reads = request.method in _READING or _tries_without_session()
    return reads or not the_service().settings.orders_per_minute


def _address() -> str:
    """Return whose connection it is; each trusted proxy adds whom it saw to the end of the route."""
    proxies = the_service().settings.trusted_proxies
    route = request.access_route
    if proxies and len(route) >= proxies:
        return route[-proxies]
    return request.remote_addr or "nowhere"


def _bearer() -> str:
    """Return a name of the token, or the address where there is none."""
    given = request.headers.get("Authorization")
    return _address() if given is None else hashlib.sha256(given.encode()).hexdigest()
