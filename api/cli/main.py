"""The console script `dosetrail`."""

from __future__ import annotations

import sys
from importlib.metadata import version

import click

from api.cli.compliance import compliance
from api.cli.demo import demo
from api.cli.exits import run as run_command
from api.cli.init import init
from api.cli.keys import keys
from api.cli.play import play
from api.cli.protocol import protocol
from api.cli.rebuild import rebuild
from api.cli.rules import rules
from api.cli.run import run
from api.cli.serve import serve
from api.cli.show import show
from api.cli.sign import device_key, key_file, sign
from api.cli.users import users
from api.cli.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("dosetrail"), prog_name="dosetrail")
def dosetrail() -> None:
    """Keep, play, verify and show the signed record of a phase 1 trial.

    Exit codes: 0 good, 1 verification found something, 2 usage, 3 could not look, 4 refused.
    """


_TRIAL = (init, users, keys, sign, protocol, play, show, verify, compliance)
_SERVICE = (rules, serve, rebuild, demo, run)
for _command in (*_TRIAL, *_SERVICE):
    dosetrail.add_command(_command)
keys.add_command(key_file)
keys.add_command(device_key)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run_command(dosetrail))
