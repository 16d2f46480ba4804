"""The stored form of every event is approved once and then stays: history outlives code.

A missing file is written on first sight and the test fails, so that a person reviews and commits it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import canonical
from core.kernel.codec import from_data, to_data
from core.kernel.errors import Malformed
from core.trial.catalogue import DECIDERS
from core.trial.registry import EVENTS, STREAM_KIND, event_name, read_payload, require_stream, write_payload
from tests.golden.strategies import example, values

FOLDER = Path(__file__).parent / "events"


def approved_file(topic: str) -> Path:
    return FOLDER / f"{topic.replace('.', '_').replace('/', '_')}.json"


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_the_stored_form_is_the_approved_one(topic: str) -> None:
    payload = example(EVENTS[topic])
    written = {"topic": topic, "stream": STREAM_KIND[topic], "data": write_payload(payload)}
    file = approved_file(topic)
    if not file.exists():
        file.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        pytest.fail(f"{file.name} is new: review and commit it")
    approved = json.loads(file.read_text(encoding="utf-8"))
    assert approved == written
    assert payload == read_payload(topic, approved["data"])


def test_no_approved_form_is_forgotten() -> None:
    """An event that was ever stored can be read for ever: its file never goes, nor does its class."""
    assert {approved_file(topic).name for topic in EVENTS} == {file.name for file in FOLDER.glob("*.json")}


@pytest.mark.parametrize("examples", [4, pytest.param(40, marks=pytest.mark.slow)], ids=["few", "many"])
@pytest.mark.parametrize("cls", [*EVENTS.values(), *DECIDERS], ids=lambda cls: cls.__name__)
def test_every_payload_and_command_survives_being_written_and_read(cls: type, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(values(cls))
    def round_trip(payload: Any) -> None:
        data = to_data(payload)
        assert payload == from_data(cls, data)
        try:
            stored = canonical.dumps(data)
        except Malformed:
            return  # such a text never enters the log
        assert data == canonical.loads(stored)
        assert payload == from_data(cls, canonical.loads(stored))

    round_trip()


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_a_payload_with_a_field_too_few_or_too_many_is_refused(topic: str) -> None:
    data = write_payload(example(EVENTS[topic]))
    with pytest.raises(Malformed, match="BAD_PAYLOAD"):
        read_payload(topic, {**data, "surprise": 1})
    for name in data:
        with pytest.raises(Malformed, match="BAD_PAYLOAD"):
            read_payload(topic, {key: value for key, value in data.items() if key != name})


_WRONG: tuple[object, ...] = (None, True, 1, 1.5, "text", [], {}, [None], ["x", 1], "2024-13-40", "1e3", "-0")


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_a_value_of_another_type_is_refused_or_was_right(topic: str) -> None:
    """Whatever is read can be written again, and is then the same JSON: no second spelling of anything."""
    data = write_payload(example(EVENTS[topic]))
    for name in data:
        for wrong in _WRONG:
            odd = {**data, name: wrong}
            try:
                payload = read_payload(topic, odd)
            except Malformed:
                continue
            assert odd == write_payload(payload)
            assert [type(odd[n]) for n in odd] == [type(write_payload(payload)[n]) for n in odd]


@given(st.text(max_size=40))
def test_an_unknown_topic_is_refused_and_never_looked_up(topic: str) -> None:
    if topic not in EVENTS:
        with pytest.raises(Malformed, match="UNKNOWN_TYPE"):
            read_payload(topic, {})


@pytest.mark.parametrize(
    "topic",
    [
        "os:system",
        "core.trial.subject.events:SubjectScreened",
        "subject.SubjectScreened",
        "subject.SubjectScreened/2",
        "",
    ],
)
def test_a_module_path_is_no_topic(topic: str) -> None:
    with pytest.raises(Malformed, match="UNKNOWN_TYPE"):
        read_payload(topic, {})


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_a_topic_stands_only_in_the_streams_of_its_kind(topic: str) -> None:
    names = {
        "instance": "instance",
        "devices": "devices",
        "refusals": "refusals",
        "study": "study",
        "escalation": "escalation",
        "subject": "subject/S01",
        "casebook": "casebook/S01",
        "lot": "lot/L-1",
        "person": "person/a.b",
        "query": "query/Q-1",
        "review": "review/R-1",
    }
    allowed, codes = [], set()
    for stream in [*names.values(), "subject", "subject/", "subject/S01/x", "subject/ü", "", "other"]:
        try:
            require_stream(topic, stream)
        except Malformed as error:
            codes.add(error.code)
        else:
            allowed.append(stream)
    assert ([names[STREAM_KIND[topic]]], {"WRONG_STREAM"}) == (allowed, codes)


def test_a_topic_says_area_name_and_version() -> None:
    for topic, cls in EVENTS.items():
        area = cls.__module__.split(".")[2]
        assert f"{area}.{cls.__name__}/1" == topic
        assert event_name(topic) == cls.__name__
