"""Who may take the bytes of which stream: part 11 section 5, written out here once more and compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from core.audit.merkle import leaf_hash
from core.kernel.actors import Role
from core.trial.registry import STREAM_KIND
from projections.read_rights import may_read_stream
from tests.http.committee import STREAM, opened
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

# Columns in the order of the roles below; x reads.
ROLES = ["PI", "SI", "SC", "LB", "PH", "CRA", "AUD", "DM", "MM", "SRC", "ADM", "SEC", "SVC"]
MATRIX = """
    instance    x  x  x  x  x  x   x   x  x  x   x   x   x
    refusals    x  .  .  .  .  x   x   x  x  .   .   x   .
    devices     x  x  x  x  x  x   x   x  x  x   x   x   x
    person      x  .  .  .  .  x   x   .  x  .   x   x   .
    study       x  x  x  .  x  x   x   x  x  x   .   .   x
    escalation  x  .  .  .  .  x   x   x  x  x   .   .   x
    subject     x  x  x  .  .  x   x   x  x  x   .   .   x
    casebook    x  x  x  x  .  x   x   x  x  .   .   .   x
    lot         x  x  x  x  x  x   x   x  x  .   .   .   x
    query       x  x  x  x  x  x   x   x  x  x   .   .   x
    review      x  x  .  .  .  x   x   x  x  .   .   .   x
"""
CELLS = [
    (kind, role, cell == "x")
    for kind, *cells in (line.split() for line in MATRIX.strip().splitlines())
    for role, cell in zip(ROLES, cells, strict=True)
]


def test_the_table_has_every_role_and_every_kind_of_stream() -> None:
    assert set(ROLES) == {str(role) for role in Role}
    assert {kind for kind, _, _ in CELLS} >= set(STREAM_KIND.values())


@pytest.mark.parametrize(("kind", "role", "reads"), CELLS)
def test_a_role_reads_what_the_table_says(kind: str, role: str, reads: bool) -> None:  # noqa: FBT001 - a cell
    assert may_read_stream(Role(role), f"{kind}/X1") == may_read_stream(Role(role), kind) == reads


def test_nobody_reads_a_kind_of_stream_that_is_not_in_the_table() -> None:
    assert not any(may_read_stream(role, "made-up/X1") for role in Role)


def positions(desk: Desk, kind: str) -> list[int]:
    rows = desk.instance.log.rows()
    return [row.id for row in rows if str(row.originator_id).partition("/")[0] == kind]


PEOPLE = {
    "PI": "pi.chen",
    "SC": "sc.liu",
    "AUD": "au.gao",
    "MM": "mm.zhao",
    "ADM": "jun.xu",
    "SEC": "mei.lin",
}


@pytest.mark.parametrize("role", PEOPLE)
def test_leaves_and_feed_give_a_role_the_same(desk: Desk, role: str) -> None:
    desk.instance.handler.record_refusal("X", "Nothing", "sc.liu", None)
    person = PEOPLE[role]
    fed = {event["position"] for event in desk.get(person, "/v1/events?limit=500").json}
    for kind in ("instance", "refusals", "person", "study", "subject"):
        for position in positions(desk, kind)[-2:]:
            reads = may_read_stream(Role(role), kind)
            own = desk.instance.log.entry(position).statement.signer.id == person
            status = desk.get(person, f"/v1/log/leaves/{position}").status_code
            assert status == (200 if reads or own else 403), (kind, position)
            assert (position in fed) == reads


def test_one_reads_what_one_signed(desk: Desk) -> None:
    log = desk.instance.log
    accepted = next(n for n in positions(desk, "person") if log.entry(n).statement.signer.id == "sc.liu")
    assert desk.get("sc.liu", f"/v1/log/leaves/{accepted}").status_code == 200
    of_another = next(n for n in positions(desk, "person") if log.entry(n).statement.signer.id != "sc.liu")
    refused(desk.get("sc.liu", f"/v1/log/leaves/{of_another}"), 403, "NOT_AUTHORISED")


def votes(desk: Desk, person: str, after: int) -> list[Any]:
    events = desk.get(person, f"/v1/events?lastEventId={after}").json
    return [event for event in events if "SrcVoteCast" in event["type"]]


@pytest.mark.parametrize("reader", ["au.gao", "pi.chen", "mm.zhao", "src.tang"])
def test_a_vote_is_withheld_until_the_meeting_has_ended(desk: Desk, reader: str) -> None:
    opened(desk)
    before = desk.size
    vote = {"decision": "enrol", "level": 1, "rationale": "zebra"}
    desk.done("src.wang", "/v1/src-meetings/M1/votes", vote, STREAM)
    path = f"/v1/log/leaves/{desk.size}"
    refused(desk.get(reader, path), 403, "VOTE_SECRET")
    (withheld,) = votes(desk, reader, before)
    assert "zebra" not in json.dumps(withheld)
    assert withheld["data"].keys() == {"withheld"}
    assert desk.get("src.wang", path).status_code == 200  # their own
    ended = {"cause": "postponed"}
    desk.done("mm.zhao", "/v1/src-meetings/M1/closings", ended, STREAM)
    leaf = desk.get(reader, path)
    assert leaf.status_code == 200
    assert leaf_hash(leaf.data).hex() == withheld["leafhash"]  # the same bytes, not others
    (told,) = votes(desk, reader, before)
    assert told["data"]["statement"]["data"]["rationale"] == "zebra"
    opened(desk, "M2")
    assert desk.get(reader, path).status_code == 200  # told once, it stays told
