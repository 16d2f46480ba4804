"""A small trial that really runs: founded, staffed and configured, driven by real signed commands.

The template is made once a session; each test gets a copy of its folder and a clock of its own.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.audit.checkpoint import vkey
from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth, Founder, found
from core.handle import Handler, Receipt, Request
from core.kernel.actors import Duty, Environment, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import TrialError
from core.kernel.recorded import Reason
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.keys.secrets_folder import InstanceSecrets
from core.rules.escalation import DecisionKind
from core.rules.screening_facts import Group
from core.store.sealing import LeafSealer
from core.store.trial_log import TrialLog
from core.trial.cohorts import computed_decision
from core.trial.escalation.commands import CastSrcVote, LiftSafetyHold, OpenSrcMeeting, SignDecision
from core.trial.escalation.holds import holds_in_force
from core.trial.escalation.state import open_level
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.product.commands import CheckDosePreparation, PrepareDose, ReceiveLot, ReleaseLot
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.nct05727722 import protocol_config
from core.trial.subject.commands import (
    AdjudicateDlt,
    CompleteDltWindow,
    ConfirmEligibility,
    EnrolSubject,
    ScreenSubject,
    WithdrawSubject,
)
from tests.support.enrolment import acceptance, delegation, identity, standing
from tests.support.given import (
    ADM,
    CELLS,
    MEMBERS,
    MM,
    ORIGIN,
    PH,
    PH2,
    PI,
    SC,
    SEC,
    SRC,
    SRC2,
    START,
    VOLUME,
    ZONE,
    Member,
    consent,
    dose,
    lot_contents,
    report,
    screening,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.rules.escalation import Decision
    from core.trial.catalogue import Command
    from core.trial.subject.commands import AdministerDose
    from core.trial.trial import Trial

# One lot is enough for every subject of a test.
LOT = "LOT-1"
# Who has consented in every world, so that a test can screen them as its first command.
CANDIDATES = ("S01", "S02")
_GRADES = {"T": 3, "G": 2, "g": 2, "v": 2, "m": 1}
_PENDING, _LEAVING, _TOXIC = "Pg", "Wv", "T"


def open_log(folder: Path, clock: Callable[[], datetime]) -> tuple[TrialLog, InstanceSecrets]:
    """Open the log of a folder with its own secrets."""
    secrets = InstanceSecrets.load(folder / "secrets")
    sealer = LeafSealer(ORIGIN, secrets.log_key.public_key, secrets.log_key.sign, clock)
    return TrialLog(folder / "log.sqlite", sealer), secrets


@dataclass
class World:
    """One instance with its people; their keys are held in memory, no passwords are involved."""

    folder: Path
    clock: ScriptedClock
    log: TrialLog
    secrets: InstanceSecrets
    keys: dict[str, SigningKey]
    handler: Handler = field(init=False)
    _siblings: list[TrialLog] = field(default_factory=list)
    _subjects: int = 0

    def __post_init__(self) -> None:
        self.handler = Handler(self.log, self.secrets.service_key, self.clock)

    # -- founding -----------------------------------------------------------------------------------

    @classmethod
    def found(cls, folder: Path) -> World:
        """Found a training instance: genesis, everybody enrolled by two officers, protocol approved."""
        folder.mkdir(parents=True, exist_ok=True)
        clock = ScriptedClock(START)
        InstanceSecrets.create(folder / "secrets")
        log, secrets = open_log(folder, clock)
        keys = {m.id: SigningKey(new_seed()) for m in (SEC, ADM, *MEMBERS)}
        founders = tuple(Founder(o.id, o.name, o.role, keys[o.id]) for o in (SEC, ADM))
        birth = Birth(ORIGIN, Environment.TRAINING, "NCT05727722")
        genesis = found(log, birth, (founders[0], founders[1]), secrets, clock)
        log_key = vkey(ORIGIN, secrets.log_key.public_key)
        trust = {"origin": ORIGIN, "genesis": genesis, "log_key": log_key}
        (folder / "trust.json").write_text(json.dumps(trust), encoding="utf-8")
        world = cls(folder, clock, log, secrets, keys)
        for officer in (SEC, ADM):
            world.accept(officer)
        for member in MEMBERS:
            world.enrol(member, keys[member.id])
        world.do(ProposeProtocolConfig(protocol_config()), MM)
        world.do(ApproveProtocolConfig(1), PI)
        for key in CANDIDATES:
            world.do(consent(key), PI)
        world.do(ReceiveLot(LOT, lot_contents()), PH)
        world.do(ReleaseLot(LOT), PH2)
        return world

    @classmethod
    def open(cls, folder: Path, keys: dict[str, SigningKey], now: datetime = START) -> World:
        """Open an existing instance."""
        clock = ScriptedClock(now)
        log, secrets = open_log(folder, clock)
        return cls(folder, clock, log, secrets, keys)

    def sibling(self) -> World:
        """Return a second server on the same files: its own connections, fold and handler."""
        log, secrets = open_log(self.folder, self.clock)
        self._siblings.append(log)
        return World(self.folder, self.clock, log, secrets, self.keys)

    def close(self) -> None:
        """Close the files."""
        for log in (*self._siblings, self.log):
            log.close()

    # -- looking ------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The store as the command line names it."""
        return f"sqlite:///{self.folder}"

    @property
    def trust(self) -> dict[str, str]:
        """What an auditor keeps elsewhere."""
        trust: dict[str, str] = json.loads((self.folder / "trust.json").read_text(encoding="utf-8"))
        return trust

    @property
    def trial(self) -> Trial:
        """The trial, caught up with the log."""
        with self.log.lock:
            self.log.catch_up()
            return self.log.trial

    @property
    def decision(self) -> Decision:
        """What the protocol says now."""
        return computed_decision(self.trial.subjects, self.trial.study)

    def states(self) -> list[bytes]:
        """Return the stored leaves, oldest first."""
        return [bytes(row.state) for row in self.log.rows()]

    # -- acting -------------------------------------------------------------------------------------

    def request(
        self,
        person: Member,
        *,
        at: datetime | None = None,
        reason: Reason | str | None = None,
        txn: str | None = None,
        zone: str = ZONE,
        **more: Any,
    ) -> Request:
        """Return a request of the person; the clock moves on to `at` if that is later."""
        if at is not None:
            self.clock.advance_to(at)
        return Request(
            person=person.id,
            role=person.role,
            occurred_at=at or self.clock(),
            zone=zone,
            txn=txn or new_txn_id(self.clock()),
            reason=Reason("entry_error", reason) if isinstance(reason, str) else reason,
            **more,
        )

    def do(
        self, command: Command, person: Member, *, key: SigningKey | None = None, **request: Any
    ) -> Receipt:
        """Submit a command, signed by the person's own key unless another one is given.

        A screening finds the subject's consent given: nothing is screened before it.
        """
        if isinstance(command, ScreenSubject):
            self.consented(command.subject_key)
        signing = key or self.keys[person.id]
        return self.handler.submit(command, self.request(person, **request), lambda: signing)

    def refused(self, command: Command, person: Member, **request: Any) -> str:
        """Submit a command and return the code of its refusal."""
        try:
            self.do(command, person, **request)
        except TrialError as error:
            return error.code
        raise AssertionError(f"accepted: {command}")

    def advance(self, *, days: int = 0, minutes: int = 0, seconds: int = 0) -> datetime:
        """Let time pass and return the new instant."""
        self.clock.advance_to(self.clock() + timedelta(days=days, minutes=minutes, seconds=seconds))
        return self.clock()

    def propose(self, member: Member, key: SigningKey) -> tuple[str, ...]:
        """Propose a person as the first officer; return the digests that the second has to approve."""
        proof = prove_possession(key, ORIGIN, member.id)
        self.do(EnrolPerson(member.id, member.name, "RenJi", key.key_id, proof, member.role), ADM)
        return tuple(p.digest for p in self.trial.people[member.id].proposals)

    def enrol(self, member: Member, key: SigningKey) -> Receipt:
        """Enrol a person on two officers' word, up to the point where they can sign."""
        covers = self.propose(member, key)
        self.do(identity(member.id), SEC)
        receipt = self.do(ApproveEnrolment(member.id, covers), SEC)
        actors = {Role.ADM: ADM, Role.PI: PI, None: member}
        for role, command in standing(member.id, member.role, self.clock().date()):
            self.do(command, actors[role], key=None if role else key)
        return receipt

    def accept(self, member: Member) -> Receipt:
        """Let a person accept the accountability policy."""
        return self.do(acceptance(member.id), member)

    def delegate(self, member: Member, duties: tuple[Duty, ...] = tuple(Duty)) -> Receipt:
        """Let the investigator delegate duties to a person."""
        return self.do(delegation(member.id, member.role, duties), PI)

    # -- stories ------------------------------------------------------------------------------------

    def consented(self, key: str) -> str:
        """Let the subject consent, unless they have; return the subject key."""
        if key not in self.trial.subjects:
            self.do(consent(key), PI)
        return key

    def candidate(self, key: str | None = None) -> str:
        """Screen a candidate and confirm eligibility; return the subject key."""
        self._subjects += 1
        key = key or f"S{self._subjects:03d}"
        self.do(screening(key), SC)
        self.do(ConfirmEligibility(key, Group.ACLF), PI)
        return key

    def dosed(self, level: int = 1, key: str | None = None) -> str:
        """Bring in a subject up to the dose; return the subject key."""
        key = self.enrolled(level, key)
        self.prepare(key, level)
        self.lift_holds()
        self.do(self.dose(key, level), PI)
        return key

    def enrolled(self, level: int = 1, key: str | None = None) -> str:
        """Bring in a subject up to enrolment, when the next dose of the level may be given."""
        self._await_stagger(level)
        key = self.candidate(key)
        self.do(EnrolSubject(key, level, None), PI)
        return key

    def prepare(self, key: str, level: int = 1) -> None:
        """Prepare and check the dose of a level for the subject."""
        now = self.clock()
        self.do(PrepareDose(LOT, key, level, CELLS[level], VOLUME, now), PH)
        self.do(CheckDosePreparation(LOT, key), PH2)

    def dose(self, key: str, level: int = 1, **fields: Any) -> AdministerDose:
        """Return the command for the nominal dose of a level, given now."""
        return dose(key, level, self.clock(), lot=LOT, **fields)

    def _await_stagger(self, level: int) -> None:
        """Let 14 days pass behind the first of a level, and behind one who left; else 3 days."""
        doses = [s for s in self.trial.subjects.values() if s.dose]
        if not doses:
            return
        last = max(s.dose.at for s in doses if s.dose)
        here = [s for s in doses if s.dose and s.dose.event.level == level]
        alone = len(here) == 1 or any(s.left_on for s in here)
        self.clock.advance_to(last + timedelta(days=14 if alone else 3))

    def sign_decision(self) -> Receipt:
        """Let the committee meet and sign what the protocol says now."""
        decision = self.decision
        return self.decide(str(decision.decision), decision.level)

    def decide(self, decision: str, level: int | None, override: str | None = None) -> Receipt:
        """Let the committee meet on the newest head, vote of one mind, and sign."""
        meeting = self.open_meeting()
        for member in (SRC, SRC2):
            self.do(CastSrcVote(meeting, decision, level, "as the table says"), member)
        reason = override and Reason("override", override)
        return self.do(SignDecision(meeting, decision, level, override), SRC, reason=reason)

    def open_meeting(self) -> str:
        """Open a meeting of both members on the newest head; return its id."""
        size = len(self.states())
        meeting, root = f"M-{size + 1}", to_base64(self.log.root_at(size))
        self.do(OpenSrcMeeting(meeting, size, root, (SRC.id, SRC2.id), ()), MM)
        return meeting

    def lift_holds(self) -> None:
        """Let the committee lift whatever stops dosing."""
        standing = holds_in_force(self.trial.raised, self.trial.escalation)
        if standing:
            self.do(LiftSafetyHold(tuple(one.id for one in standing), "benefit outweighs the risk"), SRC)

    def history(self, shorthand: str) -> list[str]:
        """Drive the trial to a state such as `1N 2NNT` by real commands; return the subject keys.

        N no DLT, T DLT, P pending, W withdrawn, G/m no DLT with related grade 2/1, g pending with
        grade 2, v withdrawn with grade 2.
        """
        keys: list[str] = []
        for cohort in shorthand.split():
            level, waiting = int(cohort[0]), list[tuple[str, str]]()
            for letter in cohort[1:]:
                if not self._has_slot(level):
                    self._conclude(waiting)
                    waiting = []
                    self._open(level)
                key = self.dosed(level)
                waiting.append((key, letter))
                keys.append(key)
            self._conclude(waiting)
        return keys

    def _has_slot(self, level: int) -> bool:
        decision = self.decision
        opened = open_level(self.trial.escalation, self.trial.study) == level
        return opened and decision.level == level and decision.slots > 0

    def _open(self, level: int) -> None:
        if (
            open_level(self.trial.escalation, self.trial.study) != level
            and self.decision.decision is not DecisionKind.WAIT
        ):
            self.sign_decision()

    def _conclude(self, subjects: list[tuple[str, str]]) -> None:
        for key, letter in subjects:
            if (grade := _GRADES.get(letter)) is not None:
                self._toxicity(key, grade)
            if letter in _LEAVING:
                gone = WithdrawSubject(key, self.clock().date(), "consent_withdrawn", dlt_related=False)
                self.do(gone, PI, reason="the subject asked for it")
        open_windows = [key for key, letter in subjects if letter not in _PENDING + _LEAVING + _TOXIC]
        if open_windows:
            self.advance(days=28)
        for key in open_windows:
            self.do(CompleteDltWindow(key), PI)

    def _toxicity(self, key: str, grade: int) -> None:
        ae_id = f"AE-{key}"
        self.do(report(key, ae_id, grade=grade, onset=self.clock().date()), SC)
        if grade >= 3:
            for member in (SRC, SRC2):
                self.do(AdjudicateDlt(key, ae_id, True, "toxic beyond doubt", None), member)  # noqa: FBT003 - a DLT


# -- fixtures: import them into the conftest of a folder ------------------------------------------------


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The template: founded once, closed, never written to again."""
    world = World.found(tmp_path_factory.mktemp("template") / "instance")
    world.close()
    return world


@pytest.fixture
def world(founded: World, tmp_path: Path) -> Iterator[World]:
    """Give a copy of the template."""
    folder = tmp_path / "instance"
    shutil.copytree(founded.folder, folder)
    opened = World.open(folder, dict(founded.keys), founded.clock())
    yield opened
    opened.close()
