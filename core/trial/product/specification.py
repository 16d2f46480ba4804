"""What a lot must say of itself to be received, and be to be released."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.kernel import texts
from core.kernel.errors import Malformed, Refused
from core.trial.context import require_past

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.quantities import Quantity
    from core.trial.product.events import LotContents, ReleaseTest
    from core.trial.study.config import ProtocolConfig

VOLUME_UNIT: Final = "mL"
TEXT_LIMIT: Final = 300
_WHOLE: Final = 100

# WHO nomenclature: locus, one to four fields, expression suffix.
_ALLELE = re.compile(
    r"(A|B|C|DRB[1345]|DQA1|DQB1|DPA1|DPB1)\*[0-9]{2,4}(:[0-9]{2,4}){0,3}[NLSCAQ]?", re.ASCII
)


def require_text(text: str, field: str) -> None:
    """Refuse an empty or endless text.

    Raises: `BAD_TEXT`.
    """
    texts.require_text(text, field, field, TEXT_LIMIT)


def require_amount(amount: Quantity, unit: str, field: str) -> None:
    """Refuse an amount in another unit, or of nothing.

    Raises: `WRONG_UNIT`, `NON_POSITIVE`.
    """
    if amount.unit != unit:
        raise Malformed("WRONG_UNIT", f"{field} is given in {unit}", field=field)
    if not amount.value > 0:
        raise Malformed("NON_POSITIVE", f"{field} is more than nothing", field=field)


def require_coherent(contents: LotContents, config: ProtocolConfig, now: datetime) -> None:
    """Refuse a lot whose description contradicts itself.

    Raises: `BAD_TEXT`, `BAD_INTERVAL`, `FUTURE_TIME`, `IMPLAUSIBLE`, `BAD_HLA_TYPING`, `BAD_DIGEST`,
    `DUPLICATE_FIELD`, `WRONG_UNIT`, `NON_POSITIVE`.
    """
    require_text(contents.donor, "donor")
    require_text(contents.cell_source, "cell_source")
    if contents.expires_at <= contents.made_at:
        raise Malformed("BAD_INTERVAL", "a lot expires after it was made", field="expires_at")
    require_past(contents.made_at, now, "made_at")
    _require_counts(contents, config.levels[0].cells.unit)
    _require_typing(contents.hla_typing)
    _require_tests(contents.tests)


def _require_counts(contents: LotContents, unit: str) -> None:
    require_amount(contents.total_cells, unit, "total_cells")
    require_amount(contents.viable_cells, unit, "viable_cells")
    require_amount(contents.volume, VOLUME_UNIT, "volume")
    if not 0 <= contents.viability_percent <= _WHOLE:
        raise Malformed("IMPLAUSIBLE", "viability is 0 to 100 percent", field="viability_percent")
    if contents.viable_cells.value > contents.total_cells.value:
        raise Malformed("IMPLAUSIBLE", "no more cells live than there are", field="viable_cells")


def _require_typing(alleles: tuple[str, ...]) -> None:
    if not alleles or not all(_ALLELE.fullmatch(allele) for allele in alleles):
        raise Malformed("BAD_HLA_TYPING", "the donor's alleles read like A*02:01 or DRB1*15:01")


def _require_tests(tests: tuple[ReleaseTest, ...]) -> None:
    if len({test.name for test in tests}) != len(tests):
        raise Malformed("DUPLICATE_FIELD", "each test is reported once", field="tests")
    for test in tests:
        require_text(test.name, "tests")
        if not texts.is_digest(test.certificate):
            raise Malformed("BAD_DIGEST", "a certificate is named by sha256: and 64 hex digits")


def require_within_specification(contents: LotContents, config: ProtocolConfig) -> None:
    """Refuse a lot that the signed specification does not let into the trial.

    Raises: `LOT_FAILS_SPECIFICATION` with what fails.
    """
    passed = {test.name for test in contents.tests if test.passed}
    fails = [test for test in config.product.release_tests if test not in passed]
    if contents.viability_percent < config.product.min_viability_percent:
        fails.append("viability")
    if not contents.temperature_log_ok:
        fails.append("temperature_log")
    if fails:
        raise Refused("LOT_FAILS_SPECIFICATION", "the lot is outside its specification", fails=fails)
