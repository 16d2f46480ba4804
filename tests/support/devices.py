"""An analyser on two officers' word, and a panel that comes from one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.trial.casebook.commands import ReportLabPanel
from core.trial.casebook.events import LabResult, MeasuredBy
from core.trial.devices.commands import ApproveDevice, RegisterDevice, RevokeDevice
from core.trial.devices.events import DeviceKind
from tests.support.given import ADM, SEC, START

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.world import World

ANALYSER = "AN-1"


def register(world: World, device: str = ANALYSER) -> None:
    """Propose an analyser."""
    registered = RegisterDevice(device, DeviceKind.ANALYSER, "cobas 8000", "lab 2", "SN 4711", None, None)
    world.do(registered, ADM)


def approve(world: World, device: str = ANALYSER) -> None:
    """Let it count."""
    world.do(ApproveDevice(device, world.trial.devices.by_id[device].digest), SEC)


def revoke(world: World, device: str = ANALYSER) -> None:
    """End it."""
    world.do(RevokeDevice(device), SEC, reason="calibration failed")


def panel(
    key: str, specimen_set: str = "P1", device: str | None = ANALYSER, sent_at: datetime | None = None
) -> ReportLabPanel:
    """Return the command that enters an INR from the analyser."""
    measured = None if device is None else MeasuredBy(device, sent_at)
    result = LabResult("inr", Decimal("1.3"), "1", specimen_set, START, START, measured)
    flags = {"dialysis_twice_in_7d": False, "cvvhd_24h_in_7d": False}
    return ReportLabPanel(key, None, specimen_set, START, START, (result,), **flags)
