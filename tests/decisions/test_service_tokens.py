"""A tool reads in a person's care: issued by a registrar, within scopes, until a date; it never signs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.kernel import streams
from core.kernel.actors import Role
from core.trial.instance.commands import IssueServiceToken, RevokeServiceToken
from core.trial.instance.events import Scope, ServiceTokenIssued, ServiceTokenRevoked
from core.trial.instance.tool_owners import READ_THE_TRIAL, may_own
from core.trial.people.person import Person
from core.trial.people.rights import Held
from core.trial.policy import founding_policy
from projections.read_rights import READERS
from tests.support.given import ADM, LONG_AFTER, SEC, Past, given, why

DAY = timedelta(days=1)
ISSUE = IssueServiceToken("dashboard", "Safety dashboard", ADM.id, (Scope.ALERTS,), LONG_AFTER + DAY)
ISSUED = ServiceTokenIssued("dashboard", ISSUE.tool, ISSUE.owner, ISSUE.scopes, ISSUE.expires_at)
PAST = [Past(streams.INSTANCE, ISSUED, by=SEC)]
REVOKED = Past(streams.INSTANCE, ServiceTokenRevoked("dashboard"), by=SEC)


def test_a_registrar_lets_a_tool_read() -> None:
    given().when(ISSUE, SEC).then([ISSUED])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"owner": "nobody"}, "UNKNOWN_PERSON"),
        ({"owner": SEC.id}, "SOD_VIOLATION"),
        ({"scopes": ()}, "BAD_SCOPES"),
        ({"scopes": (Scope.LOG, Scope.LOG)}, "BAD_SCOPES"),
        ({"scopes": (Scope.ALERTS, Scope.VIEWS)}, "OWNER_MAY_NOT_READ"),
        ({"scopes": (Scope.EVENTS,)}, "OWNER_MAY_NOT_READ"),
        ({"scopes": (Scope.LOG,)}, "OWNER_MAY_NOT_READ"),
        ({"expires_at": LONG_AFTER}, "BAD_EXPIRY"),
        ({"expires_at": LONG_AFTER + 367 * DAY}, "BAD_EXPIRY"),
        ({"token": "9 no id"}, "BAD_IDENTIFIER"),
        ({"tool": "  "}, "BAD_TEXT"),
    ],
)
def test_what_no_tool_gets(changes: dict[str, object], code: str) -> None:
    given().when(replace(ISSUE, **changes), SEC).refused(code)  # type: ignore[arg-type]


def test_an_id_is_never_used_again() -> None:
    given(PAST).when(ISSUE, SEC).refused("TOKEN_EXISTS")
    given([*PAST, REVOKED]).when(ISSUE, SEC).refused("TOKEN_EXISTS")


def test_an_officer_ends_it_once_and_says_why() -> None:
    revoke = RevokeServiceToken("dashboard")
    given(PAST).when(revoke, ADM, reason=why()).then([REVOKED.payload])
    given(PAST).when(revoke, ADM).refused("REASON_REQUIRED")
    given([*PAST, REVOKED]).when(revoke, ADM, reason=why()).refused("TOKEN_REVOKED")
    given().when(revoke, ADM, reason=why()).refused("UNKNOWN_TOKEN")


def test_the_right_counts_until_its_date_or_its_end() -> None:
    token = given(PAST).trial.instance.tokens["dashboard"]
    assert token.counts(LONG_AFTER)
    assert not token.counts(ISSUE.expires_at)
    assert not given([*PAST, REVOKED]).trial.instance.tokens["dashboard"].counts(LONG_AFTER)


def test_the_role_of_tools_signs_nothing_that_a_person_signs() -> None:
    signed_by_tools = {g.type for g in founding_policy().grants if g.role == "SVC"}
    signed_by_people = {g.type for g in founding_policy().grants if g.role != "SVC"}
    assert not signed_by_tools & signed_by_people


def test_an_owner_reads_whatever_a_tool_reads() -> None:
    reached = {kind for kind, readers in READERS.items() if Role.SVC in readers}
    for role in READ_THE_TRIAL:
        assert all(role in READERS[kind] for kind in reached), role


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"roles": (Held(Role.PH, 1),)}, False),
        ({"roles": (Held(Role.AUD, 1, 2),)}, False),
        ({"keys": (Held("key", 1, 2),)}, False),
        ({"locked_at": 3}, False),
    ],
)
def test_an_owner_is_somebody_who_counts_now(changes: dict[str, Any], may: bool) -> None:  # noqa: FBT001 - a table
    owner = Person("aud.roth", "Roth Eva", keys=(Held("key", 1),), roles=(Held(Role.AUD, 1),))
    assert may_own(replace(owner, **changes), tuple(Scope), LONG_AFTER) is may
