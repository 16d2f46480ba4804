"""Corrections of an entry: dotted fields, each from the value that really stands there to another one.

* An entry is never overwritten: the correction is a fact of its own, and what reads now is computed.
* A corrected entry is parsed as strictly as a new one; judging what it then says is the caller's rule.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from core.kernel.codec import from_data, to_data
from core.kernel.errors import Malformed, Refused
from core.trial.context import require_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.trial.context import Context
    from core.trial.subject.field_change import FieldChange

Entry = TypeVar("Entry")


def corrected(entry: Entry, changes: tuple[FieldChange, ...]) -> Entry:
    """Return the entry with the changes made; the result is parsed as strictly as a new entry.

    Raises: `BAD_PAYLOAD` where a new value does not fit its field.
    """
    data = to_data(entry)
    for change in changes:
        *outer, last = change.field.split(".")
        target: Any = data
        for name in outer:
            target = target[_place(target, name)]
        target[_place(target, last)] = change.new
    return from_data(type(entry), data)


def value_at(entry: object, dotted: str) -> tuple[bool, object]:
    """Return whether the dotted field exists in the entry, and its value."""
    value: Any = to_data(entry)
    for name in dotted.split("."):
        try:
            value = value[_place(value, name)]
        except (LookupError, ValueError):
            return False, None
    return True, value


def _place(holder: object, name: str) -> Any:  # noqa: ANN401 - a key or an index
    """Return where the name stands in an object or, counted from 1, in a list."""
    if isinstance(holder, dict) and name in holder:
        return name
    if isinstance(holder, list):
        return [str(number) for number in range(1, len(holder) + 1)].index(name)
    raise LookupError(name)


def require_correction(
    entry: object, changes: tuple[FieldChange, ...], context: Context, *, fixed: frozenset[str]
) -> None:
    """Refuse changes that change nothing, name what is not there, or start from what no longer reads so.

    `fixed` are the outermost fields that no correction changes.

    Raises: `REASON_REQUIRED` (21 CFR 11.10(e)), `NO_CHANGE`, `DUPLICATE_FIELD`, `UNKNOWN_FIELD`,
    `STALE_VALUE`.
    """
    require_reason(context)

    def entry_at(dotted: str) -> tuple[bool, object]:
        exists, value = value_at(entry, dotted)
        return exists and dotted.partition(".")[0] not in fixed, value

    require_true_changes(changes, entry_at)


def require_true_changes(
    changes: tuple[FieldChange, ...], entry_at: Callable[[str], tuple[bool, object]]
) -> None:
    """Refuse as `require_correction`; `entry_at` says whether a field can be corrected, and its value.

    Raises: `NO_CHANGE`, `DUPLICATE_FIELD`, `UNKNOWN_FIELD`, `STALE_VALUE`.
    """
    if not changes or any(change.old == change.new for change in changes):
        raise Malformed("NO_CHANGE", "a correction changes something", field="changes")
    names = sorted(change.field.split(".") for change in changes)
    # A field inside another one stands right behind it.
    if any(later[: len(name)] == name for name, later in pairwise(names)):
        raise Malformed("DUPLICATE_FIELD", "a correction names each field once", field="changes")
    for change in changes:
        exists, value = entry_at(change.field)
        if not exists:
            raise Malformed("UNKNOWN_FIELD", "there is no such entry to correct", field="changes")
        if type(value) is not type(change.old) or value != change.old:
            raise Refused("STALE_VALUE", f"{change.field} no longer reads as the correction says")
