"""What officers can ask for about devices."""

from __future__ import annotations

from dataclasses import dataclass

from core.kernel import streams
from core.trial.devices.events import DeviceKind


@dataclass(frozen=True, slots=True)
class DeviceCommand:
    """What is asked about one device."""

    device: str

    @property
    def target(self) -> str:
        """The stream that the command writes to."""
        return streams.DEVICES


@dataclass(frozen=True, slots=True)
class RegisterDevice(DeviceCommand):
    """Propose a device; a terminal or interface brings its public key and the proof that it holds it."""

    kind: DeviceKind
    name: str
    location: str
    serial: str
    key: str | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class ApproveDevice(DeviceCommand):
    """Approve a device that an officer of the other kind registered; `registration` is the digest shown."""

    registration: str


@dataclass(frozen=True, slots=True)
class RevokeDevice(DeviceCommand):
    """End a device, at once."""
