"""A training instance in a folder: opened keys for a person of each role, a clock that scripts move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth, Founder, found
from core.handle import Handler, Receipt, Request
from core.kernel.actors import Environment, Role
from core.kernel.errors import Refused
from core.kernel.recorded import Reason
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.keys.secrets_folder import InstanceSecrets
from core.store.sealing import LeafSealer
from core.store.trial_log import TrialLog
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.nct05727722 import SITE_ZONE, STUDY, protocol_config

if TYPE_CHECKING:
    from pathlib import Path

    from core.kernel.recorded import Recorded

ORIGIN = "renji.example/NCT05727722"
START = datetime(2024, 2, 1, 1, 0, tzinfo=UTC)
WHY = Reason("source", "The source says otherwise.")
OFFICERS = {Role.SEC: ("mei.lin", "Mei Lin"), Role.ADM: ("jun.xu", "Jun Xu")}
STAFF = {
    Role.MM: ("mm.zhao", "Zhao Min"),
    Role.PI: ("pi.chen", "Chen Wei"),
    Role.SC: ("sc.liu", "Liu Yan"),
    Role.SRC: ("src.wang", "Wang Fang"),
}


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

    def do(
        self, role: Role, command: Any, at: datetime | None = None, reason: Reason | None = None
    ) -> Receipt:
        """Let the person of a role act; the clock moves on by a minute, or to `at`."""
        self.clock.advance_to(at or self.clock() + timedelta(minutes=1))
        request = Request(
            self.ids[role], role, at or self.clock(), SITE_ZONE, new_txn_id(self.clock()), reason
        )
        return self.handler.submit(command, request, lambda: self.keys[role])

    def refused(self, role: Role, command: Any) -> str:
        """Let the person try something that is refused, and return the code."""
        try:
            self.do(role, command)
        except Refused as refusal:
            return refusal.code
        raise AssertionError("this should have been refused")

    def propose(self, role: Role) -> None:
        """Let the administrator propose a member of staff with their key."""
        person, name = STAFF[role]
        key = self.keys[role]
        proof = prove_possession(key, ORIGIN, person)
        self.do(Role.ADM, EnrolPerson(person, name, "RenJi", key.key_id, proof, role))

    def approve(self, role: Role) -> None:
        """Let the registrar approve what is proposed about the person."""
        with self.log.lock:
            self.log.catch_up()
            proposals = self.log.trial.people[self.ids[role]].proposals
        self.do(Role.SEC, ApproveEnrolment(self.ids[role], tuple(p.digest for p in proposals)))

    def staff(self) -> None:
        """Enrol everybody."""
        for role in STAFF:
            self.propose(role)
            self.approve(role)

    def configure(self, at: datetime | None = None) -> None:
        """Propose and approve the built-in protocol configuration."""
        self.do(Role.MM, ProposeProtocolConfig(protocol_config()), at)
        self.do(Role.PI, ApproveProtocolConfig(1), at)

    def recorded(self, position: int) -> Recorded:
        """Return the event at a position."""
        return self.log.entry(position).recorded()
