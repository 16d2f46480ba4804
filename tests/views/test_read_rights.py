"""Nothing is readable through a view that the leaves refuse, but for the exceptions that are written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.kernel.actors import Role
from core.trial.trial import Trial
from projections.catalogue import PROJECTIONS
from projections.projection import concerns, state_of
from projections.read_rights import ALSO, READERS, ROW_BY_ROW, may_read_row, may_read_stream, readers_of

if TYPE_CHECKING:
    from core.store.trial_log import TrialLog
    from projections.projection import Projection
    from projections.views import Views
    from tests.views.conftest import Overseen

NAMES = {projection.name: projection for projection in PROJECTIONS}


@pytest.fixture(scope="session")
def shown(golden: tuple[TrialLog, dict[int, int]], overseen: Overseen) -> dict[str, set[str]]:
    """Return, by view, of which streams events change its rows."""
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for log in (golden[0], overseen.log):
        trial = Trial()
        for event in log.recorded():
            before = state_of(trial, event.stream)
            trial.apply(event)
            for projection in PROJECTIONS:
                if concerns(projection, type(event.payload)) and list(
                    projection.project(event, before, trial)
                ):
                    found[projection.name].add(event.stream)
    return found


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
def test_a_view_shows_nobody_what_the_leaves_refuse(
    shown: dict[str, set[str]], projection: Projection
) -> None:
    view = projection.name
    if view in ROW_BY_ROW:
        return  # judged row by row, below
    more = {r for r in projection.readers if not all(may_read_stream(r, s) for s in shown[view])}
    assert more <= ALSO.get(view, frozenset())


@pytest.mark.parametrize("view", sorted(ROW_BY_ROW))
def test_a_row_is_read_by_who_reads_its_event(golden_views: Views, view: str) -> None:
    for row in golden_views.rows(view):
        for role in Role:
            reads = may_read_row(view, role, "nobody", row)
            assert reads == may_read_stream(role, row["stream"]), (row["stream"], role)
            assert may_read_row(view, role, row[ROW_BY_ROW[view]], row)  # one's own


# Part 11 section 5, read once more: which role reads a view without reading all of its streams.
EXCEPTIONS = {
    "subjects": "SRC",
    "deviations": "SRC",
    "holds": "SC SI",
    "labs": "LB",
    "hla": "LB",
    "lots": "LB PH",
    "source-verification": "SC",
    "doubtful-signatures": "ADM SEC",
    "alerts": "ADM SVC",
}


def test_nobody_is_excepted_but_whom_section_5_excepts() -> None:
    assert {view: " ".join(sorted(roles)) for view, roles in ALSO.items()} == EXCEPTIONS


def test_an_exception_gives_a_role_what_it_would_not_have() -> None:
    for view, roles in ALSO.items():
        assert roles <= NAMES[view].readers
    assert ALSO["labs"].isdisjoint(readers_of("no view", "subject", "casebook"))
    assert readers_of("no view") == frozenset(Role)
    assert readers_of("no view", "subject") == READERS["subject"]


@pytest.mark.parametrize("role", [Role.PH, Role.SRC])
def test_what_section_5_gives_to_neither_is_in_no_view_of_theirs(role: Role) -> None:
    for view in ("labs", "casebook", "meld", "visits", "people", "access-register", "trail-reviews"):
        assert role not in NAMES[view].readers
