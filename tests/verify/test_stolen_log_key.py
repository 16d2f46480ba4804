"""What somebody can do who has the database and the stolen log key: cut the tail, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.audit import leaf
from core.audit.dsse import PAYLOAD_TYPE, Envelope, pae
from core.audit.leaf import Leaf
from core.audit.statement import read_statement
from core.keys.ed25519 import SigningKey, new_seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.audit.report import Report
    from core.audit.statement import Statement
    from tests.benchmarks.logs import BenchLog
    from tests.verify.tampering import Tampered


@pytest.fixture
def log_key(made: BenchLog) -> SigningKey:
    return made.instance.secrets.log_key


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def restate(
    log: Tampered, at: int, change: Callable[[Statement], Statement], key: SigningKey | None = None
) -> None:
    """Change the statement of a row; sign it anew if a key is given, else keep the old signature."""
    opened = leaf.decode(log.rows[at].state)  # type: ignore[arg-type]
    statement = change(read_statement(opened.envelope.statement))
    data = statement.to_bytes()
    signature = key.sign(pae(PAYLOAD_TYPE, data)) if key else opened.envelope.signature
    envelope = Envelope(data, key.key_id if key else opened.envelope.key_id, signature)
    log.set_state(at, leaf.encode(Leaf(envelope, opened.seal)))
    log.rows[at] = log.rows[at]._replace(stream=statement.stream, version=statement.ver, topic=statement.type)


def test_a_cleanly_cut_tail_verifies_alone_and_fails_against_a_kept_checkpoint(
    log: Tampered, log_key: SigningKey
) -> None:
    kept = log.note(len(log.rows))
    del log.rows[40:]
    log.reseal(log_key)
    assert log.verify().verdict == "verified"
    report = log.verify(kept=[kept])
    assert ("failed", 41, {"LOG_TRUNCATED"}) == (report.verdict, report.first_bad_position, codes(report))


def test_a_kept_checkpoint_of_an_honest_log_that_has_grown_verifies(log: Tampered) -> None:
    assert log.verify(kept=[log.note(40), log.note(len(log.rows))]).verdict == "verified"


def test_a_kept_checkpoint_that_is_garbled_says_nothing_about_the_log(log: Tampered) -> None:
    kept = log.note(40)
    bent = kept.replace(kept[-9:-5], b"AAAA")
    assert log.verify(kept=[bent]).verdict == "indeterminate"
    assert log.verify(kept=[b"nonsense"]).verdict == "indeterminate"


def test_the_newest_seal_edited_fails_against_a_kept_checkpoint(log: Tampered, log_key: SigningKey) -> None:
    kept = log.note(len(log.rows))
    opened = leaf.decode(log.rows[-1].state)  # type: ignore[arg-type]
    later = replace(opened.seal, received_at=opened.seal.received_at.replace(microsecond=999_000))
    log.set_state(len(log.rows) - 1, leaf.encode(Leaf(opened.envelope, later)))
    log.reseal(log_key)
    assert log.verify().verdict == "verified"
    assert {"FORKED"} == codes(log.verify(kept=[kept]))


@pytest.mark.parametrize("at", [10, 25, 45])
def test_a_deleted_record_breaks_what_later_signers_had_seen(
    log: Tampered, log_key: SigningKey, at: int
) -> None:
    del log.rows[at]
    log.reseal(log_key)
    report = log.verify()
    assert report.verdict == "failed"
    assert report.first_bad_position == at + 1


def test_two_records_swapped_break_prev_or_what_was_seen(log: Tampered, log_key: SigningKey) -> None:
    log.rows[30], log.rows[31] = log.rows[31], log.rows[30]
    log.reseal(log_key)
    report = log.verify()
    assert (report.verdict, report.first_bad_position) == ("failed", 31)
    assert codes(report) & {"SEEN_FROM_FUTURE", "SEEN_MISMATCH", "PREV_MISMATCH"}


def test_a_record_replayed_at_the_end_is_found(log: Tampered, log_key: SigningKey) -> None:
    log.rows.append(log.rows[40])
    log.reseal(log_key)
    assert {"VERSION_GAP", "PREV_MISMATCH", "COMMAND_BROKEN"} <= codes(log.verify())


FORGERIES: dict[str, Callable[[Statement], Statement]] = {
    "another value": lambda s: replace(s, data={**s.data, "visit": 14}),
    "another stream": lambda s: replace(s, stream="casebook/B999", ver=1, prev=None),
    "another meaning": lambda s: replace(s, meaning=s.meaning.__class__("approved"), legal="approved/1"),
    "another origin": lambda s: replace(s, origin="other.example/NCT05727722"),
    "another environment": lambda s: replace(s, environment=s.environment.__class__("production")),
    "another time": lambda s: replace(s, occurred_at=s.occurred_at.replace(year=2020)),
    "another name": lambda s: replace(s, signer=replace(s.signer, name="Somebody Else")),
    "another role": lambda s: replace(s, signer=replace(s.signer, role=s.signer.role.__class__("LB"))),
    "another reason": lambda s: replace(s, corrects=s.prev),
    "nothing read": lambda s: replace(s, reads={}),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_signature_does_not_move_to_a_changed_statement(
    log: Tampered, log_key: SigningKey, change: Callable[[Statement], Statement]
) -> None:
    last = len(log.rows) - 1
    restate(log, last, change)
    log.reseal(log_key)
    report = log.verify()
    assert ("failed", last + 1) == (report.verdict, report.first_bad_position)


@pytest.mark.parametrize("whose", ["a stranger", "the service", "the log", "another person"])
def test_a_statement_signed_with_a_key_that_is_not_the_persons_is_found(
    made: BenchLog, log: Tampered, log_key: SigningKey, whose: str
) -> None:
    key = {
        "a stranger": SigningKey(new_seed()),
        "the service": made.instance.secrets.service_key,
        "the log": log_key,
        "another person": made.key("pi.four"),
    }[whose]
    last = len(log.rows) - 1
    restate(log, last, lambda s: replace(s, data={**s.data, "visit": 14}), key)
    log.reseal(log_key)
    assert {"BAD_SIGNATURE", "KEY_ID_MISMATCH", "DISPLAY_DIFFERS"} == codes(log.verify())
    restate(log, last, lambda s: replace(s, signer=replace(s.signer, key=key.key_id)), key)
    log.reseal(log_key)
    assert {"KEY_NOT_VALID", "DISPLAY_DIFFERS"} == codes(log.verify())


def test_a_checkpoint_signed_by_another_key_is_found(log: Tampered) -> None:
    stranger = SigningKey(new_seed())
    log.reseal(stranger)
    report = log.verify()
    assert report.verdict == "failed"
    assert {"NOTE_NOT_SIGNED_BY_LOG"} <= codes(report)
