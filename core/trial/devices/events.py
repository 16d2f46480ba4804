"""Facts about devices: which analyser, terminal or interface may be a source of data (21 CFR 11.10(h)).

A device counts from the position at which the other kind of officer approved its registration; taken away it
is at once, by one. An id is never used again, neither is a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from core.kernel.actors import Meaning, Role, Signers


class DeviceKind(StrEnum):
    """What a device is to the trial: it measures, people work at it, or it is another system."""

    ANALYSER = "analyser"
    TERMINAL = "terminal"
    INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """An officer proposes a device; a terminal or interface with its key and the proof that it holds it."""

    TOPIC: ClassVar[str] = "devices.DeviceRegistered/1"
    device: str
    kind: DeviceKind
    name: str
    location: str
    serial: str
    key: str | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class DeviceApproved:
    """An officer of the other kind approves a registration, named by its digest and in words; it counts."""

    TOPIC: ClassVar[str] = "devices.DeviceApproved/1"
    device: str
    registration: str
    approves: str


@dataclass(frozen=True, slots=True)
class DeviceRevoked:
    """An officer ends a device, at once; sessions that began on it end, what came from it before stays."""

    TOPIC: ClassVar[str] = "devices.DeviceRevoked/1"
    device: str


DeviceEvent = DeviceRegistered | DeviceApproved | DeviceRevoked

_BY_OFFICERS: Final = ((Role.ADM, Meaning.APPROVED), (Role.SEC, Meaning.APPROVED))

# Who signs each type, meaning what: the rows with which the policy of position 1 is born.
SIGNERS: Final[Signers] = {
    DeviceRegistered: _BY_OFFICERS,
    DeviceApproved: _BY_OFFICERS,
    DeviceRevoked: _BY_OFFICERS,
}
