"""Casebooks as a whole: what the investigator signed, whether it changed since, and who may enter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.kernel import streams
from core.trial.quality.events import CasebookQualityEvent
from core.trial.registry import events_of
from projections.manifestation import SIGNATURE
from projections.projection import RowChange
from projections.read_rights import readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.quality.state import SignOff
    from core.trial.trial import Trial


class CasebookSignatures:
    """One row a sign-off, keyed by its position.

    A signature stays valid for the version that it names; `changed_by` are the positions of what was entered
    since, up to the next sign-off.
    """

    name = "casebook-signatures"
    readers = readers_of(name, "subject", "casebook")
    concerns = events_of("subject", "casebook")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the subject's newest sign-off."""
        del before
        if not streams.is_of_subject(event.stream):
            return
        key = streams.key_of(event.stream)
        signed = trial.quality[key].sign_off
        if signed is not None:
            yield RowChange(str(signed.position), _row(key, signed))

    def present(self, rows: Sequence[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
        """Return the sign-offs, each with its own signature, whatever was entered since."""
        del moment
        return [{**row, SIGNATURE: row["position"]} for row in rows]


class CasebookLocks:
    """One row a casebook that was ever frozen, signed off or locked: what it takes now, and since when."""

    name = "casebook-locks"
    readers = readers_of(name, "subject", "casebook")
    concerns = events_of("subject")

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the casebook."""
        del before
        if not isinstance(event.payload, CasebookQualityEvent):
            return
        key = streams.key_of(event.stream)
        quality = trial.quality[key]
        row = {
            "subject_key": key,
            "access": quality.access,
            "since_position": quality.access_since or None,
            "by": quality.access_by,
            "plan": list(quality.plan),
            "unlock_proposed_by": quality.proposal and quality.proposal.by,
            "proposal": quality.proposal and quality.proposal.digest,
        }
        yield RowChange(key, row)


def _row(key: str, signed: SignOff) -> dict[str, Any]:
    event = signed.event
    return {
        "subject_key": key,
        "position": signed.position,
        "by": signed.by,
        "state": "current" if signed.is_current else "changed since signing",
        "changed_by": list(signed.changed_by),
        "subject_version": event.subject_version,
        "subject_head": event.subject_head,
        "casebook_version": event.casebook_version,
        "casebook_head": event.casebook_head,
        "exceptions": list(event.exceptions),
    }
