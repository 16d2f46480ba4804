"""Verification of a store from outside: no secrets, no engine, no view is trusted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from api.wiring import LOG, store_folder
from core.audit.checkpoint import open_note, parse_checkpoint
from core.audit.dsse import PAYLOAD_TYPE, pae
from core.audit.log_copy import read_trust
from core.audit.merkle import inclusion_proof, leaf_hash, verify_inclusion
from core.audit.report import Report, Verdict
from core.audit.verify import verify_log
from core.kernel.errors import CannotVerify, IntegrityFinding, TrialError
from core.keys.ed25519 import parse_key_id, verify
from core.keys.signature_pool import SignaturePool
from core.store.collections_paused import collections_paused
from core.store.log_copy import OpenedCopy
from core.store.trial_log import open_row
from core.trial.instance.events import Grant
from core.trial.policy import SERVICE_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from eventsourcing.persistence import Notification

    from api.instance import Instance
    from core.audit.checkpoint import Checkpoint
    from core.audit.entry import Entry
    from core.trial.people.person import Person
    from core.trial.trial import Trial


LONG_LOG = 2_000


def verify_store(
    url: str,
    trust: Mapping[str, object] | None = None,
    progress: Callable[[int, int], None] | None = None,
    kept: Iterable[bytes] = (),
    workers: int | None = None,
) -> Report:
    """Verify the log of a store; `kept` are checkpoint notes that were stored elsewhere.

    Raises: `BAD_STORE`, `NO_LOG`, `STORE_UNREADABLE`, `BAD_TRUST`.
    """
    opened = OpenedCopy(store_folder(url) / LOG)
    try:
        total = opened.count()
        checks = SignaturePool(_workers(total) if workers is None else workers)
        trusted = None if trust is None else read_trust(trust)
        told = (lambda done: progress(done, total)) if progress else (lambda _: None)
        with collections_paused():
            return verify_log(opened.copy(), checks, trusted, tuple(kept), told)
    finally:
        opened.close()


def _workers(events: int) -> int:
    """Return how many processes check signatures beside this one: none for a log that is read in a blink."""
    return (os.cpu_count() or 1) - 1 if events >= LONG_LOG else 0


def verify_positions(instance: Instance, positions: Iterable[int]) -> dict[int, str]:
    """Return the verdict on single records, from their stored bytes as they are now.

    A record is verified if its bytes parse strictly, its signature is by a key that counted at its
    position, for a role and under a delegation that counted there, with a meaning that the policy allows, and
    its leaf is in the tree under the newest checkpoint. The chain between records is what `verify_store`
    checks. What a good signature is worth since is no verdict: it stands in the view (`state`, `changed_by`).
    """
    with instance.log.lock:
        instance.log.catch_up()
        trial = instance.log.trial
    head = _newest_checkpoint(instance)
    return {position: str(_verdict(instance, trial, head, position)) for position in positions}


def _newest_checkpoint(instance: Instance) -> Checkpoint:
    note = instance.log.checkpoint()
    if note is None:
        raise CannotVerify("EMPTY_LOG", "there is no checkpoint yet")
    created = instance.log.entry(1).payload
    return parse_checkpoint(open_note(note, created.origin, parse_key_id(created.log_key), verify))


def _verdict(instance: Instance, trial: Trial, head: Checkpoint, position: int) -> Verdict:
    try:
        for row in instance.log.rows(position - 1, position):
            entry = open_row(row)
            _require_valid(entry, trial)
            _require_included(instance, row, head)
            return Verdict.VERIFIED
    except CannotVerify:
        return Verdict.INDETERMINATE
    except TrialError:
        return Verdict.FAILED
    return Verdict.INDETERMINATE


def _require_valid(entry: Entry, trial: Trial) -> None:
    statement, signer = entry.statement, entry.statement.signer
    if statement.type in SERVICE_TYPES:
        created = trial.instance.created
        valid = created is not None and signer.key == created.service_key
    else:
        person = trial.people.get(signer.id)
        valid = person is not None and _could_sign(person, entry)
        policy = trial.instance.policy_at(entry.position)
        grant = Grant(signer.role, statement.type, statement.meaning)
        valid = valid and policy is not None and grant in policy.grants
    if not valid:
        raise IntegrityFinding("NOT_VALID_THEN", "key, role or meaning did not count at this position")
    message = pae(PAYLOAD_TYPE, entry.leaf.envelope.statement)
    verify(parse_key_id(signer.key), entry.leaf.envelope.signature, message)


def _could_sign(person: Person, entry: Entry) -> bool:
    """Tell whether name, key, role and delegation were those of the person at the position of the event."""
    signer, position, moment = entry.statement.signer, entry.position, entry.statement.signed_at
    named = signer.delegation is None or any(
        delegation.digest == signer.delegation
        and delegation.held.counts_at(position)
        and delegation.held.covers(moment)
        for delegation in person.delegations
    )
    dated = any(
        role.what == signer.role and role.counts_at(position) and role.covers(moment) for role in person.roles
    )
    could = person.could_sign(signer.key, signer.role, position)
    return could and dated and named and signer.name == person.name


def _require_included(instance: Instance, row: Notification, head: Checkpoint) -> None:
    proof = inclusion_proof(row.id - 1, head.size, instance.log.tree.node)
    verify_inclusion(leaf_hash(bytes(row.state)), row.id - 1, head.size, proof, head.root)
