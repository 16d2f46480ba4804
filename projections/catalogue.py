"""The one list of projections, in the order in which the runner applies them.

A view is added here and nowhere else: tables, laws, commands and routes follow the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from projections.cohorts import Cohorts
from projections.decisions import Decisions
from projections.evaluability import Evaluability
from projections.meld import Meld
from projections.people import People
from projections.refusals import Refusals
from projections.signatures import Signatures
from projections.subjects import Subjects
from projections.trail import Trail

if TYPE_CHECKING:
    from projections.projection import Projection

PROJECTIONS: Final[tuple[Projection, ...]] = (
    Subjects(),
    Evaluability(),
    Cohorts(),
    Decisions(),
    Meld(),
    Trail(),
    Signatures(),
    People(),
    Refusals(),
)
