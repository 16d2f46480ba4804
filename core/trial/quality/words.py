"""Items of a casebook in the words in which somebody signs that they looked at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.texts import spaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trial.quality.events import ItemVersion
    from core.trial.quality.items import Items, Version

_WORDS: Final[Mapping[object, str]] = {None: "none", True: "yes", False: "no"}


def item_in_words(items: Items, item: ItemVersion) -> str:
    """Return field, form, event and value of an item as it stands.

    Raises: `KeyError` for what is no item of the subject.
    """
    record = items.records[item.record]
    form = " ".join(filter(None, record.form))
    version = record.items()[item.field]
    return f"{item.field} of {form}, {spaced(record.event)}: {_value_in_words(version)}"


def _value_in_words(version: Version) -> str:
    said = _shown(version.value) if version.unit is None else f"{_shown(version.value)} {version.unit}"
    return said if version.part is None else f"{version.part} {said}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none listed"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items())
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return str(value)
