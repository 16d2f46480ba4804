"""CTCAE v5.0 terms that a laboratory value can suggest.

- Names are spelt as CTCAE prints them, American spelling included; they are keys, not prose.
- Investigations have no grade 5: a death is reported under the disorder that caused it.
"""

from __future__ import annotations

from typing import Final

from core.rules.ctcae_term import CtcaeTerm, OrganClass, graded

ANAEMIA: Final = "Anemia"
ALT_INCREASED: Final = "Alanine aminotransferase increased"
AST_INCREASED: Final = "Aspartate aminotransferase increased"
ALP_INCREASED: Final = "Alkaline phosphatase increased"
GGT_INCREASED: Final = "GGT increased"
BILIRUBIN_INCREASED: Final = "Blood bilirubin increased"
INR_INCREASED: Final = "INR increased"
CREATININE_INCREASED: Final = "Creatinine increased"
PLATELETS_DECREASED: Final = "Platelet count decreased"
NEUTROPHILS_DECREASED: Final = "Neutrophil count decreased"
LEUKOCYTES_DECREASED: Final = "White blood cell decreased"
LYMPHOCYTES_DECREASED: Final = "Lymphocyte count decreased"
FIBRINOGEN_DECREASED: Final = "Fibrinogen decreased"
HYPOALBUMINAEMIA: Final = "Hypoalbuminemia"
HYPONATRAEMIA: Final = "Hyponatremia"
HYPERNATRAEMIA: Final = "Hypernatremia"
HYPOKALAEMIA: Final = "Hypokalemia"
HYPERKALAEMIA: Final = "Hyperkalemia"
HYPOGLYCAEMIA: Final = "Hypoglycemia"
HYPERGLYCAEMIA: Final = "Hyperglycemia"

LAB_TERMS: Final[tuple[CtcaeTerm, ...]] = (
    *graded(OrganClass.BLOOD, 1, 5, ANAEMIA),
    *graded(OrganClass.INVESTIGATIONS, 1, 3, INR_INCREASED),
    *graded(
        OrganClass.INVESTIGATIONS,
        1,
        4,
        ALT_INCREASED,
        AST_INCREASED,
        ALP_INCREASED,
        GGT_INCREASED,
        BILIRUBIN_INCREASED,
        CREATININE_INCREASED,
        PLATELETS_DECREASED,
        NEUTROPHILS_DECREASED,
        LEUKOCYTES_DECREASED,
        LYMPHOCYTES_DECREASED,
        FIBRINOGEN_DECREASED,
    ),
    *graded(
        OrganClass.METABOLISM,
        1,
        5,
        HYPOALBUMINAEMIA,
        HYPONATRAEMIA,
        HYPERNATRAEMIA,
        HYPOKALAEMIA,
        HYPERKALAEMIA,
        HYPOGLYCAEMIA,
        HYPERGLYCAEMIA,
    ),
)
