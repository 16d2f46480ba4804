"""The client's side of HTTP: JSON over https, or over the machine itself; no redirect is followed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from core.kernel.errors import Malformed, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SECONDS: Final = 30
_AT_MOST: Final = 10_000_000


class Exchange:
    """Talks to one server; `token` is sent once somebody is signed in.

    Raises: `INSECURE_SERVER` for an address that is neither https nor this machine.
    """

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or is_local):
            raise Malformed("INSECURE_SERVER", "a server is reached by https, or on this machine by http")
        self._server = server.rstrip("/")
        self._opener = urllib.request.build_opener(_NoRedirect)
        self.token: str | None = None

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Send one document and return the answer.

        Raises: `Refused` with the server's code, `SERVER_UNREACHABLE`, `BAD_ANSWER_OF_SERVER`.
        """
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self._ask("POST", path, json.dumps(body).encode(), sent)

    def get(self, path: str) -> dict[str, Any]:
        """Return one document.

        Raises: as `post`.
        """
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        bearer = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._server + path, body, {**headers, **bearer}, method=method
        )
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                return _document(answer.read(_AT_MOST))
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read(_AT_MOST)) from None
        except OSError:
            raise Unavailable("SERVER_UNREACHABLE", "the server does not answer") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow nothing: what is signed goes to the server that was named."""


def _document(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unavailable("BAD_ANSWER_OF_SERVER", "the server's answer is no JSON object")
    return value


def _refusal(status: int, data: bytes) -> Refused | Unavailable:
    problem = _document(data)
    code, detail = str(problem.get("code", "REFUSED")), str(problem.get("detail", status))
    return Unavailable(code, detail) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Refused(code, detail)
