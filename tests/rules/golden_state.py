"""A small interpreter of the golden script: what the escalation is decided from, event by event.

It knows the script only, and does its own date arithmetic; nothing of it comes from the product
but the types that `decide` takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.rules.escalation import AdjudicationDue, Outcome, OutcomeStatus

RELATED = ("definite", "probable", "possible")


@dataclass
class Subject:
    level: int
    dosed_on: date
    completed: bool = False
    left: bool = False
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, bool] = field(default_factory=dict)
    overtaken: set[str] = field(default_factory=set)

    def counts(self, event: dict[str, Any]) -> bool:
        day = date.fromisoformat(event["onset"]).toordinal() - self.dosed_on.toordinal()
        return event["causality"] in RELATED and 0 <= day <= 28

    def due(self) -> list[str]:
        return [identifier for identifier, event in self.events.items() if self._is_due(identifier, event)]

    def _is_due(self, identifier: str, event: dict[str, Any]) -> bool:
        candidate = self.counts(event) and event["grade"] >= 3
        confirmed = self.verdicts.get(identifier)
        if not candidate:
            return bool(confirmed)
        return confirmed is None or (not confirmed and identifier in self.overtaken)

    def outcome(self, name: str) -> Outcome:
        grades = [event["grade"] for event in self.events.values() if self.counts(event)]
        status = OutcomeStatus.WITHDRAWN if self.left else OutcomeStatus.PENDING
        status = OutcomeStatus.EVALUABLE if self.completed else status
        return Outcome(name, self.level, any(self.verdicts.values()), max(grades, default=0), status)


@dataclass
class Trial:
    subjects: dict[str, Subject] = field(default_factory=dict)

    def play(self, event: dict[str, Any]) -> None:
        payload, name = event["payload"], event["subject"]
        match event["type"]:
            case "DoseAdministered":
                self.subjects[name] = Subject(payload["level"], date.fromisoformat(event["at"][:10]))
            case "DltWindowCompleted":
                self.subjects[name].completed = True
            case "SubjectWithdrawn" | "SubjectDied" | "LiverTransplantPerformed":
                self.subjects[name].left = True
            case "AERecorded":
                self.subjects[name].events[payload["ae_id"]] = dict(payload)
            case "AECorrected":
                changed = {key: new for key, (_, new) in payload["changes"].items()}
                self.subjects[name].events[payload["ae_id"]].update(changed)
                self.subjects[name].overtaken.add(payload["ae_id"])
            case "DltAdjudicated":
                self.subjects[name].verdicts[payload["ae_id"]] = payload["is_dlt"]
                self.subjects[name].overtaken.discard(payload["ae_id"])
            case _:
                pass

    def outcomes(self) -> list[Outcome]:
        return [subject.outcome(name) for name, subject in self.subjects.items()]

    def due(self) -> list[AdjudicationDue]:
        return [
            AdjudicationDue(ae, subject.level) for subject in self.subjects.values() for ae in subject.due()
        ]
