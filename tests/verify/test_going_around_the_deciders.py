"""A changed server that holds real keys appends what its deciders refuse: verification says so."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from api.verification import verify_store
from core.audit.drafting import Ceremony, Chain, draft
from core.audit.statement import Seen
from core.clock import new_txn_id
from core.kernel.actors import Auth, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import Conflict, IntegrityFinding
from core.kernel.recorded import Reason, Signer
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.store.recorder import Batch
from core.store.refusals import sealed_by, service_signer
from core.trial.context import Decided
from core.trial.instance.events import InstanceCreated, Officer
from core.trial.people.events import RoleEnded, SigningKeyEnrolled
from core.trial.study.events import ProtocolConfigProposed
from core.trial.study.nct05727722 import protocol_config
from core.trial.subject.adverse_events import (
    AdverseEventCorrected,
    DltAdjudicated,
    SaeDeclared,
    Seriousness,
)
from core.trial.subject.events import SubjectEnrolled
from core.trial.subject.field_change import FieldChange
from tests.support.given import ADM, MM, ORIGIN, PI, SC, SC2, SEC, SRC, administered, report, screening
from tests.support.world import CANDIDATES, World, founded, world

if TYPE_CHECKING:
    from pathlib import Path

    from core.kernel.recorded import Event
    from tests.support.given import Member

__all__ = ["founded", "world"]

WHY = Reason("because", "somebody said so")


def go_around(
    world: World,
    member: Member | None,
    stream: str,
    event: Event,
    reads: tuple[str, ...] = (),
    reason: Reason | None = None,
    corrects: str | None = None,
) -> set[str]:
    """Append an event without any decision; return what verification finds."""
    append_around(world, member, stream, event, reads, reason, corrects)
    report = verify_store(world.url, world.trust, workers=0)
    assert report.first_bad_position == world.log.size()
    return {finding.code for finding in report.findings}


def append_around(
    world: World,
    member: Member | None,
    stream: str,
    event: Event,
    reads: tuple[str, ...] = (),
    reason: Reason | None = None,
    corrects: str | None = None,
    *,
    delegation: str | None = None,
) -> None:
    """Append an event signed with the real key, without any decision."""
    with world.log.lock:
        world.log.catch_up()
        trial, created = world.log.trial, world.log.trial.instance.created
        assert created is not None
        signer = service_signer(created) if member is None else _signer(world, member, delegation)
        meanings = trial.instance.grants.get((event.TOPIC, signer.role))
        meaning = meanings[0] if meanings else Meaning.APPROVED
        now = world.clock()
        ceremony = Ceremony(
            origin=created.origin,
            environment=created.environment,
            txn=new_txn_id(now),
            signer=signer,
            signed_at=now,
            zone="Asia/Shanghai",
            occurred_at=now,
            reason=reason,
            seen=Seen(world.log.head.size, to_base64(world.log.head.root())),
        )
        one = (Decided(stream, event, corrects), trial.instance.legal[meaning])
        named = ("instance", f"person/{signer.id}", *reads) if member else ()
        (drafted,) = draft(ceremony, Chain(trial.versions, trial.digests), named, [one])
    key = world.secrets.service_key if member is None else world.keys[member.id]
    world.log.append(Batch([sealed_by(key, drafted, Auth.SERVICE if member is None else Auth.PASSWORD)]))


def _signer(world: World, member: Member, delegation: str | None) -> Signer:
    return Signer(member.id, member.name, member.role, delegation, world.keys[member.id].key_id)


def test_a_second_genesis_takes_nothing_over(world: World) -> None:
    created, key = world.trial.instance.created, SigningKey(new_seed())
    assert created is not None
    takeover = tuple(
        Officer(o.id, o.name, o.role, key.key_id, prove_possession(key, ORIGIN, o.id))
        for o in created.officers
    )
    again = replace(created, officers=takeover)
    assert isinstance(again, InstanceCreated)
    assert "SECOND_GENESIS" in go_around(world, None, "instance", again)


def test_a_dose_without_enrolment(world: World) -> None:
    world.do(screening("S01"), SC)
    event = administered()
    assert "NOT_AS_DECIDED" in go_around(world, PI, "subject/S01", event)


def test_an_enrolment_of_nobody(world: World) -> None:
    assert "NOT_AS_DECIDED" in go_around(world, PI, "subject/S99", SubjectEnrolled(1, 1, None))


def test_a_judgement_of_what_was_never_entered(world: World) -> None:
    world.history("1P")
    found = go_around(world, SRC, "subject/S001", DltAdjudicated("AE-none", True, "said so", None, 2))  # noqa: FBT003
    assert found & {"NOT_AS_DECIDED", "CANNOT_FOLD"}


def test_a_judgement_that_says_it_needs_nobody_else(world: World) -> None:
    key = world.history("1P")[0]
    world.do(report(key, grade=3, onset=world.clock().date()), SC)
    event = DltAdjudicated("AE-1", False, "one member is enough", None, 1)  # noqa: FBT003 - no DLT
    assert "NOT_AS_DECIDED" in go_around(world, SRC, f"subject/{key}", event, ("study",))


def test_a_report_deadline_of_ones_own(world: World) -> None:
    key = world.history("1P")[0]
    now = world.clock()
    serious: dict[str, Any] = {
        "serious": True,
        "seriousness_criteria": (Seriousness.DISABILITY,),
        "aware_at": now,
    }
    world.do(report(key, onset=now.date(), **serious), SC)
    late = now + timedelta(days=90)
    event = SaeDeclared("AE-1", (Seriousness.DISABILITY,), now, "later", False, 1, late, late)  # noqa: FBT003
    assert "NOT_AS_DECIDED" in go_around(world, PI, f"subject/{key}", event, ("study",))


def test_a_correction_without_a_reason_or_without_what_it_corrects(world: World) -> None:
    world.history("1T")
    key = next(iter(world.trial.subjects["S001"].adverse_events))
    event = AdverseEventCorrected(key, (FieldChange("grade", 3, 2),), None)
    assert "NOT_AS_DECIDED" in go_around(world, SC, "subject/S001", event, ("study",))


def test_an_officer_ends_the_only_other_officer(world: World) -> None:
    event = RoleEnded(Role.ADM)
    assert "NOT_AS_DECIDED" in go_around(world, SEC, f"person/{ADM.id}", event, reason=WHY)


def test_a_key_for_somebody_who_has_one(world: World) -> None:
    key = SigningKey(new_seed())
    event = SigningKeyEnrolled(key.key_id, prove_possession(key, ORIGIN, PI.id))
    assert "NOT_AS_DECIDED" in go_around(world, ADM, f"person/{PI.id}", event)


def test_a_second_configuration_over_an_active_one(world: World) -> None:
    from core.trial.study.events import ProtocolConfigProposed
    from tests.support.given import MM

    event = ProtocolConfigProposed(2, protocol_config())
    assert "NOT_AS_DECIDED" in go_around(world, MM, "study", event)


def test_a_decision_that_names_fewer_streams_than_it_looks_at(world: World) -> None:
    world.do(screening("S01"), SC)
    from core.rules.screening_facts import Group
    from core.trial.subject.events import EligibilityConfirmed

    event = EligibilityConfirmed(Group.ACLF)
    found = go_around(world, PI, "subject/S01", event)
    assert found == {"READS_MISMATCH"}


def test_one_idempotency_key_for_two_commands_at_once_is_one_event(world: World) -> None:
    """Asked before the transaction, both are new; asked inside it, one of them is not."""
    requests = [world.request(member) for member in (SC, SC2)]
    shared = [replace(request, txn=requests[0].txn) for request in requests]
    barrier, answers = Barrier(2), []

    def act(index: int) -> None:
        request: Any = shared[index]
        barrier.wait()
        try:
            world.handler.submit(screening(CANDIDATES[index]), request, lambda: world.keys[request.person])
            answers.append("recorded")
        except Conflict as error:
            answers.append(error.code)

    threads = [Thread(target=act, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["IDEMPOTENCY_MISMATCH", "recorded"]
    assert verify_store(world.url, world.trust, workers=0).findings == ()


def test_a_row_written_past_the_writer_is_never_acted_upon(world: World, tmp_path: Path) -> None:
    """A DBA adds a row that is signed and sealed as it should be; no checkpoint by the log key covers it."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(world.folder, elsewhere)
    other, size = World.open(elsewhere, world.keys, world.clock()), world.log.size()
    other.do(screening("S90"), SC)
    other.close()
    with closing(sqlite3.connect(world.folder / "log.sqlite")) as database, database:
        database.execute("ATTACH ? AS elsewhere", (str(elsewhere / "log.sqlite"),))
        database.execute(
            "INSERT INTO stored_events SELECT * FROM elsewhere.stored_events WHERE rowid = ?",
            (size + 1,),
        )
    for _ in range(2):
        with pytest.raises(IntegrityFinding, match="HEAD_MISMATCH"):
            world.do(screening("S91"), SC)


def test_what_was_decided_by_rules_of_another_release_cannot_be_told(world: World) -> None:
    """Another release knows those rules; to this one the record is neither good nor bad."""
    newer = replace(protocol_config(), rules_version="dosetrail-rules/2")
    append_around(world, MM, "study", ProtocolConfigProposed(2, newer), reason=WHY)
    report = verify_store(world.url, world.trust, workers=0)
    assert (str(report.verdict), report.findings) == ("indeterminate", ())
    assert [code for code, _ in report.cannot] == ["UNKNOWN_RULES"]
