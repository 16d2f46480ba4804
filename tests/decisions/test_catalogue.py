"""Laws over all commands at once."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields
from types import UnionType
from typing import Any, get_args

import pytest

import core.trial
from core.trial.casebook.commands import CasebookCommand
from core.trial.catalogue import DECIDERS, OPENS_WITH
from core.trial.devices.commands import DeviceCommand
from core.trial.escalation.commands import EscalationCommand
from core.trial.instance.commands import InstanceCommand
from core.trial.people.commands import PersonCommand
from core.trial.policy import SERVICE_TYPES, founding_policy
from core.trial.product.commands import LotCommand
from core.trial.quality.commands import QueryCommand, ReviewCommand, WholeCasebookCommand
from core.trial.registry import EVENTS
from core.trial.study.commands import StudyCommand
from core.trial.subject.commands import SubjectCommand

BASES = {
    DeviceCommand,
    InstanceCommand,
    SubjectCommand,
    CasebookCommand,
    LotCommand,
    StudyCommand,
    EscalationCommand,
    PersonCommand,
    WholeCasebookCommand,
    QueryCommand,
    ReviewCommand,
}
# Fields of a command that stand in the name of the stream, not in the payload.
IN_THE_STREAM = {"subject_key", "person", "lot", "query", "review"}
# What a command of several events says is spread over them.
SPREAD = {
    "EnrolPerson": ("PersonInvited", "SigningKeyEnrolled", "RoleGranted"),
    "SignDecision": ("DecisionSuperseded",),
}


def classes_of(module_name: str) -> list[type]:
    found = []
    for area in pkgutil.iter_modules(core.trial.__path__):
        if area.ispkg:
            try:
                module = importlib.import_module(f"core.trial.{area.name}.{module_name}")
            except ModuleNotFoundError:
                continue
            found += [
                c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__
            ]
    return found


def test_every_command_class_has_a_decider() -> None:
    assert {c for c in classes_of("commands") if c not in BASES} == set(DECIDERS)


def test_every_command_says_with_which_event_it_opens() -> None:
    assert set(DECIDERS) == set(OPENS_WITH)
    opening = [event for events in OPENS_WITH.values() for event in events]
    assert set(opening) <= set(EVENTS.values())
    assert len(opening) == len(set(opening)), "the first event tells which command it was"


@pytest.mark.parametrize("command", DECIDERS, ids=lambda c: c.__name__)
def test_every_field_of_a_command_is_contained_in_its_events(command: type) -> None:
    """Else a repetition of it could not be told from another command (core/trial/replay.py)."""
    by_name = {cls.__name__: cls for cls in EVENTS.values()}
    for opening in OPENS_WITH[command]:
        makes = [opening, *(by_name[n] for n in SPREAD.get(command.__name__, ()))]
        said = IN_THE_STREAM | {f.name for event in makes for f in fields(event)}
        assert {f.name for f in fields(command)} <= said


def test_every_event_class_with_a_topic_is_registered() -> None:
    """Wherever in an area it stands: payloads of one subject matter may have a module of their own."""
    modules = {m.name.rpartition(".")[2] for m in pkgutil.walk_packages(core.trial.__path__, "core.trial.")}
    found = {c for name in modules for c in classes_of(name) if "TOPIC" in vars(c)}
    assert found == set(EVENTS.values())


def test_every_event_is_made_by_a_command_or_by_the_service() -> None:
    made = {cls.TOPIC for classes in OPENS_WITH.values() for cls in classes} | SERVICE_TYPES
    spread = {topic for topic in EVENTS if any(f".{n}/" in topic for names in SPREAD.values() for n in names)}
    assert made | spread | {"instance.GenesisConfirmed/1"} == set(EVENTS)


def test_the_policy_says_who_signs_every_type() -> None:
    assert set(EVENTS) == {grant.type for grant in founding_policy().grants}


def test_no_role_signs_a_type_with_two_meanings_at_birth() -> None:
    pairs = [(grant.type, grant.role) for grant in founding_policy().grants]
    assert len(pairs) == len(set(pairs))


def test_an_administrator_signs_nothing_clinical() -> None:
    clinical = {g.type.split(".")[0] for g in founding_policy().grants if g.role in {"ADM", "SEC"}}
    assert clinical == {"instance", "devices", "people"}


def test_every_meaning_has_one_legal_sentence() -> None:
    legal = founding_policy().legal
    assert len({s.id for s in legal}) == len({s.meaning for s in legal}) == len(legal)


@pytest.mark.parametrize(
    "area",
    ["casebook", "devices", "escalation", "instance", "people", "product", "quality", "study", "subject"],
)
def test_the_union_of_an_area_is_all_of_its_events(area: str) -> None:
    module: Any = importlib.import_module(f"core.trial.{area}.events")
    unions = [u for u in vars(module).values() if isinstance(u, UnionType)]
    declared = {c for c in vars(module).values() if isinstance(c, type) and "TOPIC" in vars(c)}
    assert declared == {event for union in unions for event in get_args(union)}
