"""The calculator behind `dosetrail rules ctcae`: a laboratory case of the vectors in, its grade out.

- Values are in the standard unit of the term's analyte; a case names its term by the short name used there.
- What a case expects is never read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed
from core.rules import ctcae_lab_terms as terms
from core.rules.case_reading import field, number, truth, word
from core.rules.ctcae_labs import suggestion
from core.rules.ctcae_limits import LabValue, Sign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


class ShortName(StrEnum):
    """Terms as the cases name them."""

    ALT = "ALT"
    AST = "AST"
    ALP = "ALP"
    GGT = "GGT"
    BILI = "BILI"
    INR = "INR"
    CREA = "CREA"
    PLT = "PLT"
    ANC = "ANC"  # codespell:ignore anc
    WBC = "WBC"
    LYM = "LYM"
    HGB = "HGB"
    ALB = "ALB"
    FIB = "FIB"
    NA_LOW = "NA_LOW"
    NA_HIGH = "NA_HIGH"
    K_LOW = "K_LOW"
    K_HIGH = "K_HIGH"
    GLU_LOW = "GLU_LOW"
    GLU_HIGH = "GLU_HIGH"


TERM_OF: Final[Mapping[ShortName, str]] = {
    ShortName.ALT: terms.ALT_INCREASED,
    ShortName.AST: terms.AST_INCREASED,
    ShortName.ALP: terms.ALP_INCREASED,
    ShortName.GGT: terms.GGT_INCREASED,
    ShortName.BILI: terms.BILIRUBIN_INCREASED,
    ShortName.INR: terms.INR_INCREASED,
    ShortName.CREA: terms.CREATININE_INCREASED,
    ShortName.PLT: terms.PLATELETS_DECREASED,
    ShortName.ANC: terms.NEUTROPHILS_DECREASED,  # codespell:ignore anc
    ShortName.WBC: terms.LEUKOCYTES_DECREASED,
    ShortName.LYM: terms.LYMPHOCYTES_DECREASED,
    ShortName.HGB: terms.ANAEMIA,
    ShortName.ALB: terms.HYPOALBUMINAEMIA,
    ShortName.FIB: terms.FIBRINOGEN_DECREASED,
    ShortName.NA_LOW: terms.HYPONATRAEMIA,
    ShortName.NA_HIGH: terms.HYPERNATRAEMIA,
    ShortName.K_LOW: terms.HYPOKALAEMIA,
    ShortName.K_HIGH: terms.HYPERKALAEMIA,
    ShortName.GLU_LOW: terms.HYPOGLYCAEMIA,
    ShortName.GLU_HIGH: terms.HYPERGLYCAEMIA,
}

_SIGN_OF: Final[Mapping[str, Sign]] = {
    "on_anticoagulation": Sign.ANTICOAGULATED,
    "bleeding": Sign.BLEEDING,
    "symptomatic": Sign.SYMPTOMATIC,
    "intervention": Sign.INTERVENTION,
    "hospitalised": Sign.HOSPITALISED,
    "transfused": Sign.TRANSFUSED,
}


def grade_from_vector(case: Mapping[str, object]) -> dict[str, object]:
    """Return `{"grade": n}`, n from 0 to 4, or null where the number cannot tell.

    A case has `term` and `value`, and where they matter `lln`, `uln`, `base` and signs that are true.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`.
    """
    term = TERM_OF[word(ShortName, field(case, "term"), "term")]
    value = number(field(case, "value"), "value")
    if value < 0:
        raise Malformed("FIELD_MALFORMED", "value is less than zero", field="value")
    lln, uln, baseline = (_positive(case, name) for name in ("lln", "uln", "base"))
    suggested = suggestion(term, LabValue(value, lln, uln, baseline, _signs(case)))
    return {"grade": None if suggested is None else suggested.grade}


def _positive(case: Mapping[str, object], name: str) -> Decimal | None:
    if case.get(name) is None:
        return None
    value = number(case[name], name)
    if value <= 0:
        raise Malformed("FIELD_MALFORMED", f"{name} is zero or less", field=name)
    return value


def _signs(case: Mapping[str, object]) -> frozenset[Sign]:
    return frozenset(sign for name, sign in _SIGN_OF.items() if truth(case.get(name, False), name))
