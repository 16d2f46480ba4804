"""21 CFR 11.70: a signature belongs to its record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.audit import leaf
from core.audit.dsse import Envelope
from core.audit.log_copy import read_trust
from tests.support.given import SC, screening
from tests.verify.tampering import Tampered, tampered_from

if TYPE_CHECKING:
    from tests.support.world import World


def two_screenings(world: World) -> tuple[Tampered, int, int]:
    """Return the log and the indexes of two records by the same person with the same meaning."""
    first, second = (world.do(screening(key), SC).positions[-1] for key in ("S01", "S02"))
    return tampered_from(world.folder / "log.sqlite"), first - 1, second - 1


def with_signature(log: Tampered, at: int, signature: bytes) -> None:
    opened = leaf.decode(bytes(log.rows[at].state))  # type: ignore[call-overload]
    envelope = Envelope(opened.envelope.statement, opened.envelope.key_id, signature)
    log.set_state(at, leaf.encode(replace(opened, envelope=envelope)))


def first_finding(world: World, log: Tampered) -> tuple[int | None, bool]:
    """Return where verification fails first, and whether by a bad signature.

    The log key was stolen, and everything was sealed anew with it.
    """
    log.reseal(world.secrets.log_key)
    report = log.verify(read_trust(world.trust))
    first = [f.code for f in report.findings if f.position == report.first_bad_position]
    return report.first_bad_position, "BAD_SIGNATURE" in first


def test_11_70_a_signature_moved_to_another_record_fails(world: World) -> None:
    log, first, second = two_screenings(world)
    taken = leaf.decode(bytes(log.rows[first].state)).envelope.signature  # type: ignore[call-overload]
    with_signature(log, second, taken)
    assert first_finding(world, log) == (second + 1, True)


def test_11_70_a_signature_cut_out_is_missed(world: World) -> None:
    log, first, _ = two_screenings(world)
    with_signature(log, first, bytes(64))
    assert first_finding(world, log) == (first + 1, True)
