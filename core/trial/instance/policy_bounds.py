"""What no policy may say, so that the controls stay: record 3, part 11 section 6 (ChangeSetting).

A policy narrows who signs what, and widens it among the people of the site; which roles need a training, a
delegation or a fresh password is the sponsor's to decide. Audit and signature rules are no settings:

* the service signs its closed list, in its own words, and nothing else;
* the two kinds of officers can always bring people in, take rights away and change the policy again;
* everybody can look after their own account, and accept a new accountability policy;
* a text that once counted keeps its id, and the id its text.

The tables of this release bound what may be granted. They only ever grow from release to release: what was
decided under an earlier one has to be sound under every later one, or the log would not verify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel.actors import Meaning, Role
from core.kernel.errors import Malformed, Refused
from core.trial.authority import OWN_ACCOUNT
from core.trial.devices.events import DeviceRevoked
from core.trial.instance.events import (
    PolicyChanged,
    PolicyChangeProposed,
    PolicyChangeWithdrawn,
    ServiceTokenRevoked,
)
from core.trial.instance.policy_texts import require_frozen_texts, require_limits
from core.trial.people import events as people
from core.trial.people.delegation import DELEGATED_ROLES
from core.trial.people.officers import OFFICERS
from core.trial.policy import SERVICE_TYPES, founding_policy
from core.trial.registry import EVENTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.trial.instance.events import Grant, Policy
    from core.trial.instance.state import Instance

# What officers sign as long as the log goes on.
ESSENTIAL: Final = frozenset(
    event.TOPIC
    for event in (
        PolicyChangeProposed,
        PolicyChanged,
        PolicyChangeWithdrawn,
        ServiceTokenRevoked,
        DeviceRevoked,
        people.PersonInvited,
        people.SigningKeyEnrolled,
        people.RoleGranted,
        people.CredentialResetProposed,
        people.IdentityVerified,
        people.EnrolmentApproved,
        people.EnrolmentRejected,
        people.RoleEnded,
        people.PersonDisabled,
        people.SigningKeyRevoked,
        people.KeyCompromiseDeclared,
        people.LockoutLifted,
    )
)

_TABLE: Final = frozenset(founding_policy().grants)
_SITE: Final = frozenset({Role.PI, *DELEGATED_ROLES})
_AREAS_OF_THE_SITE: Final = frozenset({"subject", "casebook", "product"})
_AREAS_OF_DUTIES: Final = _AREAS_OF_THE_SITE | {"quality"}
_WORK_OF_THE_SITE: Final = frozenset(
    grant.type
    for grant in _TABLE
    if grant.role in _SITE and grant.type.partition(".")[0] in _AREAS_OF_THE_SITE
)
_MEANINGS: Final = {role: {g.meaning for g in _TABLE if g.role is role} for role in Role}


def require_sound(instance: Instance, new: Policy) -> None:
    """Refuse a policy that would take a control away from the instance, or that says nothing clear.

    Raises: `BAD_POLICY`, `BAD_TEXT`, `UNKNOWN_TOPIC`, `SERVICE_FIXED`, `OFFICERS_LOCKED_OUT`,
    `OWN_ACCOUNT_FIXED`, `GRANT_OUT_OF_BOUNDS`, `NOT_DELEGABLE`, `SENTENCE_FROZEN`, `ACCOUNTABILITY_FROZEN`,
    `BAD_LOCKOUT`, `BAD_PASSWORD_DAYS`, `INSTANCE_NOT_OPEN`.
    """
    old, created = instance.policy, instance.created
    if old is None or created is None:
        raise Refused("INSTANCE_NOT_OPEN", "the log has not been founded")
    _require_each_once(new)
    _require_known_topics(old, new)
    _require_service_fixed(old, new)
    _require_officers_able(old, new)
    _require_own_account(old, new)
    _require_grants_in_bounds(old, new)
    _require_duties_of_the_trial(new)
    require_frozen_texts(instance, new)
    require_limits(new, created.environment)


def _require_each_once(new: Policy) -> None:
    """Refuse rows that stand twice, and a meaning with no sentence or with two.

    Raises: `BAD_POLICY`.
    """
    lists: tuple[tuple[str, Collection[object]], ...] = (
        ("grants", new.grants),
        ("time_boxed", new.time_boxed or ()),
        ("trained", new.trained),
        ("delegated", new.delegated),
        ("duties", [row.type for row in new.duties]),
        ("legal", [sentence.id for sentence in new.legal]),
    )
    for field, rows in lists:
        if len(set(rows)) != len(rows):
            raise Malformed("BAD_POLICY", f"in {field} each row stands once", field=field)
    if sorted(sentence.meaning for sentence in new.legal) != sorted(Meaning):
        raise Malformed("BAD_POLICY", "each meaning has one legal sentence", field="legal")


def _require_known_topics(old: Policy, new: Policy) -> None:
    """Refuse a type that this release does not know, unless it stands in the policy in force.

    Raises: `UNKNOWN_TOPIC`.
    """
    known = {*EVENTS, *_topics(old)}
    if unknown := sorted(_topics(new) - known):
        raise Malformed("UNKNOWN_TOPIC", f"this release knows no event {unknown[0]}", topic=unknown[0])


def _topics(policy: Policy) -> set[str]:
    return {grant.type for grant in policy.grants} | {row.type for row in policy.duties}


def _require_service_fixed(old: Policy, new: Policy) -> None:
    """Refuse to widen or shrink what the service signs, to say it in other words, or to let people sign it.

    What a release adds to its closed list may be granted.

    Raises: `SERVICE_FIXED`.
    """
    was, is_to_be = _of(old, Role.SVC), _of(new, Role.SVC)
    if not was <= is_to_be <= was | _of(founding_policy(), Role.SVC):
        raise Refused("SERVICE_FIXED", "what the instance signs by itself is no setting")
    if any(
        g.role is not Role.SVC and (g.type in SERVICE_TYPES or g.meaning is Meaning.RECORDED)
        for g in new.grants
    ):
        raise Refused("SERVICE_FIXED", "what the instance signs by itself is signed by no person")
    recorded = [next(s for s in policy.legal if s.meaning is Meaning.RECORDED) for policy in (old, new)]
    if recorded[0] != recorded[1]:
        raise Refused("SERVICE_FIXED", "the sentence of what the instance signs by itself stays")


def _of(policy: Policy, role: Role) -> set[Grant]:
    return {grant for grant in policy.grants if grant.role is role}


def _require_officers_able(old: Policy, new: Policy) -> None:
    """Refuse what would leave officers unable to run the instance.

    An officer who needed a training that only officers record, or a delegation, or whose role lapsed, could
    be the last to act.

    Raises: `OFFICERS_LOCKED_OUT`.
    """
    needed = {g for g in old.grants if g.role in OFFICERS and g.type in ESSENTIAL}
    if missing := sorted(g.type for g in needed - set(new.grants)):
        raise Refused(
            "OFFICERS_LOCKED_OUT", f"officers keep what runs the instance: {missing[0]}", topic=missing[0]
        )
    if {*new.trained, *new.delegated, *(new.time_boxed or ())} & {*OFFICERS, Role.SVC}:
        raise Refused(
            "OFFICERS_LOCKED_OUT", "officers act without trainings, delegations and dates, which they give"
        )


def _require_own_account(old: Policy, new: Policy) -> None:
    """Refuse to take from a role what its people sign about their own account.

    Raises: `OWN_ACCOUNT_FIXED`.
    """
    if {g for g in old.grants if g.type in OWN_ACCOUNT} - set(new.grants):
        raise Refused(
            "OWN_ACCOUNT_FIXED", "everybody accepts the policy and keeps their own key and password"
        )


def _require_grants_in_bounds(old: Policy, new: Policy) -> None:
    """Refuse a grant that is neither in force nor in this release's table, unless the site shares work anew.

    Monitors, sponsor and inspectors never enter clinical values (ISO 14155 9.2.4.5(i)); officers sign nothing
    clinical and nobody else signs what is theirs (record 3). What the table gives to the committee alone is
    no work of the site: who treats never judges what is dose-limiting.

    Raises: `GRANT_OUT_OF_BOUNDS`.
    """
    for grant in sorted(set(new.grants) - set(old.grants) - _TABLE, key=lambda g: (g.type, g.role)):
        within = grant.role in _SITE and grant.type in _WORK_OF_THE_SITE
        if not within or grant.meaning not in _MEANINGS[grant.role]:
            raise Refused(
                "GRANT_OUT_OF_BOUNDS",
                f"{grant.role} never signs {grant.type} as {grant.meaning}",
                role=str(grant.role),
                topic=grant.type,
            )


def _require_duties_of_the_trial(new: Policy) -> None:
    """Refuse delegation where nobody could give it: to other roles, or for administrative types.

    Raises: `NOT_DELEGABLE`.
    """
    if others := sorted(set(new.delegated) - set(DELEGATED_ROLES)):
        raise Refused("NOT_DELEGABLE", f"the role {others[0]} does not work under delegation")
    if any(row.type.partition(".")[0] not in _AREAS_OF_DUTIES for row in new.duties):
        raise Refused("NOT_DELEGABLE", "only work of the site is a duty that an investigator delegates")
