"""Sentences about devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.trial.devices.events import DeviceApproved, DeviceRegistered, DeviceRevoked

if TYPE_CHECKING:
    from core.trial.devices.events import DeviceEvent


def of_devices(event: DeviceEvent) -> str:
    """Return the sentence of an event of the register of devices."""
    match event:
        case DeviceRegistered():
            return f"The {event.kind} {event.name} at {event.location} was registered as {event.device}."
        case DeviceApproved():
            return f"Device {event.device} was approved and counts from here on."
        case DeviceRevoked():
            return f"Device {event.device} was revoked: nothing more comes from it."
        case _:
            assert_never(event)
