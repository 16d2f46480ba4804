"""Kleene's logic of true, false and not known (None), for rules that mix numbers and attestations."""

from __future__ import annotations


def known_not(value: bool | None) -> bool | None:  # noqa: FBT001 - a truth value is the subject
    """Return the opposite; not known stays not known."""
    return None if value is None else not value


def all_known(*values: bool | None) -> bool | None:
    """Return False if one is false, True if all are true, else None."""
    if False in values:
        return False
    return None if None in values else True


def any_known(*values: bool | None) -> bool | None:
    """Return True if one is true, False if all are false, else None."""
    if True in values:
        return True
    return None if None in values else False
