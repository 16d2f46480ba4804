"""An OpenID provider on the loopback address that lies as a test tells it to."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

CLIENT: Final = "dosetrail"
SECRET: Final = "a-client-secret-that-nobody-else-shall-read"
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa"})
EC: Final = ECKey.generate_key("P-256", {"kid": "ec"})
ED: Final = OKPKey.generate_key("Ed25519", {"kid": "ed"})
KEYS: Final[dict[str, RSAKey | ECKey | OKPKey]] = {
    "RS256": RSA,
    "RS512": RSA,
    "PS256": RSA,
    "ES256": EC,
    "EdDSA": ED,
    "Ed25519": ED,
}


class _AnyAlgorithm(jws.JWSRegistry):
    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def signed(claims: dict[str, Any], alg: str = "ES256", **header: Any) -> str:
    key = KEYS[alg]
    head = {"alg": alg, "kid": key.kid, **header}
    return jws.serialize_compact(head, json.dumps(claims), key, registry=_AnyAlgorithm())


@dataclass
class LyingProvider:
    """Answers like a good provider but for what a test puts into its fields."""

    clock: Callable[[], datetime]
    sub: object = "248289761001"
    claims: dict[str, Any] = field(default_factory=dict)
    signing: Callable[[dict[str, Any]], str] = signed
    published: list[Any] = field(default_factory=lambda: [RSA, EC, ED])
    discovery: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    token_answer: tuple[int, Any] | None = None
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    begun: dict[str, dict[str, str]] = field(default_factory=dict)
    issuer: str = ""

    def authorize(self, url: str) -> tuple[str, str]:
        """Be the browser: log in at the provider, return the state and the code that it comes back with."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.begun)}-that-nobody-else-shall-read"
        self.begun[code] = query
        return query["state"], code

    def answer(self, path: str, form: dict[str, str], authorization: str | None) -> tuple[int, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self.status, self._metadata()
        if path == "/jwks":
            return 200, {
                "keys": [one.as_dict() if hasattr(one, "as_dict") else one for one in self.published]
            }
        return self.token_answer or self._token(form, authorization)

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            **self.discovery,
        }

    def _token(self, form: dict[str, str], authorization: str | None) -> tuple[int, Any]:
        begun = self.begun.pop(form["code"], None)
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != basic and form.get("client_secret") != SECRET:
            return 401, {"error": "invalid_client"}
        if begun is None or _s256(form["code_verifier"]) != begun["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": form["code"]}
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer, "sub": self.sub, "aud": CLIENT, "nonce": begun["nonce"],
            "iat": now, "exp": now + 60, "auth_time": now, **self.claims,
        }  # fmt: skip
        token = self.signing({name: value for name, value in claims.items() if value is not ...})
        self.told += [token, form["code_verifier"]]
        return 200, {"access_token": "access-" + "a" * 20, "token_type": "Bearer", "id_token": token}


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Place:
    """A server on the loopback address; who answers there is changed from test to test."""

    def __init__(self) -> None:
        self.provider: LyingProvider | None = None
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer({name: values[0] for name, values in parse_qs(body).items()})

            def _answer(self, form: dict[str, str]) -> None:
                assert place.provider is not None
                status, document = place.provider.answer(self.path, form, self.headers["Authorization"])
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if 300 <= status < 400:
                    self.send_header("Location", "/jwks")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
