"""Reading: one's own writes at once, any position and instant, and only what a role may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.routes.views import _WHOLE
from projections.catalogue import PROJECTIONS
from tests.http import forms
from tests.http.desk import refused
from tests.http.training import CANDIDATES, days

if TYPE_CHECKING:
    from tests.http.desk import Desk

PATHS = {
    **{name: f"/v1/{name}" for name in _WHOLE},
    "trail": "/v1/audit-trail",
    "signatures": "/v1/signatures",
    "alerts": "/v1/alerts",
}


def test_every_view_has_a_route() -> None:
    assert set(PATHS) == {projection.name for projection in PROJECTIONS}


@pytest.mark.parametrize("view", PATHS)
def test_every_view_answers_and_says_where_it_stands(desk: Desk, view: str) -> None:
    answer = desk.get("au.gao", PATHS[view]).json
    assert answer["position"] == desk.size
    assert answer["as_of"] is None
    assert isinstance(answer["rows"], list)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)
@pytest.mark.parametrize("person", ["jun.xu", "mei.lin", "sc.liu"])
def test_only_the_readers_of_a_view_read_it(desk: Desk, projection: object, person: str) -> None:
    from tests.http.training import PEOPLE

    answer = desk.get(person, PATHS[projection.name])  # type: ignore[attr-defined]
    may = PEOPLE[person][1] in projection.readers  # type: ignore[attr-defined]
    assert answer.status_code == (200 if may else 403)


def test_an_administrator_sees_nothing_clinical(desk: Desk) -> None:
    forms.screened(desk)
    for path in ("/v1/subjects", "/v1/subjects/S001", "/v1/audit-trail", "/v1/meld", "/v1/cohorts"):
        refused(desk.get("jun.xu", path), 403, "NOT_AUTHORISED")
    refused(desk.get("jun.xu", f"/v1/log/leaves/{desk.size}"), 403, "NOT_AUTHORISED")
    assert desk.get("jun.xu", "/v1/log/leaves/1").status_code == 200
    subjects = {event["subject"] for event in desk.get("jun.xu", "/v1/events?limit=500").json}
    assert subjects
    assert not {s for s in subjects if s.startswith(("subject/", "study", "escalation"))}


def test_one_sees_ones_own_write(desk: Desk) -> None:
    receipt = desk.done("sc.liu", "/v1/subjects/S001/screenings", forms.screening())
    answer = desk.get("sc.liu", f"/v1/subjects?min_position={receipt['positions'][0]}").json
    assert [row["subject_key"] for row in answer["rows"] if row["status"] == "screened"] == ["S001"]


def test_a_view_that_lags_says_how_far(desk: Desk) -> None:
    problem = refused(
        desk.get("sc.liu", f"/v1/subjects?min_position={desk.size + 7}"), 503, "PROJECTION_BEHIND"
    )
    assert (problem["position"], problem["behind"]) == (desk.size, 7)


def test_as_of(desk: Desk) -> None:
    before, then = desk.size, desk.clock()
    desk.clock.advance_to(then + days(1))
    forms.screened(desk)
    by_position = desk.get("au.gao", f"/v1/subjects?as_of_position={before}").json
    by_instant = desk.get("au.gao", f"/v1/subjects?as_of={then:%Y-%m-%dT%H:%M:%SZ}").json
    assert {row["status"] for row in by_position["rows"]} == {"consented"}
    assert by_position["rows"] == by_instant["rows"]
    assert by_position["position"] == by_instant["position"] == before
    assert by_instant["as_of"] == "2024-02-21T00:00:00.000Z"
    unborn = before - len(CANDIDATES)
    refused(desk.get("au.gao", f"/v1/subjects/S001?as_of_position={unborn}"), 404, "UNKNOWN_SUBJECT")


def test_a_subject_tells_the_versions_for_if_match(desk: Desk) -> None:
    forms.screened(desk)
    answer = desk.get("pi.chen", "/v1/subjects/S001")
    assert answer.json["streams"] == {"subject/S001": 2, "casebook/S001": 0}
    confirm = "/v1/subjects/S001/eligibility-confirmations"
    seen = {"If-Match": answer.headers["ETag"]}
    assert desk.post("pi.chen", confirm, {"group": "ACLF"}, headers=seen).status_code == 201
    assert desk.get("pi.chen", "/v1/streams/subject/S001").headers["ETag"] == '"3"'
    past = desk.get("pi.chen", f"/v1/subjects/S001?as_of_position={desk.size - 1}")
    assert "ETag" not in past.headers


def test_the_trail_by_pages_misses_nothing(desk: Desk) -> None:
    forms.screened(desk)
    seen, path = [], "/v1/audit-trail?limit=7"
    while path:
        answer = desk.get("au.gao", path)
        seen += [row["position"] for row in answer.json["rows"]]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == list(range(1, desk.size + 1))


def test_the_trail_filtered(desk: Desk) -> None:
    forms.screened(desk)
    rows = desk.get("au.gao", "/v1/audit-trail?actor=sc.liu&event=SubjectScreened&limit=1").json["rows"]
    assert [row["stream"] for row in rows] == ["subject/S001"]
    assert desk.get("au.gao", "/v1/audit-trail?stream=subject/S404").json["rows"] == []


def test_signatures_carry_a_verdict_of_now(desk: Desk) -> None:
    rows = desk.get("au.gao", "/v1/signatures?limit=500").json["rows"]
    assert rows
    assert {row["verdict"] for row in rows} == {"verified"}
