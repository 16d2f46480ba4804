"""What is known of the trial at one position of the log: the state of every stream, and what follows.

Deciders, the rules of misuse and the views read it; only `Trial` in `core/trial/trial.py` folds it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.persistent import PersistentMap
from core.trial.devices.state import Devices
from core.trial.edit_checks import Prompts
from core.trial.escalation.state import Escalation
from core.trial.instance.state import Instance
from core.trial.revisions import Revisions
from core.trial.study.state import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trial.acts import Act
    from core.trial.attempts import Attempts
    from core.trial.casebook.state import Casebook
    from core.trial.cohorts import Contribution
    from core.trial.escalation.holds import Trigger
    from core.trial.hindsight import Remembered
    from core.trial.people.person import Person
    from core.trial.product.state import Lot
    from core.trial.quality.countersigning import Countersigners
    from core.trial.quality.query_state import Query
    from core.trial.quality.state import CasebookQuality
    from core.trial.subject.state import Subject


class TrialState:
    """All stream states at one position of the log, and what follows from them all together.

    `contributions` are those of the dosed subjects to the escalation decision, by key; `decisive_at` is the
    position of the last event that changed one; `raised` are the automatic holds that ever came about, by id;
    `present` and `present_at_levels` the ids of the triggers that are there now, by subject and of whole
    levels; `remembered` the signed decisions in hindsight; `acts` the newest act of each person, which names
    the one before; `signed` every act by the digest of its statement; `attempts` what failed of late in each
    person's name, `lockout_due` who is to be locked out with the next event; `prompts` what edit checks wait
    for.
    """

    def __init__(self) -> None:
        self.position = 0
        self.versions: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.instance = Instance()
        self.study = Study()
        self.escalation = Escalation()
        self.devices = Devices()
        self.subjects: dict[str, Subject] = {}
        self.casebooks: dict[str, Casebook] = {}
        self.lots: dict[str, Lot] = {}
        self.people: dict[str, Person] = {}
        self.key_owners: dict[str, str] = {}
        self.contributions: dict[str, Contribution] = {}
        self.decisive_at = 0
        self.raised: Mapping[str, Trigger] = {}
        self.present: dict[str, frozenset[str]] = {}
        self.present_at_levels: frozenset[str] = frozenset()
        self.remembered: tuple[Remembered, ...] = ()
        self.acts: dict[str, Act] = {}
        self.signed: PersistentMap[str, Act] = PersistentMap()
        self.quality: dict[str, CasebookQuality] = {}
        self.queries: dict[str, Query] = {}
        self.reviews = 0
        self.countersigners: Countersigners = PersistentMap()
        self.revisions = Revisions()
        self.attempts: dict[str, Attempts] = {}
        self.lockout_due: str | None = None
        self.prompts = Prompts()
