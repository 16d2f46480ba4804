"""Decisions about the protocol configuration: two people, sound values, no reach into the past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed, Refused
from core.trial.context import Context, Decided, require_reason
from core.trial.people.officers import require_undoubted
from core.trial.study import commands, events
from core.trial.study.amendments import amended, amendment_of
from core.trial.study.config import PLACEHOLDER_DIGEST
from core.trial.study.events import (
    AmendmentProposed,
    ProtocolConfigApproved,
    ProtocolConfigProposed,
)
from core.trial.study.self_test import self_test_digest
from core.trial.study.soundness import require_continues, require_sound
from core.trial.study.state import require_config

if TYPE_CHECKING:
    from core.trial.deciding import CommandRow
    from core.trial.facts import Facts
    from core.trial.study.commands import (
        ApproveAmendment,
        ApproveProtocolConfig,
        ProposeAmendment,
        ProposeProtocolConfig,
    )
    from core.trial.study.config import ProtocolConfig
    from core.trial.study.state import Study, Waiting


def propose_protocol_config(
    facts: Facts, command: ProposeProtocolConfig, context: Context
) -> tuple[Decided, ...]:
    """Propose the next version: the first one, or, with a reason, one that replaces what counts.

    Raises: `REASON_REQUIRED`, `PLACEHOLDER_FORM`, `AMENDMENT_REWRITES_HISTORY`, and what `require_sound`
    refuses.
    """
    study = facts.study()
    if study.config is not None:
        require_reason(context)
    require_sound(command.config)
    _require_forms_of_its_own(facts, command.config)
    require_continues(study, command.config)
    return (Decided(command.target, ProtocolConfigProposed(_next_number(study), command.config)),)


def _require_forms_of_its_own(facts: Facts, config: ProtocolConfig) -> None:
    """Refuse a real trial in which people would consent to a form that nobody has written."""
    missing = [form.version for form in config.consent_forms if form.digest == PLACEHOLDER_DIGEST]
    if facts.is_real and missing:
        raise Refused(
            "PLACEHOLDER_FORM",
            f"consent form {missing[0]} has the placeholder of the built-in configuration for a digest; a "
            "real trial names the digest of its own form",
        )


def _next_number(study: Study) -> int:
    """Return a number of its own for each proposal: nobody approves by number what they were not shown."""
    return (study.waiting.number if study.waiting else study.number) + 1


def approve_protocol_config(
    facts: Facts, command: ApproveProtocolConfig, context: Context
) -> tuple[Decided, ...]:
    """Approve the waiting version; the calculators are run on their built-in cases first.

    Raises: `NOTHING_TO_APPROVE`, `SOD_VIOLATION`, `PROPOSAL_IN_DOUBT`, `SELF_TEST_FAILED`,
    `AMENDMENT_REWRITES_HISTORY`.
    """
    study = facts.study()
    waiting = _second_person(facts, command.number, context.person)
    if not isinstance(waiting.proposed, ProtocolConfigProposed):
        raise Refused("NOTHING_TO_APPROVE", "what waits under this number is an amendment")
    config = waiting.proposed.config
    require_continues(study, config)
    event = ProtocolConfigApproved(waiting.number, waiting.digest, self_test_digest(config))
    return (Decided(command.target, event),)


def propose_amendment(facts: Facts, command: ProposeAmendment, context: Context) -> tuple[Decided, ...]:
    """Propose one change of the configuration that counts.

    Raises: `NO_PROTOCOL_CONFIG`, `REASON_REQUIRED`, `ONE_CHANGE`, `NO_CHANGE`, `PLACEHOLDER_FORM`, and what
    `require_sound` and `require_continues` refuse.
    """
    study = facts.study()
    config = require_config(study)
    require_reason(context)
    event = AmendmentProposed(
        number=_next_number(study),
        ethics_approval=command.ethics_approval,
        max_subjects=command.max_subjects,
        dose_level=command.dose_level,
        visits=command.visits,
        consent_form=command.consent_form,
    )
    if not command.ethics_approval.strip():
        raise Malformed("BAD_TEXT", "an amendment names its ethics approval", field="ethics_approval")
    amendment = amendment_of(event, covers="")
    if amendment is None:
        raise Malformed("ONE_CHANGE", "an amendment proposes exactly one change")
    changed = amended(config, amendment)
    if changed == config:
        raise Malformed("NO_CHANGE", "the amendment leaves the configuration as it is")
    require_sound(changed)
    _require_forms_of_its_own(facts, changed)
    require_continues(study, changed)
    return (Decided(command.target, event),)


def approve_amendment(facts: Facts, command: ApproveAmendment, context: Context) -> tuple[Decided, ...]:
    """Approve the waiting amendment; it counts from here on.

    Raises: `NOTHING_TO_APPROVE`, `SOD_VIOLATION`, `PROPOSAL_IN_DOUBT`.
    """
    waiting = _second_person(facts, command.number, context.person)
    if not isinstance(waiting.proposed, AmendmentProposed):
        raise Refused("NOTHING_TO_APPROVE", "what waits under this number is a whole configuration")
    amendment = amendment_of(replace(waiting.proposed, number=command.number), waiting.digest)
    if amendment is None:
        raise Refused("NOTHING_TO_APPROVE", "the proposal holds no single change")
    return (Decided(command.target, amendment),)


def _second_person(facts: Facts, number: int, approver: str) -> Waiting:
    waiting = facts.study().waiting
    if waiting is None or waiting.number != number:
        raise Refused("NOTHING_TO_APPROVE", "nothing with this number waits for approval")
    if waiting.proposer == approver:
        raise Refused("SOD_VIOLATION", "another person than the proposer must approve")
    require_undoubted(facts, [waiting.digest])
    return waiting


COMMANDS: Final[tuple[CommandRow, ...]] = (
    (
        commands.ProposeProtocolConfig,
        propose_protocol_config,
        (events.ProtocolConfigProposed,),
    ),
    (
        commands.ApproveProtocolConfig,
        approve_protocol_config,
        (events.ProtocolConfigApproved,),
    ),
    (commands.ProposeAmendment, propose_amendment, (events.AmendmentProposed,)),
    (
        commands.ApproveAmendment,
        approve_amendment,
        (
            events.SampleSizeAmended,
            events.DoseLevelAdded,
            events.VisitWindowsAmended,
            events.ConsentFormApproved,
        ),
    ),
)
