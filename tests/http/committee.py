"""The committee over HTTP: it meets on the newest signed head, votes, and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.http.desk import Desk

STREAM = "escalation"
MEMBERS = ("src.wang", "src.tang")


def opened(desk: Desk, meeting: str = "M1") -> dict[str, Any]:
    """Open a meeting of both members on what the checkpoint of the log says."""
    note = desk.client.get("/v1/log/checkpoint", headers=desk.bearer("mm.zhao")).text
    _, size, root, *_ = note.splitlines()
    data = {
        "meeting": meeting,
        "snapshot_position": int(size),
        "snapshot_root": root,
        "roster": list(MEMBERS),
        "documents": [],
    }
    return desk.done("mm.zhao", "/v1/src-meetings", data, STREAM)


def voted(desk: Desk, decision: str, level: int | None, meeting: str = "M1") -> None:
    """Let both members vote alike."""
    for member in MEMBERS:
        vote = {"decision": decision, "level": level, "rationale": "as the table says"}
        desk.done(member, f"/v1/src-meetings/{meeting}/votes", vote, STREAM)


def decided(desk: Desk, decision: str, level: int | None, meeting: str = "M1") -> dict[str, Any]:
    """Let the committee meet, vote of one mind, and sign."""
    opened(desk, meeting)
    voted(desk, decision, level, meeting)
    data = {"meeting": meeting, "decision": decision, "level": level, "override": None}
    return desk.done("src.wang", "/v1/cohort-decisions", data, STREAM)
