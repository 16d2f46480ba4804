"""Opens the views of an instance, brought up to date with its log."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from api.cli.output import progress
from api.wiring import open_instance
from core.kernel.errors import Malformed
from core.kernel.time import parse_offset_time
from projections.as_of import position_at, received_at
from projections.catalogue import PROJECTIONS
from projections.presenting import presented
from projections.runner import Runner
from projections.views import Views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.instance import Instance
    from core.store.trial_log import TrialLog

VIEW_NAMES = tuple(projection.name for projection in PROJECTIONS)


@contextmanager
def opened_views(url: str) -> Iterator[tuple[Instance, Views]]:
    """Yield the instance and its views as of the log's head.

    Raises: what `open_instance` raises.
    """
    with closing(open_instance(url)) as instance, closing(Views(instance.views_path)) as views:
        with progress("views") as advance:
            Runner(instance.log, views).catch_up(progress=advance)
        yield instance, views


def rebuild_views(url: str) -> int:
    """Make all views anew from position 1 and return the position that they reached."""
    with closing(open_instance(url)) as instance, closing(Views(instance.views_path)) as views:
        with progress("views") as advance:
            Runner(instance.log, views).rebuild(progress=advance)
        return views.position()


def rows_asked(
    instance: Instance, views: Views, view: str, as_of: str | None, as_of_position: int | None
) -> list[dict[str, Any]]:
    """Return the rows of a view as people read them, now or as of the cut.

    Raises: as `position_asked`.
    """
    at = position_asked(instance.log, as_of, as_of_position)
    moment = instance.present()
    if as_of is not None:
        moment = parse_offset_time(as_of)
    elif at is not None:
        moment = received_at(instance.log, at)
    projection = next(one for one in PROJECTIONS if one.name == view)
    return views.manifested(presented(projection, views.rows(view, at), moment))


def position_asked(log: TrialLog, as_of: str | None, as_of_position: int | None) -> int | None:
    """Return the position at which to read, None for the newest.

    Raises: `BAD_TIME`, `NAIVE_TIME`, `AS_OF_TWICE`, `UNKNOWN_POSITION` beyond the log's head.
    """
    if as_of is not None and as_of_position is not None:
        raise Malformed("AS_OF_TWICE", "give an instant or a position, not both")
    if as_of is not None:
        return position_at(log, parse_offset_time(as_of))
    if as_of_position is not None and as_of_position > log.size():
        raise Malformed("UNKNOWN_POSITION", f"the log ends at position {log.size()}")
    return as_of_position
