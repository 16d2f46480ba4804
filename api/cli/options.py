"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

store_option = click.option(
    "--store", required=True, metavar="URL", help="Where the instance lives: sqlite:///path/to/folder."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
threads_option = click.option(
    "--threads",
    default=48,
    show_default=True,
    type=click.IntRange(2, 1024),
    help="Threads; each open stream keeps one.",
)
oidc_option = click.option(
    "--oidc",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Log-in by an OpenID provider as this file says (mode 0600); needs the extra oidc.",
)
