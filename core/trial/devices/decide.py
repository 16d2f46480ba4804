"""Decisions about devices: two officers of different kinds let one in, one officer ends it.

Sources: 21 CFR 11.10(h), 11.300(c); part 11 section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.kernel.streams import require_key
from core.kernel.texts import require_text
from core.trial.context import Decided, require_reason
from core.trial.devices import commands, events
from core.trial.devices.events import DeviceKind
from core.trial.people.officers import require_undoubted

if TYPE_CHECKING:
    from core.trial.context import Context
    from core.trial.deciding import CommandRow
    from core.trial.devices.state import Device
    from core.trial.facts import Facts

TEXT_LIMIT: Final = 120


def holder_of(device: str) -> str:
    """Return under which name a device proves that it holds its key; no person's id reads so."""
    return f"device/{device}"


def register_device(facts: Facts, command: commands.RegisterDevice, context: Context) -> tuple[Decided, ...]:
    """Propose a device.

    Raises: `BAD_IDENTIFIER`, `DEVICE_EXISTS`, `BAD_DEVICE_KEY`, `KEY_IN_USE`, and what a text of the record
    and the key checks refuse.
    """
    require_key(command.device, "a device's id")
    for field in ("name", "location", "serial"):
        require_text(getattr(command, field), f"the {field} of a device", field, TEXT_LIMIT)
    if command.device in facts.devices().by_id:
        raise Refused("DEVICE_EXISTS", "a device was registered under this id before")
    _require_key(facts, command, context)
    registered = events.DeviceRegistered(
        device=command.device,
        kind=command.kind,
        name=command.name,
        location=command.location,
        serial=command.serial,
        key=command.key,
        proof=command.proof,
    )
    return (Decided(command.target, registered),)


def _require_key(facts: Facts, command: commands.RegisterDevice, context: Context) -> None:
    """Refuse a terminal or interface that does not prove to hold a key of its own."""
    key, proof = command.key, command.proof
    if command.kind is DeviceKind.ANALYSER:
        if key is not None or proof is not None:
            raise Malformed("BAD_DEVICE_KEY", "an analyser signs nothing and has no key", field="key")
        return
    if key is None or proof is None:
        raise Malformed("BAD_DEVICE_KEY", f"a device of kind {command.kind} proves its key", field="key")
    if facts.key_owner(key) is not None:
        raise Refused("KEY_IN_USE", "a key belongs to one person or device for ever")
    context.checks.require_possession(holder_of(command.device), key, proof)


def approve_device(facts: Facts, command: commands.ApproveDevice, context: Context) -> tuple[Decided, ...]:
    """Let a registered device count.

    Raises: `UNKNOWN_DEVICE`, `DEVICE_REVOKED`, `ALREADY_RECORDED`, `STALE_PROPOSAL`, `SOD_VIOLATION`,
    `PROPOSAL_IN_DOUBT`.
    """
    device = _not_revoked(facts, command.device)
    if device.approved is not None:
        raise Refused("ALREADY_RECORDED", "the device was approved before")
    if device.digest != command.registration:
        raise Refused("STALE_PROPOSAL", "the device is not registered by the statement of this digest")
    if context.role == device.proposed_in or context.person == device.registered.by:
        raise Refused("SOD_VIOLATION", "a device is approved by another officer, of the other kind")
    require_undoubted(facts, [device.digest])
    approved = events.DeviceApproved(command.device, command.registration, in_words(device.said))
    return (Decided(command.target, approved),)


def revoke_device(facts: Facts, command: commands.RevokeDevice, context: Context) -> tuple[Decided, ...]:
    """End a device, approved or not.

    Raises: `UNKNOWN_DEVICE`, `DEVICE_REVOKED`, `REASON_REQUIRED`.
    """
    _not_revoked(facts, command.device)
    require_reason(context)
    return (Decided(command.target, events.DeviceRevoked(command.device)),)


def in_words(said: events.DeviceRegistered) -> str:
    """Return what a registration says, as who approves it reads it."""
    key = "without a key" if said.key is None else f"with key {said.key}"
    return f"{said.kind} {said.device}: {said.name}, serial {said.serial}, at {said.location}, {key}"


def _not_revoked(facts: Facts, identifier: str) -> Device:
    device = facts.devices().by_id.get(identifier)
    if device is None:
        raise Refused("UNKNOWN_DEVICE", "no device was registered under this id")
    if device.revoked is not None:
        raise Refused("DEVICE_REVOKED", "the device was revoked")
    return device


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (commands.RegisterDevice, register_device, (events.DeviceRegistered,)),
    (commands.ApproveDevice, approve_device, (events.DeviceApproved,)),
    (commands.RevokeDevice, revoke_device, (events.DeviceRevoked,)),
)
