"""The built-in configuration of NCT05727722: a proposal to be signed, never a constant of the code.

Source: registry record NCT05727722; defaults of domain 1.5, 5 and 7.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Final

from core.kernel.quantities import Quantity
from core.rules.nct05727722 import (
    DOSES_E9_CELLS,
    criteria_of_nct05727722,
    dlt_criteria_of_nct05727722,
    escalation_rules_of_nct05727722,
)
from core.trial.study.eligibility import UNIT_OF
from core.trial.study.events import (
    DltWindow,
    DoseLevel,
    EscalationParameters,
    ProtocolConfig,
    Threshold,
    UpperLimit,
    VisitWindow,
)

STUDY: Final = "NCT05727722"
SITE_ZONE: Final = "Asia/Shanghai"
CELLS_UNIT: Final = "10*9"

_CAUSALITIES: Final = ("definite", "probable", "possible")
_VISITS: Final = ((1, 1, 1), (3, 2, 4), (7, 6, 8), (14, 12, 16), (28, 25, 31), (60, 55, 65))
_UPPER_LIMITS: Final = (
    ("bilirubin", "20.5", "umol/L"),
    ("alt", "40", "U/L"),
    ("creatinine", "104", "umol/L"),
)


def protocol_config() -> ProtocolConfig:
    """Return the configuration as it is proposed for signature."""
    window = dlt_criteria_of_nct05727722()
    return ProtocolConfig(
        zone=SITE_ZONE,
        levels=tuple(
            DoseLevel(level, Quantity(dose, CELLS_UNIT)) for level, dose in enumerate(DOSES_E9_CELLS, 1)
        ),
        escalation=EscalationParameters(**asdict(escalation_rules_of_nct05727722())),
        dlt_window=DltWindow(window.window_days, window.inclusive),
        related_causalities=_CAUSALITIES,
        upper_limits=tuple(UpperLimit(name, Decimal(value), unit) for name, value, unit in _UPPER_LIMITS),
        eligibility=eligibility_thresholds(),
        visits=tuple(VisitWindow(*visit) for visit in _VISITS),
        ctcae_version="5.0",
    )


def eligibility_thresholds() -> tuple[Threshold, ...]:
    """Return the registered limits of eligibility, each with its unit."""
    limits = asdict(criteria_of_nct05727722())
    return tuple(Threshold(name, Decimal(limits[name]), unit) for name, unit in UNIT_OF.items())
