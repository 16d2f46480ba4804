"""A small model of the trial's order of steps: which command is legal now, and if not, which rules it breaks.

Written from domain 1, 5 and part 11 sections 5 and 6 in another shape than the product: plain fields, one
list of broken rules per command. `broken` names every rule that a command breaks, `accept` takes one into
account that was accepted. Everything happens at the moment at which it is entered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core.kernel.actors import Role
from core.rules.escalation import Outcome, OutcomeStatus
from core.rules.nct05727722 import escalation_rules_of_nct05727722
from tests.rules.nested_twin import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.given import Member

Words = tuple[str, int | None]
NOMINAL = {1: Decimal("0.15"), 2: Decimal("0.5"), 3: Decimal("1.5"), 4: Decimal("4.5")}
DOSING = {"enrol", "expand", "escalate", "deescalate"}
TERMINAL = {"declare_mtd", "stop_no_mtd"}
WINDOW, STALE = timedelta(days=28), timedelta(hours=72)
FIRST_ALONE, APART = timedelta(days=14), timedelta(days=3)
QUORUM = ADJUDICATORS = 2
SCREENINGS = 2  # the first, and one more after a failure


@dataclass(frozen=True)
class Asked:
    """A command as the machine asks for it; each step reads the fields that it has."""

    step: str
    by: Member
    key: str = "S01"
    lot: str = "L-1"
    level: int = 1
    good: bool = True  # an eligible candidate, a lot within specification, the right amount, a yes
    ae: str = "AE-1"
    grade: int = 3
    meeting: str = "M1"
    words: Words = ("wait", None)
    snapshot: int = 0
    names: int = 1  # how many are on the roster, how many holds are lifted, how many identifiers were checked


@dataclass
class Toxicity:
    grade: int
    onset: date
    writer: str
    votes: dict[str, bool] = field(default_factory=dict)
    dlt: bool = False

    @property
    def agreed(self) -> bool | None:
        votes = list(self.votes.values())
        return next((v for v in (True, False) if votes.count(v) >= ADJUDICATORS), None)


@dataclass
class Person:
    """One candidate or subject."""

    consented: bool = False
    treatment_withdrawn: bool = False
    all_withdrawn_on: date | None = None
    screened_at: datetime | None = None
    eligible: bool = False
    confirmed: bool = False
    failed: bool = False
    failures: int = 0
    enrolled: int | None = None
    treated_by: set[str] = field(default_factory=set)
    dosed: tuple[int, date, str] | None = None
    closed: bool = False
    withdrawn_on: date | None = None
    died_on: date | None = None
    toxicities: dict[str, Toxicity] = field(default_factory=dict)

    @property
    def left_on(self) -> date | None:
        return min((day for day in (self.withdrawn_on, self.died_on) if day), default=None)

    @property
    def left_in_window(self) -> bool:
        # On the last day a window that was closed stays closed (domain 1.1: left before its completion).
        last = WINDOW - timedelta(days=self.closed)
        return bool(self.dosed and self.left_on and self.left_on <= self.dosed[1] + last)

    def in_window(self) -> Iterator[tuple[str, Toxicity]]:
        for ae, one in self.toxicities.items():
            if self.dosed and self.dosed[1] <= one.onset <= self.dosed[1] + WINDOW:
                yield ae, one

    def is_candidate(self, ae: str) -> bool:
        return any(name == ae and one.grade >= 3 for name, one in self.in_window())

    def due(self) -> list[str]:
        """The severe toxicities on which not enough members agree, or a confirmed one that is contested."""
        return [
            ae
            for ae, one in self.in_window()
            if one.grade >= 3 and one.agreed is None and (not one.dlt or False in one.votes.values())
        ]

    def outcome(self, key: str) -> Outcome:
        assert self.dosed is not None
        dlt = any(one.dlt for one in self.toxicities.values())
        status = OutcomeStatus.EVALUABLE if self.closed else OutcomeStatus.PENDING
        if self.left_in_window and not dlt:
            status = OutcomeStatus.WITHDRAWN
        worst = max((one.grade for _, one in self.in_window()), default=0)
        return Outcome(key, self.dosed[0], dlt, worst, OutcomeStatus.EVALUABLE if dlt else status)


@dataclass
class Lot:
    good: bool
    received_by: str
    expires: datetime
    released_by: str | None = None
    rejected: bool = False
    left: Decimal = Decimal("0.7")
    # For whom, how much, by whom, checked: the ones that were not discarded.
    prepared: dict[str, tuple[Decimal, str, bool]] = field(default_factory=dict)

    def usable(self, at: datetime) -> bool:
        return self.released_by is not None and not self.rejected and at < self.expires


@dataclass
class Meeting:
    name: str
    facts: object
    roster: tuple[str, ...]
    votes: dict[str, Words] = field(default_factory=dict)


@dataclass
class Model:
    """The whole trial under NCT05727722."""

    at: datetime
    zone: str
    committee: tuple[str, str]
    people: dict[str, Person] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # of dosing
    meeting: Meeting | None = None
    meetings: set[str] = field(default_factory=set)
    signed: list[tuple[Words, object]] = field(default_factory=list)
    holds: set[object] = field(default_factory=set)
    placed: int = 0
    raisings: int = 0
    present: set[object] = field(default_factory=set)
    decisive: int = 0

    @property
    def today(self) -> date:
        return self.at.astimezone(ZoneInfo(self.zone)).date()

    def person(self, key: str) -> Person:
        return self.people.setdefault(key, Person())

    # -- the decision -------------------------------------------------------------------------------

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self.people[key].outcome(key) for key in self.order)

    @property
    def facts(self) -> object:
        """All that a decision is made from."""
        return self.outcomes, tuple((key, *self.people[key].due()) for key in self.order)

    def decide(self) -> tuple[Words, int]:
        """Return the words of the decision and the slots: the twin's, unless a judgement is due."""
        said = twin(escalation_rules_of_nct05727722(), len(NOMINAL), self.outcomes)
        due = [self.people[key].outcome(key).level for key in self.order if self.people[key].due()]
        if (said.slots or said.decision in TERMINAL) and any(level <= (said.level or 1) for level in due):
            return ("hold", said.level), 0
        return (said.decision, said.level), said.slots

    @property
    def open_level(self) -> int | None:
        if not self.signed:
            return 1
        (kind, level), _ = self.signed[-1]
        return None if kind in TERMINAL else level

    def slots_at(self, level: int) -> int | None:
        """Return the slots at a level, None where it is not open."""
        (kind, decided), slots = self.decide()
        return slots if self.open_level == level == decided and kind in DOSING else None

    def raise_holds(self) -> None:
        """Remember whatever stops dosing by itself; raised anew it is another one; it stays (domain 1.2)."""
        found: set[object] = set()
        for key in self.order:
            deaths = (ae for ae, one in self.people[key].toxicities.items() if one.grade == 5)
            found |= {("death", key, ae) for ae in deaths}
        said = twin(escalation_rules_of_nct05727722(), len(NOMINAL), self.outcomes)
        for level in NOMINAL:
            dlts = frozenset(self._dlts_at(level))
            reopened = f"hold_above_level_{level}" in said.flags
            if reopened and dlts:
                found.add(("late", dlts))
            if sum(one.dlt for one in self.outcomes if one.level == level) >= 2:
                found.add(("two", dlts))
        for trigger in found - self.present:
            self.raisings += 1
            self.holds.add((self.raisings, trigger))
        self.present = found

    def _dlts_at(self, level: int) -> Iterator[tuple[str, str]]:
        for key in self.order:
            person = self.people[key]
            if person.dosed and person.dosed[0] == level:
                yield from ((key, ae) for ae, one in person.toxicities.items() if one.dlt)

    def staggered(self, level: int) -> bool:
        """Tell whether a dose at the level now comes late enough after those before it."""
        doses = [person for person in self.people.values() if person.dosed]
        watched: set[int] = set()
        watching: set[int] = set()
        for person in doses:
            assert person.dosed is not None
            where, when, _ = person.dosed
            if self.today - when < APART:
                return False
            until = min(self.today, person.left_on or self.today)
            (watched if until - when >= FIRST_ALONE else watching).add(where)
        still = {
            person.dosed[0]
            for person in doses
            if person.dosed and (person.left_on is None or person.left_on > self.today)
        }
        return level in watched or not (watching - watched) & still


# -- who may ------------------------------------------------------------------------------------------

INVESTIGATOR, INVESTIGATORS = {Role.PI}, {Role.PI, Role.SI}
PHARMACY, COMMITTEE = {Role.PH}, {Role.SRC}
MAY: dict[str, set[Role]] = {
    **dict.fromkeys(("consent", "take_back_treatment", "take_back_all"), INVESTIGATORS),
    "screen": {Role.SC, Role.SI},
    **dict.fromkeys(("confirm", "fail", "enrol", "dose"), INVESTIGATORS),
    **dict.fromkeys(("close", "withdraw", "die"), INVESTIGATOR),
    "toxicity": {Role.SC, Role.SI, Role.PI},
    "judge": COMMITTEE,
    **dict.fromkeys(("receive", "release", "reject", "prepare", "check", "discard"), PHARMACY),
    "meet": {Role.MM},
    "adjourn": {Role.MM, Role.SRC},
    "vote": COMMITTEE,
    "sign": COMMITTEE,
    "hold": {Role.PI, Role.SRC},
    "lift": COMMITTEE,
}


def broken(model: Model, asked: Asked) -> set[str]:
    """Return the codes of the rules that the command breaks; none: it is legal."""
    codes = set(RULES[asked.step](model, asked))
    return codes if asked.by.role in MAY[asked.step] else codes | {"NOT_AUTHORISED"}


# -- the rules ----------------------------------------------------------------------------------------


def _consent(model: Model, asked: Asked) -> Iterator[str]:
    if model.person(asked.key).consented:
        yield "SUBJECT_EXISTS"
    if not asked.good:
        yield "CONSENT_FORM_UNKNOWN"


def _take_back(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if not person.consented:
        yield "UNKNOWN_SUBJECT"
    whole = asked.step == "take_back_all"
    if person.all_withdrawn_on or (person.treatment_withdrawn and not whole):
        yield "CONSENT_WITHDRAWN"
    if person.died_on:
        yield "ILLEGAL_SEQUENCE"


def _screen(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if not person.consented:
        yield "CONSENT_MISSING"
    if person.treatment_withdrawn:
        yield "CONSENT_WITHDRAWN"
    if person.screened_at is None:
        return
    if person.dosed or person.left_on:
        yield "ILLEGAL_SEQUENCE"
    if person.failed:
        if person.failures >= SCREENINGS:
            yield "NO_RESCREENING_LEFT"
    elif model.at - person.screened_at <= STALE:
        yield "SUBJECT_EXISTS"
    elif not (person.eligible or person.enrolled):
        yield "ILLEGAL_SEQUENCE"  # without a recorded failure, screenings would not count


def _confirm(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
        return
    if person.confirmed or person.failed or person.left_on:
        yield "ILLEGAL_SEQUENCE"
    if person.all_withdrawn_on:
        yield "CONSENT_WITHDRAWN"
    if not person.eligible:
        yield "NOT_ELIGIBLE"


def _fail(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
        return
    if person.confirmed or person.failed or person.enrolled:
        yield "ILLEGAL_SEQUENCE"
    if person.eligible:
        yield "RULES_DIFFER"


def _enrol(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
        return
    if not person.confirmed or person.failed or person.enrolled or person.left_on:
        yield "ILLEGAL_SEQUENCE"
    if person.treatment_withdrawn:
        yield "CONSENT_WITHDRAWN"
    slots = model.slots_at(asked.level)
    waiting = [p for p in model.people.values() if p.enrolled == asked.level and not (p.dosed or p.left_on)]
    if slots is None:
        yield "LEVEL_NOT_OPEN"
    elif slots <= len(waiting):
        yield "NO_FREE_SLOT"


def _receive(model: Model, asked: Asked) -> Iterator[str]:
    if asked.lot in model.lots:
        yield "DUPLICATE_LOT"


def _release(model: Model, asked: Asked) -> Iterator[str]:
    lot = model.lots.get(asked.lot)
    if lot is None:
        yield "UNKNOWN_LOT"
        return
    if lot.released_by or lot.rejected:
        yield "ILLEGAL_SEQUENCE"
    if lot.received_by == asked.by.id:
        yield "SOD_VIOLATION"
    if not lot.good:
        yield "LOT_FAILS_SPECIFICATION"
    if model.at >= lot.expires:
        yield "LOT_EXPIRED"


def _reject(model: Model, asked: Asked) -> Iterator[str]:
    lot = model.lots.get(asked.lot)
    if lot is None:
        yield "UNKNOWN_LOT"
    elif lot.rejected:
        yield "ILLEGAL_SEQUENCE"


def _on_way_to_dose(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.dosed:
        yield "ALREADY_DOSED"
    if person.enrolled is None or person.left_on:
        yield "ILLEGAL_SEQUENCE"
    if person.enrolled != asked.level:
        yield "LEVEL_MISMATCH"


def amount(asked: Asked) -> Decimal:
    """Return the cells that the command names: the level's, or twice as many."""
    return NOMINAL[asked.level] * (1 if asked.good else 2)


def _prepare(model: Model, asked: Asked) -> Iterator[str]:
    lot = model.lots.get(asked.lot)
    if lot is None:
        yield "UNKNOWN_LOT"
        return
    if model.person(asked.key).screened_at is None:
        yield "UNKNOWN_SUBJECT"
    yield from _on_way_to_dose(model, asked)
    if lot.released_by is None or lot.rejected:
        yield "LOT_NOT_RELEASED"
    if lot.released_by == asked.by.id:
        yield "SOD_VIOLATION"
    if model.at >= lot.expires:
        yield "LOT_EXPIRED"
    if not asked.good:
        yield "DOSE_OUT_OF_TOLERANCE"
    if amount(asked) > lot.left:
        yield "LOT_EXHAUSTED"
    if any(asked.key in other.prepared and other.usable(model.at) for other in model.lots.values()):
        yield "ALREADY_PREPARED"


def _check(model: Model, asked: Asked) -> Iterator[str]:
    lot = model.lots.get(asked.lot)
    if lot is None:
        yield "UNKNOWN_LOT"
    elif asked.key not in lot.prepared:
        yield "UNKNOWN_PREPARATION"
    else:
        _, by, checked = lot.prepared[asked.key]
        if checked:
            yield "ILLEGAL_SEQUENCE"
        if by == asked.by.id:
            yield "SOD_VIOLATION"


def _discard(model: Model, asked: Asked) -> Iterator[str]:
    lot, dosed = model.lots.get(asked.lot), model.person(asked.key).dosed
    if lot is None:
        yield "UNKNOWN_LOT"
    elif asked.key not in lot.prepared:
        yield "UNKNOWN_PREPARATION"
    if dosed and dosed[2] == asked.lot:
        yield "ALREADY_DOSED"


def _dose(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
        return
    yield from _on_way_to_dose(model, asked)
    if person.treatment_withdrawn:
        yield "CONSENT_WITHDRAWN"
    if not (person.confirmed and person.eligible):
        yield "NOT_ELIGIBLE"
    if model.at - person.screened_at > STALE:
        yield "EVIDENCE_STALE"
    if asked.names < 2:
        yield "IDENTITY_NOT_CHECKED"
    if not asked.good:
        yield "DOSE_ABOVE_LEVEL"
    yield from _cohort(model, asked)
    yield from _product(model, asked)


def _cohort(model: Model, asked: Asked) -> Iterator[str]:
    if model.holds:
        yield "SAFETY_HOLD"
    slots = model.slots_at(asked.level)
    if slots is None:
        yield "LEVEL_NOT_OPEN"
    elif slots < 1:
        yield "NO_FREE_SLOT"
    if not model.staggered(asked.level):
        yield "STAGGER_VIOLATION"


def _product(model: Model, asked: Asked) -> Iterator[str]:
    lot = model.lots.get(asked.lot)
    if lot is None or asked.key not in lot.prepared:
        yield "CHAIN_OF_IDENTITY"
        return
    cells, _, checked = lot.prepared[asked.key]
    if not checked:
        yield "PREPARATION_NOT_CHECKED"
    if not lot.released_by or lot.rejected:
        yield "LOT_NOT_RELEASED"
    if model.at >= lot.expires:
        yield "LOT_EXPIRED"
    if amount(asked) > cells:
        yield "MORE_THAN_PREPARED"


def _toxicity(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if not person.consented:
        yield "UNKNOWN_SUBJECT"
    if asked.ae in person.toxicities:
        yield "DUPLICATE_AE"


def _judge(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
    one = person.toxicities.get(asked.ae)
    if one is None:
        yield "UNKNOWN_AE"
        return
    if person.dosed is None:
        yield "ILLEGAL_SEQUENCE"
    if asked.by.id in {one.writer, *person.treated_by}:
        yield "SOD_VIOLATION"
    if asked.good and not person.is_candidate(asked.ae):
        yield "NOT_A_DLT_CANDIDATE"
    if one.votes.get(asked.by.id) is asked.good:
        yield "NO_CHANGE"


def _close(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
    if person.dosed is None or person.closed or person.left_in_window:
        yield "ILLEGAL_SEQUENCE"
        return
    last_day = person.dosed[1] + WINDOW
    if model.today < last_day:
        yield "DLT_WINDOW_OPEN"
    if person.all_withdrawn_on and person.all_withdrawn_on < last_day:
        yield "CONSENT_WITHDRAWN"
    if person.due():
        yield "OPEN_DLT_CANDIDATE"


def _leave(model: Model, asked: Asked) -> Iterator[str]:
    person = model.person(asked.key)
    if person.screened_at is None:
        yield "UNKNOWN_SUBJECT"
    if person.enrolled is None or person.died_on or (asked.step == "withdraw" and person.withdrawn_on):
        yield "ILLEGAL_SEQUENCE"


def _meet(model: Model, asked: Asked) -> Iterator[str]:
    if model.meeting:
        yield "MEETING_OPEN"
    if asked.meeting in model.meetings:
        yield "DUPLICATE_MEETING"
    if asked.names < QUORUM:
        yield "NO_QUORUM"
    if asked.names > len(model.committee):
        yield "NOT_ON_COMMITTEE"
    if asked.snapshot < model.decisive:
        yield "SNAPSHOT_STALE"


def _at_meeting(model: Model, asked: Asked) -> Iterator[str]:
    if model.meeting is None or model.meeting.name != asked.meeting:
        yield "NO_OPEN_MEETING"


def _in_meeting(model: Model, asked: Asked) -> Iterator[str]:
    yield from _at_meeting(model, asked)
    if model.meeting is None:
        return
    if asked.by.id not in model.meeting.roster:
        yield "NOT_ON_ROSTER"
    if model.meeting.facts != model.facts:
        yield "SNAPSHOT_STALE"
    if asked.words[0] in {"wait", "hold"}:
        yield "NOTHING_TO_SIGN"


def _vote(model: Model, asked: Asked) -> Iterator[str]:
    yield from _in_meeting(model, asked)
    if model.meeting and asked.by.id in model.meeting.votes:
        yield "ALREADY_VOTED"


def _sign(model: Model, asked: Asked) -> Iterator[str]:
    yield from _in_meeting(model, asked)
    if asked.words != model.decide()[0]:
        yield "DECISION_DIFFERS"
    if model.signed and model.signed[-1] == (asked.words, model.facts):
        yield "ALREADY_SIGNED"
    votes = list(model.meeting.votes.values()) if model.meeting else []
    if model.meeting and len(votes) < len(model.meeting.roster):
        yield "VOTING_OPEN"
    if votes.count(asked.words) * 2 <= len(votes):
        yield "NO_MAJORITY"


def _hold(_model: Model, _asked: Asked) -> Iterator[str]:
    return iter(())


def _lift(model: Model, asked: Asked) -> Iterator[str]:
    if asked.names == 0 or not model.holds:
        yield "NO_CHANGE"
    if not asked.good:
        yield "NOT_IN_FORCE"


RULES = {
    "consent": _consent,
    "take_back_treatment": _take_back,
    "take_back_all": _take_back,
    "screen": _screen,
    "confirm": _confirm,
    "fail": _fail,
    "enrol": _enrol,
    "receive": _receive,
    "release": _release,
    "reject": _reject,
    "prepare": _prepare,
    "check": _check,
    "discard": _discard,
    "dose": _dose,
    "toxicity": _toxicity,
    "judge": _judge,
    "close": _close,
    "withdraw": _leave,
    "die": _leave,
    "meet": _meet,
    "adjourn": _at_meeting,
    "vote": _vote,
    "sign": _sign,
    "hold": _hold,
    "lift": _lift,
}


# -- what an accepted command does --------------------------------------------------------------------


def accept(model: Model, asked: Asked, position: int) -> None:
    """Take an accepted command into account; `position` is that of its last event."""
    before = model.facts
    _take_effect(model, asked)
    if model.facts != before:
        model.decisive = position
    model.raise_holds()


def _take_effect(model: Model, asked: Asked) -> None:  # noqa: C901, PLR0912, PLR0915 - one case a command
    person = model.person(asked.key)
    match asked.step:
        case "consent":
            person.consented = True
        case "take_back_treatment":
            person.treatment_withdrawn = True
        case "take_back_all":
            person.treatment_withdrawn, person.all_withdrawn_on = True, model.today
        case "screen":
            person.screened_at, person.eligible = model.at, asked.good
            person.confirmed = person.failed = False
        case "confirm":
            person.confirmed = True
        case "fail":
            person.failed, person.failures = True, person.failures + 1
        case "enrol":
            person.enrolled = asked.level
            person.treated_by.add(asked.by.id)
        case "dose":
            person.dosed = (asked.level, model.today, asked.lot)
            person.treated_by.add(asked.by.id)
            model.order.append(asked.key)
        case "toxicity":
            person.toxicities[asked.ae] = Toxicity(asked.grade, model.today, asked.by.id)
        case "judge":
            one = person.toxicities[asked.ae]
            one.votes[asked.by.id] = asked.good
            one.dlt = one.dlt if one.agreed is None else one.agreed
        case "close":
            person.closed = True
        case "withdraw":
            person.withdrawn_on = model.today
        case "die":
            person.died_on = model.today
        case "meet":
            model.meeting = Meeting(asked.meeting, model.facts, model.committee[: asked.names])
            model.meetings.add(asked.meeting)
        case "adjourn":
            model.meeting = None
        case "vote":
            assert model.meeting is not None
            model.meeting.votes[asked.by.id] = asked.words
        case "sign":
            model.signed.append((asked.words, model.facts))
            model.meeting = None
        case "hold":
            model.placed += 1
            model.holds.add(("placed", model.placed))
        case "lift":
            model.holds.clear()
        case _:
            _take_effect_on_lot(model, asked)


def _take_effect_on_lot(model: Model, asked: Asked) -> None:
    if asked.step == "receive":
        model.lots[asked.lot] = Lot(asked.good, asked.by.id, model.at + timedelta(days=20))
        return
    lot = model.lots[asked.lot]
    match asked.step:
        case "release":
            lot.released_by = asked.by.id
        case "reject":
            lot.rejected = True
        case "prepare":
            lot.left -= amount(asked)
            lot.prepared[asked.key] = (amount(asked), asked.by.id, False)
        case "check":
            cells, by, _ = lot.prepared[asked.key]
            lot.prepared[asked.key] = (cells, by, True)
        case "discard":
            del lot.prepared[asked.key]
        case _:
            raise AssertionError(asked.step)
