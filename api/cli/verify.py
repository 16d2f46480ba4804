"""`dosetrail verify`: the whole log, from its stored bytes alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.exits import COULD_NOT_LOOK, FOUND, GOOD
from api.cli.options import json_option, store_option
from api.cli.output import print_json, progress
from api.verification import verify_store
from core.audit.report import Verdict
from core.audit.signature_register import INDETERMINATE
from core.audit.strict_json import read_request
from core.rules.case_reading import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.audit.report import Report
    from core.audit.signature_register import Standing

_EXIT = {Verdict.VERIFIED: GOOD, Verdict.FAILED: FOUND, Verdict.INDETERMINATE: COULD_NOT_LOOK}
_TRUST = {
    "given": "roots of trust: the trust file",
    "store": "roots of trust: taken from the store itself; give --trust FILE to check them too",
}


@click.command()
@store_option
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The trust file that init wrote, kept elsewhere.",
)
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept elsewhere, as receipts carry it; only such a one shows a cleanly cut tail.",
)
@json_option
def verify(store: str, trust: Path | None, kept: tuple[Path, ...], *, as_json: bool) -> int:
    """Verify every event, signature, authority and the tree; exit 0 good, 1 found something."""
    return run(store, trust, kept, as_json=as_json)


def run(store: str, trust: Path | None, kept: tuple[Path, ...] = (), *, as_json: bool) -> int:
    """Verify a store, print the report and return the exit code.

    Raises: `BAD_STORE`, `NO_LOG`, `STORE_UNREADABLE`, `BAD_TRUST`.
    """
    given = None if trust is None else _read_trust_file(trust)
    with progress("verify") as advance:
        report = verify_store(store, given, advance, [path.read_bytes() for path in kept])
    if as_json:
        print_json(report.to_value())
    else:
        print_report(report)
    return _EXIT[report.verdict]


def print_report(report: Report) -> None:
    """Print a report for people."""
    click.echo(f"{report.verdict}: {report.size} events, {report.checkpoints} checkpoints")
    click.echo(_TRUST[report.trust])
    for finding in report.findings:
        click.echo(f"position {finding.position}: {finding.code}: {finding.detail}")
    for code, detail in report.cannot:
        click.echo(f"not checked: {code}: {detail}")
    for signature in report.signatures:
        click.echo(f"signature at position {signature.position}: {_worth(signature)}")


def _worth(signature: Standing) -> str:
    """Say what a signature is worth that is not plainly valid."""
    changed = ", ".join(map(str, signature.changed_by))
    state, ended = str(signature.state), signature.key_ended
    if state == INDETERMINATE and ended is not None:
        state += f", in doubt until re-affirmed: its key ended at {ended.position}"
    return f"{state}, changed since signing by {changed}" if changed else state


def _read_trust_file(path: Path) -> Mapping[str, object]:
    return mapping(read_request(path.read_bytes()), "trust file")
