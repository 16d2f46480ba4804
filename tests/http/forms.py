"""Bodies of commands as a site would send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.rules.screening_facts import Attestation

if TYPE_CHECKING:
    from tests.http.desk import Desk

_MEASURED = (
    ("weight", "68.0", "kg"),
    ("bilirubin", "212", "umol/L"),
    ("inr", "1.62", "1"),
    ("pta", "38", "%"),
    ("albumin", "31", "g/L"),
    ("platelets", "88", "10*9/L"),
    ("creatinine", "68", "umol/L"),
    ("sodium", "134", "mmol/L"),
    ("pao2_fio2", "350", "mm[Hg]"),
)
_TRUE = {
    Attestation.NO_OBVIOUS_IMPROVEMENT,
    Attestation.EARLY_STAGE_ACUTE_SYNDROME,
    Attestation.FATIGUE_AND_GI_SYMPTOM,
    Attestation.ASCITES_OR_HE_WITHIN_4_WEEKS,
    Attestation.PROGRESSIVE_JAUNDICE,
}


def screening(**changes: Any) -> dict[str, Any]:
    return {
        "group": "ACLF",
        "sex": "M",
        "age_years": 46,
        "measurements": [{"analyte": a, "value": v, "unit": u} for a, v, u in _MEASURED],
        "days_of_prior_treatment": 5,
        "attestations": [{"id": str(a), "holds": a in _TRUE} for a in Attestation],
        **changes,
    }


def dose(**changes: Any) -> dict[str, Any]:
    return {"level": 1, "cells": {"value": "0.15", "unit": "10*9"}, "route": "intraperitoneal", **changes}


def adverse_event(ae_id: str, onset: str, **changes: Any) -> dict[str, Any]:
    entry = {
        "ae_id": ae_id,
        "ctcae_version": "5.0",
        "term": "Fever",
        "soc": "General disorders and administration site conditions",
        "meddra_code": 10016558,
        "grade": 1,
        "baseline_grade": 0,
        "onset": onset,
        "causality": "probable",
        "serious": False,
        "seriousness_criteria": [],
        "lab": None,
    }
    return {"adverse_event": {**entry, **changes}}


def lab_panel(specimen_set: str, drawn_at: str, resulted_at: str) -> dict[str, Any]:
    times = {"specimen_set": specimen_set, "drawn_at": drawn_at, "resulted_at": resulted_at}
    values = (("creatinine", "68", "umol/L"), ("bilirubin", "212", "umol/L"), ("sodium", "134", "mmol/L"))
    return {
        "visit": 0,
        **times,
        "results": [{"analyte": a, "value": v, "unit": u, **times} for a, v, u in values],
        "dialysis_twice_in_7d": False,
        "cvvhd_24h_in_7d": False,
    }


def screened(desk: Desk, key: str = "S001") -> str:
    desk.done("sc.liu", f"/v1/subjects/{key}/screenings", screening())
    return f"subject/{key}"


def dosed(desk: Desk, key: str = "S001") -> str:
    stream = screened(desk, key)
    desk.done("pi.chen", f"/v1/subjects/{key}/eligibility-confirmations", {"group": "ACLF"}, stream)
    desk.done("pi.chen", f"/v1/subjects/{key}/enrolments", {"level": 1, "replaces": None}, stream)
    desk.done("pi.chen", f"/v1/subjects/{key}/doses", dose(), stream)
    return stream
