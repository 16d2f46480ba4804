"""The golden trial, read from its script: 29 changes of the decision, every MELD, every screening."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.rules.escalation import decide
from core.rules.meld import Measured, MeldResult, Sex, meld_history_entry
from core.rules.nct05727722 import escalation_rules_of_nct05727722
from core.rules.validation import eligibility_from_payload, read_rules
from tests.rules.golden_state import Trial
from tests.rules.vectors import golden_events, load

_UNITS = {
    "creatinine_umol_L": ("creatinine", "umol/L"),
    "bilirubin_umol_L": ("bilirubin", "umol/L"),
    "inr": ("inr", "1"),
    "sodium_mmol_L": ("sodium", "mmol/L"),
    "albumin_g_L": ("albumin", "g/L"),
}


def _row(trial: Trial) -> dict[str, Any]:
    decision = decide(escalation_rules_of_nct05727722(), 4, trial.outcomes(), trial.due())
    said = {
        "decision": decision.decision,
        "level": decision.level,
        "mtd": decision.mtd,
        "reason": decision.reason,
        "slots": decision.slots,
        "flags": list(decision.flags),
        "dlt_adjudication_due": [one.ae_id for one in trial.due()],
    }
    levels = {str(level): asdict(counts) for level, counts in decision.levels}
    for counts in levels.values():
        del counts["grade2"]  # the expected rows do not show it
    return {"decision": said, "levels": levels}


def test_all_changes_of_the_decision_are_reproduced() -> None:
    trial, changes, before = Trial(), [], None
    for event in golden_events():
        trial.play(event)
        row = _row(trial)
        if row != before:
            origin = {"after_seq": event["seq"], "type": event["type"], "subject": event["subject"]}
            changes.append({**origin, **row})
        before = row
    assert changes == load("golden_trial")["expected"]["decisions_on_change"]
    assert len(changes) == 29


def test_defaults_are_the_signed_rules_of_the_script() -> None:
    payload = golden_events("TrialConfigured")[0]["payload"]
    assert read_rules(payload["rules"]) == escalation_rules_of_nct05727722()


def _measured(panel: dict[str, Any], name: str) -> Measured:
    own = {**panel, **panel.get("overrides", {}).get(name, {})}
    return Measured(
        value=Decimal(panel["values"][name]),
        unit=_UNITS[name][1],
        drawn_at=datetime.fromisoformat(own["drawn_at"]),
        resulted_at=datetime.fromisoformat(own["resulted_at"]),
        specimen_set=own["specimen_set"],
    )


def _entry(panel: dict[str, Any], person: dict[str, Any]) -> MeldResult:
    results = {_UNITS[name][0]: _measured(panel, name) for name in panel["values"]}
    sex, dialysed = Sex(person["sex"]), panel["dialysis_2x_in_7d"]
    entry = meld_history_entry(sex, person["age"], results, dialysed, cvvhd_24h_in_7d=False)
    # Without the names of the specimen sets the instants of the draws say the same.
    bare = {name: replace(one, specimen_set=None) for name, one in results.items()}
    assert meld_history_entry(sex, person["age"], bare, dialysed, cvvhd_24h_in_7d=False) == entry
    return entry


def _scores(entry: MeldResult) -> dict[str, int | None]:
    return {"meld": entry.meld, "meld_na": entry.meld_na, "meld3": entry.meld3}


def _histories() -> dict[str, list[dict[str, Any]]]:
    people = {event["subject"]: event["payload"] for event in golden_events("SubjectScreened")}
    panels: dict[tuple[str, int], dict[str, Any]] = {}
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for event in golden_events("LabPanelRecorded", "LabResultCorrected"):
        key, payload = (event["subject"], event["payload"]["visit"]), event["payload"]
        older: dict[str, Any] = {}
        if event["type"] == "LabResultCorrected":
            payload = {**panels[key], "values": {**panels[key]["values"], payload["analyte"]: payload["new"]}}
            older = {"superseded": [{name: rows[key][name] for name in ("meld", "meld_na", "meld3")}]}
        panels[key], entry = payload, _entry(payload, people[event["subject"]])
        origin = {"visit": key[1], "drawn_at": payload["drawn_at"]}
        rows[key] = {
            **origin,
            "computable": entry.computable,
            "reason": entry.reason,
            **_scores(entry),
            **older,
        }
    histories: dict[str, list[dict[str, Any]]] = {}
    for (subject, _), row in rows.items():
        histories.setdefault(subject, []).append(row)
    return histories


def test_all_meld_histories_are_reproduced() -> None:
    histories = _histories()
    assert histories == load("golden_trial")["expected"]["meld_history"]
    assert sum(map(len, histories.values())) == 61


def test_all_screenings_are_reproduced() -> None:
    failed = {}
    for event in golden_events("SubjectScreened"):
        result = eligibility_from_payload(event["payload"])
        rules = result["rules"]
        assert isinstance(rules, dict)
        fails = [name for name, answer in rules.items() if answer == "fail"]
        assert result["eligible"] == (event["subject"] not in {"S011", "S012"})
        if not result["eligible"]:
            failed[event["subject"]] = fails
    assert failed == {"S011": ["CLF-3"], "S012": ["EXC-7"]}
