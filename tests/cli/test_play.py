"""Scripts that are no trial, that the trial refuses, or that meet the wrong store."""

from __future__ import annotations

import copy
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from api.play.mapping import CASEBOOK, STUDY, SUBJECT, TIMED, read_acts
from api.play.player import golden_trial, play
from api.play.script import ScriptStopped, UnreadableScript, read_script
from api.wiring import open_instance
from core.kernel.errors import Refused
from tests.cli.conftest import founding
from tests.rules.vectors import _FOLDER as VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Cli


def _written(script: Any) -> bytes:
    return json.dumps(script).encode()


def _beginning(golden: Any, upto: int) -> Any:
    return copy.deepcopy({"events": [event for event in golden["events"] if event["seq"] <= upto]})


def test_tests_and_wheel_share_one_golden_trial() -> None:
    assert golden_trial() == (VECTORS / "golden_trial.json").read_bytes()


def test_every_type_of_the_golden_trial_is_mapped(golden: Any) -> None:
    known = {*STUDY, *SUBJECT, *TIMED, *CASEBOOK}
    assert known == {event["type"] for event in golden["events"]}


def _no_events(script: Any) -> None:
    script["events"] = []


def _unknown_type(script: Any) -> None:
    script["events"][1]["type"] = "SubjectAbducted"


def _unknown_actor(script: Any) -> None:
    script["events"][1]["actor"] = "cleaner"


def _naive_time(script: Any) -> None:
    script["events"][1]["at"] = "2024-03-01T09:00:00"


def _missing_field(script: Any) -> None:
    del script["events"][4]["payload"]["route"]


def _unknown_field(script: Any) -> None:
    script["events"][4]["payload"]["speed"] = "slow"


def _unknown_screening_field(script: Any) -> None:
    script["events"][1]["payload"]["shoe_size"] = 43


def _unknown_event_field(script: Any) -> None:
    script["events"][1]["note"] = "?"


def _wrong_kind(script: Any) -> None:
    script["events"][4]["payload"]["level"] = "1"


def _no_subject(script: Any) -> None:
    script["events"][1]["subject"] = None


def _subject_of_the_study(script: Any) -> None:
    script["events"][0]["subject"] = "S001"


def _payload_is_a_list(script: Any) -> None:
    script["events"][1]["payload"] = []


def _unknown_analyte(script: Any) -> None:
    script["events"][5]["payload"]["values"]["unobtainium_umol_L"] = 1


UNREADABLE: list[tuple[Callable[[Any], None], str]] = [
    (_no_events, "EMPTY_SCRIPT"),
    (_unknown_type, "UNKNOWN_TYPE"),
    (_unknown_actor, "UNKNOWN_ACTOR"),
    (_naive_time, "NAIVE_TIME"),
    (_missing_field, "FIELD_MISSING"),
    (_unknown_field, "FIELD_UNKNOWN"),
    (_unknown_screening_field, "FIELD_UNKNOWN"),
    (_unknown_event_field, "FIELD_UNKNOWN"),
    (_wrong_kind, "FIELD_MALFORMED"),
    (_no_subject, "FIELD_MALFORMED"),
    (_subject_of_the_study, "FIELD_MALFORMED"),
    (_payload_is_a_list, "FIELD_MALFORMED"),
    (_unknown_analyte, "UNKNOWN_ANALYTE"),
]


@pytest.mark.parametrize(("spoil", "code"), UNREADABLE, ids=lambda one: getattr(one, "__name__", one))
def test_a_script_that_cannot_be_read_names_the_defect(
    golden: Any, spoil: Callable[[Any], None], code: str
) -> None:
    script = _beginning(golden, 6)
    spoil(script)
    with pytest.raises(UnreadableScript) as caught:
        read_acts(read_script(_written(script)))
    assert code == caught.value.code


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"events": 1}', '{"events": [1]}', '{"events": [], "events": []}']
)
def test_what_is_no_script_at_all(text: str) -> None:
    with pytest.raises(UnreadableScript):
        read_script(text.encode())


def test_an_unreadable_script_makes_no_store(golden: Any, cli: Cli, tmp_path: Path) -> None:
    script = _beginning(golden, 6)
    _unknown_type(script)
    file = tmp_path / "script.json"
    file.write_bytes(_written(script))
    done = cli("play", str(file), "--store", f"sqlite:///{tmp_path / 'store'}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "UNKNOWN_TYPE" in done.stderr
    assert "event 2 of the script" in done.stderr
    assert not (tmp_path / "store").exists()


def test_a_refused_command_stops_at_its_event(golden: Any, cli: Cli, tmp_path: Path) -> None:
    script = _beginning(golden, 6)
    script["events"][4]["payload"]["cells_e9"] = 0.5
    file, store = tmp_path / "script.json", f"sqlite:///{tmp_path / 'store'}"
    file.write_bytes(_written(script))
    done = cli("play", str(file), "--store", store)
    assert (done.returncode, done.stdout) == (4, "")
    assert "DOSE_ABOVE_LEVEL: event 5 (DoseAdministered)" in done.stderr
    refusals = json.loads(cli("show", "refusals", "--store", store, "--json").stdout)
    assert [row["code"] for row in refusals] == ["DOSE_ABOVE_LEVEL"]


def test_a_correction_of_what_was_never_reported_is_refused(golden: Any, tmp_path: Path) -> None:
    script = _beginning(golden, 6)
    script["events"][5] = {**script["events"][5], "type": "LabResultCorrected"}
    script["events"][5]["payload"] = {"visit": 3, "analyte": "inr", "old": 1.5, "new": 1.6, "reason": "typo"}
    with pytest.raises(ScriptStopped) as caught:
        play(_written(script), f"sqlite:///{tmp_path / 'store'}")
    assert caught.value.code == "UNKNOWN_RESULT"
    assert caught.value.facts == {"seq": 6}


def test_missing_reasons_are_supplied_and_marked(golden: Any, tmp_path: Path) -> None:
    script = _beginning(golden, 46)
    del script["events"][-1]["payload"]["reason"]
    store = f"sqlite:///{tmp_path / 'store'}"
    play(_written(script), store)
    with closing(open_instance(store)) as instance:
        last = instance.log.entry(instance.log.size()).recorded()
    assert (last.topic, last.reason.code if last.reason else None) == (
        "subject.SubjectWithdrawn/1",
        "scripted",
    )
    assert last.payload.cause == "not_stated"


def test_what_the_script_leaves_out_of_the_configuration_is_the_built_in_one(
    golden: Any, tmp_path: Path
) -> None:
    script = _beginning(golden, 1)
    script["events"][0]["payload"] = {"dlt_window_days": 21}
    store = f"sqlite:///{tmp_path / 'store'}"
    play(_written(script), store)
    with closing(open_instance(store)) as instance:
        config = instance.log.trial.study.config
    assert config is not None
    assert (config.dlt.days, len(config.levels), len(config.visits)) == (21, 4, 7)


def test_only_what_the_group_asks_for_is_attested_by_the_player(golden_store: str) -> None:
    with closing(open_instance(golden_store)) as instance:
        screened = instance.log.trial.subjects["S001"].screened
    assert screened is not None
    assert "cirrhosis_with_decompensation" not in {str(one.id) for one in screened.attestations}


def test_times_of_the_script_are_those_of_the_record(golden: Any, shown: Callable[..., Any]) -> None:
    rows = [
        row for row in shown("trail") if row["event"] == "LabPanelReported" and row["subject_key"] == "S003"
    ]
    late = next(row for row in rows if row["occurred_at"].startswith("2024-04-29T02:00"))
    # The panel entered at 10:00 names an INR that was resulted at 12:00: the clock waits for it.
    assert late["recorded_at"] == "2024-04-29T04:00:00.000Z"
    assert golden["events"][0]["at"] == "2024-02-20T09:00:00+08:00"
    assert shown("trail")[0]["recorded_at"] == "2024-02-20T01:00:00.000Z"


def test_a_second_play_is_refused(cli: Cli, golden_store: str, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_bytes(golden_trial())
    done = cli("play", str(file), "--store", golden_store)
    assert (done.returncode, done.stdout) == (4, "")
    assert "STORE_NOT_EMPTY" in done.stderr


def test_a_production_store_is_refused(cli: Cli, production_store: str, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_bytes(golden_trial())
    done = cli("play", str(file), "--store", production_store)
    assert (done.returncode, done.stdout) == (4, "")
    assert "TRAINING_ONLY" in done.stderr
    assert json.loads(cli("verify", "--store", production_store, "--json").stdout)["size"] == 3


def test_a_training_store_of_other_officers_is_refused_and_left_as_it_was(cli: Cli, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store'}"
    assert cli(*founding(store, "training", tmp_path)).returncode == 0
    with pytest.raises(Refused) as caught:
        play(golden_trial(), store)
    assert caught.value.code == "NO_SEALED_KEY"
    with closing(open_instance(store)) as instance:
        assert instance.log.size() == 3
