"""Which later statements changed what a signature stands for.

A change (a correction, a repeat, a regrading, an end) changes what it names, what that one changed before
it, and so on back; any entry changes the newest sign-off of its casebook. Changed with them is every
signature that covers one of them, directly or through another. The signatures stay what they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.kernel import streams
from core.kernel.persistent import PersistentMap
from core.trial.quality.events import (
    CasebookQualityEvent,
    CasebookSigned,
    SourceMismatchFound,
    SourceVerified,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.kernel.recorded import Event, Recorded


@dataclass(frozen=True, slots=True)
class Revisions:
    """Statements by digest: where they stand, what they correct, who covers them; and what changed them.

    `signed_off` holds the newest sign-off of a casebook by the streams that it covers as they stood;
    `changed_by`, by the position of a signature, the positions of what changed what it stands for, oldest
    first; `newest` the positions of the signatures that the last statement of all changed.
    """

    positions: PersistentMap[str, int] = field(default_factory=PersistentMap)
    corrects: PersistentMap[str, str] = field(default_factory=PersistentMap)
    covered_by: PersistentMap[str, tuple[str, ...]] = field(default_factory=PersistentMap)
    signed_off: PersistentMap[str, str] = field(default_factory=PersistentMap)
    changed_by: PersistentMap[int, tuple[int, ...]] = field(default_factory=PersistentMap)
    newest: frozenset[int] = frozenset()

    def with_statement(self, recorded: Recorded) -> Revisions:
        """Return the revisions after one more statement."""
        digest, corrects, changed_by = recorded.digest, self.corrects, self.changed_by
        newest = self._changed_with(recorded)
        for position in newest:
            changed_by = changed_by.with_item(position, (*changed_by.get(position, ()), recorded.position))
        if recorded.corrects is not None:
            corrects = corrects.with_item(digest, recorded.corrects)
        return Revisions(
            self.positions.with_item(digest, recorded.position),
            corrects,
            _covered(self.covered_by, covers_of(recorded.payload), digest),
            _signed_off(self.signed_off, recorded),
            changed_by,
            newest,
        )

    def covered_by_payload(self, payload: Event) -> tuple[int, ...]:
        """Return the positions of the statements that a payload covers one by one."""
        return tuple(self.positions[one] for one in covers_of(payload) if one in self.positions)

    def _changed_with(self, recorded: Recorded) -> frozenset[int]:
        """Return the positions of the signatures that the statement changes."""
        reached = dict.fromkeys(self._chain(recorded.corrects))
        sign_off = self.signed_off.get(recorded.stream)
        if sign_off is not None and not isinstance(recorded.payload, CasebookQualityEvent):
            reached[sign_off] = None
        waiting = list(reached)
        while waiting:
            further = [one for one in self.covered_by.get(waiting.pop(), ()) if one not in reached]
            reached.update(dict.fromkeys(further))
            waiting += further
        return frozenset(self.positions[one] for one in reached if one in self.positions)

    def _chain(self, digest: str | None) -> Iterator[str]:
        """Yield the statement and what it goes back to."""
        while digest is not None:
            yield digest
            digest = self.corrects.get(digest)


def covers_of(payload: Event) -> tuple[str, ...]:
    """Return the digests of the statements that the payload covers one by one."""
    match payload:
        case SourceVerified():
            return tuple(dict.fromkeys(item.version for item in payload.items))
        case SourceMismatchFound():
            return tuple(dict.fromkeys(mismatch.item.version for mismatch in payload.mismatches))
        case _:
            covers: str | tuple[str, ...] = getattr(payload, "covers", ())
            return (covers,) if isinstance(covers, str) else covers


def _signed_off(found: PersistentMap[str, str], recorded: Recorded) -> PersistentMap[str, str]:
    """Note a casebook's newest sign-off, which covers both streams as they stand."""
    if isinstance(recorded.payload, CasebookSigned):
        key = streams.key_of(recorded.stream)
        for stream in (streams.subject(key), streams.casebook(key)):
            found = found.with_item(stream, recorded.digest)
    return found


def _covered(
    found: PersistentMap[str, tuple[str, ...]], covers: tuple[str, ...], digest: str
) -> PersistentMap[str, tuple[str, ...]]:
    for one in covers:
        found = found.with_item(one, (*found.get(one, ()), digest))
    return found
