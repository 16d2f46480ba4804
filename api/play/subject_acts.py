"""Script events about one subject: screening, enrolment, disposition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.play.acts import SCRIPTED, Act, demanded_reason, supplied
from core.kernel.actors import Role
from core.kernel.errors import Malformed
from core.kernel.recorded import Reason
from core.rules.case_reading import mapping
from core.rules.screening_facts import Attestation, Group
from core.rules.script_screening import screening_facts
from core.trial.study.state import require_config
from core.trial.subject import commands
from core.trial.subject.events import Attested, ConsentGiver, Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.play.payload import Payload
    from core.rules.screening_facts import ScreeningFacts
    from core.store.trial_log import TrialLog

# The form of a script has no field for these; the player attests those that the group's rules ask for.
_SUPPLIED: Final[Mapping[Group, frozenset[str]]] = {
    Group.CLF: frozenset(
        {Attestation.CIRRHOSIS_WITH_DECOMPENSATION, Attestation.ENCEPHALOPATHY_ABOVE_GRADE_2}
    ),
    Group.ACLF: frozenset(
        {
            Attestation.EARLY_STAGE_ACUTE_SYNDROME,
            Attestation.FATIGUE_AND_GI_SYMPTOM,
            Attestation.PROGRESSIVE_JAUNDICE,
        }
    ),
}
_ALL_SUPPLIED: Final = frozenset[str]().union(*_SUPPLIED.values())
_SCREENING_FIELDS: Final = frozenset(
    {"group", "sex", "age", "days_of_prior_regular_treatment", "attestations", "reason"}
)


def subject_screened(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Enter the screening; attestations that no field of the form gives are supplied and marked."""
    facts = screening_facts(given.given)
    _require_measurements_only(given, facts)
    said = mapping(given.given.get("attestations", {}), "attestations").keys()
    attested = _SUPPLIED[facts.group] - said
    spoken = [
        Attested(Attestation(name), holds, _note(name, holds, given))
        for name, holds in facts.attestations.items()
        if name in said or name in attested or name not in _ALL_SUPPLIED
    ]
    command = commands.ScreenSubject(
        subject_key=subject_key,
        group=facts.group,
        sex=facts.sex,
        age_years=facts.age_years,
        measurements=tuple(Measured(str(name), q.value, q.unit) for name, q in facts.measurements.items()),
        days_of_prior_treatment=facts.days_of_prior_treatment,
        attestations=tuple(spoken),
    )
    return (
        supplied(_consent_of(subject_key), Role.PI),
        Act(command, _supplied_reason(given, sorted(attested))),
    )


def _note(name: str, holds: bool | None, given: Payload) -> str | None:  # noqa: FBT001 - an attestation's answer
    """Return the words that EXC-12 demands; a script that gives none is completed."""
    if name != Attestation.OTHER_REASON_AGAINST_INCLUSION or not holds:
        return None
    return given.optional_text("reason") or "The script gives no reason."


def _consent_of(subject_key: str) -> Callable[[TrialLog], commands.GiveConsent | None]:
    """Return the consent of a subject who has given none yet, in the form that came into use last."""

    def due(log: TrialLog) -> commands.GiveConsent | None:
        known = log.trial.subjects.get(subject_key)
        if known is not None and known.is_known:
            return None
        form = max(require_config(log.trial.study).consent_forms, key=lambda one: one.effective_from)
        return commands.GiveConsent(subject_key, form.version, form.language, ConsentGiver.SUBJECT, None)

    return due


def _require_measurements_only(given: Payload, facts: ScreeningFacts) -> None:
    """Refuse a value of the form that did not become a measurement."""
    given.read_all()
    values = [name for name in given.given.keys() - _SCREENING_FIELDS if given.given[name] is not None]
    if len(values) != len(facts.measurements):
        raise Malformed("FIELD_UNKNOWN", "the screening form has a field that the player does not know")


def _supplied_reason(given: Payload, attested: list[str]) -> Reason | None:
    words = given.optional_text("reason")
    if not attested:
        return None if words is None else Reason("stated", words)
    text = f"Attested by the player, not by the script: {', '.join(attested)}."
    return Reason(SCRIPTED, text if words is None else f"{words} {text}")


def eligibility_confirmed(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Confirm eligibility."""
    return (Act(commands.ConfirmEligibility(subject_key, given.word(Group, "group"))),)


def screen_failed(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Record a screen failure."""
    return (Act(commands.RecordScreenFailure(subject_key, given.texts("failed_rules"))),)


def subject_enrolled(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Enrol at a level."""
    level, replaces = given.whole("level"), given.optional_text("replaces")
    return (Act(commands.EnrolSubject(subject_key, level, replaces)),)


def subject_withdrawn(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Record a withdrawal; what the script calls its reason is the cause as well."""
    cause = given.optional_text("reason") or "not_stated"
    command = commands.WithdrawSubject(subject_key, given.day("date"), cause, given.truth("dlt_related"))
    return (Act(command, demanded_reason(given, "withdrawal")),)


def subject_died(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Record a death."""
    cause = given.optional_text("cause_ae")
    return (Act(commands.RecordDeath(subject_key, given.day("date"), cause, given.truth("related"))),)


def liver_transplant_performed(subject_key: str, given: Payload) -> tuple[Act, ...]:
    """Record a liver transplant."""
    return (Act(commands.RecordLiverTransplant(subject_key, given.day("date"))),)
