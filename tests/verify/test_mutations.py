"""Anything that is changed in a stored log is found, and the first bad position is named."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.verify.tampering import Tampered, flipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.audit.log_copy import Trust

ROUNDS = 1000

# Each kind of mutation changes the log and returns the first position that is then bad.


def one_byte_of_a_leaf(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.rows))
    state = log.rows[at].state
    assert isinstance(state, bytes)
    bent = flipped(state, rng.randrange(len(state)), rng.randrange(1, 256))
    log.rows[at] = log.rows[at]._replace(state=bent)
    return at + 1


def one_byte_of_a_leaf_with_its_hash(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.rows))
    state = log.rows[at].state
    assert isinstance(state, bytes)
    log.set_state(at, flipped(state, rng.randrange(len(state)), rng.randrange(1, 256)))
    return at + 1


def a_column(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.rows))
    row = log.rows[at]
    column = rng.choice(("stream", "version", "topic", "leaf_hash", "state"))
    other: object = {
        "stream": f"{row.stream}x",
        "version": 99,
        "topic": "subject.DoseAdministered/1" if row.topic != "subject.DoseAdministered/1" else "x",
        "leaf_hash": bytes(32),
        "state": rng.choice((None, "text", 7, b"")),
    }[column]
    log.rows[at] = row._replace(**{column: other})
    return at + 1


def the_kind_of_a_column(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.rows))
    row = log.rows[at]
    log.rows[at] = rng.choice(
        (row._replace(version=float(str(row.version))), row._replace(stream=None), row._replace(topic=b"x"))
    )
    return at + 1


def the_head(log: Tampered, rng: random.Random) -> int:
    size, frontier, received_at = log.heads[0]
    assert isinstance(size, int)
    assert isinstance(frontier, bytes)
    log.heads = [
        rng.choice(
            (
                (size + rng.choice((-1, 1)), frontier, received_at),
                (size, flipped(frontier, rng.randrange(len(frontier)), 1), received_at),
                (size, frontier, "2030-01-01T00:00:00.000Z"),
            )
        )
    ]
    return size


def one_byte_of_a_checkpoint(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.checkpoints))
    size, note = log.checkpoints[at]
    assert isinstance(note, bytes)
    assert isinstance(size, int)
    log.checkpoints[at] = (size, flipped(note, rng.randrange(len(note)), rng.randrange(1, 256)))
    return size


def the_size_of_a_checkpoint(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.checkpoints))
    size, note = log.checkpoints[at]
    assert isinstance(size, int)
    log.checkpoints[at] = (size + rng.choice((1, 1000)), note)
    return size


def a_checkpoint_moved_to_another_size(log: Tampered, rng: random.Random) -> int:
    one, other = sorted(rng.sample(range(len(log.checkpoints)), 2))
    (size, note), (later, later_note) = log.checkpoints[one], log.checkpoints[other]
    log.checkpoints[one], log.checkpoints[other] = (size, later_note), (later, note)
    assert isinstance(size, int)
    return size


def two_leaves_swapped(log: Tampered, rng: random.Random) -> int:
    one, other = sorted(rng.sample(range(len(log.rows)), 2))
    first, second = log.rows[one], log.rows[other]
    log.rows[one] = first._replace(state=second.state, leaf_hash=second.leaf_hash)
    log.rows[other] = second._replace(state=first.state, leaf_hash=first.leaf_hash)
    return one + 1


def two_rows_swapped(log: Tampered, rng: random.Random) -> int:
    one, other = sorted(rng.sample(range(len(log.rows)), 2))
    log.rows[one], log.rows[other] = log.rows[other], log.rows[one]
    log.renumber()
    return one + 1


def a_row_removed(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.rows) - 1)
    del log.rows[at]
    if rng.random() < 0.5:
        log.renumber()
    return at + 1


def a_row_duplicated(log: Tampered, rng: random.Random) -> int:
    at = rng.randrange(len(log.rows))
    to = rng.randrange(at + 1, len(log.rows) + 1)
    log.rows.insert(to, log.rows[at])
    log.renumber()
    return to + 1


def rows_in_another_order(log: Tampered, rng: random.Random) -> int:
    begin = rng.randrange(len(log.rows) - 3)
    part = log.rows[begin : begin + 3]
    log.rows[begin : begin + 3] = [part[2], part[0], part[1]]
    log.renumber()
    return begin + 1


def the_tail_cut_off_without_its_heads(log: Tampered, rng: random.Random) -> int:
    keep = rng.randrange(3, len(log.rows) - 1)
    del log.rows[keep:]
    return keep


KINDS: tuple[Callable[[Tampered, random.Random], int], ...] = (
    one_byte_of_a_leaf,
    one_byte_of_a_leaf_with_its_hash,
    a_column,
    the_kind_of_a_column,
    the_head,
    one_byte_of_a_checkpoint,
    the_size_of_a_checkpoint,
    a_checkpoint_moved_to_another_size,
    two_leaves_swapped,
    two_rows_swapped,
    a_row_removed,
    a_row_duplicated,
    rows_in_another_order,
    the_tail_cut_off_without_its_heads,
)


def test_an_untouched_log_verifies(log: Tampered, trust: Trust) -> None:
    report = log.verify(trust)
    assert (report.verdict, report.findings, report.cannot) == ("verified", (), ())
    assert len(log.rows) == report.size
    assert report.trust == "given"


@pytest.mark.parametrize(
    "rounds", [8, pytest.param(-(-ROUNDS // len(KINDS)), marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_mutation_is_found_at_its_position(
    untouched: Tampered, kind: Callable[[Tampered, random.Random], int], rounds: int
) -> None:
    rng = random.Random(kind.__name__)  # noqa: S311 - a reproducible choice, no secret
    missed = []
    for number in range(rounds):
        log = untouched.copy()
        expected = kind(log, rng)
        report = log.verify()
        if (report.verdict, report.first_bad_position) != ("failed", expected):
            missed.append((number, expected, report.verdict, report.findings[:2]))
    assert missed == []


@pytest.mark.parametrize("field", ["origin", "genesis", "log_key"])
def test_a_log_other_than_the_trusted_one_fails_at_position_1(
    log: Tampered, trust: Trust, field: str
) -> None:
    from dataclasses import replace

    other = {
        "origin": "other.example/NCT05727722",
        "genesis": "0" * 64,
        "log_key": "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    }[field]
    report = log.verify(replace(trust, **{field: other}))
    assert (report.verdict, report.first_bad_position) == ("failed", 1)


def test_an_empty_log_is_indeterminate(log: Tampered) -> None:
    empty = Tampered([], [(0, b"", "")], [], [])
    assert (
        empty.verify().verdict,
        tuple(code for code, _ in empty.verify().cannot),
    ) == ("indeterminate", ("EMPTY_LOG",))
    log.rows.clear()
    assert log.verify().verdict == "failed"
