"""HLA antibodies: status of each class at each visit, and whether they are against the cells given.

* A status depends on the baseline and on earlier visits, so it is computed when the view is read; each visit
  by the threshold of its own report.
* `donor_specific`: a reported specificity is one of the donor's typing, whole or as a group (`A*02` for
  `A*02:01`); null where the donor's typing or, of a positive class, the specificities are not known.

Source: domain 6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from core.kernel.quantities import write_decimal
from core.rules.hla import AntibodyReading, HlaStatus, hla_statuses
from core.trial.casebook.events import HlaAntibodyReported
from core.trial.study.state import require_config
from core.trial.subject.events import DoseAdministered, DoseCorrected
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.casebook.events import AntibodyClass
    from core.trial.subject.state import Dose
    from core.trial.trial import Trial

Row = dict[str, Any]

_CLASSES: Final = ("class_I", "class_II")


class Hla:
    """Stored: one row a report, one a subject with the donor's typing. Read: one row a class and visit."""

    name = "hla"
    readers = readers_of(name, "subject", "casebook")
    concerns = frozenset({HlaAntibodyReported, DoseAdministered, DoseCorrected})

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the report that was entered, or the donor of the dose that was given."""
        del before
        key = event.stream.partition("/")[2]
        if isinstance(event.payload, HlaAntibodyReported):
            planned = event.payload.visit in require_config(trial.study).hla.visits
            yield RowChange(f"{key}/{event.payload.visit}", _report_row(key, event.payload, planned=planned))
        elif isinstance(event.payload, DoseAdministered | DoseCorrected):
            dose = _dose(trial, key)
            lot = trial.lots.get(dose.event.lot)
            typing = lot.contents.hla_typing if lot and lot.contents else ()
            yield RowChange(key, {"subject_key": key, "visit": None, "donor_typing": typing})

    def present(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """Return the statuses: subjects in order of their first report, class I before class II."""
        del moment
        typing = {row["subject_key"]: row["donor_typing"] for row in rows if row["visit"] is None}
        reports: dict[str, list[Row]] = {}
        for row in rows:
            if row["visit"] is not None:
                reports.setdefault(row["subject_key"], []).append(row)
        return [
            status
            for key, entered in reports.items()
            for name in _CLASSES
            for status in _statuses(name, entered, typing.get(key, ()))
        ]


def _dose(trial: Trial, key: str) -> Dose:
    dose = trial.subjects[key].dose
    if dose is None:
        raise KeyError(key)
    return dose


def _report_row(key: str, event: HlaAntibodyReported, *, planned: bool) -> Row:
    return {
        "subject_key": key,
        "visit": event.visit,
        "planned": planned,
        "assay": event.assay,
        "laboratory": event.laboratory,
        "kit_lot": event.kit_lot,
        "threshold_mfi": write_decimal(event.threshold_mfi),
        "class_I": _class_row(event.class_i),
        "class_II": _class_row(event.class_ii),
    }


def _class_row(found: AntibodyClass) -> Row:
    return {
        "max_mfi": write_decimal(found.max_mfi),
        "cpra_percent": write_decimal(found.cpra_percent),
        "specificities": found.specificities,
    }


def _statuses(name: str, reports: Sequence[Row], donor_typing: Sequence[str]) -> list[Row]:
    by_visit = {report["visit"]: report for report in reports}
    readings = [
        AntibodyReading(visit, Decimal(report[name]["max_mfi"]), Decimal(report["threshold_mfi"]))
        for visit, report in by_visit.items()
    ]
    return [
        {
            "subject_key": reports[0]["subject_key"],
            "class": name,
            "visit": visit,
            "status": status,
            "donor_specific": _is_donor_specific(status, by_visit[visit][name], donor_typing),
            "signature": by_visit[visit]["signature"],
            **by_visit[visit][name],
            **{
                field: by_visit[visit][field]
                for field in ("planned", "assay", "laboratory", "kit_lot", "threshold_mfi")
            },
        }
        for visit, status in hla_statuses(readings)
    ]


def _is_donor_specific(status: HlaStatus | None, found: Row, donor_typing: Sequence[str]) -> bool | None:
    if status is HlaStatus.NEGATIVE:
        return False
    if not donor_typing or not found["specificities"]:
        return None
    return any(
        allele == one or allele.startswith(one + ":")
        for one in found["specificities"]
        for allele in donor_typing
    )
