"""Devices and since when they count: who registered, approved and ended each, and how its clock goes.

A clock is known where the device itself said when it sent: `skew_ms` is how far that lies ahead of the
receipt of what it sent, so the time that a message took, or that a person took to enter it, makes it smaller.
It is recorded and refuses nothing (21 CFR 11.10(h)).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from core.kernel import streams
from core.kernel.time import local_text
from core.trial.casebook.events import LabPanelReported, LabResultRepeated, LateResultReported
from core.trial.registry import events_of
from projections.projection import RowChange, RowPatch
from projections.read_rights import readers_of
from projections.stamps import stamp_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from core.kernel.recorded import Recorded
    from core.trial.casebook.events import LabResult
    from core.trial.devices.state import Device
    from core.trial.trial import Trial

Row: TypeAlias = "dict[str, Any]"

_MEASURED = (LabPanelReported, LateResultReported, LabResultRepeated)
_MILLISECOND = timedelta(milliseconds=1)


class DevicesView:
    """One row a device, for ever."""

    name = "devices"
    readers = readers_of(name, "devices")
    concerns = events_of("devices") | frozenset(_MEASURED)

    def project(self, event: Recorded, before: object, trial: Trial) -> Iterable[RowChange | RowPatch]:
        """Return the device that an event is about, or what its results said of the clocks of analysers."""
        del before
        if isinstance(event.payload, _MEASURED):
            yield from _clocks(event)
        elif event.stream == streams.DEVICES:
            device = trial.devices.by_id[event.payload.device]
            row = {**_row(device), "signature": event.position}
            is_new = device.registered.position == event.position
            name = device.said.device
            yield RowChange(name, {**row, "clock": None}) if is_new else RowPatch(name, row)


def _row(device: Device) -> Row:
    said = device.said
    return {
        "device": said.device,
        "kind": said.kind,
        "name": said.name,
        "location": said.location,
        "serial": said.serial,
        "key": said.key,
        "state": _state(device),
        "registration": device.digest,
        "registered": stamp_row(device.registered),
        "approved": stamp_row(device.approved),
        "revoked": stamp_row(device.revoked),
    }


def _state(device: Device) -> str:
    if device.revoked is not None:
        return "revoked"
    return "counts" if device.counts else "proposed"


def _clocks(event: Recorded) -> Iterator[RowPatch]:
    """Yield, for each analyser, the newest time that it said in the event."""
    said: dict[str, datetime] = {}
    for one in _results(event.payload):
        if one.measured is not None and one.measured.sent_at is not None:
            analyser, sent_at = one.measured.analyser, one.measured.sent_at
            said[analyser] = max(sent_at, said.get(analyser, sent_at))
    for analyser, sent_at in sorted(said.items()):
        skew = (sent_at - event.recorded_at) // _MILLISECOND
        clock = {
            "position": event.position,
            "said": local_text(sent_at, event.zone),
            "received": local_text(event.recorded_at, event.zone),
            "skew_ms": skew,
        }
        yield RowPatch(analyser, {"clock": clock})


def _results(event: LabPanelReported | LateResultReported | LabResultRepeated) -> tuple[LabResult, ...]:
    return event.results if isinstance(event, LabPanelReported) else (event.result,)
