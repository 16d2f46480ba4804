"""CTCAE v5.0 terms that an investigator grades at the bedside: the ones that matter in this trial.

- Names are spelt as CTCAE prints them, American spelling included; they are keys, not prose.
- What has no term of its own is reported under the "Other, specify" of its class, which has all grades.
"""

from __future__ import annotations

from typing import Final

from core.rules.ctcae_term import CtcaeTerm, OrganClass, graded

_BLOOD: Final = (
    *graded(OrganClass.BLOOD, 2, 5, "Disseminated intravascular coagulation"),
    *graded(OrganClass.BLOOD, 3, 5, "Febrile neutropenia"),
)
_CARDIAC: Final = (
    *graded(OrganClass.CARDIAC, 1, 5, "Heart failure"),
    *graded(OrganClass.CARDIAC, 4, 5, "Cardiac arrest"),
)
_GASTROINTESTINAL: Final = (
    *graded(OrganClass.GASTROINTESTINAL, 1, 3, "Abdominal distension", "Abdominal pain", "Nausea"),
    *graded(
        OrganClass.GASTROINTESTINAL,
        1,
        5,
        "Ascites",
        "Diarrhea",
        "Gastric hemorrhage",
        "Ileus",
        "Lower gastrointestinal hemorrhage",
        "Small intestinal obstruction",
        "Upper gastrointestinal hemorrhage",
        "Vomiting",
    ),
    *graded(
        OrganClass.GASTROINTESTINAL,
        2,
        5,
        "Colonic perforation",
        "Esophageal varices hemorrhage",
        "Intra-abdominal hemorrhage",
        "Retroperitoneal hemorrhage",
        "Small intestinal perforation",
    ),
    *graded(OrganClass.GASTROINTESTINAL, 3, 5, "Peritoneal necrosis"),
)
_GENERAL: Final = (
    *graded(OrganClass.GENERAL, 1, 3, "Chills", "Fatigue", "Malaise", "Pain"),
    *graded(OrganClass.GENERAL, 1, 5, "Fever", "Injection site reaction"),
    *graded(OrganClass.GENERAL, 3, 5, "Multi-organ failure"),
    *graded(OrganClass.GENERAL, 5, 5, "Death NOS", "Disease progression"),
)
_HEPATOBILIARY: Final = (
    *graded(OrganClass.HEPATOBILIARY, 1, 3, "Hepatic pain"),
    *graded(OrganClass.HEPATOBILIARY, 1, 5, "Hepatic hemorrhage"),
    *graded(OrganClass.HEPATOBILIARY, 2, 5, "Portal hypertension", "Portal vein thrombosis"),
    *graded(OrganClass.HEPATOBILIARY, 3, 5, "Hepatic failure"),
    *graded(OrganClass.HEPATOBILIARY, 4, 5, "Hepatic necrosis"),
)
_IMMUNE: Final = (
    *graded(OrganClass.IMMUNE, 1, 5, "Allergic reaction", "Cytokine release syndrome", "Serum sickness"),
    *graded(OrganClass.IMMUNE, 3, 5, "Anaphylaxis"),
)
_INFECTIONS: Final = (
    *graded(OrganClass.INFECTIONS, 1, 5, "Hepatitis B reactivation", "Wound infection"),
    *graded(OrganClass.INFECTIONS, 2, 2, "Bacteremia"),
    *graded(
        OrganClass.INFECTIONS,
        2,
        5,
        "Abdominal infection",
        "Catheter related infection",
        "Device related infection",
        "Lung infection",
        "Urinary tract infection",
    ),
    *graded(OrganClass.INFECTIONS, 3, 5, "Peritoneal infection", "Sepsis"),
)
_PROCEDURAL: Final = (
    *graded(
        OrganClass.PROCEDURAL,
        1,
        5,
        "Infusion related reaction",
        "Intraoperative gastrointestinal injury",
        "Intraoperative hepatobiliary injury",
        "Postoperative hemorrhage",
        "Vascular access complication",
        "Wound complication",
    ),
    *graded(OrganClass.PROCEDURAL, 3, 5, "Intraoperative hemorrhage"),
)
_NERVOUS: Final = (
    *graded(OrganClass.NERVOUS, 1, 3, "Headache"),
    *graded(OrganClass.NERVOUS, 1, 5, "Encephalopathy", "Intracranial hemorrhage", "Seizure"),
    *graded(OrganClass.NERVOUS, 3, 5, "Edema cerebral"),
)
_RENAL: Final = graded(OrganClass.RENAL, 3, 5, "Acute kidney injury")
_RESPIRATORY: Final = (
    *graded(OrganClass.RESPIRATORY, 1, 5, "Dyspnea", "Epistaxis", "Pleural effusion", "Pulmonary edema"),
    *graded(OrganClass.RESPIRATORY, 2, 5, "Hypoxia"),
    *graded(OrganClass.RESPIRATORY, 3, 5, "Adult respiratory distress syndrome"),
    *graded(OrganClass.RESPIRATORY, 4, 5, "Respiratory failure"),
)
_SKIN: Final = graded(OrganClass.SKIN, 1, 3, "Pruritus", "Urticaria")
_VASCULAR: Final = (
    *graded(OrganClass.VASCULAR, 1, 5, "Hematoma", "Hypotension", "Thromboembolic event"),
    *graded(OrganClass.VASCULAR, 3, 5, "Arterial thromboembolism"),
)
# A gap: CTCAE prints no criterion for grade 2.
_METABOLISM: Final = (CtcaeTerm("Acidosis", OrganClass.METABOLISM, (1, 3, 4, 5)),)

CLINICAL_TERMS: Final[tuple[CtcaeTerm, ...]] = (
    *_BLOOD,
    *_CARDIAC,
    *_GASTROINTESTINAL,
    *_GENERAL,
    *_HEPATOBILIARY,
    *_IMMUNE,
    *_INFECTIONS,
    *_PROCEDURAL,
    *_METABOLISM,
    *_NERVOUS,
    *_RENAL,
    *_RESPIRATORY,
    *_SKIN,
    *_VASCULAR,
)

OTHER_TERMS: Final[tuple[CtcaeTerm, ...]] = tuple(
    CtcaeTerm(f"{organ_class} - Other, specify", organ_class, (1, 2, 3, 4, 5)) for organ_class in OrganClass
)
