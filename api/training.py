"""The people of every training instance, with PUBLISHED log-ins.

Everything here is invented and public: it opens a training instance and nothing else. A production
instance has none of these people and refuses such passwords.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.kernel.actors import Duty, Role

ORIGIN: Final = "training.example/NCT05727722"
ORGANISATION: Final = "Training (invented)"


@dataclass(frozen=True, slots=True)
class TrainingPerson:
    """An invented person with one role and a published password."""

    id: str
    name: str
    role: Role
    password: str
    duties: tuple[Duty, ...] = ()


_COORDINATION: Final = (Duty.SCREENING, Duty.LABS, Duty.SAFETY, Duty.VISITS, Duty.QUERIES)

SECURITY_OFFICER: Final = TrainingPerson("sec.lin", "Lin Mei", Role.SEC, "training-sec")
ADMINISTRATOR: Final = TrainingPerson("adm.xu", "Xu Jun", Role.ADM, "training-adm")

# In the order in which the officers enrol them; the first of a role acts for it in a script.
STAFF: Final = (
    TrainingPerson("mm.zhao", "Zhao Min", Role.MM, "training-mm"),
    TrainingPerson("pi.chen", "Chen Wei", Role.PI, "training-pi"),
    TrainingPerson("sc.liu", "Liu Yan", Role.SC, "training-sc", _COORDINATION),
    TrainingPerson("src.wang", "Wang Hong", Role.SRC, "training-src"),
    TrainingPerson("src.sun", "Sun Tao", Role.SRC, "training-src-2"),
    TrainingPerson("ph.qian", "Qian Bo", Role.PH, "training-ph", (Duty.PRODUCT,)),
    TrainingPerson("ph.xie", "Xie Na", Role.PH, "training-ph-2", (Duty.PRODUCT,)),
    TrainingPerson("lb.he", "He Ping", Role.LB, "training-lb", (Duty.LABS, Duty.QUERIES)),
    TrainingPerson("cra.gao", "Gao Lei", Role.CRA, "training-cra"),
    TrainingPerson("dm.luo", "Luo Fang", Role.DM, "training-dm"),
    TrainingPerson("aud.tang", "Tang Rui", Role.AUD, "training-aud"),
    TrainingPerson("aud.stream", "Stream Subscriber", Role.AUD, "training-stream"),
)

# Enrolled behind the golden trial, by the episode of oversight; no script has them act.
SECOND_COORDINATOR: Final = TrainingPerson("sc.deng", "Deng Hua", Role.SC, "training-sc-2", _COORDINATION)

TRAINING_PEOPLE: Final = (SECURITY_OFFICER, ADMINISTRATOR, *STAFF)


def acting_as(role: Role, place: int = 0) -> TrainingPerson:
    """Return who acts for a role in a script: the first with it, or, from 0, the one at the place."""
    return [person for person in TRAINING_PEOPLE if person.role is role][place]
