"""What commands print: data on stdout, progress on stderr, no colour anywhere."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


_MANIFEST: Final = {"position", "printed_name", "role", "meaning", "signed_at", "zone"}
_REASON: Final = {"code", "text"}


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows for people; structures read `...`, and what holds them is named on stderr for `--json`.

    A field that holds nothing else in any row is no column.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    nested = [name for name in names if any(_is_nested(row.get(name)) for row in rows)]
    columns = [name for name in names if name not in nested or _has_readable(rows, name)]
    lines = [columns, *([_shown(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines if columns else ():
        text = "  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True))
        click.echo(text.rstrip())
    if nested:
        click.echo(f"(with --json also: {', '.join(nested)})", err=True)


def _has_readable(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Tell whether the field holds something in some row that a table can show."""
    return any(row.get(name) not in (None, [], ()) and not _is_nested(row[name]) for row in rows)


def _shown(value: object) -> str:
    return "..." if _is_nested(value) else cell(value)


def _is_nested(value: object) -> bool:
    """Tell whether the value holds objects, other than a reason: a row of a table has no place for it."""
    match value:
        case dict():
            return not is_manifest(value) and any(
                isinstance(one, dict) and one.keys() != _REASON for one in value.values()
            )
        case list() | tuple():
            return any(isinstance(one, dict) for one in value)
        case _:
            return False


def cell(value: object) -> str:
    """Return a value as a table shows it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(cell, value)) or "-"
        case dict():
            return manifest_text(value) if is_manifest(value) else " ".join(map(cell, value.values())) or "-"
        case _:
            return str(value)


def is_manifest(value: Mapping[str, Any]) -> bool:
    """Tell whether the value is the manifest of a signature."""
    return value.keys() == _MANIFEST


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return a signature as people read it.

    `Zhao Min (MM), approved, 2026-03-02 09:14:03+08:00 Asia/Shanghai`
    """
    signed_at = str(manifest["signed_at"]).replace("T", " ")
    who = f"{manifest['printed_name']} ({manifest['role']})"
    return f"{who}, {manifest['meaning']}, {signed_at} {manifest['zone']}"


def heading(text: str) -> None:
    """Print a heading with its underline."""
    click.echo(f"\n{text}\n{'=' * len(text)}\n")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback `(done, total)` that draws a bar where stderr is a terminal, else nothing."""
    bars: list[Any] = []

    def advance(done: int, total: int) -> None:
        if not bars:
            bars.append(click.progressbar(length=total, label=label, file=sys.stderr))
        bars[0].update(done - bars[0].pos)

    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    try:
        yield advance
    finally:
        for bar in bars:
            bar.render_finish()


def _plain(value: object) -> object:
    """Return a decimal as the JSON number that vectors show; anything else has no JSON form."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)
