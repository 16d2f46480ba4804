"""`dosetrail compliance`: which clause asks what, which control answers, and whether its tests passed."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.exits import COULD_NOT_LOOK, FOUND, GOOD, say
from api.cli.options import json_option
from api.cli.output import print_json, print_table
from api.compliance.report import judge
from api.compliance.results import DEFAULT, NOT_RUN, read_results


@click.command()
@click.option(
    "--results",
    default=DEFAULT,
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="What the last run of tests/compliance wrote.",
)
@json_option
def compliance(results: Path, *, as_json: bool) -> int:
    """Print clause, control and last result.

    Exit 1 where a technical clause has no test or a failed one, 3 where a test was not run on this very code.

    Raises: `BAD_RESULTS`.
    """
    judged = judge(read_results(results))
    if as_json:
        print_json([one.to_value() for one in judged])
    else:
        print_table([one.row() for one in judged])
    if not all(one.holds for one in judged):
        return FOUND
    if any(one.result == NOT_RUN for one in judged):
        say("NOT_RUN", "not every control was tested on this very code: make test does it")
        return COULD_NOT_LOOK
    return GOOD
