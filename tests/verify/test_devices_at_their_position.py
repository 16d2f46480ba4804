"""Whether an analyser counted where a result names it is judged from the log alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.verification import verify_store
from core.trial.casebook.events import LabPanelReported
from core.trial.devices.events import DeviceApproved, DeviceKind, DeviceRegistered
from tests.support.devices import ANALYSER, approve, panel, register, revoke
from tests.support.given import ADM, SC, screening
from tests.support.world import World, founded, world
from tests.verify.test_going_around_the_deciders import append_around, go_around

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["founded", "world"]

KEY = "S01"


def said(device: str) -> LabPanelReported:
    asked = panel(KEY, device=device)
    flags = {"dialysis_twice_in_7d": False, "cvvhd_24h_in_7d": False}
    return LabPanelReported(
        asked.visit, asked.specimen_set, asked.drawn_at, asked.resulted_at, asked.results, **flags
    )


READS = (f"subject/{KEY}", "study", "devices")


def test_a_result_from_an_analyser_that_counts_verifies(world: World) -> None:
    world.do(screening(KEY), SC)
    register(world)
    approve(world)
    world.do(panel(KEY, sent_at=world.clock()), SC)
    revoke(world)
    assert not verify_store(world.url, world.trust, workers=0).findings
    assert "devices" in world.log.entry(world.log.size() - 1).statement.reads


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((), marks=pytest.mark.slow),
        pytest.param((register,), marks=pytest.mark.slow),
        (register, approve, revoke),
    ],
    ids=["unknown", "not approved", "revoked"],
)
def test_a_forged_result_from_an_analyser_that_does_not_count_is_found(
    world: World, steps: tuple[Callable[[World], None], ...]
) -> None:
    world.do(screening(KEY), SC)
    for step in steps:
        step(world)
    append_around(world, SC, f"casebook/{KEY}", said(ANALYSER), READS)
    found = verify_store(world.url, world.trust, workers=0).findings
    assert {one.position for one in found} == {world.log.size()}
    assert any(one.code == "NOT_AS_DECIDED" and "DEVICE_NOT_REGISTERED" in one.detail for one in found)


@pytest.mark.slow
def test_a_forged_result_that_hides_that_it_looked_at_the_register_is_found(world: World) -> None:
    world.do(screening(KEY), SC)
    register(world)
    approve(world)
    assert "READS_MISMATCH" in go_around(world, SC, f"casebook/{KEY}", said(ANALYSER), READS[:2])


@pytest.mark.slow
def test_a_forged_approval_of_ones_own_device_is_found(world: World) -> None:
    register(world)
    digest = world.trial.devices.by_id[ANALYSER].digest
    event = DeviceApproved(ANALYSER, digest, "an analyser")
    assert "NOT_AS_DECIDED" in go_around(world, ADM, "devices", event)


@pytest.mark.slow
def test_a_forged_terminal_without_proof_of_its_key_is_found(world: World) -> None:
    key = "ed25519:" + "7" * 64
    event = DeviceRegistered("WS-1", DeviceKind.TERMINAL, "ward computer", "ward 3", "SN 1", key, "proof")
    assert "NOT_AS_DECIDED" in go_around(world, ADM, "devices", event)
