"""Entries of a screening by name, so that a correction can say which one it replaces.

* `measurements.weight.value` is one field of an entry, `measurements.weight` the whole entry: null where
  nothing was entered. `attestations.<id>` likewise.
* Corrected entries are parsed as strictly as new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel.codec import from_data, to_data
from core.kernel.errors import Malformed
from core.rules.screening_facts import ScreeningFacts
from core.trial.subject.events import SubjectScreened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trial.subject.field_change import FieldChange

# Lists of entries, and the field that names an entry.
_LISTS: Final[Mapping[str, str]] = {"measurements": "analyte", "attestations": "id"}
# What a person entered; the rest of the event is the program's answer.
_ENTERED: Final = ("group", "sex", "age_years", "days_of_prior_treatment", *_LISTS)


def screening_facts_of(screened: SubjectScreened) -> ScreeningFacts:
    """Return what the rules are asked about.

    Raises: `DUPLICATE_FIELD`, and what `ScreeningFacts` refuses.
    """
    measurements = {m.analyte: m for m in screened.measurements}
    attestations = {str(a.id): a.holds for a in screened.attestations}
    if len(measurements) != len(screened.measurements) or len(attestations) != len(screened.attestations):
        raise Malformed("DUPLICATE_FIELD", "each measurement and each attestation is given once")
    return ScreeningFacts(
        group=screened.group,
        sex=screened.sex,
        age_years=screened.age_years,
        measurements=measurements,
        days_of_prior_treatment=screened.days_of_prior_treatment,
        attestations=attestations,
    )


def entry_at(screened: SubjectScreened, dotted: str) -> tuple[bool, object]:
    """Return whether a screening has such an entry, and its value; an entry not given reads null."""
    target, last = _place(_by_name(screened), dotted)
    if target is None:
        return False, None
    return True, target.get(last)


def corrected_screening(screened: SubjectScreened, changes: tuple[FieldChange, ...]) -> SubjectScreened:
    """Return the screening with the changes made.

    Raises: `BAD_PAYLOAD` where a new value does not fit its field, `UNKNOWN_FIELD`.
    """
    entries = _by_name(screened)
    for change in changes:
        target, last = _place(entries, change.field)
        if target is None:
            raise Malformed("UNKNOWN_FIELD", "a screening has no such entry to correct")
        target[last] = change.new
    data = to_data(screened)
    for name, value in entries.items():
        data[name] = _listed(value, _LISTS[name]) if name in _LISTS else value
    return from_data(SubjectScreened, data)


def _by_name(screened: SubjectScreened) -> dict[str, Any]:
    data = to_data(screened)
    entries = {name: data[name] for name in _ENTERED}
    for name, key in _LISTS.items():
        entries[name] = {one[key]: {k: v for k, v in one.items() if k != key} for one in data[name]}
    return entries


def _listed(entries: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    for entry in entries.values():
        if entry is not None and (not isinstance(entry, dict) or key in entry):
            raise Malformed("BAD_PAYLOAD", "an entry has fields, or is null", field=key)
    return [{key: name, **entry} for name, entry in entries.items() if entry is not None]


def _place(entries: dict[str, Any], dotted: str) -> tuple[dict[str, Any] | None, str]:
    """Return the object that holds the named entry and its name in it; None where there is no such place."""
    match dotted.split("."):
        case [name] if name in entries and name not in _LISTS:
            return entries, name
        case [name, entry] if name in _LISTS and entry:
            return entries[name], entry
        case [name, entry, field] if name in _LISTS and field in (entries[name].get(entry) or {}):
            return entries[name][entry], field
        case _:
            return None, ""
