"""Our own list of CTCAE v5.0 terms: which term exists, in which class, with which grades.

- Keyed by the exact, case-sensitive name; MedDRA codes are licensed and are not part of it.
- A grade is accepted only if CTCAE prints a criterion for it: ALT has no grade 5, sepsis no grade 2.

Source: NCI CTCAE v5.0, 27 November 2017 (domain 4); 837 terms there, those that matter here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed
from core.rules.ctcae_clinical_terms import CLINICAL_TERMS, OTHER_TERMS
from core.rules.ctcae_lab_terms import LAB_TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.rules.ctcae_term import CtcaeTerm

CTCAE_VERSION: Final = "5.0"

TERMS: Final[tuple[CtcaeTerm, ...]] = (*LAB_TERMS, *CLINICAL_TERMS, *OTHER_TERMS)

_BY_NAME: Final[Mapping[str, CtcaeTerm]] = {one.name: one for one in TERMS}


def term(name: str) -> CtcaeTerm | None:
    """Return the term of this exact name, if the list has it."""
    return _BY_NAME.get(name)


def require_grade(name: str, grade: int) -> CtcaeTerm:
    """Return the term, having refused a name outside the list and a grade that the term does not have.

    Raises: `UNKNOWN_TERM`, `GRADE_NOT_IN_TERM`. Source: domain 4.
    """
    found = term(name)
    if found is None:
        raise Malformed("UNKNOWN_TERM", f"the CTCAE {CTCAE_VERSION} list has no such term", field="term")
    if grade not in found.grades:
        has = ", ".join(str(one) for one in found.grades)
        raise Malformed("GRADE_NOT_IN_TERM", f"this CTCAE term has grade {has} only", field="grade")
    return found
