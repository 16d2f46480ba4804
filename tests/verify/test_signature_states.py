"""The verifier and the views tell the same of every signature, at every position of a generated trial."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit.report import Verdict
from core.audit.signature_register import SignatureRegister
from core.store.trial_log import open_row
from projections.doubtful_signatures import DoubtfulSignatures
from projections.runner import Runner
from projections.signatures import Signatures
from projections.views import Views
from tests.support.world import founded, world
from tests.verify.keyed_story import KeyedStory

if TYPE_CHECKING:
    from tests.support.world import World

__all__ = ["founded", "world"]

FIELDS = ("position", "state", "changed_by", "key_ended")
# What each story has to have in it, so that agreement says something.
HAPPENED = {"DeclareKeyCompromise", "ReaffirmSignatures", "RotateSigningKey", "CorrectScreening"}


def require_agreement(world: World) -> set[str]:
    """Hold view rows as of each position against the register of the log cut there; return states met."""
    met: set[str] = set()
    register = SignatureRegister()
    views = Views(world.folder / "views.sqlite", (Signatures(), DoubtfulSignatures()))
    with closing(views):
        Runner(world.log, views).catch_up()
        for row in world.log.rows():
            register.take(open_row(row))
            told = [standing.to_value() for standing in register.standings()]
            read = [{name: r[name] for name in FIELDS} for r in views.rows("signatures", row.id)]
            assert read == told, row.id
            doubtful = {r["position"] for r in views.rows("doubtful-signatures", row.id)}
            assert doubtful == {t["position"] for t in told if t["state"] == "indeterminate"}, row.id
            met |= {t["state"] for t in told} | {"changed" for t in told if t["changed_by"]}
    return met


def require_reported(world: World) -> None:
    """Hold the verification of the whole log against the view: same signatures, same words."""
    report = verify_store(world.url, world.trust, workers=0)
    assert report.verdict is Verdict.VERIFIED, report.findings
    told: list[dict[str, Any]] = report.to_value()["signatures"]
    with closing(Views(world.folder / "v2.sqlite", (Signatures(),))) as views:
        Runner(world.log, views).catch_up()
        rows = views.rows("signatures")
    plain = [r for r in rows if r["state"] == "valid" and not r["changed_by"]]
    assert told == [{name: r[name] for name in FIELDS} for r in rows if r not in plain]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_signature_at_every_position_of_a_long_story(world: World, seed: int) -> None:
    story = KeyedStory(world, seed)
    story.wander(120)
    assert story.done.keys() >= HAPPENED
    assert require_agreement(world) == {"valid", "indeterminate", "reaffirmed", "changed"}
    require_reported(world)


def test_every_signature_at_every_position(world: World) -> None:
    story = KeyedStory(world, 3)
    story.wander(90)
    assert story.done.keys() >= HAPPENED, story.done
    assert require_agreement(world) == {"valid", "indeterminate", "reaffirmed", "changed"}
    require_reported(world)
