"""The same command twice happens once; the same key for something else does not happen at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.http import forms
from tests.http.desk import refused

if TYPE_CHECKING:
    from tests.http.desk import Desk

SCREENINGS = "/v1/subjects/S001/screenings"


def test_the_same_again_returns_the_first_receipt(desk: Desk) -> None:
    headers, order = desk.headers("sc.liu", "subject/S001"), desk.order("sc.liu", forms.screening())
    first = desk.sign(SCREENINGS, order, headers)
    size = desk.size
    # The stream exists by now: a repetition is not asked for the version that it has itself made.
    second = desk.client.post(SCREENINGS, json=order, headers=headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert desk.size == size
    assert second.json["replayed"] is True
    for same in ("txn", "stream", "version", "positions", "leaf_hashes"):
        assert first.json[same] == second.json[same]


def test_the_same_key_for_another_command(desk: Desk) -> None:
    headers, order = desk.headers("sc.liu", "subject/S001"), desk.order("sc.liu", forms.screening())
    desk.sign(SCREENINGS, order, headers)
    size = desk.size
    other = {**order, "data": forms.screening(age_years=47)}
    refused(desk.client.post(SCREENINGS, json=other, headers=headers), 409, "IDEMPOTENCY_MISMATCH")
    elsewhere = "/v1/subjects/S002/screenings"
    refused(desk.client.post(elsewhere, json=order, headers=headers), 409, "IDEMPOTENCY_MISMATCH")
    assert desk.size == size


def test_the_key_of_somebody_else(desk: Desk) -> None:
    headers, order = desk.headers("sc.liu", "subject/S001"), desk.order("sc.liu", forms.screening())
    desk.sign(SCREENINGS, order, headers)
    theirs = desk.post(
        "pi.chen", SCREENINGS, forms.screening(), headers={"Idempotency-Key": headers["Idempotency-Key"]}
    )
    refused(theirs, 409, "IDEMPOTENCY_MISMATCH")
