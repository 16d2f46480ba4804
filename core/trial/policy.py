"""The authority table with which an instance of this trial is born: who may sign what, meaning what.

Its rows stand beside the events. Written into position 1; from then on the log decides, not this program.
Rows: record 5, part 11 section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Meaning, Role, Signers
from core.trial.casebook import events as casebook
from core.trial.escalation import events as escalation
from core.trial.instance import events as instance
from core.trial.instance.events import Grant, LegalSentence, Policy
from core.trial.people import events as people
from core.trial.product import events as product
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
    **people.SIGNERS,
    **study.SIGNERS,
    **subject.SIGNERS,
    **safety.SIGNERS,
    **product.SIGNERS,
    **casebook.SIGNERS,
    **escalation.SIGNERS,
}

# Types that the instance signs by itself; a closed list (record 2).
SERVICE_TYPES: Final = frozenset(event.TOPIC for event, signers in _SIGNERS.items() if signers == _SERVICE)


def founding_policy() -> Policy:
    """Return the authority table and the legal sentences of a new instance."""
    legal = tuple(LegalSentence(f"{meaning}/1", meaning, text) for meaning, text in _SENTENCES.items())
    grants = tuple(
        Grant(role, event.TOPIC, meaning) for event, signers in _SIGNERS.items() for role, meaning in signers
    )
    return Policy(legal, grants)
