"""A small training trial: people with published passwords, an approved configuration, a scripted clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from api.wiring import OfficerEntry, create_instance
from core.clock import ScriptedClock, new_txn_id
from core.genesis import Birth
from core.handle import Request
from core.kernel.actors import Environment, Role
from core.keys.possession import prove_possession
from core.trial.people.commands import ApproveEnrolment, EnrolPerson
from core.trial.study.commands import ApproveProtocolConfig, ProposeProtocolConfig
from core.trial.study.nct05727722 import protocol_config
from core.trial.subject.commands import GiveConsent
from core.trial.subject.events import ConsentGiver
from tests.support.enrolment import acceptance, identity, standing

if TYPE_CHECKING:
    from pathlib import Path

    from api.instance import Instance
    from core.keys.ed25519 import SigningKey
    from core.trial.catalogue import Command

ORIGIN = "renji.example/NCT05727722"
ZONE = "Asia/Shanghai"
BORN = datetime(2024, 2, 19, tzinfo=UTC)
START = datetime(2024, 2, 21, tzinfo=UTC)
OFFICERS = {"mei.lin": ("Mei Lin", Role.SEC), "jun.xu": ("Jun Xu", Role.ADM)}
STAFF = {
    "mm.zhao": ("Zhao Min", Role.MM),
    "pi.chen": ("Chen Wei", Role.PI),
    "sc.liu": ("Liu Yan", Role.SC),
    "src.wang": ("Wang Fang", Role.SRC),
    "src.tang": ("Tang Yi", Role.SRC),
    "au.gao": ("Gao Li", Role.AUD),
    "cra.he": ("He Jing", Role.CRA),
    "ph.qian": ("Qian Bo", Role.PH),
    "ph.xie": ("Xie Na", Role.PH),
}
PEOPLE = OFFICERS | STAFF
# Who has consented and can be screened.
CANDIDATES = ("S001", "S002", "S009")


def password_of(person: str) -> str:
    return f"open-{person}-sesame"


def found_trial(folder: Path) -> None:
    """Make an instance with its people and an approved configuration, and close it."""
    clock = ScriptedClock(BORN)
    officers = tuple(OfficerEntry(i, n, r, password_of(i)) for i, (n, r) in OFFICERS.items())
    birth = Birth(ORIGIN, Environment.TRAINING, "NCT05727722")
    instance = create_instance(f"sqlite:///{folder}", birth, (officers[0], officers[1]), clock)
    for person, (_, role) in OFFICERS.items():
        submit(instance, person, role, acceptance(person))
    for person, (name, role) in STAFF.items():
        enrol(instance, person, name, role)
    submit(instance, "mm.zhao", Role.MM, ProposeProtocolConfig(protocol_config()))
    submit(instance, "pi.chen", Role.PI, ApproveProtocolConfig(1))
    form = protocol_config().consent_forms[0]
    for key in CANDIDATES:
        consent = GiveConsent(key, form.version, form.language, ConsentGiver.SUBJECT, None)
        submit(instance, "pi.chen", Role.PI, consent)
    instance.close()


def enrol(instance: Instance, person: str, name: str, role: Role) -> None:
    key = instance.keep_new_key(person, password_of(person), Environment.TRAINING)
    proof = prove_possession(key, ORIGIN, person)
    submit(instance, "jun.xu", Role.ADM, EnrolPerson(person, name, "RenJi", key.key_id, proof, role))
    with instance.log.lock:
        instance.log.catch_up()
        covers = tuple(p.digest for p in instance.log.trial.people[person].proposals)
    submit(instance, "mei.lin", Role.SEC, identity(person))
    submit(instance, "mei.lin", Role.SEC, ApproveEnrolment(person, covers))
    let_stand(instance, person, role)


def let_stand(instance: Instance, person: str, role: Role, key: SigningKey | None = None) -> None:
    """Do what comes before the first signature of an enrolled person, who may hold their key themselves."""
    actors = {Role.ADM: "jun.xu", Role.PI: "pi.chen"}
    for acting, command in standing(person, role, instance.clock().date()):
        if acting is None:
            submit(instance, person, role, command, key)
        else:
            submit(instance, actors[acting], acting, command)


def submit(
    instance: Instance, person: str, role: Role, command: Command, key: SigningKey | None = None
) -> None:
    now = instance.clock()
    request = Request(person, role, now, ZONE, new_txn_id(now))
    instance.handler.submit(
        command, request, lambda: key or instance.unlocker.open(person, password_of(person))
    )


def days(count: float) -> timedelta:
    return timedelta(days=count)
