"""`dosetrail show changes`: what changed since a person's last visit, verification or signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.changes import last_looks, proof_to_head
from api.cli.output import print_json, print_table
from api.cli.views import opened_views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.changes import Looks, Since
    from projections.views import Views

CHANGES: Final = "changes"

_PAGE: Final = 500


def show_changes(store: str, person: str, since: Since, subject_key: str | None, *, as_json: bool) -> None:
    """Print the clinical changes since the heads that the person had seen; as JSON with the proof of them.

    Raises: `NO_EARLIER_ACT`.
    """
    with opened_views(store) as (instance, views):
        looks = last_looks(instance.log, person, since, subject_key)
        rows = views.manifested(list(_changes(views, looks)))
        proof = proof_to_head(instance.log, looks)
    if as_json:
        print_json({**proof, "rows": rows})
    else:
        print_table([line for row in rows for line in _lines(row)])


def _changes(views: Views, looks: Looks) -> Iterator[dict[str, Any]]:
    """Yield the changes a page of the trail at a time, from the first position where there can be one."""
    after = looks.first
    while rows := views.page("trail", after or None, _PAGE):
        yield from filter(looks.is_change, rows)
        after = rows[-1]["position"]


def _lines(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one line a field that was set or changed."""
    reason = row["reason"] or {}
    for change in row["changes"]:
        yield {
            "position": row["position"],
            "subject_key": row["subject_key"],
            "event": row["event"],
            "field": change["field"],
            "old": change["old"],
            "new": change["new"],
            "reason": reason.get("text"),
            "signature": row["signature"],
        }
