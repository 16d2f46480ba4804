"""What one row of the clause map is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TESTS: Final = "tests/compliance"


class Kind(StrEnum):
    """Who answers a clause: the software, people by a written procedure, both, or nobody yet."""

    TECHNICAL = "technical"
    PROCEDURAL = "procedural"
    MIXED = "mixed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause, its demand in our own words, the control and where it stands, and the tests of it.

    `by_people` says what stays procedural and who does it; `open` what is not built. `tests` are names within
    the clause's file, without the prefix that carries the clause.
    """

    id: str
    demand: str
    control: str
    kind: Kind
    file: str
    tests: tuple[str, ...] = ()
    by_people: str = ""
    open: str = ""

    @property
    def slug(self) -> str:
        """The clause as it stands in the names of its tests: 11.10(e) is 11_10_e."""
        return re.sub(r"[^a-z0-9]+", "_", self.id.lower()).strip("_")

    @property
    def node_ids(self) -> tuple[str, ...]:
        """The tests as pytest names them."""
        return tuple(f"{TESTS}/{self.file}.py::test_{self.slug}_{name}" for name in self.tests)

    @property
    def needs_a_test(self) -> bool:
        """Tell whether the software answers the clause, so that a test has to show it."""
        return self.kind in {Kind.TECHNICAL, Kind.MIXED}
