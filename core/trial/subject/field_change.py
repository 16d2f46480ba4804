"""One corrected field, as every correction of a subject's record states it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One corrected field: a dotted name, the value that stood there and the one that replaces it.

    An item of a list is named by its place, from 1.
    """

    field: str
    old: object
    new: object
