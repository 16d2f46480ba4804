"""One event of the log as a CloudEvent 1.0 that its receiver can verify by themselves.

`data.leaf` are the stored bytes: their hash is the Merkle leaf (`leafhash`), in them are the signed
statement and its signature. `data.statement` is the same statement as a JSON value, for convenience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from core.audit import canonical
from core.audit.merkle import leaf_hash
from core.kernel.encoding import to_base64
from core.store.trial_log import open_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventsourcing.persistence import Notification

    from core.kernel.recorded import Recorded

BATCH: Final = "application/cloudevents-batch+json"

WITHHELD: Final = "until the meeting has ended; then GET /v1/log/leaves/{position} has the bytes"

_FORMAT: Final = JSONFormat()


def type_of(topic: str) -> str:
    """Return the type of a topic: `subject.DoseAdministered/1` is `nct.subject.DoseAdministered.v1`."""
    name, _, version = topic.partition("/")
    return f"nct.{name}.v{version}"


def cloud_event(row: Notification, source: str, is_withheld: Callable[[Recorded], bool]) -> bytes:
    """Return a stored event in the structured JSON form; of one that is withheld only place and leaf hash.

    Raises: `IntegrityFinding` where the row is not what was signed.
    """
    entry = open_row(row)
    recorded, state = entry.recorded(), bytes(row.state)
    withheld = is_withheld(recorded)
    attributes = {
        "specversion": "1.0",
        "id": str(recorded.position),
        "source": source,
        "type": type_of(recorded.topic),
        "subject": recorded.stream,
        "time": recorded.recorded_at,
        "datacontenttype": "application/json",
        "position": recorded.position,
        "leafhash": leaf_hash(state).hex(),
        "signer": recorded.signer.id,
    }
    statement = canonical.loads(entry.leaf.envelope.statement)
    data = {"withheld": WITHHELD} if withheld else {"statement": statement, "leaf": to_base64(state)}
    return _FORMAT.write(CloudEvent(attributes, data))


def batch(events: list[bytes]) -> bytes:
    """Return CloudEvents as one JSON array (CloudEvents JSON format 4)."""
    return b"[" + b",".join(events) + b"]"
