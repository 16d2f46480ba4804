"""Who may have signed what at a position: the trial folded up to the position before it decides.

The same questions as the writer asks, asked again by somebody who does not trust the writer.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias, get_args

from core.audit.display import digest_of_text, display_text
from core.kernel.actors import Auth, Role
from core.kernel.errors import Malformed, Refused, TrialError, Unavailable
from core.kernel.time import require_zone
from core.trial.authority import (
    SERVICE,
    SERVICE_NAME,
    require_fresh_password,
    require_standing,
    require_trusted_clock,
)
from core.trial.instance.events import GenesisConfirmed, Grant, InstanceCreated
from core.trial.people.events import EnrolmentApproved, Proposable
from core.trial.policy import SERVICE_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.audit.entry import Entry
    from core.audit.statement import Statement
    from core.trial.context import KeyChecks
    from core.trial.instance.events import LegalSentence
    from core.trial.instance.state import Instance
    from core.trial.people.person import Person
    from core.trial.trial import Trial

PREPARED_LIFETIME = timedelta(minutes=15)

_KEY = re.compile(r"ed25519:[0-9a-f]{64}")
_PROPOSALS = frozenset(e.TOPIC for e in get_args(Proposable))


Blame: TypeAlias = "Callable[[str, str], None]"
"""How a check says what is wrong with the event at hand: a code and a sentence."""


def check_signer(entry: Entry, trial: Trial, blame: Blame) -> None:
    """Blame a signer who did not hold key, role or meaning at this position."""
    statement, signer = entry.statement, entry.statement.signer
    instance = trial.instance
    if statement.type in SERVICE_TYPES:
        _check_service(entry, trial, blame)
        return
    if not instance.is_open and not isinstance(entry.payload, GenesisConfirmed):
        blame("INSTANCE_NOT_OPEN", "nothing is accepted before both officers confirmed the genesis")
    person = trial.people.get(signer.id)
    if person is None or not person.name:
        blame("UNKNOWN_SIGNER", "nobody was enrolled under the signer's id at this position")
        return
    if person.active_key != signer.key:
        blame("KEY_NOT_VALID", "the signer's key did not count at this position")
    if person.name != signer.name:
        blame("SIGNER_RENAMED", "the printed name is not that of the enrolled person")
    if person.locked_at is not None:
        blame("LOCKED_OUT", "the signer was locked out at this position")
    _check_role(statement, person, instance, blame)
    if entry.leaf.seal.auth is Auth.SERVICE:
        blame("AUTH_KIND", "a person signs with a password or a key of their own")
    if not isinstance(entry.payload, GenesisConfirmed):
        _check_standing(entry, trial, person, blame)


def _check_role(statement: Statement, person: Person, instance: Instance, blame: Blame) -> None:
    """Blame a role that did not count, and a meaning that it does not sign or in other words."""
    role = statement.signer.role
    if not person.holds_role(role, statement.signed_at):
        blame("ROLE_NOT_VALID", "the signer did not hold the role at this position")
    if not instance.may_sign(statement.type, role, statement.meaning):
        blame("MEANING_NOT_PERMITTED", "the policy does not let the role sign this type with this meaning")
    _check_words(statement, instance.legal.get(statement.meaning), blame)


def _check_standing(entry: Entry, trial: Trial, person: Person, blame: Blame) -> None:
    """Blame a signer without what the policy asks of them beside key and role."""
    statement = entry.statement
    topics = {statement.type}
    try:
        require_trusted_clock(trial.instance)
        require_standing(trial.instance, person, statement.signer.role, topics, statement.signed_at)
        if entry.leaf.seal.auth is Auth.PASSWORD:
            require_fresh_password(trial.instance, person, topics, statement.signed_at)
    except (Refused, Unavailable) as error:
        blame(error.code, error.detail)


def _check_service(entry: Entry, trial: Trial, blame: Blame) -> None:
    statement, signer = entry.statement, entry.statement.signer
    created = trial.instance.created or entry.payload
    policy = trial.instance.policy or created.policy
    if not trial.instance.is_open and entry.position != 1:
        blame("INSTANCE_NOT_OPEN", "nothing is accepted before both officers confirmed the genesis")
    if signer.delegation is not None or statement.reason is not None:
        blame("NOT_THE_SERVICE", "the service acts undelegated and gives no reasons")
    if statement.corrects is not None or statement.reads:
        blame("NOT_THE_SERVICE", "the service corrects nobody's statement and decides on no other stream")
    if (signer.id, signer.name, signer.role) != (SERVICE, SERVICE_NAME, Role.SVC):
        blame("NOT_THE_SERVICE", "this type is signed by the instance itself")
    if signer.key != created.service_key or entry.leaf.seal.auth is not Auth.SERVICE:
        blame("KEY_NOT_VALID", "this type is signed by the instance's service key")
    if Grant(signer.role, statement.type, statement.meaning) not in policy.grants:
        blame("MEANING_NOT_PERMITTED", "the policy does not let the service sign this with this meaning")
    legal = next((s for s in policy.legal if s.meaning is statement.meaning), None)
    _check_words(statement, legal, blame)


def _check_words(statement: Statement, legal: LegalSentence | None, blame: Blame) -> None:
    """Blame a sentence that is not the meaning's, and a text that is not what the statement says."""
    if legal is None or legal.id != statement.legal:
        blame("LEGAL_SENTENCE", "the legal sentence is not that of the meaning")
        return
    try:
        require_zone(statement.zone)
        shown = digest_of_text(display_text(statement, legal.text))
    except (Malformed, OverflowError):
        shown = None
    if shown != statement.display:
        blame("DISPLAY_DIFFERS", "the text that was shown to the signer is not what the statement says")


def check_times(entry: Entry, blame: Blame) -> None:
    """Blame times that cannot be: a claim or a signature later than the receipt, or signed long before."""
    statement, received_at = entry.statement, entry.leaf.seal.received_at
    if statement.occurred_at > statement.signed_at:
        blame("FUTURE_TIME", "the event claims to have occurred after it was signed")
    if not timedelta() <= received_at - statement.signed_at <= PREPARED_LIFETIME:
        blame("SIGNED_AT_SKEW", "the time of signing is after the receipt or more than 15 minutes before")


def check_genesis(entry: Entry, trial: Trial, checks: KeyChecks, blame: Blame) -> None:
    """Blame a genesis that is not one: made twice, by the wrong officers, or confirmed by anybody else."""
    payload, instance = entry.payload, trial.instance
    if isinstance(payload, InstanceCreated):
        if instance.created is not None:
            blame("SECOND_GENESIS", "an instance is created once, at position 1")
            return
        _check_founding(payload, checks, blame)
    if isinstance(payload, GenesisConfirmed):
        founders = {o.id for o in instance.created.officers} if instance.created else set()
        signer = entry.statement.signer.id
        if instance.is_open or signer not in founders or signer in instance.confirmed_by:
            blame("SECOND_GENESIS", "each founding officer confirms the genesis once")
        if payload.covers != instance.genesis:
            blame("COVERS_DIFFER", "the confirmation covers another statement than position 1")


def _check_founding(created: InstanceCreated, checks: KeyChecks, blame: Blame) -> None:
    officers = created.officers
    if tuple(o.role for o in officers) != (Role.SEC, Role.ADM) or len({o.id for o in officers}) != len(
        officers
    ):
        blame("BAD_FOUNDERS", "two different people found an instance: one SEC, then one ADM")
    keys = [created.service_key, created.log_key, *(o.key for o in officers)]
    if len(set(keys)) != len(keys) or not all(_KEY.fullmatch(key) for key in keys):
        blame("BAD_FOUNDERS", "service, log and officers have keys of their own")
        return
    approve = {g.role for g in created.policy.grants if g.type == EnrolmentApproved.TOPIC}
    propose = {g.role for g in created.policy.grants if g.type in _PROPOSALS}
    if approve & propose:
        blame("POLICY_UNSOUND", "no role both proposes and approves an enrolment")
    try:
        for officer in officers:
            checks.require_possession(officer.id, officer.key, officer.proof)
    except TrialError as error:
        blame(error.code, error.detail)
