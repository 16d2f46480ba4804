"""What a script's event makes people do, and the reasons that they give for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from core.kernel.errors import Malformed
from core.kernel.recorded import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.play.payload import Payload
    from core.kernel.actors import Role
    from core.store.trial_log import TrialLog
    from core.trial.catalogue import Command

# A reason with this code was supplied by the player, not by the script (record 5).
SCRIPTED: Final = "scripted"

_ANALYTES: Final[Mapping[str, tuple[str, str]]] = {
    "creatinine_umol_l": ("creatinine", "umol/L"),
    "creatinine_mg_dl": ("creatinine", "mg/dL"),
    "bilirubin_umol_l": ("bilirubin", "umol/L"),
    "bilirubin_mg_dl": ("bilirubin", "mg/dL"),
    "inr": ("inr", "1"),
    "sodium_mmol_l": ("sodium", "mmol/L"),
    "albumin_g_l": ("albumin", "g/L"),
    "albumin_g_dl": ("albumin", "g/dL"),
    "alt_u_l": ("alt", "U/L"),
    "ast_u_l": ("ast", "U/L"),
    "platelets_e9_l": ("platelets", "10*9/L"),
    "pta_percent": ("pta", "%"),
}


# A command that depends on what the log holds when it is due; None where nothing is to be done.
Lazily: TypeAlias = "Callable[[TrialLog], Command | None]"


@dataclass(frozen=True, slots=True)
class Act:
    """One command with its reason; without a role of its own it is the event's actor who commands.

    `place` tells apart people of one role, from 0: the second adjudicator is the one at place 1.
    """

    command: Command | Lazily
    reason: Reason | None = None
    role: Role | None = None
    place: int = 0


def supplied(command: Command | Lazily, role: Role, place: int = 0) -> Act:
    """Return what a rule demands and the script leaves out, marked as such (record 5)."""
    return Act(command, Reason(SCRIPTED, "Supplied by the player; the script leaves it out."), role, place)


@dataclass(slots=True)
class Memory:
    """What later events of a script leave out because an earlier one said it: panels by what they hold."""

    panels: dict[tuple[str, int, str], str] = field(default_factory=dict)


def demanded_reason(given: Payload, code: str) -> Reason:
    """Return the script's reason where a rule asks for one; a missing one is supplied and marked."""
    words = given.optional_text("reason")
    return Reason(code, words) if words else Reason(SCRIPTED, "The script gives no reason.")


def analyte_and_unit(name: str) -> tuple[str, str]:
    """Return what a script's name such as `creatinine_umol_L` stands for.

    Raises: `UNKNOWN_ANALYTE`.
    """
    if name.lower() not in _ANALYTES:
        raise Malformed("UNKNOWN_ANALYTE", f"the player knows no analyte {name}")
    return _ANALYTES[name.lower()]
