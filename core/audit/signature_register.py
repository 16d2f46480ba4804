"""What every signature is worth at the end of a verified log, computed from the statements alone.

Written a second time on purpose: views and deciders ask the fold of the trial (`people.signature_states`,
`trial.revisions`), which an auditor need not believe. Only topics and fields of statements are read here.

* In doubt: a signature by a key, from the position that a declared compromise names up to the declaration;
  and every signature by a key that a signature in doubt had rotated in, with that key, and so on.
* Re-affirmed: its signer stood by it, with a signature that is not in doubt itself.
* Changed: a later statement corrects it, or a correction of it, or what it covers. The sign-off of a casebook
  is changed by whatever is entered in the casebook's two streams, up to the next sign-off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.kernel.streams import key_of
from core.trial.people import events as people
from core.trial.quality.events import CasebookSigned, SourceMismatchFound, SourceVerified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.audit.entry import Entry

VALID: Final = "valid"
INDETERMINATE: Final = "indeterminate"
REAFFIRMED: Final = "reaffirmed"

# Which field of a payload names the key that the event ends.
_ENDS: Final = {
    people.SigningKeyRevoked.TOPIC: "key",
    people.SigningKeyRotated.TOPIC: "old",
}


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """Where a key ended, by an event of which type, for a reason of which code."""

    position: int
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the signature at a position is worth, what changed it, and how its key ended."""

    position: int
    state: str
    changed_by: tuple[int, ...]
    key_ended: KeyEnd | None

    @property
    def is_plain(self) -> bool:
        """Tell whether there is nothing to say but that it is valid."""
        return self.state == VALID and not self.changed_by

    def to_value(self) -> dict[str, Any]:
        """Return it as a JSON object, in the words of the view `signatures`."""
        end = self.key_ended
        ended = None if end is None else {"position": end.position, "by": end.by, "reason": end.reason}
        return {
            "position": self.position,
            "state": self.state,
            "changed_by": list(self.changed_by),
            "key_ended": ended,
        }


class SignatureRegister:
    """Takes verified entries in order; tells what each signature is worth after the last one taken."""

    def __init__(self) -> None:
        self._signed: list[tuple[str, str, str]] = []  # signer, key, digest; the position is the index + 1
        self._corrected: dict[str, str] = {}
        self._bases: dict[str, frozenset[str]] = {}
        self._resting_on: dict[str, list[int]] = {}
        self._signed_off: dict[str, str] = {}
        self._changes: dict[int, list[int]] = {}
        self._suspicions: dict[str, list[tuple[int, int]]] = {}
        self._resets: dict[str, str] = {}
        self._rotations: dict[str, list[tuple[int, str]]] = {}  # by the key that signed: where, the new key
        self._ends: dict[str, KeyEnd] = {}
        self._stood_by: dict[int, tuple[str, ...]] = {}

    def take(self, entry: Entry) -> None:
        """Take the next entry."""
        statement, digest = entry.statement, entry.digest
        self._signed.append((statement.signer.id, statement.signer.key, digest))
        self._change(statement.corrects, self._signed_off_before(entry))
        if statement.corrects is not None:
            self._corrected[digest] = statement.corrects
        self._rest(digest, _covers(entry))
        if statement.type == CasebookSigned.TOPIC:
            key = key_of(statement.stream)
            for stream in (f"subject/{key}", f"casebook/{key}"):
                self._signed_off[stream] = digest
        if statement.stream.startswith("person/"):
            self._about_keys(entry)

    def _signed_off_before(self, entry: Entry) -> str | None:
        """Return the sign-off that an entry comes behind; to close or sign a casebook enters nothing."""
        statement = entry.statement
        return None if statement.type.startswith("quality.") else self._signed_off.get(statement.stream)

    def _change(self, corrected: str | None, signed_off: str | None) -> None:
        """Mark what rests on the sign-off, on the corrected statement, or on one that it goes back to."""
        changed: set[int] = set()
        if signed_off is not None:
            changed.update(self._resting_on[signed_off])
        while corrected is not None:
            changed.update(self._resting_on.get(corrected, ()))
            corrected = self._corrected.get(corrected)
        for position in changed:
            self._changes.setdefault(position, []).append(len(self._signed))

    def _rest(self, digest: str, covers: tuple[str, ...]) -> None:
        """Note on which statements the newest signature rests: its own, and those under what it covers."""
        basis = frozenset({digest}.union(*(self._bases.get(one, {one}) for one in covers)))
        if covers:
            self._bases[digest] = basis
        for one in basis:
            self._resting_on.setdefault(one, []).append(len(self._signed))

    def _about_keys(self, entry: Entry) -> None:
        topic, data, position = entry.statement.type, entry.statement.data, len(self._signed)
        if topic == people.KeyCompromiseDeclared.TOPIC:
            for key, since in self._doubted_by(entry):
                self._suspicions.setdefault(key, []).append((since, position))
        if topic == people.SigningKeyRotated.TOPIC:
            rotation = position, str(data["key"])
            self._rotations.setdefault(entry.statement.signer.key, []).append(rotation)
        if topic == people.SignaturesReaffirmed.TOPIC:
            self._stood_by[position] = _covers(entry)
        if topic == people.CredentialResetProposed.TOPIC:
            self._resets[entry.digest] = str(data["key"])
        for key in self._ended_by(entry):
            reason = entry.statement.reason
            end = KeyEnd(position, type(entry.payload).__name__, reason.code if reason else None)
            self._ends.setdefault(key, end)

    def _doubted_by(self, entry: Entry) -> Iterator[tuple[str, int]]:
        """Yield each key that a declared compromise puts in doubt, and from where on."""
        data = entry.statement.data
        waiting = [(str(data["key"]), int(str(data["suspected_from"])))]
        while waiting:
            key, since = waiting.pop()
            yield key, since
            waiting += [(new, at) for at, new in self._rotations.get(key, ()) if at >= since]

    def _ended_by(self, entry: Entry) -> Iterator[str]:
        topic = entry.statement.type
        if topic in _ENDS:
            yield str(entry.statement.data[_ENDS[topic]])
        if topic == people.KeyCompromiseDeclared.TOPIC:
            yield from (key for key, _ in self._doubted_by(entry))
        if topic == people.EnrolmentApproved.TOPIC:
            yield from (self._resets[one] for one in _covers(entry) if one in self._resets)

    def standings(self) -> tuple[Standing, ...]:
        """Return what each signature is worth, by position.

        From the newest back: whether a re-affirmation counts is known before what it covers is reached.
        """
        found: list[Standing] = []
        stood_by: set[tuple[str, str]] = set()
        for position in range(len(self._signed), 0, -1):
            signer, key, digest = self._signed[position - 1]
            state = VALID
            if any(since <= position < until for since, until in self._suspicions.get(key, ())):
                state = REAFFIRMED if (signer, digest) in stood_by else INDETERMINATE
            if state != INDETERMINATE:
                stood_by.update((signer, one) for one in self._stood_by.get(position, ()))
            changes = tuple(self._changes.get(position, ()))
            found.append(Standing(position, state, changes, self._ends.get(key)))
        return tuple(reversed(found))

    def not_plain(self) -> tuple[Standing, ...]:
        """Return the signatures that are not plainly valid, by position."""
        return tuple(standing for standing in self.standings() if not standing.is_plain)


def _covers(entry: Entry) -> tuple[str, ...]:
    """Return the digests that the payload names one by one."""
    data: Any = entry.statement.data
    if entry.statement.type == SourceVerified.TOPIC:
        return tuple(item["version"] for item in data["items"])
    if entry.statement.type == SourceMismatchFound.TOPIC:
        return tuple(mismatch["item"]["version"] for mismatch in data["mismatches"])
    covers = data.get("covers", ())
    return (covers,) if isinstance(covers, str) else tuple(covers)
