"""The register of devices as its stream tells it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from core.trial.devices.events import DeviceApproved, DeviceRegistered, DeviceRevoked
from core.trial.people.rights import stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.kernel.actors import Role
    from core.kernel.recorded import Recorded
    from core.trial.devices.events import DeviceEvent, DeviceKind
    from core.trial.people.rights import Stamp


@dataclass(frozen=True, slots=True)
class Device:
    """One device: as it was registered, by whom in which role, and who approved and revoked it.

    `digest` is that of the statement that registered it.
    """

    said: DeviceRegistered
    digest: str
    proposed_in: Role
    registered: Stamp
    approved: Stamp | None = None
    revoked: Stamp | None = None

    @property
    def is_registered(self) -> bool:
        """Tell whether two officers stood by the device, whatever became of it."""
        return self.approved is not None

    @property
    def counts(self) -> bool:
        """Tell whether data and instructions may come from the device."""
        return self.is_registered and self.revoked is None


@dataclass(frozen=True, slots=True)
class Devices:
    """Every device that was ever registered, by id."""

    by_id: Mapping[str, Device] = field(default_factory=dict)

    def counting(self, device: str, *kinds: DeviceKind) -> bool:
        """Tell whether a device of one of the kinds counts under the id."""
        found = self.by_id.get(device)
        return found is not None and found.counts and found.said.kind in kinds

    def owner_of(self, key: str) -> str | None:
        """Return the device with which the key came; a revoked one keeps it."""
        return next((one.said.device for one in self.by_id.values() if one.said.key == key), None)


def evolve(state: Devices, recorded: Recorded) -> Devices:
    """Return the register after one more event of its stream."""
    event: DeviceEvent = recorded.payload
    match event:
        case DeviceRegistered():
            if event.device in state.by_id:
                raise ValueError("the id of a device is never used again")
            device = Device(event, recorded.digest, recorded.signer.role, stamp_of(recorded))
        case DeviceApproved():
            device = replace(state.by_id[event.device], approved=stamp_of(recorded))
        case DeviceRevoked():
            device = replace(state.by_id[event.device], revoked=stamp_of(recorded))
        case _:
            assert_never(event)
    return Devices({**state.by_id, event.device: device})
