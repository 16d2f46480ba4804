"""Given these events, when this command is decided, then these events or this refusal: no store, no clock.

Also the vocabulary of the stories: who acts, and one well-formed example of what they enter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from core.kernel import streams
from core.kernel.actors import Auth, Environment, Meaning, Role
from core.kernel.codec import to_data
from core.kernel.errors import TrialError
from core.kernel.quantities import Quantity
from core.kernel.recorded import Reason, Recorded, Signer, Txn
from core.request import Request
from core.rules.quantities import Sex
from core.rules.screening_facts import UNITS, Attestation, Group, Measurement
from core.trial.catalogue import decide, opening_topics
from core.trial.context import Context, Decided
from core.trial.escalation.events import DecisionSigned
from core.trial.facts import Facts
from core.trial.instance.events import InstanceCreated, Officer
from core.trial.policy import founding_policy
from core.trial.product.events import (
    DosePreparationChecked,
    DosePrepared,
    LotContents,
    LotReceived,
    LotReleased,
    ReleaseTest,
)
from core.trial.registry import STREAM_KIND
from core.trial.replay import is_replay_of
from core.trial.study.events import ProtocolConfigApproved, ProtocolConfigProposed
from core.trial.study.nct05727722 import protocol_config
from core.trial.study.self_test import self_test_digest
from core.trial.subject.adverse_events import (
    AdverseEvent,
    AdverseEventReported,
    Causality,
    DltAdjudicated,
    Seriousness,
)
from core.trial.subject.commands import (
    AdministerDose,
    GiveConsent,
    ReportAdverseEvent,
    ScreenSubject,
)
from core.trial.subject.events import (
    Attested,
    ConsentGiven,
    ConsentGiver,
    DltWindowCompleted,
    DoseAdministered,
    EligibilityConfirmed,
    IdentityCheck,
    Measured,
    RuleAnswer,
    SubjectEnrolled,
    SubjectScreened,
    SubjectWithdrawn,
)
from core.trial.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.kernel.recorded import Event
    from core.trial.catalogue import Command
    from core.trial.study.config import ProtocolConfig

ORIGIN = "renji.example/NCT05727722"
ZONE = "Asia/Shanghai"
START = datetime(2024, 3, 1, 1, 0, tzinfo=UTC)  # 09:00 at the site
LONG_AFTER = datetime(2025, 3, 1, 1, 0, tzinfo=UTC)
TXN = "018f0000-0000-7000-8000-000000000000"


# -- people -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the trial and the role in which they act."""

    id: str
    name: str
    role: Role


SEC = Member("sec.lin", "Lin Mei", Role.SEC)
ADM = Member("adm.xu", "Xu Jun", Role.ADM)
MM = Member("mm.zhao", "Zhao Min", Role.MM)
PI = Member("pi.chen", "Chen Wei", Role.PI)
SI = Member("si.gao", "Gao Lan", Role.SI)
SC = Member("sc.liu", "Liu Yan", Role.SC)
SC2 = Member("sc.wu", "Wu Hao", Role.SC)
LB = Member("lb.he", "He Rui", Role.LB)
PH = Member("ph.qian", "Qian Bo", Role.PH)
PH2 = Member("ph.xie", "Xie Na", Role.PH)
CRA = Member("cra.fan", "Fan Li", Role.CRA)
AUD = Member("aud.roth", "Roth Eva", Role.AUD)
DM = Member("dm.shen", "Shen Yu", Role.DM)
SRC = Member("src.wang", "Wang Fang", Role.SRC)
SRC2 = Member("src.tang", "Tang Yi", Role.SRC)
OFFICERS = (SEC, ADM)
MEMBERS = (MM, PI, SI, SC, SC2, LB, PH, PH2, CRA, AUD, DM, SRC, SRC2)


# -- examples ---------------------------------------------------------------------------------------

_VALUES = {
    Measurement.WEIGHT: "68.0",
    Measurement.BILIRUBIN: "212",
    Measurement.INR: "1.62",
    Measurement.PTA: "38",
    Measurement.ALBUMIN: "31",
    Measurement.PLATELETS: "88",
    Measurement.CREATININE: "68",
    Measurement.SODIUM: "134",
}
_TRUE = {
    Attestation.NO_OBVIOUS_IMPROVEMENT,
    Attestation.EARLY_STAGE_ACUTE_SYNDROME,
    Attestation.FATIGUE_AND_GI_SYMPTOM,
    Attestation.ASCITES_OR_HE_WITHIN_4_WEEKS,
    Attestation.PROGRESSIVE_JAUNDICE,
    Attestation.HCG_NEGATIVE,
}
CELLS = {level.level: level.cells for level in protocol_config().levels}


def consent(key: str) -> GiveConsent:
    """Return the command that records the consent of a subject, in the form first approved."""
    form = NCT05727722.consent_forms[0]
    return GiveConsent(key, form.version, form.language, ConsentGiver.SUBJECT, None)


def screening(key: str, **values: str) -> ScreenSubject:
    """Return the screening of an eligible candidate; `values` replaces measurements by name."""
    measured = {**{str(name): value for name, value in _VALUES.items()}, **values}
    return ScreenSubject(
        subject_key=key,
        group=Group.ACLF,
        sex=Sex.MALE,
        age_years=46,
        measurements=tuple(
            Measured(name, Decimal(value), UNITS[Measurement(name)]) for name, value in measured.items()
        ),
        days_of_prior_treatment=5,
        attestations=tuple(Attested(a, a in _TRUE) for a in Attestation),
    )


def screened(*, eligible: bool = True, rules: tuple[RuleAnswer, ...] = ()) -> SubjectScreened:
    """Return the event of a screening."""
    asked = screening("S01")
    return SubjectScreened(
        group=asked.group,
        sex=asked.sex,
        age_years=asked.age_years,
        measurements=asked.measurements,
        days_of_prior_treatment=asked.days_of_prior_treatment,
        attestations=asked.attestations,
        config_number=1,
        eligible=eligible,
        rules=rules,
    )


VOLUME = Quantity(Decimal(50), "mL")
CERTIFICATE = "sha256:" + "5" * 64
RELEASE_TESTS = protocol_config().product.release_tests


def dose(key: str, level: int = 1, at: datetime = LONG_AFTER, **fields: Any) -> AdministerDose:
    """Return the command for the nominal dose of a level out of the subject's lot, some fields replaced."""
    given_dose = administered(level, at, f"L-{key}")
    said = {f.name: getattr(given_dose, f.name) for f in dataclass_fields(given_dose)}
    del said["config_number"]
    return AdministerDose(subject_key=key, **{**said, **fields})


def administered(level: int = 1, at: datetime = START, lot: str = "L-S01", **fields: Any) -> DoseAdministered:
    """Return the event of the nominal dose of a level, some fields replaced."""
    nominal = DoseAdministered(
        config_number=1,
        level=level,
        lot=lot,
        cells=CELLS[level],
        volume=VOLUME,
        route="intraperitoneal",
        started_at=at,
        ended_at=at,
        interruption=None,
        identity_checked=(IdentityCheck.SUBJECT_KEY, IdentityCheck.WRISTBAND),
    )
    return replace(nominal, **fields)


def lot_contents(at: datetime = START, **fields: Any) -> LotContents:
    """Return a lot within specification, enough for twenty subjects of the highest level."""
    contents = LotContents(
        donor="D-07",
        cell_source="donor liver, split",
        made_at=at - timedelta(days=1),
        expires_at=at + timedelta(days=3650),
        viability_percent=Decimal(90),
        total_cells=cells("100"),
        viable_cells=cells("90"),
        volume=Quantity(Decimal(1000), "mL"),
        hla_typing=("A*02:01", "DRB1*15:01"),
        tests=tuple(ReleaseTest(t, passed=True, certificate=CERTIFICATE) for t in RELEASE_TESTS),
        temperature_log_ok=True,
    )
    return replace(contents, **fields)


def adverse_event(ae_id: str = "AE-1", grade: int = 3, onset: date = date(2024, 3, 3)) -> AdverseEvent:
    """Return a related adverse event; grade 5 is fatal and serious."""
    return AdverseEvent(
        ae_id=ae_id,
        ctcae_version="5.0",
        term="Fever",
        soc="General disorders and administration site conditions",
        verbatim=None,
        meddra_code=10016558,
        grade=grade,
        baseline_grade=0,
        onset=onset,
        onset_at=None,
        causality=Causality.PROBABLE,
        procedure_causality=None,
        disease_causality=None,
        expected=None,
        action_taken=None,
        serious=grade == 5,
        seriousness_criteria=(Seriousness.DEATH,) if grade == 5 else (),
        aware_at=datetime.combine(onset, time(), ZoneInfo(ZONE)) if grade == 5 else None,
        lab=None,
    )


def report(key: str, ae_id: str = "AE-1", **fields: Any) -> ReportAdverseEvent:
    """Return the command that enters an adverse event, some of its fields replaced."""
    return ReportAdverseEvent(key, replace(adverse_event(ae_id), **fields))


# -- past events ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Past:
    """An event that is already in the log."""

    stream: str
    payload: Any
    by: Member = PI
    at: datetime = START
    corrects: str | None = None


def on(key: str, payload: Event, *, by: Member = PI, at: datetime = START) -> Past:
    """Place an event into the stream of its kind: subject, casebook or person `key`."""
    return Past(f"{STREAM_KIND[payload.TOPIC]}/{key}", payload, by, at)


def consented(key: str, at: datetime = START) -> list[Past]:
    """Return the event of a subject who has consented."""
    form = NCT05727722.consent_forms[0]
    event = ConsentGiven(form.version, form.language, form.digest, ConsentGiver.SUBJECT, None)
    return [on(key, event, at=at)]


def candidate(key: str, at: datetime = START) -> list[Past]:
    """Return the events of a candidate whose eligibility is confirmed."""
    confirmed = on(key, EligibilityConfirmed(Group.ACLF), at=at)
    return [*consented(key, at), on(key, screened(), by=SC, at=at), confirmed]


def lot_on(lot: str, payload: Event, *, by: Member = PH, at: datetime = START) -> Past:
    """Place an event into the stream of a lot."""
    return on(lot, payload, by=by, at=at)


def released(lot: str, at: datetime = START, **fields: Any) -> list[Past]:
    """Return the events of a lot that a second pharmacist released."""
    received = LotReceived(lot_contents(at, **fields))
    return [lot_on(lot, received, at=at), lot_on(lot, LotReleased(), by=PH2, at=at)]


def preparation(key: str, level: int = 1, at: datetime = START, **fields: Any) -> DosePrepared:
    """Return the event of a preparation of the level's dose."""
    return replace(DosePrepared(key, 1, level, CELLS[level], VOLUME, at), **fields)


def prepared(key: str, level: int = 1, at: datetime = START, **fields: Any) -> list[Past]:
    """Return the events of a checked preparation out of a lot of the subject's own."""
    lot = f"L-{key}"
    return [
        *released(lot, at),
        lot_on(lot, preparation(key, level, at, **fields), at=at),
        lot_on(lot, DosePreparationChecked(key), by=PH2, at=at),
    ]


def enrolled(key: str, level: int = 1, replaces: str | None = None, at: datetime = START) -> list[Past]:
    """Return the events of a subject who waits for the dose."""
    slot = on(key, SubjectEnrolled(1, level, replaces), at=at)
    return [*candidate(key, at), slot, *prepared(key, level, at)]


def dosed(key: str, level: int = 1, at: datetime = START, replaces: str | None = None) -> list[Past]:
    """Return the events of a subject in the DLT window."""
    given_dose = administered(level, at, f"L-{key}")
    return [*enrolled(key, level, replaces), on(key, given_dose, at=at)]


def completed(key: str, level: int = 1, at: datetime = START) -> list[Past]:
    """Return the events of a subject without DLT whose window is closed."""
    return [*dosed(key, level, at), on(key, DltWindowCompleted((at + timedelta(days=28)).date()))]


def with_dlt(key: str, level: int = 1, at: datetime = START) -> list[Past]:
    """Return the events of a subject with an adjudicated DLT."""
    event = adverse_event(f"AE-{key}", onset=(at + timedelta(days=2)).date())
    return [
        *dosed(key, level, at),
        on(key, AdverseEventReported(event), by=SC),
        *judged(key, event.ae_id),
    ]


def judgement(ae_id: str = "AE-1", *, is_dlt: bool = True, exclusion: str | None = None) -> DltAdjudicated:
    """Return one member's vote under a configuration that asks for two."""
    return DltAdjudicated(ae_id, is_dlt, "judged on the source documents", exclusion, 2)


def judged(key: str, ae_id: str = "AE-1", *, is_dlt: bool = True) -> list[Past]:
    """Return the votes of two members who agree."""
    return [on(key, judgement(ae_id, is_dlt=is_dlt), by=member) for member in (SRC, SRC2)]


def left_early(key: str, level: int = 1, at: datetime = START) -> list[Past]:
    """Return the events of a subject who withdrew inside the window."""
    gone = SubjectWithdrawn((at + timedelta(days=5)).date(), "consent_withdrawn", dlt_related=False)
    return [*dosed(key, level, at), on(key, gone)]


def opened(level: int | None, kind: str = "escalate") -> Past:
    """Return the committee's signature that opens a level; who reads it looks at no other field."""
    event = DecisionSigned(
        meeting="M1",
        decision=kind,
        level=level,
        override=None,
        overridden=False,
        mtd=None,
        computed_decision=kind,
        computed_level=level,
        reason="atd_cleared",
        row=11,
        flags=(),
        slots=3,
        ceiling=4,
        config_number=1,
        facts=digest(0),
        levels=(),
    )
    return Past(streams.ESCALATION, event, by=SRC)


# -- the sentence -----------------------------------------------------------------------------------


class AnyKey:
    """Accepts every key and proof."""

    def require_possession(self, person: str, key: str, proof: str) -> None:
        """Accept."""

    def require_root(self, size: int, root: str) -> None:
        """Accept every snapshot."""


def digest(number: int) -> str:
    """Return the digest that the event of this position has in these stories."""
    return f"sha256:{number:064x}"


def recorded(past: Past, position: int, version: int) -> Recorded:
    """Return a past event as the log hands it out."""
    return Recorded(
        position=position,
        stream=past.stream,
        version=version,
        topic=past.payload.TOPIC,
        digest=digest(position),
        recorded_at=past.at,
        occurred_at=past.at,
        signed_at=past.at,
        zone=ZONE,
        signer=Signer(past.by.id, past.by.name, past.by.role, None, "ed25519:" + "0" * 64),
        auth=Auth.PASSWORD,
        meaning=Meaning.RESPONSIBILITY,
        legal="responsibility/1",
        reason=None,
        corrects=past.corrects,
        txn=Txn(TXN, 0, 1),
        payload=past.payload,
    )


def trial_of(events: Sequence[Past]) -> Trial:
    """Fold events as they would stand in a log."""
    trial = Trial()
    for position, past in enumerate(events, 1):
        trial.apply(recorded(past, position, trial.versions.get(past.stream, 0) + 1))
    return trial


def _founded(config: ProtocolConfig | None) -> list[Past]:
    officers = tuple(Officer(o.id, o.name, o.role, f"key of {o.id}", "proof") for o in OFFICERS)
    created = InstanceCreated(
        ORIGIN,
        Environment.TRAINING,
        "NCT05727722",
        "service key",
        "log key",
        founding_policy(),
        officers,
    )
    events = [Past(streams.INSTANCE, created, by=SEC)]
    if config is not None:
        events += [
            Past(streams.STUDY, ProtocolConfigProposed(1, config), by=MM),
            Past(streams.STUDY, ProtocolConfigApproved(1, digest(2), self_test_digest(config)), by=PI),
        ]
    return events


class Story:
    """Past events, then at most one command and what came of it."""

    def __init__(self, events: Sequence[Past], config: ProtocolConfig | None) -> None:
        self.base = _founded(config)
        self.trial = trial_of([*self.base, *events])
        self.facts = Facts(self.trial)
        self._command: Command
        self._asked: Context
        self._decided: tuple[Decided, ...] = ()
        self._error: TrialError | None = None

    def when(
        self,
        command: Command,
        by: Member = PI,
        *,
        at: datetime = LONG_AFTER,
        now: datetime | None = None,
        reason: Reason | None = None,
        key_checks: Any = None,
    ) -> Story:
        """Decide a command; `at` is when it happened, `now` the server's clock."""
        self._command = command
        self._asked = Context(
            person=by.id,
            role=by.role,
            now=now or at,
            occurred_at=at,
            zone=ZONE,
            reason=reason,
            checks=key_checks or AnyKey(),
        )
        try:
            self._decided = decide(self.facts, command, self._asked)
        except TrialError as error:
            self._error = error
        return self

    def then(self, events: Sequence[object], *, corrects: str | None = None) -> None:
        """Expect exactly these events, in which the command is contained (core/trial/replay.py)."""
        if self._error is not None:
            raise AssertionError("the command was refused") from self._error
        assert list(events) == [one.event for one in self._decided]
        assert all(self._command.target == one.stream for one in self._decided)
        assert all(corrects == one.corrects for one in self._decided)
        self._require_contained()

    def refused(self, code: str) -> None:
        """Expect a refusal with this code and a sentence for people."""
        assert self._error is not None, f"accepted: {self._decided}"
        assert code == self._error.code
        assert " " in self._error.detail

    def past(self, back: int = 0) -> str:
        """Return the digest of the newest past event, or of one that stands so many events before it."""
        return digest(self.trial.position - back)

    @property
    def decided(self) -> tuple[Decided, ...]:
        """What the decider answered."""
        return self._decided

    def _require_contained(self) -> None:
        by = Member(self._asked.person, "", self._asked.role)
        made = [
            replace(
                recorded(Past(one.stream, one.event, by, self._asked.occurred_at), 99, 1),
                reason=self._asked.reason,
            )
            for one in self._decided
        ]
        opens_with = opening_topics(type(self._command))
        asked = self._asked
        request = Request(asked.person, asked.role, asked.occurred_at, asked.zone, "", asked.reason)
        assert is_replay_of(to_data(self._command), self._command.target, opens_with, made, request)


NCT05727722 = protocol_config()


def given(events: Sequence[Past] = (), *, study: ProtocolConfig | None = NCT05727722) -> Story:
    """Begin a story; the configuration of NCT05727722 is approved unless `study` says otherwise."""
    return Story(events, study)


def why(text: str = "source document says otherwise", code: str = "entry_error") -> Reason:
    """Return a reason."""
    return Reason(code, text)


def cells(value: str, unit: str = "10*9") -> Quantity:
    """Return a number of cells."""
    return Quantity(Decimal(value), unit)
