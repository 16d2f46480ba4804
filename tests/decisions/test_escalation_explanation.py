"""Explaining a decision needs a log and a configuration; its contents are tested on the golden trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.kernel.errors import Refused
from core.trial.explanation import config_digest, explain
from tests.decisions.committee import AGAINST, signed
from tests.support.given import NCT05727722, Past, completed, given, recorded


def explained(events: list[Past]) -> dict[str, object]:
    everything = [*given().base, *events]
    versions: dict[str, int] = {}
    log = []
    for position, past in enumerate(everything, 1):
        versions[past.stream] = versions.get(past.stream, 0) + 1
        log.append(recorded(past, position, versions[past.stream]))
    return explain(log)


def test_there_is_nothing_to_explain_without_events_or_configuration() -> None:
    with pytest.raises(Refused, match="UNKNOWN_POSITION"):
        explain(())
    with pytest.raises(Refused, match="NO_PROTOCOL_CONFIG"):
        explain([recorded(given(study=None).base[0], 1, 1)])


def test_an_override_is_explained_beside_what_the_table_says() -> None:
    cohort = [*completed("S01"), *(e for n in (2, 3, 4) for e in completed(f"S{n:02d}", 2))]
    found = explained(signed(cohort, "expand", 2, AGAINST))
    assert found["decision"] == {
        "decision": "escalate",
        "level": 3,
        "mtd": None,
        "reason": "zero_of_three",
        "slots": 3,
        "flags": [],
    }
    said = found["signed"]
    assert isinstance(said, dict)
    assert (said["decision"], said["level"], said["overridden"], said["override"]) == (
        "expand",
        2,
        True,
        AGAINST,
    )
    assert [vote["decision"] for vote in said["votes"]] == ["expand", "expand"]
    assert said["facts"] == found["facts"]


def test_a_configuration_has_a_digest_of_its_own() -> None:
    other = replace(NCT05727722, dlt=replace(NCT05727722.dlt, days=27))
    assert config_digest(NCT05727722) == config_digest(replace(NCT05727722))
    assert config_digest(NCT05727722) != config_digest(other)
