"""A copy of a log as a verifier takes it: rows as they were found, of whatever type they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.audit.checkpoint import parse_vkey
from core.kernel.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Row(NamedTuple):
    """One event row; a tampered store may hold any type in any column."""

    position: object
    stream: object
    version: object
    topic: object
    state: object
    leaf_hash: object


@dataclass(frozen=True, slots=True)
class LogCopy:
    """Event rows in order of position, heads, checkpoints in order of size, kept subtree hashes.

    `heads` are (size, frontier, received_at), `checkpoints` (size, note), `nodes` (level, number, hash);
    `defects` say why nothing was read.
    """

    rows: Iterable[Row]
    heads: Sequence[tuple[object, ...]]
    checkpoints: Sequence[tuple[object, ...]]
    nodes: Sequence[tuple[object, ...]]
    defects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor brought along: origin, leaf hash of position 1 in hex, the log's vkey."""

    origin: str
    genesis: str
    log_key: str


def read_trust(value: object) -> Trust:
    """Read the content of a trust file; fields that it does not know are left alone.

    Raises: `BAD_TRUST`, `BAD_VKEY`.
    """
    names = ("origin", "genesis", "log_key")
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in names):
        raise Malformed("BAD_TRUST", "a trust file has origin, genesis and log_key as text")
    trust = Trust(*(value[name] for name in names))
    parse_vkey(trust.log_key)
    return trust
