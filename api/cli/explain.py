"""Decision replay on the command line: `dosetrail show decisions --explain POSITION`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from api.cli.output import cell, heading, print_json, print_table
from api.replaying import explanation
from api.wiring import open_instance

if TYPE_CHECKING:
    from collections.abc import Mapping


def explain_decision(store: str, position: int, *, as_json: bool) -> None:
    """Print why the decision at a position is what it is.

    Raises: `UNKNOWN_POSITION`, `NO_PROTOCOL_CONFIG`.
    """
    with closing(open_instance(store)) as instance:
        explained = explanation(instance.log, position)
    if as_json:
        print_json(explained)
    else:
        _print(explained)


def _print(explained: Mapping[str, Any]) -> None:
    """Print what a committee reads, in the order in which the decision is made."""
    decision, row = explained["decision"], explained["row"]
    heading(f"Decision at position {explained['position']}")
    _fields(decision)
    click.echo(f"row {row['number']} of the table: {row['condition']}")
    _fields({name: explained[name] for name in ("overlays", "ceiling", "trigger", "facts")})
    heading("Outcomes, first dosed first")
    print_table([_line(outcome) for outcome in explained["outcomes"]])
    heading("Levels")
    print_table([_level(level) for level in explained["levels"]])
    heading("Open questions and holds")
    _fields({"adjudications due": [due["ae_id"] for due in explained["adjudications_due"]]})
    _fields({"holds": [hold["id"] for hold in explained["holds"]]})
    if explained["signed"]:
        heading("Signed")
        _fields({name: value for name, value in explained["signed"].items() if name != "votes"})
        print_table(explained["signed"]["votes"])
    heading("Decided by")
    _fields({name: value for name, value in explained["configuration"].items() if name != "rules"})
    _fields(explained["program"])


def _fields(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        click.echo(f"{name}: {cell(value)}")


def _line(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {**outcome, "adverse_events": [_adverse_event(ae) for ae in outcome["adverse_events"]]}


def _adverse_event(ae: Mapping[str, Any]) -> str:
    """Return the worst grade that counts, and from which day on it is counted."""
    since = f"emerged {ae['emerged']}" if ae["emerged"] else f"onset {ae['onset']}, not emergent"
    return f"{ae['ae_id']} G{ae['grade']} {ae['term']} ({since})"


def _level(level: Mapping[str, Any]) -> dict[str, Any]:
    cells = f"{level['cells']['value']} {level['cells']['unit']}"
    return {"level": level["level"], "cells": cells, "mode": level["mode"], **(level["counts"] or {})}
