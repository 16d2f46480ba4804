"""A real server: many streams and a writer, drops and resumes, and an end within seconds."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from core.clock import ServerClock, new_txn_id
from core.kernel.time import write_instant
from tests.http.training import PEOPLE, ZONE, password_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READERS, CONSENTED = 8, 30
CLOCK = ServerClock()
SERVE = """
import sys
from api.cli.serve import Address, serve_store
serve_store(sys.argv[1], Address("127.0.0.1", int(sys.argv[2]), 80))
"""


class Server:
    """A server in a process of its own."""

    def __init__(self, store: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-c", SERVE, f"sqlite:///{store}", str(self.port)]
        # The server notices that a reader dropped at the next heartbeat: till then a stream keeps its slot.
        settings = {"HEARTBEAT_SECONDS": "0.2", "STREAM_SLOTS": "64"}
        environment = {**os.environ, **{f"DOSETRAIL_HTTP_{name}": said for name, said in settings.items()}}
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
        self._await()

    def _await(self) -> None:
        for _ in range(300):
            try:
                if self.call("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not come up")

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def bearer(self, person: str) -> dict[str, str]:
        asked = {"person": person, "password": password_of(person), "role": PEOPLE[person][1]}
        status, body = self.call("POST", "/v1/sessions", asked)
        assert status == 201
        return {"Authorization": f"Bearer {body['token']}"}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        began = time.monotonic()
        os.kill(self.process.pid, number)
        self.process.wait(20)
        return time.monotonic() - began


@pytest.fixture
def server(store: Path) -> Iterator[Server]:
    server = Server(store)
    yield server
    if server.process.poll() is None:
        server.stop()


class Reader:
    """Reads a stream, drops it at will, and resumes by the last id that it saw."""

    def __init__(self, server: Server, bearer: dict[str, str]) -> None:
        self.server, self.bearer, self.last, self.seen = server, bearer, 0, list[int]()

    def read_until(self, position: int, drop_every: int) -> list[int]:
        while self.last < position:
            self._read(min(position, self.last + drop_every))
        return self.seen

    def open(self) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {**self.bearer, "Accept": "text/event-stream", "Last-Event-ID": str(self.last)}
        connection.request("GET", "/v1/events", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return connection, answer

    def _read(self, until: int) -> None:
        connection, answer = self.open()
        while self.last < until:
            line = answer.readline()
            if line.startswith(b"id: "):
                self.last = int(line[4:])
                self.seen.append(self.last)
        connection.close()


def give_consent(server: Server, bearer: dict[str, str], number: int) -> None:
    order = {
        "data": {"version": "1.0", "language": "zh-CN", "given_by": "subject", "witness": None},
        "occurred_at": write_instant(CLOCK()),
        "zone": ZONE,
        "signing": {"prepare": True},
    }
    path, headers = f"/v1/subjects/T{number:03}/consents", {**bearer, "Idempotency-Key": new_txn_id(CLOCK())}
    shown = [one["display"] for one in server.call("POST", path, order, **headers)[1]["statements"]]
    signing = {"person": "pi.chen", "password": password_of("pi.chen"), "shown": shown}
    assert server.call("POST", path, {**order, "signing": signing}, **headers)[0] == 201


def test_eight_readers_that_drop_and_resume_see_every_event_once_and_in_order(server: Server) -> None:
    auditor, investigator = server.bearer("au.gao"), server.bearer("pi.chen")
    begin = server.call("GET", "/readyz")[1]["position"]
    end = begin + CONSENTED
    with ThreadPoolExecutor(READERS) as pool:
        readers = [Reader(server, auditor) for _ in range(READERS)]
        reading = [pool.submit(r.read_until, end, 9 + 4 * n) for n, r in enumerate(readers)]
        for number in range(CONSENTED):
            give_consent(server, investigator, number)
        for seen in reading:
            assert seen.result(30) == list(range(1, end + 1))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_stop_with_open_streams_ends_within_seconds(server: Server, number: signal.Signals) -> None:
    bearer = server.bearer("au.gao")
    opened = [Reader(server, bearer).open() for _ in range(READERS)]
    for _, answer in opened:
        assert answer.readline() == b"retry: 2000\n"
    assert server.stop(number) < 4
    assert server.process.returncode == 0
    for connection, answer in opened:
        assert not answer.read().endswith(b"Traceback")
        connection.close()
