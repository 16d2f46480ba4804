"""Cross-check with pharmaverse/admiral's CTCAE v5 rules, read in place (Apache-2.0).

Known differences of interpretation, domain 4, each a test below:

- INR: admiral takes everybody as anticoagulated, beside the absolute limits;
- potassium and sodium below normal: admiral takes everybody as symptomatic;
- sodium between 129 and 130: admiral grades 1, here 2;
- sodium between 124 and 125: no difference with symptoms;
- GGT: admiral opens grade 1 above 2.0 x baseline, the text at 2.0;
- fibrinogen: admiral takes the worst of lower limit and fall, the text the fall if the baseline is abnormal.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from core.rules import ctcae_lab_terms as terms
from core.rules.ctcae_lab_rules import LAB_RULES
from core.rules.ctcae_labs import suggestion
from core.rules.ctcae_limits import Comparison, LabValue, Sign
from core.rules.ctcae_terms import TERMS, term
from tests.support.third_party import third_party

NOT_IN_ADMIRAL = {terms.HYPERGLYCAEMIA}  # no numeric limits in version 5.0


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Any]]:
    path = third_party("admiral", "ncictcaev5.json")
    return {row["TERM"]: row for row in json.loads(path.read_text(encoding="utf-8"))}


def test_terms_of_both_lists_have_one_class_and_the_same_grades(rows: dict[str, dict[str, Any]]) -> None:
    both = [one for one in TERMS if one.name in rows]
    assert {rule.term for rule in LAB_RULES} - {one.name for one in both} == NOT_IN_ADMIRAL
    for one in both:
        row = rows[one.name]
        printed = tuple(grade for grade in range(1, 6) if row[f"GRADE_{grade}"] != "-")
        assert (one.organ_class, one.grades) == (row["SOC"], printed), one.name


# -- admiral's own conditions as a second grader --------------------------------------------------------

_TRANSLATED = [
    (r'~\s*"\d"', ""),
    (r"signif\(([^()]*), signif_dig\)", r"(\1)"),
    (r"!\(BNRIND %in% high_indicator\)", "not HIGH"),
    (r"BNRIND %in% high_indicator", "HIGH"),
    (r"!is\.na\((\w+)\)", r"\1 is not None"),
    (r"&", "and"),
    (r"(?<![\w.])(\d+(?:\.\d+)?)", r"D('\1')"),
]
_ALLOWED = re.compile(r"(?:AVAL|ANRHI|ANRLO|BASE|PCHG|HIGH|D\('[\d.]+'\)|and|not|is|None|[-()*<>=\s])+")


def _holds(condition: str, names: dict[str, Any]) -> bool:
    for pattern, replacement in _TRANSLATED:
        condition = re.sub(pattern, replacement, condition)
    assert _ALLOWED.fullmatch(condition), condition
    return bool(eval(condition.strip(), {"__builtins__": {}, "D": Decimal}, names))  # noqa: S307 - tokens checked


def _admiral(row: dict[str, Any], lab: LabValue) -> int:
    fall = None if lab.baseline is None else 100 * (lab.value - lab.baseline) / lab.baseline
    high = lab.baseline is not None and lab.uln is not None and lab.baseline > lab.uln
    known = {"ANRHI": lab.uln, "ANRLO": lab.lln, "BASE": lab.baseline, "PCHG": fall}
    names = {"AVAL": lab.value, **known, "HIGH": high}
    for grade in (4, 3, 2, 1):
        for condition in re.split(r",\s+(?=[!(a-zA-Z])(?!signif_dig)", row.get(f"GRADE_{grade}_CODE", "")):
            if condition and "NA_character_" not in condition and _holds(condition, names):
                return grade
    return 0


def _points(name: str, baselines: tuple[str | None, ...]) -> list[LabValue]:
    """Return values at, and a thousandth beside, every limit of the term for these baselines."""
    (rule,) = (rule for rule in LAB_RULES if rule.term == name)
    found = []
    for baseline in baselines:
        lab = LabValue(
            Decimal(1), Decimal(137), Decimal("137.5"), None if baseline is None else Decimal(baseline)
        )
        scale = {None: Decimal(1), "LLN": lab.lln, "ULN": lab.uln, "baseline": lab.baseline}
        for limit in (*rule.by_range, *rule.by_baseline):
            reference = scale[limit.of]
            if reference is not None:
                bound = limit.number * reference
                steps = (Decimal("-0.001"), Decimal(0), Decimal("0.001"))
                found += [
                    LabValue(bound + step, lab.lln, lab.uln, lab.baseline)
                    for step in steps
                    if bound + step > 0
                ]
    return found


def _ours(name: str, lab: LabValue, *signs: Sign) -> int:
    found = suggestion(name, LabValue(lab.value, lab.lln, lab.uln, lab.baseline, frozenset(signs)))
    assert found is not None
    return found.grade


DIFFERENT = {
    terms.INR_INCREASED,
    terms.HYPONATRAEMIA,
    terms.HYPOKALAEMIA,
    terms.GGT_INCREASED,
    terms.FIBRINOGEN_DECREASED,
}
ALIKE = sorted({rule.term for rule in LAB_RULES} - NOT_IN_ADMIRAL - DIFFERENT)
BASELINES = ("100", "137.5", "200", "1000")


@pytest.mark.parametrize("name", ALIKE)
def test_both_graders_agree(rows: dict[str, dict[str, Any]], name: str) -> None:
    points = _points(name, BASELINES)
    assert len({_admiral(rows[name], lab) for lab in points}) > 2
    assert [(lab, _admiral(rows[name], lab)) for lab in points] == [(lab, _ours(name, lab)) for lab in points]


def test_inr_differs_by_who_is_anticoagulated(rows: dict[str, dict[str, Any]]) -> None:
    name = terms.INR_INCREASED
    for lab in _points(name, ("0.9", "1.0", "1.94")):
        either = max(_ours(name, lab), _ours(name, lab, Sign.ANTICOAGULATED))
        assert _admiral(rows[name], lab) == either, lab


def test_low_potassium_differs_by_symptoms(rows: dict[str, dict[str, Any]]) -> None:
    name = terms.HYPOKALAEMIA
    for lab in _points(name, BASELINES):
        assert _admiral(rows[name], lab) == _ours(name, lab, Sign.SYMPTOMATIC), lab


def test_low_sodium_differs_by_symptoms_and_between_129_and_130(rows: dict[str, dict[str, Any]]) -> None:
    name = terms.HYPONATRAEMIA
    whole = [LabValue(Decimal(value), Decimal(137)) for value in range(110, 140)]
    for lab in whole:
        assert _admiral(rows[name], lab) == _ours(name, lab, Sign.SYMPTOMATIC), lab
    between = LabValue(Decimal("129.5"), Decimal(137))
    assert (_admiral(rows[name], between), _ours(name, between)) == (1, 2)


def test_ggt_differs_at_twice_an_abnormal_baseline_only(rows: dict[str, dict[str, Any]]) -> None:
    name = terms.GGT_INCREASED
    different = {
        (lab.baseline, lab.value, _admiral(rows[name], lab), _ours(name, lab))
        for lab in _points(name, BASELINES)
        if _admiral(rows[name], lab) != _ours(name, lab)
    }
    assert different == {(Decimal(one), 2 * Decimal(one), 0, 1) for one in (200, 1000)}


def test_fibrinogen_differs_by_the_worst_of_both(rows: dict[str, dict[str, Any]]) -> None:
    name = terms.FIBRINOGEN_DECREASED
    values = [Decimal(step) / 20 for step in range(5, 60)]
    for value, base in product(values, (None, Decimal("1.6"), Decimal("1.2"))):
        lab = LabValue(value, Decimal(2), None, base)
        by_range = _ours(name, LabValue(value, Decimal(2)))
        assert _admiral(rows[name], lab) == max(by_range, _ours(name, lab)), lab


def test_every_term_of_the_list_is_compared_somewhere() -> None:
    assert {*ALIKE, *DIFFERENT, *NOT_IN_ADMIRAL} == {rule.term for rule in LAB_RULES}
    assert all(term(name) for name in NOT_IN_ADMIRAL)
    assert all(
        rule.by_range[0].comparison in {Comparison.ABOVE, Comparison.BELOW}
        for rule in LAB_RULES
        if rule.by_range
    )
