"""Edit checks: refusals that ask whoever entered a value to look at it again (FDA 2024, question 13).

* Which codes are a check of data is a closed list. A refusal by one of them is recorded although the input
  was malformed, where the command is about the data of a subject or a lot; never with the value.
* The fold keeps what each prompt is still waiting for: the next command of the same kind about the same
  record that is accepted from the same person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from core.kernel.persistent import PersistentMap
from core.kernel.streams import CASEBOOK_PREFIX, LOT_PREFIX, SUBJECT_PREFIX
from core.trial.instance.events import CommandRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.kernel.recorded import Recorded


class Check(StrEnum):
    """What a check of data is about; each value is the prompt in words."""

    RANGE = "a value is out of its range, or not plausible"
    UNIT = "a value is in a unit that the measurement does not have"
    TIME = "an instant or a day is out of order, or outside its window"
    MISSING = "something that has to be said is missing"
    CODING = "a term is not in the dictionary or the list that counts"
    COHERENCE = "an entry contradicts another one"


_CODES: Final = {
    Check.RANGE: """AGE_OUT_OF_TRIAL BAD_ATTEMPTS BAD_DECIMAL BAD_GRADE BAD_HLA_TYPING DOSE_ABOVE_LEVEL
        DOSE_OUT_OF_TOLERANCE GRADE_NOT_IN_TERM IMPLAUSIBLE LOT_FAILS_SPECIFICATION MORE_THAN_PREPARED
        NON_POSITIVE""",
    Check.UNIT: "UNKNOWN_UNIT WRONG_UNIT",
    Check.TIME: """BAD_AWARENESS BAD_INTERVAL BEFORE_DOSE BEFORE_ENROLMENT COURSE_OUT_OF_ORDER
        END_BEFORE_START FUTURE_TIME OCCURRED_AT_DIFFERS ONSET_BEFORE_CONSENT RECEIVED_BEFORE_DRAW
        REPEAT_BEFORE_RESULT RESOLUTION_DATE RESULT_BEFORE_DRAW RESULT_BEFORE_RECEIPT TIME_NOT_ON_DAY
        VISIT_WINDOW_OPEN""",
    Check.MISSING: """ACTION_REQUIRED AWARENESS_REQUIRED BAD_REASON NO_RESULTS REASON_REQUIRED
        SOURCE_REQUIRED VERBATIM_REQUIRED WITNESS_REQUIRED""",
    Check.CODING: """CTCAE_VERSION SOC_MISMATCH UNKNOWN_ANALYTE UNKNOWN_ASSESSMENT UNKNOWN_ATTESTATION
        UNKNOWN_MEASUREMENT UNKNOWN_TERM""",
    Check.COHERENCE: """CAUSE_NOT_FATAL CAUSE_NOT_RELATED CONTRADICTS_DEATH CONTRADICTS_VITAL_STATUS
        DUPLICATE_ANALYTE DUPLICATE_FIELD GRADE_DEATH_MISMATCH NO_CHANGE OUTCOME_MISMATCH
        SERIOUSNESS_MISMATCH SPECIMEN_MISMATCH STALE_VALUE""",
}

EDIT_CHECKS: Final[Mapping[str, Check]] = {
    code: check for check, codes in _CODES.items() for code in codes.split()
}

# Who was asked, by which command, about which record.
Asked: TypeAlias = tuple[str, str, str]

_DATA: Final = (SUBJECT_PREFIX, CASEBOOK_PREFIX, LOT_PREFIX)


def is_edit_check(code: str, target: str | None) -> bool:
    """Tell whether a refusal by the code, of a command about the stream, is a check of data."""
    return code in EDIT_CHECKS and target is not None and target.startswith(_DATA)


@dataclass(frozen=True, slots=True)
class Prompts:
    """The positions of prompts that wait, oldest first; `answered` are those that the last event answers."""

    waiting: PersistentMap[Asked, tuple[int, ...]] = field(default_factory=PersistentMap)
    answered: tuple[int, ...] = ()

    def with_event(self, recorded: Recorded, command: str | None) -> Prompts:
        """Return the prompts after one more event; `command` is the name of the one that it opens."""
        refused = recorded.payload
        if isinstance(refused, CommandRefused):
            return self._asked(refused, recorded.position)
        answers = (recorded.signer.id, command or "", recorded.stream)
        if answered := self.waiting.get(answers, ()):
            return Prompts(self.waiting.with_item(answers, ()), answered)
        return Prompts(self.waiting) if self.answered else self

    def _asked(self, refused: CommandRefused, position: int) -> Prompts:
        if refused.target is None or not is_edit_check(refused.code, refused.target):
            return Prompts(self.waiting)
        asked = (refused.person, refused.command, refused.target)
        return Prompts(self.waiting.with_item(asked, (*self.waiting.get(asked, ()), position)))
