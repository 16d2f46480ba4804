"""Checkpoints and signed notes: those that Tessera wrote, every way to bend them, and our own."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from core.audit import checkpoint
from core.audit.checkpoint import Checkpoint, open_note, parse_checkpoint, sign_note
from core.kernel.errors import CannotVerify, IntegrityFinding, Malformed, TrialError
from tests.support.third_party import third_party

TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"

LOG = "renji.example/NCT05727722"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
OTHER_PUBLIC = OTHER.public_key().public_bytes_raw()

BODY = Checkpoint(LOG, 4711, bytes(range(32))).body()


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)


NOTE = sign_note(BODY, LOG, PUBLIC, PRIVATE.sign)
LINE = NOTE.removeprefix(BODY + b"\n")
OTHER_LINE = sign_note(BODY, "witness.example/w1", OTHER_PUBLIC, OTHER.sign).removeprefix(BODY + b"\n")


def code_of(note: bytes, name: str = LOG, public_key: bytes = PUBLIC) -> str:
    with pytest.raises(TrialError) as caught:
        open_note(note, name, public_key, verify)
    return caught.value.code


# --- the log that Tessera wrote --------------------------------------------------------------------------


def test_all_checkpoints_of_the_log_that_tessera_wrote_open_and_parse() -> None:
    folder = third_party("tessera", "testdata", "log")
    name, public_key = checkpoint.parse_vkey(TESSERA_KEY)
    for size in range(16):
        body = open_note((folder / f"checkpoint.{size}").read_bytes(), name, public_key, verify)
        head = parse_checkpoint(body)
        assert (head.origin, head.size) == ("example.com/log/testdata", size)
        assert head.body() == body


def test_every_changed_byte_of_a_checkpoint_of_tessera_is_refused() -> None:
    note = (third_party("tessera", "testdata", "log") / "checkpoint.15").read_bytes()
    name, public_key = checkpoint.parse_vkey(TESSERA_KEY)
    codes = set()
    for at in range(len(note)):
        for bit in (1, 2, 32, 128):
            changed = note[:at] + bytes([note[at] ^ bit]) + note[at + 1 :]
            codes.add(code_of(changed, name, public_key))
    assert codes == {"BAD_NOTE", "BAD_NOTE_SIGNATURE", "NOTE_NOT_SIGNED_BY_LOG"}


def test_every_cut_of_a_checkpoint_of_tessera_is_refused() -> None:
    note = (third_party("tessera", "testdata", "log") / "checkpoint.15").read_bytes()
    name, public_key = checkpoint.parse_vkey(TESSERA_KEY)
    for length in range(len(note)):
        assert code_of(note[:length], name, public_key) == "BAD_NOTE"


# --- keys ------------------------------------------------------------------------------------------------


def test_a_verifier_key_reads_back_as_it_was_written() -> None:
    name, public_key = checkpoint.parse_vkey(TESSERA_KEY)
    assert (name, len(public_key)) == ("example.com/log/testdata", 32)
    assert checkpoint.vkey(name, public_key) == TESSERA_KEY
    assert checkpoint.key_hash(name, public_key).hex() == "33d7b496"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+33d7b496",
        TESSERA_KEY.replace("33d7b496", "33d7b497"),
        TESSERA_KEY.replace("33d7b496", "33D7B496"),
        TESSERA_KEY.replace("+AeHT", "+BeHT"),
        TESSERA_KEY.replace("example", "other"),
        TESSERA_KEY.replace("example", "exa mple"),
        TESSERA_KEY + "\n",
        TESSERA_KEY[:-4],
        TESSERA_KEY + "=",
        TESSERA_KEY[:-1] + "é",
    ],
)
def test_a_bent_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_VKEY"):
        checkpoint.parse_vkey(text)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u00a0b", "a\u3000b", "a\nb", "a\x00", "a\x7f", "a\u0085"]
)
def test_a_key_name_has_neither_spaces_nor_plus_signs(name: str) -> None:
    with pytest.raises(Malformed, match="BAD_VKEY"):
        checkpoint.vkey(name, PUBLIC)
    with pytest.raises(Malformed, match="BAD_NOTE"):
        sign_note(BODY, name, PUBLIC, PRIVATE.sign)
    with pytest.raises(Malformed, match="BAD_CHECKPOINT"):
        Checkpoint(name, 0, bytes(32))


def test_a_public_key_of_another_length_is_refused() -> None:
    with pytest.raises(Malformed, match="BAD_VKEY"):
        checkpoint.vkey(LOG, bytes(31))
    with pytest.raises(Malformed, match="BAD_NOTE"):
        sign_note(BODY, LOG, bytes(33), PRIVATE.sign)


# --- checkpoint bodies -----------------------------------------------------------------------------------


def test_a_checkpoint_has_three_lines() -> None:
    assert BODY == b"renji.example/NCT05727722\n4711\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert parse_checkpoint(BODY) == Checkpoint(LOG, 4711, bytes(range(32)))


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back_as_it_was_written(size: int, root: bytes) -> None:
    head = Checkpoint(LOG, size, root)
    assert parse_checkpoint(head.body()) == head


ROOT = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n",
        "\n\n\n",
        f"{LOG}\n4711\n{ROOT}",
        f"{LOG}\n4711\n{ROOT}\n\n",
        f"{LOG}\n4711\n{ROOT}\nextension\n",
        f"{LOG}\n4711\n{ROOT}\nextension",
        f"{LOG}\n04711\n{ROOT}\n",
        f"{LOG}\n00\n{ROOT}\n",
        f"{LOG}\n+4711\n{ROOT}\n",
        f"{LOG}\n-1\n{ROOT}\n",
        f"{LOG}\n-0\n{ROOT}\n",
        f"{LOG}\n4_711\n{ROOT}\n",
        f"{LOG}\n 4711\n{ROOT}\n",
        f"{LOG}\n4711 \n{ROOT}\n",
        f"{LOG}\n\u0664\n{ROOT}\n",
        f"{LOG}\n4711.0\n{ROOT}\n",
        f"{LOG}\n\n{ROOT}\n",
        f"{LOG}\n9223372036854775808\n{ROOT}\n",
        f"{LOG}\n{'9' * 5_000}\n{ROOT}\n",
        f"{LOG}\n4711\n{ROOT[:-1]}\n",
        f"{LOG}\n4711\n{ROOT[:-2]}9=\n",
        f"{LOG}\n4711\n{ROOT} \n",
        f"{LOG}\n4711\nAAEC\n",
        f"{LOG}\n4711\n\n",
        f"{LOG}\n4711\n{ROOT}\r\n",
        f"{LOG}\r\n4711\n{ROOT}\n",
        f"\n4711\n{ROOT}\n",
        f"a b\n4711\n{ROOT}\n",
    ],
)
def test_a_bent_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(Malformed, match="BAD_CHECKPOINT"):
        parse_checkpoint(body.encode())


def test_a_checkpoint_outside_utf8_is_refused() -> None:
    with pytest.raises(Malformed, match="BAD_CHECKPOINT"):
        parse_checkpoint(b"\xff" + BODY)


@pytest.mark.parametrize(("size", "root"), [(-1, bytes(32)), (2**63, bytes(32)), (0, bytes(31)), (0, b"")])
def test_a_checkpoint_that_could_not_be_read_back_cannot_be_made(size: int, root: bytes) -> None:
    with pytest.raises(Malformed, match="BAD_CHECKPOINT"):
        Checkpoint(LOG, size, root)


# --- notes -----------------------------------------------------------------------------------------------


def test_a_note_opens_to_the_text_that_was_signed() -> None:
    assert open_note(NOTE, LOG, PUBLIC, verify) == BODY
    assert NOTE.startswith(BODY + b"\n\xe2\x80\x94 renji.example/NCT05727722 ")


def test_a_text_may_hold_empty_lines_and_signature_lines_of_its_own() -> None:
    body = NOTE + b"\nmore\n"
    assert open_note(sign_note(body, LOG, PUBLIC, PRIVATE.sign), LOG, PUBLIC, verify) == body


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n")).map(lambda text: text + "\n"))
def test_any_text_that_is_signed_opens_again(text: str) -> None:
    note = sign_note(text.encode(), LOG, PUBLIC, PRIVATE.sign)
    assert open_note(note, LOG, PUBLIC, verify) == text.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no newline",
        b"an empty line\n\nbut no newline",
        b"tab\t\n",
        b"return\r\n",
        b"nul\x00\n",
        b"\xff\n",
        b"a" * 10**6,
    ],
)
def test_a_text_that_could_not_be_opened_again_is_not_signed(body: bytes) -> None:
    with pytest.raises(Malformed, match="BAD_NOTE"):
        sign_note(body, LOG, PUBLIC, PRIVATE.sign)


def test_a_signature_of_another_length_is_not_put_on_a_note() -> None:
    with pytest.raises(Malformed, match="BAD_NOTE"):
        sign_note(BODY, LOG, PUBLIC, lambda _message: bytes(63))


def test_signatures_by_unknown_keys_are_skipped_wherever_they_stand() -> None:
    same_name_other_key = sign_note(BODY, LOG, OTHER_PUBLIC, OTHER.sign).removeprefix(BODY + b"\n")
    long_cosignature = b"\xe2\x80\x94 witness.example/w2 " + base64.b64encode(bytes(3_000)) + b"\n"
    same_hint_other_name = LINE.replace(LOG.encode(), b"elsewhere.example/log")
    for line in (OTHER_LINE, same_name_other_key, long_cosignature, same_hint_other_name):
        assert open_note(BODY + b"\n" + line + LINE, LOG, PUBLIC, verify) == BODY
        assert open_note(BODY + b"\n" + LINE + line, LOG, PUBLIC, verify) == BODY
        assert code_of(BODY + b"\n" + line) == "NOTE_NOT_SIGNED_BY_LOG"


def test_every_signature_by_the_log_key_must_be_good() -> None:
    bad = log_line(PRIVATE.sign(b"another text\n"))
    assert open_note(NOTE + LINE, LOG, PUBLIC, verify) == BODY
    for note in (BODY + b"\n" + bad, NOTE + bad, BODY + b"\n" + bad + LINE):
        assert code_of(note) == "BAD_NOTE_SIGNATURE"


def log_line(signature: bytes) -> bytes:
    signed = base64.b64encode(checkpoint.key_hash(LOG, PUBLIC) + signature)
    return b"\xe2\x80\x94 " + LOG.encode() + b" " + signed + b"\n"


@pytest.mark.parametrize("length", [1, 63, 65, 128])
def test_a_signature_by_the_log_key_of_another_length_is_bad(length: int) -> None:
    assert code_of(BODY + b"\n" + log_line(bytes(length))) == "BAD_NOTE_SIGNATURE"


def test_a_note_of_another_key_is_not_signed_by_the_log() -> None:
    assert code_of(NOTE, LOG, OTHER_PUBLIC) == "NOTE_NOT_SIGNED_BY_LOG"
    assert code_of(NOTE, "renji.example/other", PUBLIC) == "NOTE_NOT_SIGNED_BY_LOG"


BENT_NOTES = {
    "empty": b"",
    "no signature": BODY,
    "no signature after the empty line": BODY + b"\n",
    "no empty line": BODY + LINE,
    "no newline at the end": NOTE[:-1],
    "second newline at the end": NOTE + b"\n",
    "hyphen for the dash": NOTE.replace(b"\xe2\x80\x94", b"-"),
    "en dash for the dash": NOTE.replace(b"\xe2\x80\x94", b"\xe2\x80\x93"),
    "two spaces": NOTE.replace(b"\x94 ", b"\x94  "),
    "no space": NOTE.replace(b"\x94 ", b"\x94"),
    "space at the end": NOTE[:-1] + b" \n",
    "wide space": NOTE.replace(b"\x94 ", b"\x94\xe3\x80\x80"),
    "carriage return": NOTE[:-1] + b"\r\n",
    "control character in the text": NOTE.replace(b"4711", b"47\x0011"),
    "tab in a line": NOTE.replace(b"\x94 ", b"\x94\t"),
    "not utf-8 in the text": b"\xff" + NOTE,
    "not utf-8 in a line": NOTE + b"\xe2\x80\x94 \xff AAAAAAA=\n",
    "plus in a name": NOTE + b"\xe2\x80\x94 a+b AAAAAAA=\n",
    "no name": NOTE + b"\xe2\x80\x94  AAAAAAA=\n",
    "only a key hash": NOTE + b"\xe2\x80\x94 a AAAAAA==\n",
    "no base64": NOTE + b"\xe2\x80\x94 a *\n",
    "base64 without padding": NOTE + b"\xe2\x80\x94 a AAAAAAA\n",
    "base64 with spare bits": NOTE + b"\xe2\x80\x94 a AAAAAAB=\n",
    "base64 url-safe": NOTE + b"\xe2\x80\x94 a AAAAAA-_\n",
    "something else after the lines": NOTE + b"junk\n",
    "too many signatures": NOTE + OTHER_LINE * 100,
    "too long": b"a" * 1_000_000 + NOTE,
}


@pytest.mark.parametrize("defect", BENT_NOTES)
def test_a_bent_note_is_refused(defect: str) -> None:
    assert code_of(BENT_NOTES[defect]) == "BAD_NOTE"


def test_a_hundred_signatures_are_read() -> None:
    assert open_note(NOTE + OTHER_LINE * 99, LOG, PUBLIC, verify) == BODY


def test_the_reason_of_a_bad_signature_is_kept_and_cannot_tell_stays_cannot_tell() -> None:
    bad = BODY + b"\n" + log_line(bytes(64))
    with pytest.raises(IntegrityFinding) as caught:
        open_note(bad, LOG, PUBLIC, verify)
    assert isinstance(caught.value.__cause__, InvalidSignature)

    def absent(_key: bytes, _signature: bytes, _message: bytes) -> None:
        raise CannotVerify("KEY_CHECK_UNAVAILABLE", "the check is not there")

    with pytest.raises(CannotVerify):
        open_note(NOTE, LOG, PUBLIC, absent)
