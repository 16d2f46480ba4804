"""A training instance in a folder: opened keys for a person of each role, a clock that scripts move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth, Founder, found
from core.handle import Handler, Receipt, Request
from core.kernel.actors import Environment, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import Refused
from core.kernel.quantities import Quantity
from core.kernel.recorded import Reason
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.keys.secrets_folder import InstanceSecrets
from core.store.sealing import LeafSealer
from core.store.trial_log import TrialLog
from core.trial.escalation.commands import CastSrcVote, LiftSafetyHold, OpenSrcMeeting, SignDecision
from core.trial.escalation.holds import holds_in_force
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.product.commands import CheckDosePreparation, PrepareDose, ReceiveLot, ReleaseLot
from core.trial.product.events import LotContents, ReleaseTest
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.nct05727722 import SITE_ZONE, STUDY, protocol_config
from core.trial.subject.commands import GiveConsent
from core.trial.subject.events import ConsentGiver, IdentityCheck
from tests.support.enrolment import acceptance, identity, standing

if TYPE_CHECKING:
    from pathlib import Path

    from core.kernel.recorded import Recorded

ORIGIN = "renji.example/NCT05727722"
START = datetime(2024, 2, 1, 1, 0, tzinfo=UTC)
WHY = Reason("source", "The source says otherwise.")
Who: TypeAlias = "Role | tuple[Role, int]"
OFFICERS: dict[Who, tuple[str, str]] = {Role.SEC: ("mei.lin", "Mei Lin"), Role.ADM: ("jun.xu", "Jun Xu")}
# Who acts for a role; a second person of one stands under the role and 1.
STAFF: dict[Who, tuple[str, str]] = {
    Role.MM: ("mm.zhao", "Zhao Min"),
    Role.PI: ("pi.chen", "Chen Wei"),
    Role.SC: ("sc.liu", "Liu Yan"),
    Role.SRC: ("src.wang", "Wang Fang"),
    (Role.SRC, 1): ("src.tang", "Tang Yi"),
    Role.PH: ("ph.qian", "Qian Bo"),
    (Role.PH, 1): ("ph.xie", "Xie Na"),
}


VOLUME = Quantity(Decimal(50), "mL")
RELEASE_TESTS = protocol_config().product.release_tests
CERTIFICATE = "sha256:" + "0" * 64
IDENTITY = (IdentityCheck.SUBJECT_KEY, IdentityCheck.WRISTBAND)


def _role(who: Who) -> Role:
    return who if isinstance(who, Role) else who[0]


class Stage:
    """One instance; `do` lets a role's person act."""

    def __init__(self, folder: Path) -> None:
        self.clock = ScriptedClock(START)
        secrets = InstanceSecrets.create(folder / "secrets")
        self.sealer = LeafSealer(ORIGIN, secrets.log_key.public_key, secrets.log_key.sign, self.clock)
        self.log = TrialLog(folder / "log.sqlite", self.sealer)
        self.keys = {role: SigningKey(new_seed()) for role in (*OFFICERS, *STAFF)}
        self.ids = {role: person for role, (person, _) in {**OFFICERS, **STAFF}.items()}
        founders = [Founder(*OFFICERS[role], role, self.keys[role]) for role in (Role.SEC, Role.ADM)]
        birth = Birth(ORIGIN, Environment.TRAINING, STUDY)
        found(self.log, birth, (founders[0], founders[1]), secrets, self.clock)
        self.handler = Handler(self.log, secrets.service_key, self.clock)
        for officer in OFFICERS:
            self.do(officer, acceptance(self.ids[officer]))

    def do(self, who: Who, command: Any, at: datetime | None = None, reason: Reason | None = None) -> Receipt:
        """Let the person of a role act; the clock moves on by a minute, or to `at`."""
        self.clock.advance_to(at or self.clock() + timedelta(minutes=1))
        request = Request(
            self.ids[who], _role(who), at or self.clock(), SITE_ZONE, new_txn_id(self.clock()), reason
        )
        return self.handler.submit(command, request, lambda: self.keys[who])

    def refused(self, who: Who, command: Any) -> str:
        """Let the person try something that is refused, and return the code."""
        try:
            self.do(who, command)
        except Refused as refusal:
            return refusal.code
        raise AssertionError("this should have been refused")

    def propose(self, who: Who) -> None:
        """Let the administrator propose a member of staff with their key."""
        person, name = STAFF[who]
        key = self.keys[who]
        proof = prove_possession(key, ORIGIN, person)
        self.do(Role.ADM, EnrolPerson(person, name, "RenJi", key.key_id, proof, _role(who)))

    def approve(self, who: Who) -> None:
        """Let the registrar approve what is proposed about the person, who can sign from then on."""
        person = self.ids[who]
        self.do(Role.SEC, identity(person))
        self.approve_open(person)
        for role, command in standing(person, _role(who), self.clock().date()):
            self.do(role or who, command)

    def approve_open(self, person: str) -> None:
        """Let the registrar approve whatever is proposed about the person."""
        with self.log.lock:
            self.log.catch_up()
            proposals = self.log.trial.people[person].proposals
        self.do(Role.SEC, ApproveEnrolment(person, tuple(p.digest for p in proposals)))

    def staff(self) -> None:
        """Enrol everybody."""
        for who in STAFF:
            self.propose(who)
            self.approve(who)

    def configure(self, at: datetime | None = None) -> None:
        """Propose and approve the built-in protocol configuration."""
        self.do(Role.MM, ProposeProtocolConfig(protocol_config()), at)
        self.do(Role.PI, ApproveProtocolConfig(1), at)

    def consent(self, key: str, at: datetime | None = None) -> None:
        """Record the consent of a subject under the built-in form."""
        self.do(Role.PI, GiveConsent(key, "1.0", "zh-CN", ConsentGiver.SUBJECT, None), at)

    def prepare(self, key: str, level: int, cells: Quantity, at: datetime | None = None) -> str:
        """Bring in a lot of one dose, prepare and check it for the subject; return the lot's id."""
        lot, moment = f"L-{key}", at or self.clock() + timedelta(minutes=1)
        contents = LotContents(
            donor=f"D-{key}",
            cell_source="invented donor liver",
            made_at=moment - timedelta(days=1),
            expires_at=moment + timedelta(days=3),
            viability_percent=Decimal(100),
            total_cells=cells,
            viable_cells=cells,
            volume=VOLUME,
            hla_typing=("A*02:01",),
            tests=tuple(ReleaseTest(name, passed=True, certificate=CERTIFICATE) for name in RELEASE_TESTS),
            temperature_log_ok=True,
        )
        self.do(Role.PH, ReceiveLot(lot, contents), at)
        self.do((Role.PH, 1), ReleaseLot(lot), at)
        self.do(Role.PH, PrepareDose(lot, key, level, cells, VOLUME, moment + timedelta(hours=1)), at)
        self.do((Role.PH, 1), CheckDosePreparation(lot, key), at)
        return lot

    def decide(self, decision: str, level: int | None, at: datetime | None = None) -> Receipt:
        """Let the committee meet on the newest head, vote of one mind, and sign."""
        meeting = f"M-{self.log.size() + 1}"
        root = to_base64(self.log.root_at(self.log.size()))
        roster = (self.ids[Role.SRC], self.ids[Role.SRC, 1])
        self.do(Role.MM, OpenSrcMeeting(meeting, self.log.size(), root, roster, ()), at)
        for member in (Role.SRC, (Role.SRC, 1)):
            self.do(member, CastSrcVote(meeting, decision, level, "as the table says"), at)
        return self.do(Role.SRC, SignDecision(meeting, decision, level, None), at)

    def lift_holds(self, at: datetime | None = None) -> None:
        """Let the committee lift whatever stops dosing."""
        with self.log.lock:
            self.log.catch_up()
            trial = self.log.trial
            standing = holds_in_force(trial.raised, trial.escalation)
        if standing:
            lift = LiftSafetyHold(tuple(one.id for one in standing), "benefit outweighs the risk")
            self.do(Role.SRC, lift, at)

    def recorded(self, position: int) -> Recorded:
        """Return the event at a position."""
        return self.log.entry(position).recorded()
