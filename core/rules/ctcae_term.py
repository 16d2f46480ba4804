"""What a CTCAE v5.0 term is: its printed name, its system organ class, and the grades that exist for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OrganClass(StrEnum):
    """System organ classes as CTCAE v5.0 prints them; only those with terms that matter here."""

    BLOOD = "Blood and lymphatic system disorders"
    CARDIAC = "Cardiac disorders"
    GASTROINTESTINAL = "Gastrointestinal disorders"
    GENERAL = "General disorders and administration site conditions"
    HEPATOBILIARY = "Hepatobiliary disorders"
    IMMUNE = "Immune system disorders"
    INFECTIONS = "Infections and infestations"
    PROCEDURAL = "Injury, poisoning and procedural complications"
    INVESTIGATIONS = "Investigations"
    METABOLISM = "Metabolism and nutrition disorders"
    NERVOUS = "Nervous system disorders"
    RENAL = "Renal and urinary disorders"
    RESPIRATORY = "Respiratory, thoracic and mediastinal disorders"
    SKIN = "Skin and subcutaneous tissue disorders"
    VASCULAR = "Vascular disorders"


@dataclass(frozen=True, slots=True)
class CtcaeTerm:
    """A term with the grades, 1 to 5 ascending, for which CTCAE v5.0 prints a criterion."""

    name: str
    organ_class: OrganClass
    grades: tuple[int, ...]


def graded(organ_class: OrganClass, lowest: int, highest: int, *names: str) -> tuple[CtcaeTerm, ...]:
    """Return terms of one class whose grades run from the lowest to the highest without a gap."""
    grades = tuple(range(lowest, highest + 1))
    return tuple(CtcaeTerm(name, organ_class, grades) for name in names)
