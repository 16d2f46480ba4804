"""The table of domain 4: for each laboratory term of CTCAE v5.0 its limits, by normal range and by baseline.

- Limits are in the standard unit of the analyte (`lab_units`).
- Hyperglycaemia has a row without limits: version 5.0 gives it no numbers.
- Criteria that only a clinician can see ("life-threatening consequences") are not in the table.

Source: domain 4, lab thresholds; the signs of potassium, sodium and anaemia from the NCI text itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from core.rules import ctcae_lab_terms as terms
from core.rules.ctcae_limits import Comparison, Limit, Reference, Sign, above, below, down_to
from core.rules.lab_units import LabAnalyte


class BaselineRule(Enum):
    """When the limits by baseline count."""

    NEVER = auto()
    IF_ABNORMAL = auto()  # instead of the limits by normal range
    IF_ANTICOAGULATED = auto()  # instead of them, whatever the baseline was
    ALWAYS_TOO = auto()  # beside them; the worst of both counts


@dataclass(frozen=True, slots=True)
class Aggravation:
    """A sign that makes at least grade `to` of a value that is at least grade `of` by its number."""

    sign: Sign
    of: int
    to: int


@dataclass(frozen=True, slots=True)
class LabRule:
    """How the values of an analyte are graded under one term."""

    term: str
    analyte: LabAnalyte
    by_range: tuple[Limit, ...]
    by_baseline: tuple[Limit, ...] = ()
    baseline_rule: BaselineRule = BaselineRule.NEVER
    aggravations: tuple[Aggravation, ...] = ()


def _deficiency(term: str, analyte: LabAnalyte, *numbers: str) -> LabRule:
    """Return the rule of a deficiency: grade 1 below the LLN, then fixed numbers."""
    return LabRule(term, analyte, (*below("1", of=Reference.LLN), *below(*numbers, opens=2)))


def _enzyme(term: str, analyte: LabAnalyte, first_by_baseline: str, *multiples: str) -> LabRule:
    """Return the rule of an enzyme: multiples of the ULN, or of an abnormal baseline."""
    return LabRule(
        term,
        analyte,
        above("1", *multiples, of=Reference.ULN),
        (
            Limit(1, Comparison.FROM, Decimal(first_by_baseline), Reference.BASELINE),
            *above(*multiples, of=Reference.BASELINE, opens=2),
        ),
        BaselineRule.IF_ABNORMAL,
    )


def _excess(term: str, analyte: LabAnalyte, *numbers: str) -> LabRule:
    """Return the rule of an ion in excess: intervention makes grade 2, hospital grade 3."""
    return LabRule(
        term,
        analyte,
        (*above("1", of=Reference.ULN), *above(*numbers, opens=2)),
        aggravations=(Aggravation(Sign.INTERVENTION, 1, 2), Aggravation(Sign.HOSPITALISED, 1, 3)),
    )


_LIVER: Final = (
    _enzyme(terms.ALT_INCREASED, LabAnalyte.ALT, "1.5", "3", "5", "20"),
    _enzyme(terms.AST_INCREASED, LabAnalyte.AST, "1.5", "3", "5", "20"),
    _enzyme(terms.ALP_INCREASED, LabAnalyte.ALP, "2", "2.5", "5", "20"),
    _enzyme(terms.GGT_INCREASED, LabAnalyte.GGT, "2", "2.5", "5", "20"),
    LabRule(
        terms.BILIRUBIN_INCREASED,
        LabAnalyte.BILIRUBIN,
        above("1", "1.5", "3", "10", of=Reference.ULN),
        above("1", "1.5", "3", "10", of=Reference.BASELINE),
        BaselineRule.IF_ABNORMAL,
    ),
    LabRule(
        terms.INR_INCREASED,
        LabAnalyte.INR,
        above("1.2", "1.5", "2.5"),
        above("1", "1.5", "2.5", of=Reference.BASELINE),
        BaselineRule.IF_ANTICOAGULATED,
        (Aggravation(Sign.BLEEDING, 1, 3),),
    ),
    _deficiency(terms.HYPOALBUMINAEMIA, LabAnalyte.ALBUMIN, "30", "20"),
)

_ABSOLUTE_FIBRINOGEN: Final = Limit(4, Comparison.BELOW, Decimal("0.5"))

_BLOOD: Final = (
    _deficiency(terms.PLATELETS_DECREASED, LabAnalyte.PLATELETS, "75", "50", "25"),
    _deficiency(terms.NEUTROPHILS_DECREASED, LabAnalyte.NEUTROPHILS, "1.5", "1.0", "0.5"),
    _deficiency(terms.LEUKOCYTES_DECREASED, LabAnalyte.LEUKOCYTES, "3", "2", "1"),
    _deficiency(terms.LYMPHOCYTES_DECREASED, LabAnalyte.LYMPHOCYTES, "0.8", "0.5", "0.2"),
    LabRule(
        terms.ANAEMIA,
        LabAnalyte.HAEMOGLOBIN,
        (*below("1", of=Reference.LLN), *below("100", "80", opens=2)),
        aggravations=(Aggravation(Sign.TRANSFUSED, 1, 3),),
    ),
    # A fall of 25 % leaves 0.75 of the baseline, and is grade 2 itself ("25 - <50 %").
    LabRule(
        terms.FIBRINOGEN_DECREASED,
        LabAnalyte.FIBRINOGEN,
        (*below("1", "0.75", "0.5", "0.25", of=Reference.LLN), _ABSOLUTE_FIBRINOGEN),
        (
            *below("1", of=Reference.BASELINE),
            *down_to("0.75", "0.5", "0.25", of=Reference.BASELINE, opens=2),
            _ABSOLUTE_FIBRINOGEN,
        ),
        BaselineRule.IF_ABNORMAL,
    ),
)

_METABOLISM: Final = (
    LabRule(
        terms.CREATININE_INCREASED,
        LabAnalyte.CREATININE,
        above("1", "1.5", "3", "6", of=Reference.ULN),
        above("1.5", "3", of=Reference.BASELINE, opens=2),
        BaselineRule.ALWAYS_TOO,
    ),
    # CTCAE counts whole mmol/L and leaves 129 to 130 and 124 to 125 open: here below 130, below 125.
    LabRule(
        terms.HYPONATRAEMIA,
        LabAnalyte.SODIUM,
        (*below("1", of=Reference.LLN), *below("130", "125", "120", opens=2)),
        aggravations=(Aggravation(Sign.SYMPTOMATIC, 2, 3),),
    ),
    _excess(terms.HYPERNATRAEMIA, LabAnalyte.SODIUM, "150", "155", "160"),
    LabRule(
        terms.HYPOKALAEMIA,
        LabAnalyte.POTASSIUM,
        (*below("1", of=Reference.LLN), *below("3.0", "2.5", opens=3)),
        aggravations=(
            Aggravation(Sign.SYMPTOMATIC, 1, 2),
            Aggravation(Sign.INTERVENTION, 1, 2),
            Aggravation(Sign.HOSPITALISED, 1, 3),
        ),
    ),
    _excess(terms.HYPERKALAEMIA, LabAnalyte.POTASSIUM, "5.5", "6", "7"),
    _deficiency(terms.HYPOGLYCAEMIA, LabAnalyte.GLUCOSE, "3.0", "2.2", "1.7"),
    LabRule(terms.HYPERGLYCAEMIA, LabAnalyte.GLUCOSE, ()),
)

LAB_RULES: Final[tuple[LabRule, ...]] = (*_LIVER, *_BLOOD, *_METABOLISM)
