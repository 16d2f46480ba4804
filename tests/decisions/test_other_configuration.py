"""Nothing is hard-wired: each key of the configuration decides, here otherwise than in NCT05727722.

Every question is put to both trials. `PROVED_BY` names, for each key, the test that turns on it, in this
module or in `tests/views/test_other_configuration_views.py`; a new key without a test is found by the walk
over the fields.
"""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.kernel.errors import Refused
from core.kernel.quantities import Quantity
from core.rules.screening_facts import UNITS, Attestation, Group, Measurement
from core.trial.casebook.commands import (
    AssessClinicalImprovement,
    RecordVisit,
    ReportHlaAntibodies,
    ReportLabPanel,
)
from core.trial.casebook.events import AntibodyClass, LabResult, MeasuredBy
from core.trial.cohorts import computed_decision
from core.trial.context import Context, require_timely
from core.trial.escalation.commands import CastSrcVote, OpenSrcMeeting, SignDecision
from core.trial.escalation.holds import holds_in_force
from core.trial.product.commands import ReleaseLot
from core.trial.product.events import LotReceived, ReleaseTest
from core.trial.study.commands import ProposeProtocolConfig
from core.trial.study.config import DltExclusion, ProtocolConfig
from core.trial.study.self_test import self_test_digest
from core.trial.subject.adverse_events import (
    AdverseEventRegraded,
    AdverseEventReported,
    Causality,
    Seriousness,
)
from core.trial.subject.commands import (
    AdjudicateDlt,
    CompleteDltWindow,
    DeclareSae,
    EnrolSubject,
    GiveConsent,
)
from core.trial.subject.events import Attested, ConsentGiver, Measured, SubjectScreenFailed
from tests.decisions.committee import SNAPSHOT, seated
from tests.support.given import (
    CERTIFICATE,
    MM,
    NCT05727722,
    PH2,
    PI,
    SC,
    SRC,
    START,
    ZONE,
    AnyKey,
    Member,
    Past,
    adverse_event,
    candidate,
    completed,
    consented,
    dose,
    dosed,
    enrolled,
    given,
    judged,
    left_early,
    lot_contents,
    lot_on,
    on,
    prepared,
    report,
    screened,
    screening,
    why,
)
from tests.support.other_trial import OTHER_FORM, other_config
from tests.views import test_other_configuration_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.rules.escalation import Decision

OTHER = other_config()
DAY, HOUR, MILLISECOND = timedelta(days=1), timedelta(hours=1), timedelta(milliseconds=1)


def answer(
    study: ProtocolConfig | None, events: Sequence[Past], command: Any, by: Member = PI, **asked: Any
) -> str | None:
    """Return the code with which a trial refuses the command, None where it accepts."""
    story = given(events, study=study)
    seated_story = seated(events, study)
    story.trial.people.update(seated_story.trial.people)
    story.when(command, by, **asked)
    return None if story._error is None else story._error.code


def made(study: ProtocolConfig, events: Sequence[Past], command: Any, by: Member = PI, **asked: Any) -> Any:
    """Return the payload of the one event that the command makes."""
    [decided] = given(events, study=study).when(command, by, **asked).decided
    return decided.event


def answers(
    events: Sequence[Past], command: Any, by: Member = PI, **asked: Any
) -> tuple[str | None, str | None]:
    """Return what the made-up trial says, and what NCT05727722 does."""
    return answer(OTHER, events, command, by, **asked), answer(NCT05727722, events, command, by, **asked)


def proposed(**changes: Any) -> str | None:
    """Return how a proposal of the made-up trial with these changes is refused."""
    return answer(None, [], ProposeProtocolConfig(replace(OTHER, **changes)), MM)


def decision(study: ProtocolConfig, events: Sequence[Past]) -> Decision:
    trial = given(events, study=study).trial
    return computed_decision(trial.subjects, trial.study)


def ruled(**changes: Any) -> ProtocolConfig:
    """Return the made-up trial with other rules of escalation."""
    return replace(OTHER, escalation=replace(OTHER.escalation, **changes))


# -- the whole --------------------------------------------------------------------------------------------


def test_the_made_up_trial_is_sound_and_passes_its_self_test() -> None:
    assert proposed() is None
    assert self_test_digest(OTHER) != self_test_digest(NCT05727722)


def test_a_later_version_stays_the_same_study() -> None:
    command = ProposeProtocolConfig(replace(OTHER, study="NCT05727722"))
    assert answer(OTHER, [], command, MM, reason=why()) == "AMENDMENT_REWRITES_HISTORY"


def test_rules_and_vocabularies_are_named_and_only_those_that_the_program_has() -> None:
    assert proposed(rules_version="dosetrail-rules/2") == "UNKNOWN_RULES"
    assert proposed(ctcae_version="6.0") == "BAD_CONFIG"
    assert proposed(meld=replace(OTHER.meld, factors="meld-factors/2")) == "BAD_CONFIG"


def test_an_adverse_event_is_graded_by_the_version_that_was_signed() -> None:
    newer = replace(OTHER, ctcae_version="6.0")  # sound once this program has its terms
    for study, codes in ((newer, ("CTCAE_VERSION", None)), (OTHER, (None, "CTCAE_VERSION"))):
        found = (answer(study, dosed("S01"), report("S01", ctcae_version=v), SC) for v in ("5.0", "6.0"))
        assert tuple(found) == codes


def test_days_are_those_of_the_signed_zone() -> None:
    """At 17:00 UTC it is still the tenth in Berlin, and the eleventh in Shanghai."""
    evening, tomorrow = datetime(2024, 3, 10, 17, 0, tzinfo=UTC), date(2024, 3, 11)
    assert answers(dosed("S01"), report("S01", onset=tomorrow), SC, at=evening) == ("FUTURE_TIME", None)


# -- levels and doses -------------------------------------------------------------------------------------


def _milligrams(text: str) -> Quantity:
    return Quantity(Decimal(text), "mg")


def _dosing(study: ProtocolConfig, mg: str = "1", at: datetime = START + HOUR, **fields_: Any) -> str | None:
    nominal = _milligrams(mg) if study.levels[0].cells.unit == "mg" else Quantity(Decimal("0.15"), "10*9")
    route = fields_.pop("route", study.dosing.routes[0])
    events = [*enrolled("S01")[:-4], *prepared("S01", cells=nominal)]
    return answer(study, events, dose("S01", 1, at, cells=nominal, route=route, **fields_), at=at)


@pytest.mark.parametrize(("mg", "code"), [("1.05", None), ("1.0501", "DOSE_ABOVE_LEVEL")])
def test_a_level_is_an_amount_in_its_own_unit_with_its_own_tolerance(mg: str, code: str | None) -> None:
    """The first level is 1 mg, 5 % more are tolerated; NCT05727722 gives cells, and tolerates 10 %."""
    command = dose("S01", 1, START + HOUR, cells=_milligrams(mg), route="intravenous")
    events = [*enrolled("S01")[:-4], *prepared("S01", cells=_milligrams("2"))]
    assert answer(OTHER, events, command, at=START + HOUR, reason=why()) == code
    in_cells = replace(command, cells=_milligrams(mg), route="intraperitoneal")
    assert answer(NCT05727722, events, in_cells, at=START + HOUR) == "WRONG_UNIT"


def test_the_route_is_the_signed_one() -> None:
    assert [_dosing(OTHER, route=r) for r in ("intravenous", "intraperitoneal")] == [
        None,
        "ROUTE_NOT_ALLOWED",
    ]
    assert [_dosing(NCT05727722, route=r) for r in ("intraperitoneal", "intravenous")] == [
        None,
        "ROUTE_NOT_ALLOWED",
    ]


def test_there_are_as_many_levels_as_were_signed() -> None:
    vote = CastSrcVote("M1", "escalate", 4, "on the facts")
    meeting = OpenSrcMeeting("M1", SNAPSHOT, "root", (SRC.id, "src.tang"), ())
    for study, code in ((OTHER, "LEVEL_UNKNOWN"), (NCT05727722, None)):
        [opened] = seated([], study).when(meeting, MM).decided
        assert answer(study, [Past(opened.stream, opened.event, by=MM)], vote, SRC) == code


@pytest.mark.parametrize(("hours", "other", "built_in"), [(48, None, None), (72, "EVIDENCE_STALE", None)])
def test_screening_values_are_valid_as_long_as_signed(
    hours: int, other: str | None, built_in: str | None
) -> None:
    at = START + hours * HOUR
    assert (_dosing(OTHER, at=at), _dosing(NCT05727722, at=at)) == (other, built_in)
    assert _dosing(OTHER, at=START + 48 * HOUR + MILLISECOND) == "EVIDENCE_STALE"


@pytest.mark.parametrize(
    ("days", "first", "later"),
    [
        (6, "STAGGER_VIOLATION", None),
        (7, None, None),
        (0, "STAGGER_VIOLATION", "STAGGER_VIOLATION"),
        (1, "STAGGER_VIOLATION", None),
    ],
)
def test_the_first_of_a_level_is_watched_and_later_ones_follow_as_signed(
    days: int, first: str | None, later: str | None
) -> None:
    """Seven days behind the first, one day between others; in NCT05727722 fourteen and three."""
    second = replace(OTHER, dosing=replace(OTHER.dosing, screening_valid_hours=9999))
    at = START + days * DAY + HOUR
    give = dose("S02", 1, at, cells=_milligrams("1"), route="intravenous")
    waiting = [*enrolled("S02")[:-4], *prepared("S02", cells=_milligrams("1"))]
    assert answer(second, [*dosed("S01"), *waiting], give, at=at) == first
    watched = dosed("S00", at=START - 7 * DAY)
    assert answer(second, [*watched, *dosed("S01"), *waiting], give, at=at) == later


# -- product and consent ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "codes"), [("79.9", ("LOT_FAILS_SPECIFICATION", None)), ("80", (None, None))]
)
def test_a_lot_is_as_viable_as_signed(percent: str, codes: tuple[str | None, str | None]) -> None:
    received = lot_on("L1", LotReceived(lot_contents(viability_percent=Decimal(percent))))
    assert answers([received], ReleaseLot("L1"), PH2) == codes


def test_a_lot_has_passed_the_signed_tests() -> None:
    sterile = (ReleaseTest("sterility", passed=True, certificate=CERTIFICATE),)
    received = lot_on("L1", LotReceived(lot_contents(tests=sterile)))
    assert answers([received], ReleaseLot("L1"), PH2) == (None, "LOT_FAILS_SPECIFICATION")


def test_consent_is_given_under_the_signed_form() -> None:
    """The made-up form is of version B/2, in German, in use since 1 February 2024."""
    theirs = GiveConsent("S09", OTHER_FORM.version, OTHER_FORM.language, ConsentGiver.SUBJECT, None)
    assert answers([], theirs, at=START) == (None, "CONSENT_FORM_UNKNOWN")
    in_another_language = replace(theirs, language="zh-CN")
    assert answer(OTHER, [], in_another_language, at=START) == "CONSENT_FORM_UNKNOWN"
    eve = datetime(2024, 1, 31, 22, 59, 59, tzinfo=UTC)
    assert answer(OTHER, [], theirs, at=eve) == "CONSENT_FORM_NOT_CURRENT"
    assert answer(OTHER, [], theirs, at=eve + timedelta(seconds=1)) is None
    assert made(OTHER, [], theirs, at=START).form_digest == "sha256:" + "b" * 64


def test_a_form_that_asks_for_it_needs_consent_again() -> None:
    newer = replace(OTHER_FORM, version="B/3", effective_from=date(2024, 3, 1))
    old = replace(OTHER_FORM, version="1.0", language="zh-CN")  # what the example subject signed
    for reconsent, code in ((True, "RECONSENT_DUE"), (False, None)):
        study = replace(OTHER, consent_forms=(old, replace(newer, reconsent=reconsent)))
        assert answer(study, candidate("S01"), EnrolSubject("S01", 1, None), at=START) == code


# -- eligibility ------------------------------------------------------------------------------------------

_CLF_TRUE = {Attestation.CIRRHOSIS_WITH_DECOMPENSATION, Attestation.NO_OBVIOUS_IMPROVEMENT}
LIMITS = [
    # limit, group, values that fail and that pass in the made-up trial, and whether NCT05727722 takes them
    ("min_weight_kg", Group.ACLF, {"weight": "50"}, {"weight": "50.1"}, (True, True)),
    ("min_age", Group.ACLF, {"age": "20"}, {"age": "21"}, (True, True)),
    ("max_age", Group.ACLF, {"age": "71"}, {"age": "70"}, (False, False)),
    ("clf_max_bilirubin_uln_multiple", Group.CLF, {"bilirubin": "164"}, {"bilirubin": "163.9"}, (True, True)),
    ("aclf_min_bilirubin_umol_l", Group.ACLF, {"bilirubin": "99.9"}, {"bilirubin": "100"}, (True, True)),
    ("aclf_inr", Group.ACLF, {"inr": "1.4", "pta": "60"}, {"inr": "1.41", "pta": "60"}, (False, False)),
    ("aclf_pta_percent", Group.ACLF, {"inr": "1", "pta": "45"}, {"inr": "1", "pta": "44.9"}, (False, False)),
    ("min_days_of_prior_treatment", Group.ACLF, {"days": "2"}, {"days": "3"}, (False, False)),
    ("min_pao2_fio2_mmhg", Group.ACLF, {"pao2_fio2": "149"}, {"pao2_fio2": "150"}, (False, False)),
    ("min_platelets_e9_l", Group.ACLF, {"platelets": "29"}, {"platelets": "30"}, (True, True)),
]


def _eligible(study: ProtocolConfig, group: Group, values: dict[str, str]) -> bool:
    asked = screening("S01", **{k: v for k, v in values.items() if k not in {"age", "days", "pao2_fio2"}})
    oxygen = Measured("pao2_fio2", Decimal(values.get("pao2_fio2", "400")), UNITS[Measurement.PAO2_FIO2])
    uncorrectable = {Attestation.OXYGENATION_UNCORRECTABLE, Attestation.PLATELETS_UNCORRECTABLE}
    true = {one.id for one in asked.attestations if one.holds} | uncorrectable
    if group is Group.CLF:
        true |= _CLF_TRUE
    asked = replace(
        asked,
        group=group,
        age_years=int(values.get("age", "46")),
        days_of_prior_treatment=int(values.get("days", "5")),
        attestations=tuple(Attested(a, a in true) for a in Attestation),
        measurements=(*asked.measurements, oxygen),
    )
    return bool(made(study, consented("S01"), asked, SC, at=START).eligible)


@pytest.mark.parametrize(
    ("limit", "group", "out", "within", "built_in"), LIMITS, ids=[row[0] for row in LIMITS]
)
def test_each_limit_of_eligibility_is_the_signed_one(
    limit: str, group: Group, out: dict[str, str], within: dict[str, str], built_in: tuple[bool, bool]
) -> None:
    assert limit in {one.name for one in OTHER.eligibility}
    assert (_eligible(OTHER, group, out), _eligible(OTHER, group, within)) == (False, True)
    assert (_eligible(NCT05727722, group, out), _eligible(NCT05727722, group, within)) == built_in


def test_the_registry_of_limits_is_complete_and_in_the_signed_units() -> None:
    assert [row[0] for row in LIMITS] == [one.name for one in OTHER.eligibility]
    in_pounds = tuple(replace(one, unit="[lb_av]") if one.unit == "kg" else one for one in OTHER.eligibility)
    assert proposed(eligibility=in_pounds) == "BAD_CONFIG"


def test_a_multiple_of_the_normal_limit_is_one_of_the_signed_limit() -> None:
    """Bilirubin above 30 instead of 20.5 umol/L: a candidate at 25 has nothing to be treated for."""
    doubled = tuple(
        replace(one, high=Decimal(30)) if one.analyte == "bilirubin" else one
        for one in OTHER.reference_ranges
    )
    assert not _eligible(replace(OTHER, reference_ranges=doubled), Group.CLF, {"bilirubin": "30"})
    assert _eligible(OTHER, Group.CLF, {"bilirubin": "30"})


def test_how_often_a_failed_candidate_is_screened_again_is_signed() -> None:
    failed = [
        *consented("S01"),
        on("S01", screened(eligible=False), by=SC),
        on("S01", SubjectScreenFailed(("ACLF-1",))),
    ]
    assert answers(failed, screening("S01"), SC, at=START + HOUR) == ("NO_RESCREENING_LEFT", None)


# -- laboratory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("109.9", ("IMPLAUSIBLE", None)),
        ("110", (None, None)),
        ("170", (None, None)),
        ("170.1", ("IMPLAUSIBLE", None)),
    ],
)
def test_what_a_value_can_be_is_signed(value: str, codes: tuple[str | None, str | None]) -> None:
    at = START + DAY
    sodium = LabResult("sodium", Decimal(value), "mmol/L", "A", at, at)
    command = ReportLabPanel("S01", None, "A", at, at, (sodium,), False, False)  # noqa: FBT003 - no dialysis
    assert answers(dosed("S01"), command, SC) == codes


@pytest.mark.parametrize(
    ("measured", "codes"),
    [(None, ("ANALYSER_MISSING", None)), ("AN-9", ("DEVICE_NOT_REGISTERED", "DEVICE_NOT_REGISTERED"))],
)
def test_which_results_name_their_analyser_is_signed(
    measured: str | None, codes: tuple[str | None, str | None]
) -> None:
    at = START + DAY
    device = measured and MeasuredBy(measured)
    fibrinogen = LabResult("fibrinogen", Decimal(3), "g/L", "A", at, at, device or None)
    command = ReportLabPanel("S01", None, "A", at, at, (fibrinogen,), False, False)  # noqa: FBT003 - no dialysis
    assert answers(dosed("S01"), command, SC) == codes


@pytest.mark.parametrize(
    ("asked", "codes"), [("500", (None, "THRESHOLD_DIFFERS")), ("1000", ("THRESHOLD_DIFFERS", None))]
)
def test_antibodies_are_positive_from_the_signed_threshold(
    asked: str, codes: tuple[str | None, str | None]
) -> None:
    none = AntibodyClass(Decimal(0), Decimal(0), ())
    command = ReportHlaAntibodies("S01", 0, "bead", None, None, Decimal(asked), none, none)
    assert answers(dosed("S01"), command, SC) == codes


def _with_improvement(study: ProtocolConfig) -> ProtocolConfig:
    """Let every visit ask for improvement."""
    visits = tuple(replace(one, assessments=("improvement",)) for one in study.visits)
    return replace(study, visits=visits)


def test_improvement_is_assessed_by_the_signed_guideline() -> None:
    for name, code in (("Made-up guideline 7", None), ("China 2018 2.6.2.2", "GUIDELINE_DIFFERS")):
        command = AssessClinicalImprovement("S01", 90, name, None, None, None, "chart")
        assert answer(_with_improvement(OTHER), dosed("S01"), command, at=START + 90 * DAY) == code


@pytest.mark.parametrize(("visit", "codes"), [(5, (None, "UNKNOWN_VISIT")), (60, ("UNKNOWN_VISIT", None))])
def test_visits_are_those_of_the_signed_schedule(visit: int, codes: tuple[str | None, str | None]) -> None:
    command = RecordVisit("S01", visit, date(2024, 3, 6), (), None)
    assert answers(dosed("S01"), command, SC) == codes


@pytest.mark.parametrize(
    ("hours", "other", "built_in"),
    [(24, None, None), (25, None, "REASON_REQUIRED"), (49, "REASON_REQUIRED", "REASON_REQUIRED")],
)
def test_an_entry_is_late_after_the_signed_hours(hours: int, other: str | None, built_in: str | None) -> None:
    def code(study: ProtocolConfig) -> str | None:
        context = Context(SC.id, SC.role, START + hours * HOUR, START, ZONE, None, AnyKey())
        try:
            require_timely(context, given(study=study).trial.study)
        except Refused as refusal:
            return refusal.code
        return None

    assert (code(OTHER), code(NCT05727722)) == (other, built_in)


# -- toxicity ---------------------------------------------------------------------------------------------


def _closing(study: ProtocolConfig, day: int) -> str | None:
    return answer(study, dosed("S01"), CompleteDltWindow("S01"), at=START + day * DAY)


def test_the_window_is_as_long_as_signed_and_ends_as_signed() -> None:
    """21 days without the last one end on day 20, with it on day 21; NCT05727722 has 28 days with it."""
    assert [_closing(OTHER, day) for day in (19, 20)] == ["DLT_WINDOW_OPEN", None]
    inclusive = replace(OTHER, dlt=replace(OTHER.dlt, inclusive=True))
    assert [_closing(inclusive, day) for day in (20, 21)] == ["DLT_WINDOW_OPEN", None]
    assert [_closing(NCT05727722, day) for day in (27, 28)] == ["DLT_WINDOW_OPEN", None]


def _judging(study: ProtocolConfig, exclusion: str | None = None, **entry: Any) -> str | None:
    events = [*dosed("S01"), on("S01", AdverseEventReported(replace(adverse_event(), **entry)), by=SC)]
    return answer(study, events, AdjudicateDlt("S01", "AE-1", exclusion is None, "judged", exclusion), SRC)


@pytest.mark.parametrize(
    ("entry", "other", "built_in"),
    [
        ({"grade": 3}, "NOT_A_DLT_CANDIDATE", None),
        ({"grade": 4}, None, None),
        ({"grade": 4, "baseline_grade": 2}, None, None),
        ({"grade": 4, "baseline_grade": 3}, "NOT_A_DLT_CANDIDATE", None),
        ({"grade": 4, "causality": Causality.POSSIBLE}, "NOT_A_DLT_CANDIDATE", None),
        ({"grade": 4, "causality": Causality.UNLIKELY}, "NOT_A_DLT_CANDIDATE", "NOT_A_DLT_CANDIDATE"),
        ({"grade": 4, "onset": date(2024, 3, 21)}, None, None),
        ({"grade": 4, "onset": date(2024, 3, 22)}, "NOT_A_DLT_CANDIDATE", None),
    ],
)
def test_a_candidate_is_what_the_signed_definition_says(
    entry: dict[str, Any], other: str | None, built_in: str | None
) -> None:
    """Grade 4, two grades worse than before, at least probably related, by day 20."""
    assert (_judging(OTHER, **entry), _judging(NCT05727722, **entry)) == (other, built_in)


def test_a_judgement_takes_as_many_members_as_signed() -> None:
    events = [*dosed("S01"), on("S01", AdverseEventReported(adverse_event(grade=4)), by=SC)]
    command = AdjudicateDlt("S01", "AE-1", is_dlt=True, rationale="toxic", exclusion=None)
    for study, required, takes_effect in ((OTHER, 1, True), (NCT05727722, 2, False)):
        event = made(study, events, command, SRC)
        assert event.required == required
        after = given([*events, on("S01", event, by=SRC)], study=study)
        assert after.trial.subjects["S01"].has_dlt is takes_effect


def _moderate(baseline: int) -> list[Past]:
    entry = replace(adverse_event(grade=2), baseline_grade=baseline)
    return [*dosed("S01"), on("S01", AdverseEventReported(entry), by=SC)]


def test_whether_a_grade_that_was_there_before_counts_is_signed() -> None:
    """Grade 2 at baseline and after: no trigger in the made-up trial, one in NCT05727722."""
    for study, grades in ((OTHER, (2, 0)), (NCT05727722, (2, 2))):
        worst = [
            next(
                iter(given(_moderate(b), study=study).trial.contributions.values())
            ).outcome.max_related_grade
            for b in (1, 2)
        ]
        assert tuple(worst) == grades


_BRIEF = DltExclusion("brief", ("Fever",), False, 4, 1, False, 24)  # noqa: FBT003 - agreed shape


def _excluded(term: str = "Fever", back_to: int = 1, baseline: int = 0, **changes: Any) -> str | None:
    """Return how the exclusion, changed, answers a grade 4 event that has another grade after 24 hours."""
    exclusions = (replace(_BRIEF, **changes),)
    study = replace(OTHER, dlt=replace(OTHER.dlt, exclusions=exclusions))
    began, went = START + 2 * DAY, START + 3 * DAY
    entry = replace(adverse_event(grade=4), term=term, onset_at=began, baseline_grade=baseline)
    regraded = AdverseEventRegraded("AE-1", 4, back_to, went.date(), went, (), None)
    events = [*dosed("S01"), on("S01", AdverseEventReported(entry), by=SC), on("S01", regraded, by=SC)]
    command = AdjudicateDlt("S01", "AE-1", is_dlt=False, rationale="brief", exclusion="brief")
    return answer(study, events, command, SRC)


def test_exclusions_are_those_that_were_signed() -> None:
    assert _judging(OTHER, "transient_reaction", grade=4) == "UNKNOWN_EXCLUSION"
    assert _judging(NCT05727722, "brief_fever", grade=4) == "UNKNOWN_EXCLUSION"
    assert _excluded() is None
    assert _excluded(within_hours=23) == "EXCLUSION_NOT_MET"
    assert _excluded(within_hours=None) is None
    assert _excluded(terms=("Chills",)) == "EXCLUSION_NOT_MET"
    assert _excluded(terms=()) is None
    assert _excluded(max_grade=3) == "EXCLUSION_NOT_MET"
    assert _excluded(back_to=2) == "EXCLUSION_NOT_MET"
    assert _excluded(back_to=2, back_to_grade=2) is None
    assert _excluded(back_to=2, baseline=2) == "EXCLUSION_NOT_MET"
    assert _excluded(back_to=2, baseline=2, or_baseline=True) is None
    assert _excluded(laboratory_only=True) == "EXCLUSION_NOT_MET"
    assert _excluded(term="Blood bilirubin increased", terms=(), laboratory_only=True) is None


def _serious(
    criteria: tuple[Seriousness, ...], grade: int, causality: Causality = Causality.PROBABLE
) -> list[Past]:
    entry = replace(
        adverse_event(grade=grade),
        serious=True,
        seriousness_criteria=criteria,
        aware_at=START + 3 * DAY,
        causality=causality,
    )
    return [*dosed("S01"), on("S01", AdverseEventReported(entry), by=SC)]


@pytest.mark.parametrize(
    ("criterion", "grade", "other", "built_in"),
    [(Seriousness.DEATH, 5, 5, 7), (Seriousness.HOSPITALISATION, 3, 10, 15)],
)
def test_clocks_run_as_long_as_signed(criterion: Seriousness, grade: int, other: int, built_in: int) -> None:
    for study, days, hours in ((OTHER, other, 12), (NCT05727722, built_in, 24)):
        command = DeclareSae("S01", "AE-1", (criterion,), START + 3 * DAY, "what happened", expected=False)
        event = made(study, _serious((criterion,), grade), command)
        assert event.sponsor_due == START + 3 * DAY + hours * HOUR
        assert event.regulator_due == START + (3 + days) * DAY


@pytest.mark.parametrize(
    ("criterion", "grade", "causality", "other", "built_in"),
    [
        (Seriousness.DEATH, 5, Causality.PROBABLE, True, True),
        (Seriousness.DEATH, 5, Causality.POSSIBLE, False, True),
        (Seriousness.LIFE_THREATENING, 4, Causality.PROBABLE, False, True),
    ],
)
def test_dosing_is_held_by_the_signed_triggers(
    criterion: Seriousness, grade: int, causality: Causality, *, other: bool, built_in: bool
) -> None:
    for study, held in ((OTHER, other), (NCT05727722, built_in)):
        trial = given(_serious((criterion,), grade, causality), study=study).trial
        assert bool(holds_in_force(trial.raised, trial.escalation)) is held


# -- escalation -------------------------------------------------------------------------------------------


def _toxic(key: str, level: int = 1) -> list[Past]:
    """Return the events of a subject with a DLT of grade 4, which is one in both trials."""
    entry = adverse_event(f"AE-{key}", grade=4)
    return [*dosed(key, level), on(key, AdverseEventReported(entry), by=SC), *judged(key, entry.ae_id)]


def _clean(*levels: int) -> list[Past]:
    return [
        past for n, level in enumerate(levels, 1) for past in completed(f"S{n:02d}", level, START + n * DAY)
    ]


def test_titration_ends_where_signed() -> None:
    """None at all in the made-up trial, level 1 in NCT05727722."""
    assert [decision(study, []).slots for study in (OTHER, NCT05727722)] == [3, 1]
    assert [str(decision(study, _clean(1)).decision) for study in (OTHER, NCT05727722)] == [
        "enrol",
        "escalate",
    ]


def test_as_many_moderate_toxicities_end_titration_as_signed() -> None:
    moderate = [*completed("S01", 1), on("S01", AdverseEventReported(adverse_event(grade=2)), by=SC)]
    for count, kind in ((1, "expand"), (2, "escalate")):
        assert decision(ruled(atd_last_level=2, grade2_trigger_count=count), moderate).decision == kind


def test_cohorts_and_full_levels_have_the_signed_sizes() -> None:
    pairs = ruled(cohort_size=2, max_per_level=4, mtd_min_evaluable=4)
    assert decision(pairs, []).slots == 2
    assert decision(pairs, _clean(1, 1)).decision == "escalate"
    one_of_two = [*_clean(1), *_toxic("S09")]
    assert (decision(pairs, one_of_two).decision, decision(pairs, one_of_two).slots) == ("expand", 2)
    assert decision(pairs, [*_clean(1, 1, 2, 2, 2, 2), *_toxic("S08", 3), *_toxic("S09", 3)]).mtd == 2
    assert decision(OTHER, [*_clean(1, 1, 2, 2, 2, 2), *_toxic("S08", 3), *_toxic("S09", 3)]).mtd is None


def test_as_many_dlts_are_tolerated_as_signed() -> None:
    assert decision(ruled(mtd_max_dlt=0), _toxic("S01")).decision == "stop_no_mtd"
    assert decision(OTHER, _toxic("S01")).decision != "stop_no_mtd"
    assert decision(OTHER, [*_toxic("S01"), *_toxic("S02")]).decision == "stop_no_mtd"


def test_the_sample_size_is_the_signed_one() -> None:
    """Twelve in the made-up trial, ten in NCT05727722."""
    ten = _clean(1, 1, 1, 2, 2, 2, 3, 3, 3, 3)
    assert [str(decision(s, ten).decision) for s in (OTHER, NCT05727722)] == ["enrol", "hold"]
    assert decision(ruled(max_subjects=10), ten).reason == "sample_size_limit"
    assert decision(ruled(max_subjects=11), ten).slots == 1


def test_whether_replaced_subjects_count_is_signed() -> None:
    left = [*left_early("S01"), *completed("S02")]
    two = {"max_subjects": 2}
    assert decision(ruled(**two, replaced_count=False), left).slots == 1
    assert decision(ruled(**two, replaced_count=True), left).reason == "sample_size_limit"


@pytest.mark.parametrize(
    "changes",
    [
        {"early_stop_on_two_dlt": False},
        {"allow_deescalation": False},
        {"top_dose_requires_six": False},
        {"late_event_policy": "continue"},
        {"expand_while_pending": True},
        {"mtd_min_evaluable": 5},
    ],
)
def test_a_design_that_the_table_does_not_describe_is_refused_not_ignored(changes: dict[str, Any]) -> None:
    assert proposed(escalation=replace(OTHER.escalation, **changes)) == "ESCALATION_RULES_UNSUPPORTED"


def test_a_quorum_is_the_signed_one() -> None:
    meeting = OpenSrcMeeting("M1", SNAPSHOT, "root", (SRC.id,), ())
    assert answers([], meeting, MM) == (None, "NO_QUORUM")
    [opened] = seated([], OTHER).when(meeting, MM).decided
    events = [Past(opened.stream, opened.event, by=MM)]
    [vote] = given(events, study=OTHER).when(CastSrcVote("M1", "enrol", 1, "on the facts"), SRC).decided
    sign = SignDecision("M1", "enrol", 1, None)
    assert answer(OTHER, [*events, Past(vote.stream, vote.event, by=SRC)], sign, SRC) is None


# -- the registry -----------------------------------------------------------------------------------------

PROVED_BY = {
    "study": "test_a_later_version_stays_the_same_study",
    "rules_version": "test_rules_and_vocabularies_are_named_and_only_those_that_the_program_has",
    "zone": "test_days_are_those_of_the_signed_zone",
    "ctcae_version": "test_an_adverse_event_is_graded_by_the_version_that_was_signed",
    "levels.level": "test_there_are_as_many_levels_as_were_signed",
    "levels.cells.value": "test_a_level_is_an_amount_in_its_own_unit_with_its_own_tolerance",
    "levels.cells.unit": "test_a_level_is_an_amount_in_its_own_unit_with_its_own_tolerance",
    "escalation.atd_last_level": "test_titration_ends_where_signed",
    "escalation.grade2_trigger_count": "test_as_many_moderate_toxicities_end_titration_as_signed",
    **{
        f"escalation.{name}": "test_a_design_that_the_table_does_not_describe_is_refused_not_ignored"
        for name in (
            "early_stop_on_two_dlt",
            "allow_deescalation",
            "top_dose_requires_six",
            "late_event_policy",
            "expand_while_pending",
        )
    },
    "escalation.mtd_min_evaluable": "test_cohorts_and_full_levels_have_the_signed_sizes",
    "escalation.mtd_max_dlt": "test_as_many_dlts_are_tolerated_as_signed",
    "escalation.cohort_size": "test_cohorts_and_full_levels_have_the_signed_sizes",
    "escalation.max_per_level": "test_cohorts_and_full_levels_have_the_signed_sizes",
    "escalation.max_subjects": "test_the_sample_size_is_the_signed_one",
    "escalation.replaced_count": "test_whether_replaced_subjects_count_is_signed",
    "dlt.days": "test_the_window_is_as_long_as_signed_and_ends_as_signed",
    "dlt.inclusive": "test_the_window_is_as_long_as_signed_and_ends_as_signed",
    "dlt.minimum_grade": "test_a_candidate_is_what_the_signed_definition_says",
    "dlt.minimum_worsening": "test_a_candidate_is_what_the_signed_definition_says",
    "dlt.only_worsened_grades": "test_whether_a_grade_that_was_there_before_counts_is_signed",
    **{
        f"dlt.exclusions.{name}": "test_exclusions_are_those_that_were_signed"
        for name in (
            "id",
            "terms",
            "laboratory_only",
            "max_grade",
            "back_to_grade",
            "or_baseline",
            "within_hours",
        )
    },
    "dlt.adjudicators": "test_a_judgement_takes_as_many_members_as_signed",
    "related_causalities": "test_a_candidate_is_what_the_signed_definition_says",
    "dosing.routes": "test_the_route_is_the_signed_one",
    "dosing.tolerance_percent": "test_a_level_is_an_amount_in_its_own_unit_with_its_own_tolerance",
    "dosing.screening_valid_hours": "test_screening_values_are_valid_as_long_as_signed",
    "dosing.first_of_level_days": "test_the_first_of_a_level_is_watched_and_later_ones_follow_as_signed",
    "dosing.between_subjects_days": "test_the_first_of_a_level_is_watched_and_later_ones_follow_as_signed",
    "product.min_viability_percent": "test_a_lot_is_as_viable_as_signed",
    "product.release_tests": "test_a_lot_has_passed_the_signed_tests",
    **{
        f"consent_forms.{name}": "test_consent_is_given_under_the_signed_form"
        for name in ("version", "language", "digest", "effective_from")
    },
    "consent_forms.reconsent": "test_a_form_that_asks_for_it_needs_consent_again",
    "eligibility.name": "test_the_registry_of_limits_is_complete_and_in_the_signed_units",
    "eligibility.value": "test_each_limit_of_eligibility_is_the_signed_one",
    "eligibility.unit": "test_the_registry_of_limits_is_complete_and_in_the_signed_units",
    **{
        f"reference_ranges.{name}": "test_a_value_is_flagged_by_the_signed_range"
        for name in ("analyte", "unit", "sex", "low", "high")
    },
    **{
        f"plausible_ranges.{name}": "test_what_a_value_can_be_is_signed"
        for name in ("analyte", "unit", "low", "high")
    },
    "visits.day": "test_visits_are_those_of_the_signed_schedule",
    "visits.first": "test_a_visit_is_held_in_the_signed_window",
    "visits.last": "test_a_visit_is_held_in_the_signed_window",
    "visits.assessments": "test_a_visit_asks_for_what_was_signed",
    "meld.endpoint": "test_the_endpoint_is_the_signed_score",
    "meld.factors": "test_rules_and_vocabularies_are_named_and_only_those_that_the_program_has",
    "meld.results_within_hours": "test_results_may_take_as_long_as_signed",
    "hla.threshold_mfi": "test_antibodies_are_positive_from_the_signed_threshold",
    "hla.visits": "test_antibodies_are_planned_at_the_signed_visits",
    "improvement.guideline": "test_improvement_is_assessed_by_the_signed_guideline",
    "improvement.text": "test_the_text_of_the_guideline_is_read_as_it_was_signed",
    "improvement.bilirubin_uln_multiple": "test_the_laboratory_part_of_improvement_has_the_signed_limits",
    "improvement.pta_percent": "test_the_laboratory_part_of_improvement_has_the_signed_limits",
    "improvement.inr": "test_the_laboratory_part_of_improvement_has_the_signed_limits",
    "survival.interval_ends": "test_the_life_table_has_the_signed_intervals",
    "survival.transplant": "test_a_transplant_is_read_as_signed",
    "survival.historical.survival": "test_the_historical_control_is_the_signed_one",
    "survival.historical.subjects": "test_the_historical_control_is_the_signed_one",
    "survival.historical.source": "test_the_historical_control_is_the_signed_one",
    "safety.last_teae_day": "test_an_event_is_treatment_emergent_up_to_the_signed_day",
    "safety.sponsor_hours": "test_clocks_run_as_long_as_signed",
    "safety.susar_fatal_days": "test_clocks_run_as_long_as_signed",
    "safety.susar_days": "test_clocks_run_as_long_as_signed",
    "safety.holds": "test_dosing_is_held_by_the_signed_triggers",
    "committee.quorum": "test_a_quorum_is_the_signed_one",
    "laboratory.analyser_named": "test_which_results_name_their_analyser_is_signed",
    "data.late_entry_hours": "test_an_entry_is_late_after_the_signed_hours",
    "data.rescreenings": "test_how_often_a_failed_candidate_is_screened_again_is_signed",
}


def _keys(shape: Any, prefix: str = "") -> list[str]:
    """Return the dotted names of every leaf of a configuration."""
    found: list[str] = []
    hints = typing.get_type_hints(shape)
    for one in fields(shape):
        inner = [part for part in (hints[one.name], *typing.get_args(hints[one.name])) if is_dataclass(part)]
        name = prefix + one.name
        found += _keys(inner[0], name + ".") if inner else [name]
    return found


def test_every_key_of_the_configuration_has_its_test() -> None:
    assert set(_keys(ProtocolConfig)) == set(PROVED_BY)
    tests = {
        name
        for module in (globals(), vars(test_other_configuration_views))
        for name in module
        if name.startswith("test_")
    }
    assert set(PROVED_BY.values()) <= tests
