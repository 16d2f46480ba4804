"""An event that no decision can have made is refused by the fold, with one code, and changes nothing."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.kernel import streams
from core.kernel.errors import IntegrityFinding
from core.trial.escalation.events import DecisionSigned
from core.trial.study.events import (
    DoseLevelAdded,
    ProtocolConfigApproved,
    ProtocolConfigProposed,
    SampleSizeAmended,
)
from core.trial.subject.events import SubjectEnrolled
from tests.golden.strategies import example
from tests.support.given import MM, NCT05727722, PI, SRC, Past, administered, digest, given, recorded

if TYPE_CHECKING:
    from core.kernel.recorded import Event
    from tests.support.given import Member

S01 = "subject/S01"
UNFOLDABLE: dict[str, tuple[bool, str, Event, Member]] = {
    "an amendment of nothing": (False, streams.STUDY, SampleSizeAmended(1, digest(2), 12), PI),
    "a level of nothing": (False, streams.STUDY, example(DoseLevelAdded), PI),
    "an approval of nothing": (False, streams.STUDY, ProtocolConfigApproved(1, digest(2), digest(3)), PI),
    "a decision on nothing": (False, streams.ESCALATION, example(DecisionSigned), SRC),
    "a dose under a configuration that never was": (True, S01, replace(administered(), config_number=99), PI),
    "a dose at a level that never was": (True, S01, replace(administered(), level=9), PI),
    "a dose at level 0": (True, S01, replace(administered(), level=0), PI),
    "an enrolment at level 0": (True, S01, SubjectEnrolled(1, 0, None), PI),
}


@pytest.mark.parametrize("what", UNFOLDABLE)
def test_it_is_refused_and_nothing_has_changed(what: str) -> None:
    configured, stream, event, member = UNFOLDABLE[what]
    trial = given(study=NCT05727722 if configured else None).trial
    before = {name: copy(value) for name, value in vars(trial).items()}
    with pytest.raises(IntegrityFinding) as found:
        trial.apply(recorded(Past(stream, event, by=member), trial.position + 1, 1))
    assert found.value.code == "CANNOT_FOLD"
    assert vars(trial) == before


def test_a_configuration_that_drops_a_dosed_level_cannot_be_folded() -> None:
    story = given([Past(S01, replace(administered(), level=4), by=PI)])
    fewer = replace(NCT05727722, levels=NCT05727722.levels[:3])
    trial = story.trial
    trial.apply(recorded(Past(streams.STUDY, ProtocolConfigProposed(2, fewer), by=MM), trial.position + 1, 3))
    before = {name: copy(value) for name, value in vars(trial).items()}
    event = ProtocolConfigApproved(2, digest(trial.position), digest(1))
    with pytest.raises(IntegrityFinding):
        trial.apply(recorded(Past(streams.STUDY, event, by=PI), trial.position + 1, 4))
    assert vars(trial) == before
