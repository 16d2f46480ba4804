"""Bodies of commands as a site would send them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.kernel.time import write_instant
from core.rules.screening_facts import Attestation

if TYPE_CHECKING:
    from datetime import datetime

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
        "measurements": [
            {"analyte": a, "value": v, "unit": u, "measured_at": None, "source": None}
            for a, v, u in _MEASURED
        ],
        "days_of_prior_treatment": 5,
        "attestations": [{"id": str(a), "holds": a in _TRUE, "note": None} for a in Attestation],
        **changes,
    }


CELLS = {"value": "0.15", "unit": "10*9"}
VOLUME = {"value": "50", "unit": "mL"}


def dose(at: str = "2024-02-21T00:00:00.000Z", lot: str = "L-S001", **changes: Any) -> dict[str, Any]:
    return {
        "level": 1,
        "lot": lot,
        "cells": CELLS,
        "volume": VOLUME,
        "route": "intraperitoneal",
        "started_at": at,
        "ended_at": at,
        "interruption": None,
        "identity_checked": ["subject_key", "wristband"],
        **changes,
    }


def lot(at: datetime, **changes: Any) -> dict[str, Any]:
    contents = {
        "donor": "D-07",
        "cell_source": "donor liver, split",
        "made_at": write_instant(at - timedelta(days=1)),
        "expires_at": write_instant(at + timedelta(days=60)),
        "viability_percent": "91.5",
        "total_cells": {"value": "1.00", "unit": "10*9"},
        "viable_cells": {"value": "0.91", "unit": "10*9"},
        "volume": {"value": "400", "unit": "mL"},
        "hla_typing": ["A*02:01", "DRB1*15:01"],
        "tests": [
            {"name": name, "passed": True, "certificate": "sha256:" + "5" * 64}
            for name in ("sterility", "endotoxin", "mycoplasma")
        ],
        "temperature_log_ok": True,
    }
    return {**contents, **changes}


def prepared(desk: Desk, key: str = "S001") -> str:
    """Bring in a lot for the subject, prepare the dose of level 1 and let it be checked."""
    now, stream = desk.clock(), f"lot/L-{key}"
    desk.done("ph.qian", "/v1/lots", {"lot": f"L-{key}", "contents": lot(now)})
    desk.done("ph.xie", f"/v1/lots/L-{key}/releases", {}, stream)
    order = {"level": 1, "cells": CELLS, "volume": VOLUME, "planned_at": write_instant(now)}
    desk.done("ph.qian", f"/v1/lots/L-{key}/preparations", {"subject_key": key, **order}, stream)
    desk.done("ph.xie", f"/v1/lots/L-{key}/preparations/{key}/checks", {}, stream)
    return stream


def adverse_event(ae_id: str, onset: str, **changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "ae_id": ae_id,
        "ctcae_version": "5.0",
        "term": "Fever",
        "soc": "General disorders and administration site conditions",
        "verbatim": None,
        "meddra_code": 10016558,
        "grade": 1,
        "baseline_grade": 0,
        "onset": onset,
        "onset_at": None,
        "causality": "probable",
        "procedure_causality": None,
        "disease_causality": None,
        "expected": None,
        "action_taken": None,
        "serious": False,
        "seriousness_criteria": [],
        "aware_at": None,
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
    prepared(desk, key)
    given = dose(write_instant(desk.clock()), f"L-{key}")
    desk.done("pi.chen", f"/v1/subjects/{key}/doses", given, stream)
    return stream
