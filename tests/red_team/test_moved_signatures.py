"""A signature that somebody really made is moved: to another record, stream, meaning, type, instance.

The attacker has every file and both keys of the server, so that all but the signature is made anew. None of
it is a signature that verification accepts, and the server itself takes none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit.display import digest_of_text, display_text
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae
from core.clock import new_txn_id
from core.kernel.actors import Auth, Environment, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import Conflict, TrialError
from core.kernel.recorded import Txn
from core.request import Signed
from core.store.recorder import Batch
from core.store.sealing import SignedEvent
from core.trial.subject.events import ScreeningCorrected
from tests.support.given import ORIGIN, SC, SC2, SI, screening
from tests.support.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from core.audit.statement import Statement

OTHER = "subject/S02"


@dataclass
class Captured:
    """A statement with the signature that its signer made, as it went over the wire."""

    world: World
    statement: Statement
    signature: bytes

    def placed(self, **changes: Any) -> Statement:
        """Return the statement changed, and fitted to the head of the log so that all else is right."""
        log, trial = self.world.log, self.world.trial
        stream = changes.pop("stream", self.statement.stream)
        with log.lock:
            fitted: dict[str, Any] = {
                "stream": stream,
                "ver": trial.versions.get(stream, 0) + 1,
                "prev": trial.digests.get(stream),
                "reads": {name: trial.versions[name] for name in self.statement.reads if name != stream},
                "txn": Txn(new_txn_id(self.world.clock()), 0, 1),
                "seen": replace(self.statement.seen, size=log.head.size, root=to_base64(log.head.root())),
            }
        placed = replace(self.statement, **{**fitted, **changes})
        shown = display_text(placed, trial.instance.legal[placed.meaning].text)
        return placed if "display" in changes else replace(placed, display=digest_of_text(shown))

    def forge(self, statement: Statement, signature: bytes | None = None) -> set[str]:
        """Append past the writer what carries the signature; return what verification finds there."""
        envelope = Envelope(statement.to_bytes(), statement.signer.key, signature or self.signature)
        event = SignedEvent(statement.stream, statement.ver, statement.type, b"", envelope, Auth.PASSWORD)
        self.world.log.append(Batch([event]))
        report = verify_store(self.world.url, self.world.trust, workers=0)
        size = len(self.world.states())
        assert report.first_bad_position in {size, None}
        return {one.code for one in report.findings if one.position == size}


@pytest.fixture
def captured(world: World) -> Captured:
    entry = world.log.entry(world.do(screening("S01"), SC).positions[-1])
    return Captured(world, entry.statement, entry.leaf.envelope.signature)


def test_the_forgers_tool_is_right(captured: Captured) -> None:
    """What it makes for another subject verifies if the signer signs it: only the signature is missing."""
    statement = captured.placed(stream=OTHER)
    signature = captured.world.keys[SC.id].sign(pae(PAYLOAD_TYPE, statement.to_bytes()))
    assert captured.forge(statement, signature) == set()


PERSON = {"id": SC2.id, "name": SC2.name}
MOVED: dict[str, dict[str, Any]] = {
    "to a later version of its record": {},
    "to another subject": {"stream": OTHER},
    "to another area": {"stream": "casebook/S01"},
    "to another meaning": {"meaning": Meaning.APPROVED, "legal": "approved/1"},
    "to another type": {"type": ScreeningCorrected.TOPIC},
    "to another instance": {"origin": "another.example/NCT05727722"},
    "to production": {"environment": Environment.PRODUCTION},
    "to another time": {"occurred_at": "later"},
    "to another zone": {"zone": "Europe/Berlin"},
    "to another display": {"display": "sha256:" + "0" * 64},
}
# What does not even read as a record there: found before any signature is looked at.
UNREADABLE = {"to another area": ("WRONG_STREAM",), "to another type": ("BAD_PAYLOAD",)}


@pytest.mark.parametrize("where", MOVED)
def test_a_signature_moved_past_the_writer_fails(captured: Captured, where: str) -> None:
    changes = dict(MOVED[where])
    if changes.get("occurred_at") == "later":
        changes["occurred_at"] = captured.world.advance(minutes=1)
    assert captured.forge(captured.placed(**changes)) & {"BAD_SIGNATURE", *UNREADABLE.get(where, ())}


@pytest.mark.parametrize("signer", [SC2, SI], ids=lambda member: member.id)
def test_a_signature_given_to_another_person_fails(captured: Captured, signer: Any) -> None:
    world = captured.world
    named = replace(
        captured.statement.signer, id=signer.id, name=signer.name, key=world.keys[signer.id].key_id
    )
    assert "BAD_SIGNATURE" in captured.forge(captured.placed(signer=named))


def test_a_signer_with_another_role_or_name_fails(captured: Captured) -> None:
    promoted = replace(captured.statement.signer, role=Role.PI, delegation=None)
    assert "BAD_SIGNATURE" in captured.forge(captured.placed(signer=promoted))


def test_the_very_same_statement_is_not_accepted_twice(captured: Captured) -> None:
    with pytest.raises(Conflict, match="VERSION_CONFLICT"):
        captured.forge(captured.statement)
    again = captured.placed(txn=captured.statement.txn)
    assert {"BAD_SIGNATURE", "COMMAND_BROKEN"} <= captured.forge(again)


@pytest.mark.slow
@pytest.mark.parametrize("claims_our_key", [False, True])
def test_a_statement_of_another_instance_of_the_same_name_fails(
    captured: Captured,
    tmp_path: Path,
    claims_our_key: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Same origin, same people, other keys: the thief founds a twin and carries its records over."""
    twin = World.found(tmp_path / "twin")
    entry = twin.log.entry(twin.do(screening("S01"), SC).positions[-1])
    twin.close()
    assert entry.statement.origin == ORIGIN
    theirs = Captured(captured.world, entry.statement, entry.leaf.envelope.signature)
    own_key = replace(entry.statement.signer, key=captured.statement.signer.key)
    found = theirs.forge(theirs.placed(signer=own_key) if claims_our_key else theirs.placed())
    assert "BAD_SIGNATURE" in found
    assert ("KEY_NOT_VALID" in found) is not claims_our_key


@pytest.mark.parametrize("key", ["S01", "S02"])
def test_the_server_takes_no_captured_signature_for_a_new_command(captured: Captured, key: str) -> None:
    world = captured.world
    signed = Signed(captured.statement.to_bytes(), captured.signature)
    with pytest.raises(TrialError) as refused:
        world.handler.commit(screening(key), world.request(SC), [signed])
    assert refused.value.code in {"STATEMENT_DIFFERS", "VERSION_CONFLICT", "PREPARED_EXPIRED"}
