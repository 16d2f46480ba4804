"""How the tests talk to the interface: each person at their desk, signing with their own password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.clock import new_txn_id
from core.kernel.time import write_instant
from tests.http.training import PEOPLE, ZONE, password_of

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from api.instance import Instance
    from core.clock import ScriptedClock

IDLE = timedelta(minutes=10)


@dataclass
class Desk:
    """A client on a scripted clock; it signs in anew before a session runs out."""

    app: Flask
    instance: Instance
    clock: ScriptedClock
    tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def client(self) -> Any:
        return self.app.test_client()

    @property
    def size(self) -> int:
        return self.instance.log.size()

    def token(self, person: str) -> str:
        token, used = self.tokens.get(person, ("", self.clock() - IDLE))
        if self.clock() - used >= IDLE:
            asked = {"person": person, "password": password_of(person), "role": PEOPLE[person][1]}
            answer = self.client.post("/v1/sessions", json=asked)
            assert answer.status_code == 201, answer.text
            token = answer.json["token"]
        self.tokens[person] = (token, self.clock())
        return token

    def bearer(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(person)}"}

    def get(self, person: str, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={**self.bearer(person), **headers})

    def txn(self) -> str:
        return new_txn_id(self.clock())

    def order(self, person: str, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
        order = {
            "data": data,
            "occurred_at": write_instant(self.clock()),
            "zone": ZONE,
            "signing": {"person": person, "password": password_of(person)},
            **changes,
        }
        return {name: value for name, value in order.items() if value is not ...}

    def sign(self, path: str, order: dict[str, Any], headers: dict[str, str]) -> Any:
        """Read what is to be signed, then sign it: both components, and what was shown (21 CFR 11.200).

        Whoever is refused a look, or signs in another way, gets that answer.
        """
        signing = order.get("signing")
        if not isinstance(signing, dict) or "password" not in signing or "shown" in signing:
            return self.client.post(path, json=order, headers=headers)
        prepared = self.client.post(path, json={**order, "signing": {"prepare": True}}, headers=headers)
        if prepared.status_code != 200:
            return prepared
        signing["shown"] = [one["display"] for one in prepared.json["statements"]]
        signing["seen"] = prepared.json["seen"]
        return self.client.post(path, json=order, headers=headers)

    def headers(self, person: str, stream: str | None = None) -> dict[str, str]:
        version = self.version(stream) if stream else 0
        seen = {"If-Match": f'"{version}"'} if version else {}
        return {**self.bearer(person), "Idempotency-Key": self.txn(), **seen}

    def version(self, stream: str) -> int:
        with self.instance.log.lock:
            self.instance.log.catch_up()
            return self.instance.log.trial.versions.get(stream, 0)

    def post(
        self, person: str, path: str, data: dict[str, Any], stream: str | None = None, **changes: Any
    ) -> Any:
        seen = stream or self.screened_stream(path)
        headers = {**self.headers(person, seen), **changes.pop("headers", {})}
        sent = {name: value for name, value in headers.items() if value is not ...}
        return self.sign(path, self.order(person, data, **changes), sent)

    def done(
        self, person: str, path: str, data: dict[str, Any], stream: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Send a command that succeeds, and send it again: the second time nothing happens."""
        seen = stream or self.screened_stream(path)
        headers, order = self.headers(person, seen), self.order(person, data, **changes)
        answer = self.sign(path, order, headers)
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json
        again = self.client.post(path, json=order, headers=headers)
        assert again.status_code == 200, again.text
        assert again.json["positions"] == receipt["positions"]
        assert self.size == receipt["positions"][-1]
        return receipt

    def screened_stream(self, path: str) -> str | None:
        """Return the stream of who is screened: they have consented, so it exists."""
        found = re.fullmatch(r"/v1/subjects/([A-Za-z0-9]+)/screenings", path)
        return f"subject/{found.group(1)}" if found else None

    def newest(self) -> Any:
        return self.instance.log.entry(self.size).payload


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check the form of a problem and return it."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = answer.json
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["type"] == "/problems/" + code.lower().replace("_", "-")
    assert problem["detail"]
    assert problem["title"]
    return problem
