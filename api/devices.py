"""From which device somebody asks for access: 21 CFR 11.10(h).

* A device proves by its key that it is the registered one, with every sign-in; a session, or the secret of a
  tool, then stays with the device on which it was asked for, and ends with it.
* The device is looked at before the password: from elsewhere nobody finds out whether one is right. What is
  refused for the device stands in the log, and is no attempt to guess that could lock anybody out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from api.service import the_service
from core.kernel.encoding import from_base64
from core.kernel.errors import Refused
from core.kernel.streams import DEVICES
from core.keys.ed25519 import parse_key_id
from core.trial.devices.events import DeviceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.instance import Instance
    from core.handle import Receipt
    from core.trial.devices.state import Device, Devices

SIGN_IN: Final = "SignIn"


def device_of(said: Mapping[str, str] | None, *kinds: DeviceKind) -> str | None:
    """Return the device that the proof shows, None where there is none and none is required.

    Raises: `DEVICE_NOT_REGISTERED`, `BAD_DEVICE_PROOF`, `DEVICE_REVOKED`.
    """
    service = the_service()
    if said is None:
        require_device(None)
        return None
    device = register_of(service.instance).by_id.get(said["device"])
    if device is None or not device.is_registered or device.said.kind not in kinds:
        raise Refused("DEVICE_NOT_REGISTERED", "this device is not registered for what it asks")
    _require_answer(device, said)
    if device.revoked is not None:
        raise Refused("DEVICE_REVOKED", "this device was revoked: use another one")
    return device.said.device


def signing_in(person: str, said: Mapping[str, str] | None, *, is_known: bool) -> str | None:
    """Return the device from which a person signs in; a refusal is recorded, or counted for who is unknown.

    Raises: as `device_of`.
    """
    service, began = the_service(), time.monotonic()
    try:
        return device_of(said, DeviceKind.TERMINAL, DeviceKind.INTERFACE)
    except Refused as refused:
        if is_known:
            service.instance.handler.record_refusal(refused.code, SIGN_IN, person, DEVICES)
        else:
            service.instance.strangers.unknown_sign_in()
        take_its_time(began)
        raise


def take_its_time(began: float) -> None:
    """Wait until a refused sign-in that began then (`time.monotonic`) has taken as long as any other."""
    seconds = the_service().settings.refused_sign_in_seconds
    time.sleep(max(0.0, began + seconds - time.monotonic()))


def require_device(device: str | None) -> None:
    """Refuse what began on no device, where one is required by now.

    Raises: `DEVICE_NOT_REGISTERED`.
    """
    if device is None and the_service().settings.devices_required:
        raise Refused("DEVICE_NOT_REGISTERED", "sign in from a registered device")


def require_counting(devices: Devices, device: str | None) -> None:
    """Refuse what began on a device that was revoked since, or that this log has never known.

    Raises: `DEVICE_REVOKED`.
    """
    if device is not None and not devices.counting(device, *DeviceKind):
        raise Refused("DEVICE_REVOKED", "the device on which this began was revoked")


def register_of(instance: Instance) -> Devices:
    """Return the register of devices as the log tells it now."""
    with instance.log.lock:
        instance.log.catch_up()
        return instance.log.trial.devices


def end_sessions_on_revoked(instance: Instance, receipts: Sequence[Receipt], by: str) -> None:
    """End the sessions on devices that were revoked just now.

    Raises: `CUSTODY_UNAVAILABLE`.
    """
    recorded = {one for r in receipts if r.stream == DEVICES for one in r.positions}
    if not recorded:
        return
    for name, device in register_of(instance).by_id.items():
        if device.revoked is not None and device.revoked.position in recorded:
            instance.sessions.end_all_on(name, instance.clock(), by)


def _require_answer(device: Device, said: Mapping[str, Any]) -> None:
    """Refuse what does not answer a fresh challenge with the device's key.

    Raises: `BAD_DEVICE_PROOF`.
    """
    service = the_service()
    try:
        answer = from_base64(said["challenge"]), from_base64(said["signature"])
        key = parse_key_id(str(device.said.key))
        service.device_challenges.take(*answer, device.said.device, key, service.instance.clock())
    except Refused:
        raise Refused("BAD_DEVICE_PROOF", "this does not prove that the device asks") from None
