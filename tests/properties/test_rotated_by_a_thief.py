"""Whatever a stolen key was rotated to falls with it: no rotation outlives the declared compromise."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit.signature_register import SignatureRegister
from core.kernel.codec import to_data
from core.trial.people.events import KeyCompromiseDeclared, SignaturesReaffirmed, SigningKeyRotated
from core.trial.people.signature_states import state_of
from tests.decisions.enrolled import NEW, enrolled
from tests.support.given import SEC, Past, on, recorded, screened
from tests.support.given import given as given_events

if TYPE_CHECKING:
    from core.audit.entry import Entry
    from core.kernel.recorded import Recorded
    from core.trial.people.person import Person


class Chain:
    """A person who signs and rotates, folded by the trial and by the verifier's register at once."""

    def __init__(self) -> None:
        self.trial = given_events([]).trial
        self.register = SignatureRegister()
        for position in range(1, self.trial.position + 1):
            self.register.take(_entry(recorded(on("S00", screened(), by=SEC), position, 1)))
        self.rotated_at: list[int] = []
        self.signed: dict[int, str] = {}
        for past in enrolled(key=_key(0)):
            self.take(past)

    @property
    def person(self) -> Person:
        return self.trial.people[NEW.id]

    def take(self, past: Past, key: str = "ed25519:officer") -> None:
        position = self.trial.position + 1
        event = recorded(past, position, self.trial.versions.get(past.stream, 0) + 1)
        event = replace(event, signer=replace(event.signer, key=key))
        self.trial.apply(event)
        self.register.take(_entry(event))
        if past.by is NEW:
            self.signed[position] = key

    def sign(self) -> None:
        self.take(on(f"S{self.trial.position}", screened(), by=NEW), _key(len(self.rotated_at)))

    def rotate(self) -> None:
        old, new = len(self.rotated_at), len(self.rotated_at) + 1
        self.rotated_at.append(self.trial.position + 1)
        self.take(on(NEW.id, SigningKeyRotated(_key(old), _key(new), "proof"), by=NEW), _key(old))

    def states(self) -> dict[int, str]:
        """What each signature of the person is worth, and the two agree on it."""
        told = {s.position: s for s in self.register.standings()}
        worth = {
            at: str(state_of(self.person, at, key, f"sha256:{at:064x}")) for at, key in self.signed.items()
        }
        assert worth == {at: told[at].state for at in self.signed}
        ends = {held.what: held.until for held in self.person.keys}
        ended = {at: told[at].key_ended for at in self.signed}
        assert {at: end.position if end else None for at, end in ended.items()} == {
            at: ends[key] for at, key in self.signed.items()
        }
        return worth


def _key(number: int) -> str:
    return f"ed25519:{number}"


def _entry(event: Recorded) -> Entry:
    """Return as much of an entry as the register reads."""
    statement = SimpleNamespace(
        signer=event.signer,
        type=event.topic,
        data=to_data(event.payload),
        stream=event.stream,
        corrects=event.corrects,
        reason=event.reason,
    )
    entry: Any = SimpleNamespace(statement=statement, digest=event.digest, payload=event.payload)
    return cast("Entry", entry)


def played(steps: list[bool]) -> Chain:
    chain = Chain()
    for rotates in steps:
        chain.rotate() if rotates else chain.sign()
    return chain


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.data())
def test_the_chain_falls_from_the_rotation_in_doubt_on(steps: list[bool], data: st.DataObject) -> None:
    chain = played(steps)
    stolen = data.draw(st.integers(0, len(chain.rotated_at)))
    since = data.draw(st.integers(1, chain.trial.position))
    ended = chain.rotated_at[stolen] if stolen < len(chain.rotated_at) else None
    chain.take(on(NEW.id, KeyCompromiseDeclared(_key(stolen), since), by=SEC))
    falls = ended is None or since <= ended
    born = chain.rotated_at[stolen - 1] + 1 if stolen else 1
    doubtful = {at for at in chain.signed if falls and at >= max(since, born)}
    states = chain.states()
    assert {at for at, state in states.items() if state == "indeterminate"} == doubtful
    assert (chain.person.active_key is None) == falls


def test_a_key_in_doubt_re_affirms_nothing_and_a_key_by_two_officers_does() -> None:
    chain = played([False, True, False])
    first, rotation, last = chain.signed
    covers = tuple(f"sha256:{at:064x}" for at in (first, rotation, last))
    vouching = on(NEW.id, SignaturesReaffirmed(covers, ("",) * 3), by=NEW)
    chain.take(vouching, _key(1))
    chain.take(on(NEW.id, KeyCompromiseDeclared(_key(0), first), by=SEC))
    assert set(chain.states().values()) == {"indeterminate"}
    chain.take(vouching, "ed25519:by two officers")
    del chain.signed[chain.trial.position]
    assert [chain.states()[at] for at in (first, rotation, last)] == ["reaffirmed"] * 3
    assert chain.states()[last + 1] == "indeterminate"
