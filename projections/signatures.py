"""The register of signatures: 21 CFR 11.50(a), printed name, time and meaning of each.

The verdict on a signature is no part of the row: a view can be wrong, a verdict is computed from the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.time import local_text
from core.trial.registry import event_name
from projections.projection import CLINICAL_READERS, RowChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.recorded import Recorded
    from core.trial.trial import Trial


class Signatures:
    """One row a signed event, keyed by its position; `signed_at` carries the signer's own offset."""

    name = "signatures"
    by_position = True
    readers = CLINICAL_READERS

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange]:
        """Return the row of the event's signature."""
        del before
        signer = event.signer
        row = {
            "position": event.position,
            "stream": event.stream,
            "version": event.version,
            "event": event_name(event.topic),
            "signer": signer.id,
            "printed_name": signer.name,
            "role": signer.role,
            "meaning": event.meaning,
            "legal": _sentence(event.legal, trial),
            "signed_at": local_text(event.signed_at, event.zone),
            "zone": event.zone,
            "key": signer.key,
            "auth": event.auth,
        }
        return (RowChange(str(event.position), row),)


def _sentence(identifier: str, trial: Trial) -> str | None:
    """Return the frozen text of the policy, None where it has no such sentence (verification's business)."""
    created = trial.instance.created
    sentences = created.policy.legal if created else ()
    return next((s.text for s in sentences if s.id == identifier), None)
