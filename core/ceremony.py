"""From a decision to signed events: the statements of one act of signing, and what must hold of them.

plan    what was decided, on what, by whom
stated  canonical bytes, each read back before anybody signs it
signed  by an opened key (`store.refusals.sealed_by`), or matched with what the client signed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.audit.authority_at import PREPARED_LIFETIME
from core.audit.drafting import Ceremony, Chain, Drafted, draft
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae
from core.audit.entry import open_entry
from core.audit.statement import read_statement
from core.kernel.actors import Auth
from core.kernel.errors import Conflict, Malformed, Refused, TrialError
from core.keys.ed25519 import parse_key_id, verify
from core.request import Receipt
from core.store.refusals import to_seal
from core.trial.registry import read_payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.statement import Statement
    from core.request import Signed
    from core.store.recorder import Appended, WriterView
    from core.store.sealing import SignedEvent
    from core.trial.context import Decided
    from core.trial.instance.events import LegalSentence


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided and on what: all that drafting and the guards of the append need.

    `decided` holds each event with its legal sentence; `expects` and `births` are the guards;
    `position` is where the log stood when it was folded for the decision.
    """

    ceremony: Ceremony
    chain: Chain
    reads: tuple[str, ...]
    decided: tuple[tuple[Decided, LegalSentence], ...]
    expects: dict[str, int]
    births: dict[str, int]
    position: int


def stated(plan: Plan) -> tuple[Drafted, ...]:
    """State what was decided, and read it back before anybody signs it.

    What could be written but never be read again would stop the log for ever.

    Raises: `BAD_STATEMENT`, and what reading the payload refuses.
    """
    drafted = draft(plan.ceremony, plan.chain, plan.reads, plan.decided)
    for one in drafted:
        if read_statement(one.data) != one.statement:
            raise Malformed("BAD_STATEMENT", "the command does not survive being written and read")
        read_payload(one.statement.type, one.statement.data)
    return drafted


def first_statement(signed: Sequence[Signed]) -> Statement:
    """Return the first statement that the client signed.

    Raises: `NOTHING_SIGNED`, and what reading a statement refuses.
    """
    if not signed:
        raise Malformed("NOTHING_SIGNED", "a commit brings at least one signed statement")
    return read_statement(signed[0].statement)


def matching(drafted: Sequence[Drafted], signed: Sequence[Signed]) -> list[SignedEvent]:
    """Return the events if the signed bytes are exactly those decided now.

    Raises: `VERSION_CONFLICT` where they differ, `BAD_SIGNATURE`.
    """
    if [d.data for d in drafted] != [s.statement for s in signed]:
        raise Conflict("VERSION_CONFLICT", "the record has changed since this was prepared; prepare anew")
    return [_checked(d, s) for d, s in zip(drafted, signed, strict=True)]


def _checked(drafted: Drafted, signed: Signed) -> SignedEvent:
    key_id = drafted.statement.signer.key
    try:
        verify(parse_key_id(key_id), signed.signature, pae(PAYLOAD_TYPE, drafted.data))
        envelope = Envelope(drafted.data, key_id, signed.signature)
    except TrialError:
        raise Refused("BAD_SIGNATURE", "the signature is not by the person's key over these bytes") from None
    return to_seal(drafted, envelope, Auth.CLIENT_KEY)


def require_shown(drafted: Sequence[Drafted], shown: Sequence[str] | None) -> None:
    """Refuse to sign other texts than those that the signer was shown, by their digests and in their order.

    None: the caller is itself the signer's client and shows nothing.

    Raises: `SHOWN_DIFFERS`.
    """
    if shown is not None and [one.statement.display for one in drafted] != list(shown):
        raise Refused("SHOWN_DIFFERS", "the record has changed since it was shown; look at it again")


def require_writable(plans: Sequence[Plan], view: WriterView) -> None:
    """Refuse what would stand in the log and yet not verify; asked inside the transaction.

    Leaves behind the position that was folded for the decision may hold the same command (sent twice at
    once), or a signature of the same person over a newer head (record 1, `seen`). Behind a series' position
    there is nothing: its commands were decided on the positions that they will have.

    Raises: `VERSION_CONFLICT`, `PREPARED_EXPIRED`.
    """
    ceremony, txns = plans[0].ceremony, {plan.ceremony.txn for plan in plans}
    if view.received_at - ceremony.signed_at > PREPARED_LIFETIME:
        raise Refused("PREPARED_EXPIRED", "a statement enters the log within 15 minutes of its signature")
    behind = view.after(plans[0].position)
    if behind and len(plans) > 1:
        raise Conflict("VERSION_CONFLICT", "the log has moved since the series was decided")
    for state in behind:
        other = open_entry(state).statement
        if other.txn.id in txns:
            raise Conflict("VERSION_CONFLICT", "the same command is being recorded")
        if other.signer.id == ceremony.signer.id and other.seen.size > ceremony.seen.size:
            raise Conflict("VERSION_CONFLICT", "the same person has meanwhile signed with a newer head")


def receipts_of(series: Sequence[Sequence[Drafted]], appended: Appended) -> tuple[Receipt, ...]:
    """Return the receipt of each command, by its last statement."""
    receipts, begins = [], 0
    for drafted in series:
        last, ends = drafted[-1].statement, begins + len(drafted)
        receipts.append(
            Receipt(
                txn=last.txn.id,
                stream=last.stream,
                version=last.ver,
                positions=appended.positions[begins:ends],
                leaf_hashes=appended.leaf_hashes[begins:ends],
                checkpoint=appended.checkpoint,
            )
        )
        begins = ends
    return tuple(receipts)
