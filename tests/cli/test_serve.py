"""The server as a process: it answers, and it leaves gracefully with streams open."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from api.cli.run import make_training_store
from api.training import TRAINING_PEOPLE, acting_as
from core.kernel.actors import Role
from tests.cli.conftest import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _serving(words: list[str], cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = _free_port()
    process = subprocess.Popen(
        [str(SCRIPT), *words, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _await_health(base, process)
        yield process, base
    finally:
        process.kill()
        process.communicate()


def _await_health(base: str, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert process.poll() is None, process.communicate()
        try:
            with urllib.request.urlopen(f"{base}/healthz") as answer:  # noqa: S310 - our own address
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the server did not answer")


def _post(url: str, body: Any) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own address
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        return json.load(answer)


def test_sigterm_ends_an_open_stream_and_the_server_leaves_with_0(golden_copy: str, tmp_path: Path) -> None:
    auditor = acting_as(Role.AUD)
    with _serving(["serve", "--store", golden_copy], tmp_path) as (process, base):
        token = _post(
            f"{base}/v1/sessions", {"person": auditor.id, "password": auditor.password, "role": "AUD"}
        )["token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        request = urllib.request.Request(f"{base}/v1/events", headers=headers)  # noqa: S310 - our own address
        with urllib.request.urlopen(request) as stream:  # noqa: S310 - our own address
            assert stream.readline()
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            stream.read()
            assert process.wait(30) == 0
            # Well within the graceful period: the stream was ended, not waited for.
            assert time.monotonic() - began < 5
        assert process.stderr is not None
        said = process.stderr.read()
        assert f"Listening on {base};" in said
        assert "Traceback" not in said


@pytest.mark.slow
def test_run_makes_the_training_store_and_prints_the_log_ins(tmp_path: Path) -> None:
    with _serving(["run"], tmp_path) as (process, base):
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0
    assert base in said
    assert all(person.id in said and person.password in said for person in TRAINING_PEOPLE)
    assert (tmp_path / "var" / "training" / "log.sqlite").is_file()


def test_an_interrupted_play_leaves_nothing_to_serve(tmp_path: Path) -> None:
    folder = tmp_path / "training"
    (tmp_path / "training.new" / "secrets").mkdir(parents=True)
    make_training_store(folder)
    made = (folder / "log.sqlite").stat().st_mtime_ns
    make_training_store(folder)
    assert made == (folder / "log.sqlite").stat().st_mtime_ns
    assert not (tmp_path / "training.new").exists()


@pytest.mark.slow  # gunicorn tries for five seconds
def test_a_port_in_use_could_not_be_served(golden_copy: str) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = [str(SCRIPT), "serve", "--store", golden_copy, "--port", str(taken.getsockname()[1])]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "SERVER_STOPPED" in done.stderr
    assert "Traceback" not in done.stderr
