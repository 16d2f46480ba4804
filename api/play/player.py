"""Plays a trial script: every event becomes commands of the people who act in it.

The clock moves to the event's `at` or to the latest instant that its payload names, never back;
`occurred_at` is the script's `at` (record 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from api.play.mapping import read_acts
from api.play.oversight import oversee
from api.play.script import read_script, stopped
from api.play.stage import set_stage
from api.training import acting_as
from core.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.play.acts import Act
    from api.play.script import ScriptEvent
    from api.play.stage import Stage


@dataclass(frozen=True, slots=True)
class Played:
    """How many events the script had, and how many the log holds now."""

    script_events: int
    log_size: int


def golden_trial() -> bytes:
    """Return the packaged golden trial: ten subjects dosed, MTD at level 2, all of it invented."""
    return resources.files("api.play").joinpath("golden_trial.json").read_bytes()


def play_training(url: str, progress: Callable[[int, int], None] | None = None) -> Played:
    """Play the golden trial, and behind it an episode of oversight, which no script tells.

    Raises: as `play`.
    """
    return play(golden_trial(), url, progress, oversee)


def play(
    script: bytes,
    url: str,
    progress: Callable[[int, int], None] | None = None,
    behind: Callable[[Stage], None] | None = None,
) -> Played:
    """Play a whole script into a store, and what comes behind it, if anything does.

    The script is read to its end before anything is written.

    Raises: `UnreadableScript`, `ScriptStopped` with the code of the refusal, and what `set_stage` raises.
    """
    acts = read_acts(read_script(script))
    stage = set_stage(url, acts[0][0].at)
    try:
        for done, (event, deeds) in enumerate(acts, 1):
            _perform(stage, event, deeds)
            if progress:
                progress(done, len(acts))
        if behind:
            behind(stage)
        return Played(len(acts), stage.instance.log.size())
    finally:
        stage.instance.close()


def _perform(stage: Stage, event: ScriptEvent, acts: tuple[Act, ...]) -> None:
    for moment in event.instants():
        stage.clock.advance_to(moment)
    try:
        for act in acts:
            stage.act(acting_as(act.role or event.role, act.place), act.command, event.at, act.reason)
    except Refused as error:
        raise stopped(event, error) from None
