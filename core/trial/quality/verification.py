"""Source verification, item by item: the monitor compares what stands there with the source.

Verified is a version of an item. As soon as a later statement sets the item anew, its version is another one
and the verification is stale; nothing has to be recorded for that (ICH E6(R3) 3.11.4.2; part 11 F15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided
from core.trial.quality.events import SourceMismatchFound, SourceVerified
from core.trial.quality.gate import require_not_locked
from core.trial.quality.remarks import require_remark
from core.trial.quality.reviews import require_new_review
from core.trial.quality.words import item_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.trial.facts import Facts
    from core.trial.quality.commands import ReportSourceMismatch, VerifySource
    from core.trial.quality.events import ItemVersion
    from core.trial.quality.items import Items, Version


def verify_source(facts: Facts, command: VerifySource, context: Context) -> tuple[Decided, ...]:
    """Record that items agree with their source.

    Raises: `UNKNOWN_SUBJECT`, `LOCKED`, `DUPLICATE_REVIEW`, `NO_ITEMS`, `DUPLICATE_FIELD`, `UNKNOWN_ITEM`,
    `STALE_VERSION`, `SOD_VIOLATION`.
    """
    compared = _compared(facts, command, command.items, context)
    event = SourceVerified(command.subject_key, command.source, command.items, compared)
    return (Decided(command.target, event),)


def report_source_mismatch(
    facts: Facts, command: ReportSourceMismatch, context: Context
) -> tuple[Decided, ...]:
    """Record that items do not agree with their source.

    Raises: as `verify_source`; `BAD_TEXT`, `PII_SUSPECTED`.
    """
    compared = _compared(facts, command, [one.item for one in command.mismatches], context)
    for one in command.mismatches:
        require_remark(one.found, "what the source says", "found")
    event = SourceMismatchFound(command.subject_key, command.source, command.mismatches, compared)
    return (Decided(command.target, event),)


def require_item(items: Items, item: ItemVersion) -> Version:
    """Return the version of an item, which is the one that the item names.

    Raises: `UNKNOWN_ITEM`, `STALE_VERSION`.
    """
    version = items.version_of(item.record, item.field)
    if version is None:
        raise Refused("UNKNOWN_ITEM", "the subject has no record with such an item", field=item.field)
    if version.digest != item.version:
        raise Refused(
            "STALE_VERSION",
            f"{item.field} was set anew at position {version.position}; look at it again",
            field=item.field,
            position=version.position,
        )
    return version


def _compared(
    facts: Facts,
    command: VerifySource | ReportSourceMismatch,
    named: Sequence[ItemVersion],
    context: Context,
) -> tuple[str, ...]:
    """Return the items in words, each with the value that was compared."""
    facts.known_subject(command.subject_key)
    require_not_locked(facts, command.subject_key)
    require_new_review(facts, command.review)
    if not named:
        raise Malformed("NO_ITEMS", "name the items that were compared with the source", field="items")
    if len({(item.record, item.field) for item in named}) != len(named):
        raise Malformed("DUPLICATE_FIELD", "name each item once", field="items")
    items = facts.quality(command.subject_key).items
    for item in named:
        if context.person in require_item(items, item).writers:
            raise Refused(
                "SOD_VIOLATION", "who entered or corrected an item does not verify it", field=item.field
            )
    return tuple(item_in_words(items, item) for item in named)
