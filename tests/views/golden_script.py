"""The golden trial played into a stage, by the mapping of record 5."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.kernel.actors import Role
from core.kernel.codec import from_data
from core.kernel.quantities import Quantity
from core.kernel.recorded import Reason
from core.kernel.time import parse_offset_time, read_date
from core.rules.quantities import Sex
from core.rules.screening_facts import Attestation, Group
from core.rules.script_screening import screening_facts
from core.trial.casebook.commands import (
    CorrectLabResult,
    RecordVitalStatus,
    ReportHlaAntibodies,
    ReportLabPanel,
)
from core.trial.casebook.events import AntibodyClass, LabResult
from core.trial.escalation.commands import SignDecision
from core.trial.subject import commands as subject
from core.trial.subject.events import AdverseEvent, Attested, FieldChange, LabEvidence, Measured, Route

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.views.stage import Stage

SCRIPT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "golden_trial.json").read_text(encoding="utf-8"),
    parse_float=Decimal,
)
EXPECTED: dict[str, Any] = SCRIPT["expected"]

_UNITS = {"umol_L": "umol/L", "g_L": "g/L", "mmol_L": "mmol/L", "U_L": "U/L"}


def _analyte(name: str) -> tuple[str, str]:
    analyte, _, unit = name.partition("_")
    return analyte.lower(), _UNITS.get(unit, "1")


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def screening(key: str, p: dict[str, Any]) -> Any:
    facts = screening_facts(p)
    return subject.ScreenSubject(
        key,
        Group(facts.group),
        Sex(facts.sex),
        facts.age_years,
        tuple(Measured(str(n), _decimal(q.value), q.unit) for n, q in facts.measurements.items()),
        facts.days_of_prior_treatment,
        tuple(Attested(Attestation(n), holds) for n, holds in facts.attestations.items()),
    )


def _panel(key: str, p: dict[str, Any]) -> Any:
    own = p.get("overrides", {})
    drawn, resulted = parse_offset_time(p["drawn_at"]), parse_offset_time(p["resulted_at"])
    results = []
    for name, value in p["values"].items():
        analyte, unit = _analyte(name)
        override = own.get(name, {})
        results.append(
            LabResult(
                analyte,
                _decimal(value),
                unit,
                override.get("specimen_set", p["specimen_set"]),
                parse_offset_time(override["drawn_at"]) if "drawn_at" in override else drawn,
                parse_offset_time(override["resulted_at"]) if "resulted_at" in override else resulted,
            )
        )
    dialysis = p.get("dialysis_2x_in_7d", False)
    cvvhd = p.get("cvvhd_24h_in_7d", False)
    return ReportLabPanel(
        key, p["visit"], p["specimen_set"], drawn, resulted, tuple(results), dialysis, cvvhd
    )


def _correct_lab(key: str, p: dict[str, Any]) -> Any:
    analyte, unit = _analyte(p["analyte"])
    old, new = Quantity(_decimal(p["old"]), unit), Quantity(_decimal(p["new"]), unit)
    return CorrectLabResult(key, p["visit"], f"{key}-V{p['visit']}", analyte, old, new)


def _antibodies(key: str, p: dict[str, Any]) -> Any:
    found = [
        AntibodyClass(_decimal(p[c]["max_mfi"]), _decimal(p[c]["cpra_percent"]))
        for c in ("class_I", "class_II")
    ]
    return ReportHlaAntibodies(key, p["visit"], p["assay"], _decimal(p["threshold_mfi"]), *found)


def _adverse_event(key: str, p: dict[str, Any]) -> Any:
    lab = p.get("lab")
    data = {k: v for k, v in p.items() if k != "lab"}
    entry = from_data(AdverseEvent, {**data, "lab": None})
    if lab is not None:
        evidence = LabEvidence(
            _decimal(lab["value"]), lab["unit"], _decimal(lab["baseline"]), _decimal(lab["uln"])
        )
        entry = AdverseEvent(**{name: getattr(entry, name) for name in data}, lab=evidence)
    return subject.ReportAdverseEvent(key, entry)


def _correct_ae(key: str, p: dict[str, Any]) -> Any:
    def spelled(field: str, value: Any) -> Any:
        return str(value) if field.startswith("lab.") and field != "lab.unit" else value

    changes = tuple(
        FieldChange(f, spelled(f, old), spelled(f, new)) for f, (old, new) in p["changes"].items()
    )
    return subject.CorrectAdverseEvent(key, p["ae_id"], changes)


_CELLS = "10*9"

_COMMANDS: dict[str, tuple[Role, Callable[[str, dict[str, Any]], Any]]] = {
    "SubjectScreened": (Role.SC, screening),
    "EligibilityConfirmed": (Role.PI, lambda k, p: subject.ConfirmEligibility(k, Group(p["group"]))),
    "ScreenFailed": (Role.PI, lambda k, p: subject.RecordScreenFailure(k, tuple(p["failed_rules"]))),
    "SubjectEnrolled": (Role.PI, lambda k, p: subject.EnrolSubject(k, p["level"], p["replaces"])),
    "DoseAdministered": (
        Role.PI,
        lambda k, p: subject.AdministerDose(
            k, p["level"], Quantity(_decimal(p["cells_e9"]), _CELLS), Route(p["route"])
        ),
    ),
    "LabPanelRecorded": (Role.SC, _panel),
    "LabResultCorrected": (Role.SC, _correct_lab),
    "HlaAntibodyRecorded": (Role.SC, _antibodies),
    "AERecorded": (Role.SC, _adverse_event),
    "AECorrected": (Role.SC, _correct_ae),
    "DltAdjudicated": (Role.SRC, lambda k, p: subject.AdjudicateDlt(k, p["ae_id"], p["is_dlt"])),
    "DltWindowCompleted": (Role.PI, lambda k, _: subject.CompleteDltWindow(k)),
    "SrcDecisionSigned": (Role.SRC, lambda _, p: SignDecision(p["decision"], p["level"])),
    "SubjectWithdrawn": (
        Role.PI,
        lambda k, p: subject.WithdrawSubject(k, read_date(p["date"]), p["reason"], p["dlt_related"]),
    ),
    "SubjectDied": (
        Role.PI,
        lambda k, p: subject.RecordDeath(k, read_date(p["date"]), p["cause_ae"], p["related"]),
    ),
    "LiverTransplantPerformed": (
        Role.PI,
        lambda k, p: subject.RecordLiverTransplant(k, read_date(p["date"])),
    ),
    "VitalStatusRecorded": (
        Role.PI,
        lambda k, p: RecordVitalStatus(k, p["study_day"], p["alive"]),
    ),
}


def play(stage: Stage) -> dict[int, int]:
    """Play the script; return the position that each `seq` reached."""
    stage.staff()
    reached: dict[int, int] = {}
    for line in SCRIPT["events"]:
        at = parse_offset_time(line["at"])
        stage.clock.advance_to(max(at, *_instants(line["payload"]), at))
        if line["type"] == "TrialConfigured":
            stage.configure(at)
        else:
            role, build = _COMMANDS[line["type"]]
            words = line["payload"].get("reason")
            reason = Reason("scripted", words) if words else None
            stage.do(role, build(line["subject"], line["payload"]), at, reason)
        reached[line["seq"]] = stage.log.size()
    return reached


def _instants(value: Any) -> list[datetime]:
    if isinstance(value, dict):
        return [
            t
            for name, inner in value.items()
            for t in ([parse_offset_time(inner)] if str(name).endswith("ed_at") else _instants(inner))
        ]
    return []
