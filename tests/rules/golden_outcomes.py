"""What the golden script says of each dosed subject's follow-up, read from its events alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.rules.life_table import EndKind, Followed
from tests.rules.vectors import golden_events

ENDS = (1, 3, 7, 14, 28, 60)

_ENDINGS = ("SubjectDied", "SubjectWithdrawn", "LiverTransplantPerformed")


def day_zero() -> dict[str, date]:
    return {
        event["subject"]: date.fromisoformat(event["at"][:10]) for event in golden_events("DoseAdministered")
    }


def endings(*kinds: str) -> dict[str, date]:
    """Return the date of these endings for every subject that had one."""
    return {event["subject"]: date.fromisoformat(event["payload"]["date"]) for event in golden_events(*kinds)}


def follow_up(transplant: EndKind = EndKind.CENSORED) -> list[Followed]:
    """Return the analysis set: ten dosed subjects, the day of the first ending of each."""
    kind = {
        "SubjectDied": EndKind.DEATH,
        "SubjectWithdrawn": EndKind.CENSORED,
        "LiverTransplantPerformed": transplant,
    }
    ends: dict[str, list[Followed]] = {}
    for event in golden_events(*_ENDINGS):
        subject = event["subject"]
        day = (date.fromisoformat(event["payload"]["date"]) - day_zero()[subject]).days
        ends.setdefault(subject, []).append(Followed(day, kind[event["type"]]))
    for event in golden_events("VitalStatusRecorded"):
        assert event["payload"]["alive"]
        ends.setdefault(event["subject"], []).append(Followed(event["payload"]["study_day"], EndKind.ALIVE))
    return [min(ends[subject], key=lambda end: end.day) for subject in day_zero()]


def readings(subject: str, hla_class: str) -> list[tuple[int, Any]]:
    """Return visit and maximum MFI of every antibody report of a subject."""
    return [
        (event["payload"]["visit"], event["payload"][hla_class]["max_mfi"])
        for event in golden_events("HlaAntibodyRecorded")
        if event["subject"] == subject
    ]
