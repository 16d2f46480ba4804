"""The calculators run on built-in cases before a configuration counts (part 11 section 6).

* Published and hand-derived cases must come out as they stand here, or nothing is approved.
* The digest is over the answers to cases under the configuration itself: another program, or another
  release of this one, decides as this one did if it answers with the same digest.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from core.kernel.codec import to_data
from core.kernel.errors import Refused
from core.kernel.quantities import Quantity
from core.rules.dlt import in_window
from core.rules.escalation import EscalationRules, Outcome, OutcomeStatus, decide
from core.rules.meld import Sex, meld_scores
from core.rules.nct05727722 import escalation_rules_of_nct05727722

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.trial.study.config import ProtocolConfig

# Kim et al. 2021 (Gastroenterology 161:1887), table 4: male or female, then creatinine, bilirubin, INR,
# sodium and albumin in conventional units, and the published MELD 3.0.
_PUBLISHED_MELD3: Final = (
    (Sex.MALE, "1.2", "2.5", "1.0", "131", "3.8", 16),
    (Sex.MALE, "1.5", "6", "1.5", "131", "3.5", 25),
    (Sex.MALE, "1.8", "12", "2.2", "128", "2.0", 34),
    (Sex.MALE, "2.8", "12", "2.2", "128", "2.0", 38),
    (Sex.FEMALE, "2.8", "12", "2.2", "128", "2.0", 39),
)
_UNITS: Final = (
    ("creatinine", "mg/dL"),
    ("bilirubin", "mg/dL"),
    ("inr", "1"),
    ("sodium", "mmol/L"),
    ("albumin", "g/dL"),
)

# Domain 1.2 by hand, under the built-in rules: outcomes by level, then decision, level and reason.
_DECIDED: Final = (
    ("", ("enrol", 1, "first_subject")),
    ("1N", ("escalate", 2, "atd_cleared")),
    ("1N 2NNT", ("expand", 2, "one_of_three")),
    ("1N 2NNN", ("escalate", 3, "zero_of_three")),
    ("1TT", ("stop_no_mtd", None, "lowest_dose_too_toxic")),
    ("1N 2NNNNNT 3TT", ("declare_mtd", 2, "mtd_confirmed")),
)
_FIRST_DAY: Final = date(2024, 1, 1)
_AGE: Final = 45


def self_test_digest(config: ProtocolConfig) -> str:
    """Return the digest of the calculators' answers under the configuration, `sha256:` and 64 hex digits.

    Raises: `SELF_TEST_FAILED` where a built-in case comes out otherwise than published or derived.
    """
    _require_published()
    answers = "\n".join((*_decisions(config), *_window_days(config)))
    return "sha256:" + hashlib.sha256(answers.encode()).hexdigest()


def _require_published() -> None:
    for sex, *values, expected in _PUBLISHED_MELD3:
        if _meld3(sex, values) != expected:
            raise Refused("SELF_TEST_FAILED", "MELD 3.0 does not give the published scores")
    for history, expected_decision in _DECIDED:
        if _decided(escalation_rules_of_nct05727722(), 4, history) != expected_decision:
            raise Refused("SELF_TEST_FAILED", "the escalation table does not decide as derived by hand")


def _meld3(sex: Sex, values: list[Any]) -> int | None:
    quantities = {
        name: Quantity(Decimal(value), unit) for (name, unit), value in zip(_UNITS, values, strict=True)
    }
    return meld_scores(sex, _AGE, quantities, dialysed=False).meld3


def _decisions(config: ProtocolConfig) -> Iterator[str]:
    """Answer every history of up to three subjects at the first level, or at the second after the first."""
    rules, levels = EscalationRules(**to_data(config.escalation)), len(config.levels)
    for before, level in (("", 1), ("1N ", 2)) if levels > 1 else (("", 1),):
        for count in range(1, 4):
            for letters in product("NTPW", repeat=count):
                history = f"{before}{level}{''.join(letters)}"
                yield f"{history} {_decided(rules, levels, history)}"


def _decided(rules: EscalationRules, levels: int, history: str) -> tuple[str, int | None, str]:
    outcomes = [
        _outcome(f"{cohort}.{place}", int(cohort[0]), letter)
        for cohort in history.split()
        for place, letter in enumerate(cohort[1:])
    ]
    decision = decide(rules, levels, outcomes)
    return str(decision.decision), decision.level, str(decision.reason)


def _outcome(name: str, level: int, letter: str) -> Outcome:
    status = {"P": OutcomeStatus.PENDING, "W": OutcomeStatus.WITHDRAWN}.get(letter, OutcomeStatus.EVALUABLE)
    return Outcome(name, level, letter == "T", 3 if letter == "T" else 0, status)


def _window_days(config: ProtocolConfig) -> Iterator[str]:
    window = config.dlt
    for day in range(-1, window.days + 2):
        inside = in_window(_FIRST_DAY + timedelta(days=day), _FIRST_DAY, window.days, window.inclusive)
        yield f"day {day} {inside}"
