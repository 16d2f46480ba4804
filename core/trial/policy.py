"""The authority table with which an instance of this trial is born: who may sign what, meaning what.

Its rows stand beside the events. Written into position 1; from then on the log decides, not this program.
Rows: record 5, part 11 section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Environment, Meaning, Role, Signers
from core.trial.casebook import events as casebook
from core.trial.devices import events as devices
from core.trial.duties import DUTIES
from core.trial.escalation import events as escalation
from core.trial.instance import events as instance
from core.trial.instance.events import Accountability, DutyGrant, Grant, LegalSentence, Lockout, Policy
from core.trial.people import events as people
from core.trial.people.delegation import DELEGATED_ROLES
from core.trial.product import events as product
from core.trial.quality import events as quality
from core.trial.study import events as study
from core.trial.subject import adverse_events as safety
from core.trial.subject import events as subject

if TYPE_CHECKING:
    from collections.abc import Mapping


_SENTENCES: Final[Mapping[Meaning, str]] = {
    Meaning.AUTHORED: "I entered this record and it is what I observed or was given as source.",
    Meaning.RESPONSIBILITY: "I take responsibility for this record as an investigator of the trial.",
    Meaning.REVIEWED: "I have reviewed this record.",
    Meaning.APPROVED: "I approve this record and the effect that it has.",
    Meaning.VERIFIED: "I have compared this record with its source and they agree.",
    Meaning.WITNESSED: "I was present and saw what this record says.",
    Meaning.ADJUDICATED: "I have judged this matter on the facts recorded at this position.",
    Meaning.VOTED: "This is my vote as a member of the committee.",
    Meaning.RELEASED: "I release this product for use in the trial.",
    Meaning.ACKNOWLEDGED: "I have read this and know that it binds me.",
    Meaning.RECORDED: "The system recorded this by itself; no person signed it.",
}

_SERVICE: Final = ((Role.SVC, Meaning.RECORDED),)

_SIGNERS: Final[Signers] = {
    **instance.SIGNERS,
    **devices.SIGNERS,
    **people.SIGNERS,
    **study.SIGNERS,
    **subject.SIGNERS,
    **safety.SIGNERS,
    **product.SIGNERS,
    **casebook.SIGNERS,
    **escalation.SIGNERS,
    **quality.SIGNERS,
}

# Types that the instance signs by itself; a closed list (record 2).
SERVICE_TYPES: Final = frozenset(event.TOPIC for event, signers in _SIGNERS.items() if signers == _SERVICE)


_OFFICERS: Final = (Role.ADM, Role.SEC, Role.SVC)

ACCOUNTABILITY: Final = Accountability(
    "accountability/1",
    "I alone use my user id, password and key. What is signed with them binds me as my handwritten signature "
    "does, and I answer for it. I report at once where I have reason to believe that somebody else could use "
    "them.",
)

# Whose access to a real trial ends by a date: part 11 section 5.
TIME_BOXED: Final = (Role.AUD,)

# A password of a real trial is changed within a year: 21 CFR 11.300(b).
PASSWORD_DAYS: Final = 365


def founding_policy(environment: Environment = Environment.TRAINING) -> Policy:
    """Return the authority table, the legal sentences and the limits of a new instance."""
    legal = tuple(LegalSentence(f"{meaning}/1", meaning, text) for meaning, text in _SENTENCES.items())
    grants = tuple(
        Grant(role, event.TOPIC, meaning) for event, signers in _SIGNERS.items() for role, meaning in signers
    )
    real = environment is Environment.PRODUCTION
    return Policy(
        legal=legal,
        grants=grants,
        trained=tuple(role for role in Role if role not in _OFFICERS),
        delegated=DELEGATED_ROLES,
        duties=tuple(DutyGrant(duty, event.TOPIC) for duty, events in DUTIES.items() for event in events),
        accountability=ACCOUNTABILITY,
        lockout=Lockout(attempts=5, minutes=15),
        password_days=PASSWORD_DAYS if real else None,
        time_boxed=TIME_BOXED if real else None,
    )
