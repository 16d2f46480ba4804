"""Every event of the registry reads as one sentence, free of the spelling of code."""

from __future__ import annotations

import pytest

from core.trial.registry import EVENTS, STREAM_KIND
from projections.sentences.sentence import sentence
from tests.golden.strategies import example
from tests.support.given import SC, Past, recorded

STREAMS = {
    "subject": "subject/S01",
    "casebook": "casebook/S01",
    "person": "person/pi.chen",
    "lot": "lot/L01",
    "query": "query/Q1",
    "review": "review/R1",
}


@pytest.mark.parametrize("topic", EVENTS)
def test_an_event_reads_as_a_sentence(topic: str) -> None:
    kind = STREAM_KIND[topic]
    past = Past(STREAMS.get(kind, kind), example(EVENTS[topic]), by=SC)
    said = sentence(recorded(past, 1, 1))
    assert said.endswith(".")
    assert said.count(". ") == 0
    assert not set("_<>{}") & set(said.replace("life_threatening", ""))
    assert STREAMS.get(kind, "/").partition("/")[2] in said
