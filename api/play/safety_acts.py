"""Script events about toxicity: adverse events, their corrections, the committee's judgement, the DLT window.

Scripts know neither awareness nor rationale, and one vote of the committee: the player supplies the
event's own instant, a sentence that says so, and the second member.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeVar

from api.play.acts import SCRIPTED, Act, demanded_reason, supplied
from api.play.payload import Payload, pair
from core.kernel.actors import Role
from core.kernel.quantities import write_decimal
from core.kernel.recorded import Reason
from core.kernel.time import write_instant
from core.trial.subject import commands
from core.trial.subject.adverse_events import ActionTaken, AdverseEvent, Causality, LabEvidence, Seriousness
from core.trial.subject.field_change import FieldChange

if TYPE_CHECKING:
    from datetime import datetime
    from enum import StrEnum

_Word = TypeVar("_Word", bound="StrEnum")

_DECIMAL_FIELDS: Final = frozenset({"lab.value", "lab.baseline", "lab.uln"})
_WORST_GRADE: Final = 5
_AWARE: Final = "The moment of awareness is supplied by the player: that of the script's event."
_RATIONALE: Final = "Supplied by the player: the script gives no rationale."


def ae_recorded(subject_key: str, given: Payload, at: datetime) -> tuple[Act, ...]:
    """Enter an adverse event; where it is serious, awareness is supplied and marked."""
    serious = given.truth("serious")
    is_silent = given.optional("aware_at") is None
    entry = AdverseEvent(
        ae_id=given.text("ae_id"),
        ctcae_version=given.text("ctcae_version"),
        term=given.text("term"),
        soc=given.text("soc"),
        verbatim=given.optional_text("verbatim"),
        meddra_code=given.optional_whole("meddra_code"),
        grade=given.whole("grade"),
        baseline_grade=given.whole("baseline_grade", 0, _WORST_GRADE),
        onset=given.day("onset"),
        onset_at=_optional_instant(given, "onset_at"),
        causality=given.word(Causality, "causality"),
        procedure_causality=_optional_word(given, Causality, "procedure_causality"),
        disease_causality=_optional_word(given, Causality, "disease_causality"),
        expected=None if given.optional("expected") is None else given.truth("expected"),
        action_taken=_optional_word(given, ActionTaken, "action_taken"),
        serious=serious,
        seriousness_criteria=given.words(Seriousness, "seriousness_criteria"),
        aware_at=at if serious and is_silent else _optional_instant(given, "aware_at"),
        lab=None if given.optional("lab") is None else _lab(given.part("lab")),
    )
    reason = Reason(SCRIPTED, _with(given, _AWARE)) if serious and is_silent else None
    return (Act(commands.ReportAdverseEvent(subject_key, entry), reason),)


def _optional_word(given: Payload, kind: type[_Word], name: str) -> _Word | None:
    return None if given.optional(name) is None else given.word(kind, name)


def _optional_instant(given: Payload, name: str) -> datetime | None:
    return None if given.optional(name) is None else given.instant(name)


def _with(given: Payload, supplied_words: str) -> str:
    """Return what the script says and what the player adds to it."""
    words = given.optional_text("reason")
    return supplied_words if words is None else f"{words} {supplied_words}"


def _lab(given: Payload) -> LabEvidence:
    return LabEvidence(
        given.number("value"), given.text("unit"), given.number("baseline"), given.number("uln")
    )


def ae_corrected(subject_key: str, given: Payload, at: datetime) -> tuple[Act, ...]:
    """Correct fields of an adverse event, from the old value to the new."""
    ae_id, changes = given.text("ae_id"), given.part("changes")
    source = given.optional_text("source")
    made = []
    for name in changes.given:
        old, new = pair(changes.value(name), name)
        made.append(FieldChange(name, _as_stored(name, old), _as_stored(name, new)))
    becomes_serious = any(one.field == "serious" and one.new is True for one in made)
    if becomes_serious and "aware_at" not in changes.given:
        made.append(FieldChange("aware_at", None, write_instant(at)))
        reason = Reason(SCRIPTED, _with(given, _AWARE))
    else:
        reason = demanded_reason(given, "correction")
    return (Act(commands.CorrectAdverseEvent(subject_key, ae_id, tuple(made), source), reason),)


def _as_stored(name: str, value: object) -> object:
    """Return the value in the spelling of stored payloads: measured numbers as decimal strings."""
    if isinstance(value, dict):
        return {inner: _as_stored(f"{name}.{inner}", one) for inner, one in value.items()}
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if is_number and (name in _DECIMAL_FIELDS or isinstance(value, Decimal)):
        return write_decimal(Decimal(value))  # type: ignore[arg-type]
    return value


def dlt_adjudicated(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Judge an adverse event: one member as the script says, a second one who agrees."""
    said = given.optional_text("rationale")
    command = commands.AdjudicateDlt(
        subject_key,
        given.text("ae_id"),
        given.truth("is_dlt"),
        _RATIONALE if said is None else said,
        given.optional_text("exclusion"),
    )
    reason = Reason(SCRIPTED, _with(given, _RATIONALE)) if said is None else None
    return (Act(command, reason), supplied(command, Role.SRC, 1))


def dlt_window_completed(subject_key: str, _given: Payload) -> tuple[Act, ...]:
    """Close the DLT window."""
    return (Act(commands.CompleteDltWindow(subject_key)),)
