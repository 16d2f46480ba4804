"""Clause by clause: the control, its tests, and how they ended last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from api.compliance.annex_11_and_others import OTHERS
from api.compliance.part_11_records import RECORDS
from api.compliance.part_11_signatures import SIGNATURES
from api.compliance.results import FAILED, NOT_RUN, PASSED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.compliance.clauses import Clause

CLAUSES: Final[tuple[Clause, ...]] = (*RECORDS, *SIGNATURES, *OTHERS)


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause with the last result of each of its tests."""

    clause: Clause
    results: Mapping[str, str]

    @property
    def result(self) -> str:
        """The worst result of the tests; `no test` where the software answers the clause without one."""
        if not self.results:
            return "no test" if self.clause.needs_a_test else "-"
        found = set(self.results.values())
        return next((one for one in (FAILED, NOT_RUN) if one in found), PASSED)

    @property
    def holds(self) -> bool:
        """Tell whether nothing speaks against the control: a test not run yet does not."""
        return self.result not in {FAILED, "no test"}

    def row(self) -> dict[str, Any]:
        """Return the line of the table."""
        clause = self.clause
        return {
            "clause": clause.id,
            "kind": str(clause.kind),
            "result": self.result,
            "tests": len(self.results),
            "control": clause.control or clause.by_people or f"open: {clause.open}",
        }

    def to_value(self) -> dict[str, Any]:
        """Return all that is known, as JSON."""
        clause = self.clause
        return {
            "clause": clause.id,
            "demand": clause.demand,
            "control": clause.control,
            "kind": str(clause.kind),
            "by_people": clause.by_people,
            "open": clause.open,
            "result": self.result,
            "tests": [{"test": test, "result": result} for test, result in self.results.items()],
        }


def judge(results: Mapping[str, str], clauses: Sequence[Clause] = CLAUSES) -> list[Judged]:
    """Return every clause with the results of its tests; a parametrised test is as good as its worst case."""
    return [Judged(clause, {test: _of(test, results) for test in clause.node_ids}) for clause in clauses]


def _of(test: str, results: Mapping[str, str]) -> str:
    cases = {result for name, result in results.items() if name == test or name.startswith(f"{test}[")}
    if not cases:
        return NOT_RUN
    return PASSED if cases == {PASSED} else FAILED
