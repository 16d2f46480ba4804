"""The composition root: the one place that knows the concrete things and puts them together."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from api.credentials import destroy_ended_seeds
from api.instance import Instance
from api.settings import ClockSettings
from api.time_sources import source_of
from core.audit.checkpoint import vkey
from core.clock import ServerClock
from core.clock_watch import ClockJudge, ClockWatch
from core.genesis import Birth, Founder, found
from core.handle import Handler
from core.kernel.errors import Malformed, Refused, Unavailable
from core.keys.custody import Custody
from core.keys.custody_file import CustodyFile
from core.keys.invitations import Invitations
from core.keys.passwords import require_acceptable_password
from core.keys.secrets_folder import InstanceSecrets
from core.keys.service_tokens import ServiceTokenStore
from core.keys.sessions import SessionStore
from core.keys.unlock import Unlocker
from core.session_observer import SessionObserver
from core.store.access_journal import AccessJournal
from core.store.sealing import LeafSealer
from core.store.trial_log import TrialLog
from core.stranger_watch import StrangerWatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.kernel.actors import Role

LOG, CUSTODY, SECRETS, TRUST, ACCESS = (
    "log.sqlite",
    "custody.sqlite",
    "secrets",
    "trust.json",
    "access.sqlite",
)
SCHEME = "sqlite:///"


@dataclass(frozen=True, slots=True)
class OfficerEntry:
    """A founding officer as the person who sets the instance up enters them."""

    id: str
    name: str
    role: Role
    password: str


def store_folder(url: str) -> Path:
    """Return the folder of a `sqlite:///path` store.

    Raises: `BAD_STORE`.
    """
    if not url.startswith(SCHEME) or url == SCHEME:
        raise Malformed("BAD_STORE", "a store reads sqlite:///path/to/folder")
    return Path(url.removeprefix(SCHEME))


def open_instance(
    url: str, clock: Callable[[], datetime] | None = None, clock_settings: ClockSettings | None = None
) -> Instance:
    """Open an existing instance; the clock settings are those of the environment unless they are given.

    Raises: `BAD_STORE`, `NO_INSTANCE`, `SECRETS_EXPOSED`, `SECRETS_MISSING`, `BAD_SETTING`.
    """
    folder = store_folder(url)
    if not (folder / LOG).exists():
        raise Unavailable("NO_INSTANCE", "there is no instance in this store; make one with dosetrail init")
    time = clock or ServerClock()
    settings = clock_settings or ClockSettings.from_environment(os.environ)
    secrets = InstanceSecrets.load(folder / SECRETS)
    instance = _assembled(folder, secrets, CustodyFile.open(folder / CUSTODY), time, clock_settings=settings)
    with suppress(Unavailable):  # reading goes on where custody cannot be written
        destroy_ended_seeds(instance.log, instance.custody)
    if isinstance(time, ServerClock) and instance.log.size():
        time.never_before(instance.log.entry(instance.log.size()).leaf.seal.received_at)
    return instance


def create_instance(
    url: str,
    birth: Birth,
    officers: tuple[OfficerEntry, OfficerEntry],
    clock: Callable[[], datetime] | None = None,
) -> Instance:
    """Found an instance: secrets, officers' keys, positions 1 to 3 and the trust file.

    Raises: `BAD_STORE`, `INSTANCE_EXISTS`, `WEAK_PASSWORD`, `BAD_FOUNDERS`.
    """
    folder = store_folder(url)
    if folder.exists() and any(folder.iterdir()):
        raise Refused("INSTANCE_EXISTS", "this store already holds something")
    for officer in officers:
        require_acceptable_password(officer.password, officer.id, birth.environment)
    # Founded beside its place and moved there when it is complete: a founding that fails leaves nothing.
    staging = folder.with_name(f"{folder.name}.founding")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    try:
        _found(staging, birth, officers, clock or ServerClock())
        if folder.exists():
            folder.rmdir()
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return open_instance(url, clock)


def _found(
    folder: Path, birth: Birth, officers: tuple[OfficerEntry, OfficerEntry], clock: Callable[[], datetime]
) -> None:
    instance = _assembled(
        folder,
        InstanceSecrets.create(folder / SECRETS),
        CustodyFile.create(folder / CUSTODY),
        clock,
        birth.origin,
    )
    try:
        sec, adm = (
            Founder(o.id, o.name, o.role, instance.keep_new_key(o.id, o.password, birth.environment))
            for o in officers
        )
        genesis = found(instance.log, birth, (sec, adm), instance.secrets, clock)
        _write_trust(instance, birth, genesis)
    finally:
        instance.close()


def _assembled(
    folder: Path,
    keys: InstanceSecrets,
    custody_file: CustodyFile,
    clock: Callable[[], datetime],
    origin: str | None = None,
    clock_settings: ClockSettings | None = None,
) -> Instance:
    sealer = LeafSealer(origin, keys.log_key.public_key, keys.log_key.sign, clock)
    log = TrialLog(folder / LOG, sealer)
    if origin is None and log.size():
        sealer.name_log(log.entry(1).statement.origin)
    custody = Custody(custody_file)
    journal = AccessJournal.open(folder / ACCESS)
    settings = clock_settings or ClockSettings()
    # A script's clock is nobody's clock: there is nothing to hold it against.
    watch = _watch(log, keys, clock, settings) if isinstance(clock, ServerClock) else None
    handler = Handler(log, keys.service_key, clock, watch.require_trusted if watch else lambda: None)
    strangers = StrangerWatch(journal, handler.refusing.record_by_service, clock)
    handler.refusing.count_with(strangers.is_repeated)
    return Instance(
        folder=folder,
        log=log,
        handler=handler,
        secrets=keys,
        custody=custody,
        custody_file=custody_file,
        invitations=Invitations(custody_file, custody),
        sessions=SessionStore(custody_file, observer=SessionObserver(journal, strangers)),
        service_tokens=ServiceTokenStore(custody_file),
        access_journal=journal,
        strangers=strangers,
        unlocker=Unlocker(custody, keys.pepper, log.active_key_of),
        clock=clock,
        clock_watch=watch,
    )


def _watch(log: TrialLog, keys: InstanceSecrets, clock: ServerClock, settings: ClockSettings) -> ClockWatch:
    sources = tuple(map(source_of, settings.sources))
    tolerance, grace = (
        timedelta(milliseconds=settings.tolerance_ms),
        timedelta(minutes=settings.grace_minutes),
    )
    judge = ClockJudge(sources, tolerance, grace=grace)
    return ClockWatch(log, keys.service_key, clock, judge)


def _write_trust(instance: Instance, birth: Birth, genesis: str) -> None:
    """Write what an auditor keeps elsewhere: the log's name, its first leaf, its key (record 2)."""
    log_key = vkey(birth.origin, instance.secrets.log_key.public_key)
    trust = {"origin": birth.origin, "genesis": genesis, "log_key": log_key}
    (instance.folder / TRUST).write_text(json.dumps(trust, indent=2) + "\n", encoding="utf-8")
