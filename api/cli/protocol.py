"""`dosetrail protocol`: the built-in protocol configuration, as a proposal to be signed."""

from __future__ import annotations

import click

from api.cli.output import print_json
from core.kernel.codec import to_data
from core.trial.study.nct05727722 import protocol_config


@click.command()
def protocol() -> None:
    """Print the protocol configuration of NCT05727722 as POST /v1/protocol-configs takes it."""
    print_json({"config": to_data(protocol_config())})
