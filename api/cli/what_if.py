"""What-if on the command line: `dosetrail show decisions --if S006=N --as PERSON`, signed and recorded."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from api.cli.output import print_json, print_table
from api.cli.passwords import password_from
from api.wiring import open_instance
from core.clock import new_txn_id
from core.handle import Request
from core.kernel.actors import Role
from core.kernel.codec import to_data
from core.kernel.errors import Refused
from core.trial.escalation.commands import SimulateDecision
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from pathlib import Path

    from api.instance import Instance

_MAY_ASK = (Role.MM, Role.SRC)


def simulate_decision(
    store: str, assumptions: tuple[str, ...], person: str, password_file: Path | None, *, as_json: bool
) -> None:
    """Record the question under the person's signature and print the answer.

    Raises: `ROLE_NOT_HELD`, `WRONG_PASSWORD`, `NO_SEALED_KEY`, and what the trial refuses.
    """
    with closing(open_instance(store)) as instance:
        password = password_from(person, password_file, new=False)
        answer = _asked(instance, SimulateDecision(assumptions), person, password)
    if as_json:
        print_json([answer])
    else:
        print_table([answer])


def _asked(instance: Instance, command: SimulateDecision, person: str, password: str) -> dict[str, Any]:
    now = instance.clock()
    with instance.log.lock:
        instance.log.catch_up()
        known = instance.log.trial.people.get(person)
        zone = require_config(instance.log.trial.study).zone
    role = next((role for role in _MAY_ASK if known is not None and known.holds_role(role, now)), None)
    if role is None:
        raise Refused("ROLE_NOT_HELD", f"{person} holds none of the roles {', '.join(_MAY_ASK)}")
    asked = Request(
        person=person,
        role=role,
        occurred_at=now,
        zone=zone,
        txn=new_txn_id(now),
        reason=None,
    )
    receipt = instance.handler.submit(command, asked, lambda: instance.unlocker.open(person, password))
    position = receipt.positions[-1]
    simulated = instance.log.entry(position).recorded().payload
    return {"position": position, **to_data(simulated)}
