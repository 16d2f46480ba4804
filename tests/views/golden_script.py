"""The golden trial played into a stage, by the mapping of record 5."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.kernel.actors import Role
from core.kernel.codec import from_data
from core.kernel.quantities import Quantity
from core.kernel.recorded import Reason
from core.kernel.time import parse_offset_time, read_date, write_instant
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
from core.trial.subject import commands as subject
from core.trial.subject.adverse_events import AdverseEvent, LabEvidence
from core.trial.subject.events import Attested, Measured
from core.trial.subject.field_change import FieldChange
from tests.views.stage import IDENTITY, VOLUME

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
    source = "stated in the reason"
    return CorrectLabResult(key, p["visit"], f"{key}-V{p['visit']}", analyte, old, new, source)


def _antibodies(key: str, p: dict[str, Any]) -> Any:
    found = [
        AntibodyClass(_decimal(p[c]["max_mfi"]), _decimal(p[c]["cpra_percent"]), ())
        for c in ("class_I", "class_II")
    ]
    return ReportHlaAntibodies(key, p["visit"], p["assay"], None, None, _decimal(p["threshold_mfi"]), *found)


def _adverse_event(key: str, p: dict[str, Any]) -> Any:
    lab = p.get("lab")
    unsaid = dict.fromkeys(
        ("verbatim", "onset_at", "procedure_causality", "disease_causality", "expected", "action_taken")
    )
    aware = write_instant(parse_offset_time(p["at"])) if p["serious"] else None
    data = {name: value for name, value in p.items() if name not in {"at", "lab"}}
    entry = from_data(AdverseEvent, {**unsaid, **data, "aware_at": aware, "lab": None})
    if lab is not None:
        numbers = {name: _decimal(lab[name]) for name in ("value", "baseline", "uln")}
        entry = replace(entry, lab=LabEvidence(unit=lab["unit"], **numbers))
    return subject.ReportAdverseEvent(key, entry)


def _correct_ae(key: str, p: dict[str, Any]) -> Any:
    def spelled(field: str, value: Any) -> Any:
        return str(value) if field.startswith("lab.") and field != "lab.unit" else value

    changes = tuple(
        FieldChange(f, spelled(f, old), spelled(f, new)) for f, (old, new) in p["changes"].items()
    )
    if p["changes"].get("serious") == [False, True]:
        changes = (*changes, FieldChange("aware_at", None, write_instant(parse_offset_time(p["at"]))))
    return subject.CorrectAdverseEvent(key, p["ae_id"], changes, None)


def _judge(key: str, p: dict[str, Any]) -> Any:
    return subject.AdjudicateDlt(key, p["ae_id"], p["is_dlt"], "as the script judges", None)


_CELLS = "10*9"

_COMMANDS: dict[str, tuple[Role, Callable[[str, dict[str, Any]], Any]]] = {
    "SubjectScreened": (Role.SC, screening),
    "EligibilityConfirmed": (Role.PI, lambda k, p: subject.ConfirmEligibility(k, Group(p["group"]))),
    "ScreenFailed": (Role.PI, lambda k, p: subject.RecordScreenFailure(k, tuple(p["failed_rules"]))),
    "SubjectEnrolled": (Role.PI, lambda k, p: subject.EnrolSubject(k, p["level"], p["replaces"])),
    "DoseAdministered": (
        Role.PI,
        lambda k, p: subject.AdministerDose(
            k,
            p["level"],
            f"L-{k}",
            Quantity(_decimal(p["cells_e9"]), _CELLS),
            VOLUME,
            p["route"],
            parse_offset_time(p["at"]),
            parse_offset_time(p["at"]),
            None,
            IDENTITY,
        ),
    ),
    "LabPanelRecorded": (Role.SC, _panel),
    "LabResultCorrected": (Role.SC, _correct_lab),
    "HlaAntibodyRecorded": (Role.SC, _antibodies),
    "AERecorded": (Role.SC, _adverse_event),
    "AECorrected": (Role.SC, _correct_ae),
    "DltAdjudicated": (Role.SRC, _judge),
    "DltWindowCompleted": (Role.PI, lambda k, _: subject.CompleteDltWindow(k)),
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
        elif line["type"] == "SrcDecisionSigned":
            stage.decide(line["payload"]["decision"], line["payload"]["level"], at)
        else:
            if line["type"] == "SubjectScreened":
                stage.consent(line["subject"], at)
            role, build = _COMMANDS[line["type"]]
            words = line["payload"].get("reason")
            reason = Reason("scripted", words) if words else None
            payload = line["payload"]
            if line["type"] == "DoseAdministered":
                cells = Quantity(_decimal(payload["cells_e9"]), _CELLS)
                stage.prepare(line["subject"], payload["level"], cells, at)
                stage.lift_holds(at)
                payload = {**payload, "at": line["at"]}
            if line["type"] in {"AERecorded", "AECorrected"}:
                payload = {**payload, "at": line["at"]}
            stage.do(role, build(line["subject"], payload), at, reason)
            if line["type"] == "DltAdjudicated":
                stage.do((Role.SRC, 1), build(line["subject"], payload), at, reason)
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
