"""`dosetrail serve`: the API over one instance, one process of many threads.

The application is built after the fork, so that no database connection crosses it.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from api.cli.options import host_option, oidc_option, port_option, store_option, threads_option
from api.oidc.login import open_login
from api.settings import Settings
from api.wiring import open_instance
from core.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from api.oidc.login import Login

# For requests under way at SIGTERM; open streams are ended at once.
GRACEFUL_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, and with how many threads."""

    host: str
    port: int
    threads: int

    @property
    def bind(self) -> str:
        """Return host and port as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@click.command()
@store_option
@host_option
@port_option
@threads_option
@oidc_option
def serve(store: str, host: str, port: int, threads: int, oidc: Path | None) -> None:
    """Serve the API; stops gracefully on SIGTERM and Ctrl-C."""
    serve_store(store, Address(host, port, threads), oidc)


def serve_store(url: str, address: Address, oidc: Path | None = None) -> None:
    """Serve until stopped by a signal.

    Raises: what `open_instance` and `open_login` raise, before anything listens; `BAD_SETTING`,
    `SERVER_STOPPED`.
    """
    settings = Settings.from_environment(os.environ)
    open_instance(url).close()
    login = None if oidc is None else open_login(oidc)
    try:
        _Server(url, address, settings, login).run()
    except SystemExit as stop:
        # gunicorn's own exit codes mean something else than ours.
        if stop.code:
            raise Unavailable("SERVER_STOPPED", "the server could not start or go on") from None


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with its settings given here, none from files or the environment."""

    def __init__(self, url: str, address: Address, settings: Settings, login: Login | None) -> None:
        self._url = url
        self._address = address
        self._settings = settings
        self._login = login
        super().__init__()

    def load_config(self) -> None:
        """Say how to listen: one worker, for the log has one writer."""
        settings: dict[str, Any] = {
            "bind": self._address.bind,
            "worker_class": "gthread",
            "workers": 1,
            "threads": self._address.threads,
            "graceful_timeout": GRACEFUL_SECONDS,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "dosetrail",
            "when_ready": self._tell,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def _tell(self, _arbiter: object) -> None:
        """Say where the server listens, once it does."""
        click.echo(f"Listening on http://{self._address.bind}; stop with Ctrl-C.", err=True)

    def load(self) -> Flask:
        """Return the application; called in the worker, behind the fork."""
        from api.app import create_app  # noqa: PLC0415 - Flask is for the worker alone
        from api.service import EXTENSION  # noqa: PLC0415

        instance = open_instance(self._url)
        if instance.clock_watch is not None:
            instance.clock_watch.check(starting=True)
        app = create_app(instance, self._settings, login=self._login)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            _first(number, app.extensions[EXTENSION].feed.close)
        return app


def _first(number: signal.Signals, end_streams: Callable[[], None]) -> None:
    """At a signal to stop end the streams first: one that waits for events would hold up the stop."""
    stop: Any = signal.getsignal(number)

    def leave(number: int, frame: object) -> None:
        # Not in the handler itself: the interrupted thread may hold the lock that closing takes.
        threading.Thread(target=end_streams).start()
        stop(number, frame)

    signal.signal(number, leave)
