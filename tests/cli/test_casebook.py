"""`show casebook --subject`: one subject's book, as it reads now and as it read then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Shown: TypeAlias = "Callable[..., list[dict[str, Any]]]"


def test_the_casebook_of_one_subject(shown: Shown) -> None:
    (book,) = shown("casebook", "--subject", "S001")
    assert (book["subject_key"], len(book["visits"])) == ("S001", 7)
    assert shown("casebook", "--subject", "S999") == []


def test_the_casebook_as_of_an_instant_knows_no_later_value(shown: Shown) -> None:
    """The creatinine of visit 3 was corrected from 980 to 98 on 2024-03-08 at 11:00."""
    values = []
    for instant in ("2024-03-08T10:59:59+08:00", "2024-03-08T11:00:00+08:00"):
        (book,) = shown("casebook", "--subject", "S001", "--as-of", instant)
        panel = next(f for f in book["forms"] if (f["form"], f["visit"]) == ("lab panel", 3))
        (creatinine,) = [f for f in panel["fields"] if f["field"] == "creatinine"]
        values.append((creatinine["value"], [h["value"] for h in creatinine["history"]]))
    assert values == [("980", ["980"]), ("98", ["980", "98"])]


def test_the_rows_of_a_subject_in_any_view(shown: Shown) -> None:
    assert {row["subject_key"] for row in shown("labs", "--subject", "S002")} == {"S002"}
