"""The one list of projections, in the order in which the runner applies them.

A view is added here and nowhere else: tables, laws, commands and routes follow the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from projections.access_register import AccessRegister
from projections.ae_table import AeTable
from projections.alerts import Alerts
from projections.casebook import CasebookView
from projections.casebook_signatures import CasebookLocks, CasebookSignatures
from projections.clock_checks import ClockChecks
from projections.cohorts import Cohorts
from projections.consents import Consents
from projections.countersignatures import Countersignatures
from projections.decision_changes import DecisionChanges
from projections.decisions import Decisions
from projections.deviations import Deviations
from projections.devices import DevicesView
from projections.dlts import Dlts
from projections.doses import Doses
from projections.doubtful_signatures import DoubtfulSignatures
from projections.edit_checks import EditChecks
from projections.evaluability import Evaluability
from projections.hla import Hla
from projections.holds import Holds
from projections.improvement import Improvement
from projections.labs import Labs
from projections.lots import Lots
from projections.meetings import Meetings
from projections.meld import Meld
from projections.meld_delta import MeldDelta
from projections.monitoring_visits import MonitoringVisits
from projections.mtd import Mtd
from projections.people import People
from projections.policies import Policies
from projections.protocol import Protocol
from projections.queries import Queries
from projections.refusals import Refusals
from projections.sae_clocks import SaeClockBoard
from projections.safety import Safety
from projections.screen_failures import ScreenFailures
from projections.signatures import Signatures
from projections.source_verification import SourceVerification
from projections.subjects import Subjects
from projections.survival import HistoricalComparison, Survival, SurvivalSensitivity, SurvivalSummary
from projections.trail import Trail
from projections.trail_reviews import TrailReviews
from projections.visits import Visits

if TYPE_CHECKING:
    from projections.projection import Projection

PROJECTIONS: Final[tuple[Projection, ...]] = (
    Subjects(),
    Consents(),
    ScreenFailures(),
    Doses(),
    Lots(),
    Safety(),
    SaeClockBoard(),
    Dlts(),
    AeTable(),
    Evaluability(),
    Cohorts(),
    Decisions(),
    DecisionChanges(),
    Meetings(),
    Holds(),
    Mtd(),
    Meld(),
    MeldDelta(),
    Labs(),
    Visits(),
    Deviations(),
    Hla(),
    Improvement(),
    Survival(),
    SurvivalSensitivity(),
    SurvivalSummary(),
    HistoricalComparison(),
    CasebookView(),
    SourceVerification(),
    Queries(),
    EditChecks(),
    CasebookSignatures(),
    CasebookLocks(),
    TrailReviews(),
    MonitoringVisits(),
    Countersignatures(),
    Protocol(),
    Trail(),
    Signatures(),
    DoubtfulSignatures(),
    People(),
    AccessRegister(),
    Policies(),
    DevicesView(),
    Refusals(),
    Alerts(),
    ClockChecks(),
)
