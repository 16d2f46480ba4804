"""How a log is born: position 1 by the service, positions 2 and 3 by the two founding officers.

All three enter in one transaction: a log is founded or it is not. This is the one time that events
are made without a decider, because there is no policy yet to decide by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.audit.drafting import Ceremony, Chain, Drafted, draft
from core.audit.dsse import statement_digest
from core.audit.merkle import EMPTY_ROOT
from core.audit.statement import Seen
from core.clock import new_txn_id
from core.kernel import streams
from core.kernel.actors import Auth, Meaning, Role
from core.kernel.encoding import to_base64
from core.kernel.errors import Malformed, Refused
from core.kernel.recorded import Signer
from core.keys.checks import PossessionChecks
from core.keys.possession import prove_possession
from core.store.recorder import Batch
from core.store.refusals import UTC, sealed_by, service_signer
from core.trial.authority import SERVICE
from core.trial.context import Decided
from core.trial.instance.events import GenesisConfirmed, InstanceCreated, Officer
from core.trial.policy import founding_policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.kernel.actors import Environment
    from core.kernel.recorded import Event
    from core.keys.ed25519 import SigningKey
    from core.keys.secrets_folder import InstanceSecrets
    from core.store.trial_log import TrialLog

FOUNDING_ROLES = (Role.SEC, Role.ADM)

_NOTHING_SEEN = Seen(0, to_base64(EMPTY_ROOT))


@dataclass(frozen=True, slots=True)
class Founder:
    """A founding officer with their opened key."""

    id: str
    name: str
    role: Role
    key: SigningKey


@dataclass(frozen=True, slots=True)
class Birth:
    """What an instance is to be: identity of the log, environment, study."""

    origin: str
    environment: Environment
    study: str


def found(
    log: TrialLog,
    birth: Birth,
    founders: tuple[Founder, Founder],
    keys: InstanceSecrets,
    clock: Callable[[], datetime],
) -> str:
    """Write positions 1 to 3 and return the leaf hash of position 1 in hex.

    Raises: `INSTANCE_EXISTS`, `BAD_FOUNDERS`, `BAD_NAME`, and what the key checks raise.
    """
    if log.size():
        raise Refused("INSTANCE_EXISTS", "this store already holds a log")
    if tuple(f.role for f in founders) != FOUNDING_ROLES or len({f.id for f in founders}) != len(founders):
        raise Refused("BAD_FOUNDERS", "two different people found an instance: one SEC, then one ADM")
    own_keys = {f.key.key_id for f in founders} | {keys.service_key.key_id, keys.log_key.key_id}
    if len(own_keys) != len(founders) + 2 or SERVICE in {f.id for f in founders}:
        raise Refused("BAD_FOUNDERS", "each founder has a key and an id of their own")
    created, now = _created(birth, founders, keys), clock()
    genesis = _stated(created, service_signer(created), created, now, Chain({}, {}))
    events, last = [sealed_by(keys.service_key, genesis, Auth.SERVICE)], genesis
    for founder in founders:
        signer = Signer(founder.id, founder.name, founder.role, None, founder.key.key_id)
        chain = Chain({streams.INSTANCE: last.statement.ver}, {streams.INSTANCE: statement_digest(last.data)})
        last = _stated(created, signer, GenesisConfirmed(statement_digest(genesis.data)), now, chain)
        events.append(sealed_by(founder.key, last, Auth.PASSWORD))
    return log.append(Batch(events, {streams.INSTANCE: 0})).leaf_hashes[0].hex()


def _created(birth: Birth, founders: tuple[Founder, ...], keys: InstanceSecrets) -> InstanceCreated:
    officers = tuple(
        Officer(f.id, f.name, f.role, f.key.key_id, prove_possession(f.key, birth.origin, f.id))
        for f in founders
    )
    for officer in officers:
        streams.require_key(officer.id, "an officer's id")
        if not officer.name.strip():
            raise Malformed("BAD_NAME", "an officer has a printed name", field="name")
        PossessionChecks(birth.origin).require_possession(officer.id, officer.key, officer.proof)
    return InstanceCreated(
        origin=birth.origin,
        environment=birth.environment,
        study=birth.study,
        service_key=keys.service_key.key_id,
        log_key=keys.log_key.key_id,
        policy=founding_policy(birth.environment),
        officers=officers,
    )


def _stated(created: InstanceCreated, signer: Signer, event: Event, now: datetime, chain: Chain) -> Drafted:
    meaning = Meaning.RECORDED if signer.role is Role.SVC else Meaning.APPROVED
    ceremony = Ceremony(
        origin=created.origin,
        environment=created.environment,
        txn=new_txn_id(now),
        signer=signer,
        signed_at=now,
        zone=UTC,
        occurred_at=now,
        reason=None,
        seen=_NOTHING_SEEN,
    )
    legal = next(s for s in created.policy.legal if s.meaning is meaning)
    (drafted,) = draft(ceremony, chain, (), [(Decided(streams.INSTANCE, event), legal)])
    return drafted
