"""A command is rebuilt from the payload that was read; what is decided is compared as it is written."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pytest

from core.audit.entry import open_entry
from core.audit.redecide import COMMAND_OF, _command, _fields_said, _is_recorded, check_decision
from core.kernel.codec import from_data
from core.trial.casebook.events import LabPanelReported
from core.trial.context import Decided
from core.trial.trial import Trial

if TYPE_CHECKING:
    from core.audit.entry import Entry
    from core.trial.context import LogChecks
    from tests.verify.tampering import Tampered


@pytest.fixture
def entries(untouched: Tampered) -> list[Entry]:
    return [open_entry(row.state) for row in untouched.rows]  # type: ignore[arg-type]


@pytest.fixture
def panel(entries: list[Entry]) -> Entry:
    return next(one for one in entries if isinstance(one.payload, LabPanelReported))


def test_a_command_taken_from_the_payload_is_the_one_that_is_stored(entries: list[Entry]) -> None:
    taken = 0
    for entry in entries:
        command, statement = COMMAND_OF.get(entry.statement.type), entry.statement
        event: Any = type(entry.payload)
        if command is None or statement.txn.n > 1 or _fields_said(command, event) is None:
            continue
        key = statement.stream.partition("/")[2]
        said = {"subject_key": key, "person": key, **statement.data}
        stored: Any = from_data(command, {f.name: said[f.name] for f in fields(command) if f.name in said})
        assert _command([entry]) == stored
        taken += 1
    assert taken > len(entries) // 2


def test_what_is_recorded_is_what_was_decided(panel: Entry) -> None:
    assert _is_recorded(Decided(panel.statement.stream, panel.payload), panel)


def test_an_equal_value_that_is_written_otherwise_is_not_what_was_decided(panel: Entry) -> None:
    first, *others = panel.payload.results
    longer = replace(first, value=first.value * Decimal("1.0"))
    decided = replace(panel.payload, results=(longer, *others))
    assert decided == panel.payload
    assert not _is_recorded(Decided(panel.statement.stream, decided), panel)


@pytest.mark.parametrize("changes", [{"stream": "casebook/B999"}, {"corrects": f"sha256:{'0' * 64}"}])
def test_the_place_of_an_event_is_part_of_what_is_decided(panel: Entry, changes: dict[str, str]) -> None:
    decided = Decided(panel.statement.stream, panel.payload)
    assert not _is_recorded(replace(decided, **changes), panel)  # type: ignore[arg-type]


class Believing:
    """Checks that believe every proof."""

    def require_possession(self, holder: str, key: str, proof: str) -> None:
        """Find nothing wrong."""


def test_every_event_of_a_command_names_the_streams_that_were_read(entries: list[Entry]) -> None:
    at = next(i for i, one in enumerate(entries) if one.statement.txn.n == 3)
    before, checks, found = Trial(), cast("LogChecks", Believing()), list[str]()
    for entry in entries[:at]:
        before.apply(entry.recorded())
    *first, last = entries[at : at + 3]
    silent = replace(last, statement=replace(last.statement, reads={}))

    check_decision([*first, last], before, checks, lambda code, _: found.append(code))
    assert found == []
    check_decision([*first, silent], before, checks, lambda code, _: found.append(code))
    assert found == ["READS_MISMATCH"]
