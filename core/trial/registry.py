"""Every topic that may stand in the log, and the kind of stream in which it may stand.

The unions of the areas are the registry: what is not in one of them is an integrity finding, and
nothing named by a stored row is ever imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from core.kernel import streams
from core.kernel.codec import from_data, in_order, to_data
from core.kernel.errors import Malformed
from core.trial.casebook.events import CasebookEvent
from core.trial.devices.events import DeviceEvent
from core.trial.escalation.events import EscalationEvent
from core.trial.instance.events import InstanceEvent, RefusalEvent
from core.trial.people.events import PeopleEvent
from core.trial.product.events import ProductEvent
from core.trial.quality.events import CasebookQualityEvent, QueryEvent, ReviewEvent
from core.trial.study.events import StudyEvent
from core.trial.subject.events import SubjectEvent

if TYPE_CHECKING:
    from core.kernel.recorded import Event, Recorded

_BY_STREAM_KIND: dict[str, tuple[Any, ...]] = {
    streams.INSTANCE: tuple(e for e in get_args(InstanceEvent) if e not in get_args(RefusalEvent)),
    streams.REFUSALS: get_args(RefusalEvent),
    streams.DEVICES: get_args(DeviceEvent),
    streams.STUDY: get_args(StudyEvent),
    streams.ESCALATION: get_args(EscalationEvent),
    "subject": (*get_args(SubjectEvent), *get_args(CasebookQualityEvent)),
    "casebook": get_args(CasebookEvent),
    "lot": get_args(ProductEvent),
    "person": get_args(PeopleEvent),
    "query": get_args(QueryEvent),
    "review": get_args(ReviewEvent),
}

EVENTS: dict[str, type] = {e.TOPIC: e for events in _BY_STREAM_KIND.values() for e in events}
STREAM_KIND: dict[str, str] = {e.TOPIC: kind for kind, events in _BY_STREAM_KIND.items() for e in events}


def read_payload(topic: str, data: object) -> Any:  # noqa: ANN401 - one of the registered payloads
    """Build the payload of a stored event.

    Raises: `UNKNOWN_TYPE`, and what `from_data` raises.
    """
    cls = EVENTS.get(topic)
    if cls is None:
        raise Malformed("UNKNOWN_TYPE", "the type is not in the registry")
    return from_data(cls, data)


def write_payload(event: Event) -> dict[str, Any]:
    """Return the payload as a JSON object."""
    return to_data(event)


def data_of(event: Recorded) -> dict[str, Any]:
    """Return the payload of an event as `write_payload` does, without writing again what was just read.

    Parts are shared with the event and never changed.
    """
    return to_data(event.payload) if event.data is None else in_order(type(event.payload), dict(event.data))


def events_of(*kinds: str) -> frozenset[type]:
    """Return the payload classes that stand in streams of these kinds."""
    return frozenset(cls for topic, cls in EVENTS.items() if STREAM_KIND[topic] in kinds)


def require_stream(topic: str, stream: str) -> None:
    """Refuse a type in a stream where it does not belong.

    Raises: `UNKNOWN_TYPE`, `WRONG_STREAM`.
    """
    kind = STREAM_KIND.get(topic)
    if kind is None:
        raise Malformed("UNKNOWN_TYPE", "the type is not in the registry")
    if stream.partition("/")[0] != kind or not streams.is_stream(stream):
        raise Malformed("WRONG_STREAM", f"{topic} does not belong into this stream")


def event_name(topic: str) -> str:
    """Return the event's name without area and version, as people read it."""
    return topic.partition(".")[2].partition("/")[0]
