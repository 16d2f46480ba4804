"""What an approved amendment makes of the configuration that counts; nothing here judges it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, assert_never

from core.trial.study.events import (
    ConsentFormApproved,
    DoseLevelAdded,
    SampleSizeAmended,
    VisitWindowsAmended,
)

if TYPE_CHECKING:
    from core.trial.study.config import DoseLevel, ProtocolConfig
    from core.trial.study.events import AmendmentProposed

Amendment: TypeAlias = "SampleSizeAmended | DoseLevelAdded | VisitWindowsAmended | ConsentFormApproved"


def amendment_of(proposed: AmendmentProposed, covers: str) -> Amendment | None:
    """Return the amendment that an approval of the proposal makes; None unless it proposes one change."""
    number = proposed.number
    found: list[Amendment] = []
    if proposed.max_subjects is not None:
        found.append(SampleSizeAmended(number, covers, proposed.max_subjects))
    if proposed.dose_level is not None:
        found.append(DoseLevelAdded(number, covers, proposed.dose_level))
    if proposed.visits is not None:
        found.append(VisitWindowsAmended(number, covers, proposed.visits))
    if proposed.consent_form is not None:
        found.append(ConsentFormApproved(number, covers, proposed.consent_form))
    return found[0] if len(found) == 1 else None


def amended(config: ProtocolConfig, amendment: Amendment) -> ProtocolConfig:
    """Return the configuration with the amendment made."""
    match amendment:
        case SampleSizeAmended():
            limited = replace(config.escalation, max_subjects=amendment.max_subjects)
            return replace(config, escalation=limited)
        case DoseLevelAdded():
            return _with_level(config, amendment.dose_level)
        case VisitWindowsAmended():
            return replace(config, visits=amendment.visits)
        case ConsentFormApproved():
            return replace(config, consent_forms=(*config.consent_forms, amendment.consent_form))
        case _:
            assert_never(amendment)


def _with_level(config: ProtocolConfig, added: DoseLevel) -> ProtocolConfig:
    """Return the configuration with one more level; those at and above its ordinal move up by one.

    The last level of the accelerated titration stays the same dose: what one subject has cleared stays so.
    """
    moved = (replace(one, level=one.level + 1) if one.level >= added.level else one for one in config.levels)
    levels = tuple(sorted((*moved, added), key=lambda one: one.level))
    last = config.escalation.atd_last_level
    if last is not None and added.level <= last:
        last += 1
    return replace(config, levels=levels, escalation=replace(config.escalation, atd_last_level=last))
