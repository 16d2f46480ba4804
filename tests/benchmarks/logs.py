"""A training log of any length, made through the real write path."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from api.wiring import OfficerEntry, create_instance
from core.clock import new_txn_id
from core.genesis import Birth
from core.handle import Request
from core.kernel.actors import Environment, Role
from core.keys.possession import prove_possession
from core.rules.quantities import Sex
from core.rules.screening_facts import Group
from core.trial.casebook.commands import ReportLabPanel
from core.trial.casebook.events import LabResult
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.nct05727722 import protocol_config
from core.trial.subject.commands import GiveConsent, ScreenSubject
from core.trial.subject.events import ConsentGiver, Measured
from tests.support.enrolment import acceptance, identity, standing

if TYPE_CHECKING:
    from pathlib import Path

    from api.instance import Instance
    from core.keys.ed25519 import SigningKey
    from core.trial.catalogue import Command

ORIGIN = "bench.example/NCT05727722"
SEC, ADM = "sec.one", "adm.two"
PASSWORD = "published training password"
PEOPLE = (("mm.three", Role.MM), ("pi.four", Role.PI), ("sc.five", Role.SC))
_DRAWN_AGO = timedelta(hours=2)
_BEFORE_ANY_DRAW = timedelta(hours=3)
_PANEL = (
    ("creatinine", "98", "umol/L"),
    ("bilirubin", "212", "umol/L"),
    ("inr", "1.62", "1"),
    ("sodium", "134", "mmol/L"),
    ("albumin", "31", "g/L"),
)


class BenchLog:
    """A founded training instance with opened keys."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}"
        birth = Birth(ORIGIN, Environment.TRAINING, "NCT05727722")
        officers = (
            OfficerEntry(SEC, "Officer One", Role.SEC, PASSWORD),
            OfficerEntry(ADM, "Officer Two", Role.ADM, PASSWORD),
        )
        self.instance: Instance = create_instance(self.url, birth, officers)
        self._roles = {SEC: Role.SEC, ADM: Role.ADM, **dict(PEOPLE)}
        self._keys: dict[str, SigningKey] = {
            person: self.instance.unlocker.open(person, PASSWORD) for person in (SEC, ADM)
        }
        for officer in officers:
            self.do(acceptance(officer.id), officer.id)
        for person, role in PEOPLE:
            self._enrol(person, role)
        self.do(ProposeProtocolConfig(protocol_config()), "mm.three")
        self.do(ApproveProtocolConfig(1), "pi.four")
        self._panels = 0

    def request(self, person: str, ago: timedelta = timedelta(0)) -> Request:
        now = self.instance.clock()
        return Request(person, self._roles[person], now - ago, "Asia/Shanghai", new_txn_id(now))

    def do(self, command: Command, person: str, ago: timedelta = timedelta(0)) -> None:
        key = self._keys[person]
        self.instance.handler.submit(command, self.request(person, ago), lambda: key)

    def key(self, person: str) -> SigningKey:
        return self._keys[person]

    def _enrol(self, person: str, role: Role) -> None:
        key = self.instance.keep_new_key(person, PASSWORD, Environment.TRAINING)
        self._keys[person] = key
        proof = prove_possession(key, ORIGIN, person)
        self.do(EnrolPerson(person, f"Person {person}", "Bench", key.key_id, proof, role), ADM)
        with self.instance.log.lock:
            self.instance.log.catch_up()
            covers = tuple(p.digest for p in self.instance.log.trial.people[person].proposals)
        self.do(identity(person), SEC)
        self.do(ApproveEnrolment(person, covers), SEC)
        actors = {Role.ADM: ADM, Role.PI: "pi.four", None: person}
        for acting, command in standing(person, role, self.instance.clock().date()):
            self.do(command, actors[acting])

    def screen(self, subject: str) -> None:
        form = protocol_config().consent_forms[0]
        consent = GiveConsent(subject, form.version, form.language, ConsentGiver.SUBJECT, None)
        self.do(consent, "pi.four", ago=_BEFORE_ANY_DRAW)
        weight = Measured("weight", Decimal("68.0"), "kg")
        self.do(ScreenSubject(subject, Group.ACLF, Sex.MALE, 46, (weight,), 5, ()), "sc.five")

    def panel(self, subject: str) -> ReportLabPanel:
        """Return the command for one more lab panel of a subject."""
        self._panels += 1
        now = self.instance.clock()
        drawn = now - _DRAWN_AGO
        name = f"{subject}-{self._panels}"
        results = tuple(LabResult(a, Decimal(v), u, name, drawn, now) for a, v, u in _PANEL)
        return ReportLabPanel(
            subject, 7, name, drawn, now, results, dialysis_twice_in_7d=False, cvvhd_24h_in_7d=False
        )

    def grow(self, panels: int, subjects: int = 20) -> None:
        """Screen subjects and report lab panels for them in turn."""
        for number in range(subjects):
            self.screen(f"B{number:03d}")
        for number in range(panels):
            self.do(self.panel(f"B{number % subjects:03d}"), "sc.five")
