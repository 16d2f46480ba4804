"""`dosetrail rules`: the calculators on cases of one's own, JSON in and JSON out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TypeAlias

import click

from api.cli.output import print_json
from core.audit.strict_json import read_request
from core.kernel.errors import Malformed, Refused
from core.rules.case_reading import mapping
from core.rules.ctcae_validation import grade_from_vector
from core.rules.outcome_cases import life_table_from_case
from core.rules.validation import decision_from_vector, eligibility_from_payload, meld_from_vector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Calculator: TypeAlias = "Callable[[Mapping[str, object]], dict[str, object]]"

CASES_LIMIT: Final = 50_000_000


@click.group()
def rules() -> None:
    """Run a calculator: a JSON array of cases on stdin, one result a case on stdout, in order."""


@rules.command()
def escalation() -> None:
    """Decide escalation cases: {decision, level, mtd, reason, slots, flags}."""
    _run(decision_from_vector)


@rules.command()
def meld() -> None:
    """Score MELD cases: the keys of their `expect`, or {error}."""
    _run(meld_from_vector)


@rules.command()
def ctcae() -> None:
    """Grade laboratory cases by CTCAE v5.0: {grade}, null where the number cannot tell."""
    _run(grade_from_vector)


@rules.command()
def eligibility() -> None:
    """Judge payloads of `SubjectScreened`: {eligible, rules}."""
    _run(eligibility_from_payload)


@rules.command("life-table")
def life_table() -> None:
    """Compute actuarial life tables: {rows: [{n_effective, q, S, se, hazard}]}."""
    _run(life_table_from_case)


def _run(calculator: Calculator) -> None:
    """Print one result a case; a case that cannot be answered has {error} in its place.

    Raises: `NOT_JSON` and its kin, `NOT_AN_ARRAY`.
    """
    cases = read_request(sys.stdin.buffer.read(), limit=CASES_LIMIT)
    if not isinstance(cases, list):
        raise Malformed("NOT_AN_ARRAY", "stdin holds a JSON array of cases")
    print_json([_answer(calculator, case) for case in cases])


def _answer(calculator: Calculator, case: object) -> dict[str, object]:
    try:
        return calculator(mapping(case, "case"))
    except Refused as refusal:
        return {"error": refusal.code}
