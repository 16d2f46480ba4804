"""Heads of the log as people compare them: C2SP tlog-checkpoint inside a C2SP signed note.

* A checkpoint body has three lines, each ended by a newline: origin, size, root. No extension lines.
* A note is a text, an empty line, and signature lines `— <name> <base64 of 4-byte key hash + signature>`.
* The log signs with Ed25519, type 0x01, over the text as it stands.

Signing and checking are handed in as functions. Cosignatures of witnesses are skipped here.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn, TypeAlias

from core.kernel.encoding import from_base64, to_base64
from core.kernel.errors import CannotVerify, IntegrityFinding, Malformed

Sign: TypeAlias = Callable[[bytes], bytes]
Verify: TypeAlias = Callable[[bytes, bytes, bytes], None]

NOTE_LIMIT = 1_000_000
MAX_SIGNATURES = 100
SIZE_LIMIT = 2**63
PUBLIC_KEY_LENGTH = ROOT_LENGTH = 32
SIGNATURE_LENGTH = 64

_ED25519 = b"\x01"  # C2SP signed-note, signature types
_NAME = re.compile(r"[^\s+\x00-\x20\x7f]+")
_SIGNATURE_LINE = re.compile(r"— ([^\s+\x00-\x20\x7f]+) ([A-Za-z0-9+/]+={0,2})")
_NOT_IN_NOTES = re.compile(rb"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head: the log's origin, its size (0 to 2**63 - 1 leaves), its root (32 bytes).

    Raises: `BAD_CHECKPOINT`.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        # Narrower than the specification: our origin is also the key's name, and so obeys its rule.
        if _NAME.fullmatch(self.origin) is None:
            _refuse_checkpoint("an origin has neither spaces nor plus signs")
        if not 0 <= self.size < SIZE_LIMIT:
            _refuse_checkpoint("a size counts from 0 to 2**63 - 1")
        if len(self.root) != ROOT_LENGTH:
            _refuse_checkpoint(f"a root has {ROOT_LENGTH} bytes")

    def body(self) -> bytes:
        """Return the text that is signed. Source: C2SP tlog-checkpoint, note text."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n".encode()


def parse_checkpoint(body: bytes) -> Checkpoint:
    """Read what `Checkpoint.body` writes and nothing else.

    Raises: `BAD_CHECKPOINT`. Source: C2SP tlog-checkpoint, without extension lines.
    """
    try:
        origin, size, root, rest = body.decode().split("\n")
        checkpoint = Checkpoint(origin, int(size), binascii.a2b_base64(root))
    except ValueError:  # not UTF-8, not three lines, not a number, not base64
        _refuse_checkpoint("a body has three lines: origin, size and root")
    # One comparison refuses leading zeros, signs, other digits and loose base64.
    if rest or checkpoint.body() != body:
        _refuse_checkpoint("size or root is not in its canonical form")
    return checkpoint


def key_hash(name: str, public_key: bytes) -> bytes:
    """Return the 4 bytes that hint at a key: not an identifier that anybody may trust.

    Source: C2SP signed-note, key ID = SHA-256(name, newline, 0x01, key), first 4 bytes.
    """
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def vkey(name: str, public_key: bytes) -> str:
    """Return the written verifier key, `name+hash+base64`. Source: C2SP signed-note, verifier keys.

    Raises: `BAD_VKEY`.
    """
    if _NAME.fullmatch(name) is None or len(public_key) != PUBLIC_KEY_LENGTH:
        _refuse_vkey()
    return f"{name}+{key_hash(name, public_key).hex()}+{to_base64(_ED25519 + public_key)}"


def parse_vkey(text: str) -> tuple[str, bytes]:
    """Return name and 32-byte public key of a written verifier key; whether the key is weak is not checked.

    Raises: `BAD_VKEY`.
    """
    try:
        name, _hint, encoded = text.split("+", 2)
        public_key = binascii.a2b_base64(encoded)[1:]
    except ValueError:
        _refuse_vkey()
    if vkey(name, public_key) != text:
        _refuse_vkey()
    return name, public_key


def sign_note(body: bytes, name: str, public_key: bytes, sign: Sign) -> bytes:
    """Return the note over a text that ends with a newline, with one Ed25519 signature by `sign`.

    Raises: `BAD_NOTE`. Source: C2SP signed-note.
    """
    if _NAME.fullmatch(name) is None or len(public_key) != PUBLIC_KEY_LENGTH:
        _refuse_note("a key name has neither spaces nor plus signs, a key has 32 bytes")
    signature = sign(body)
    if len(signature) != SIGNATURE_LENGTH:
        _refuse_note(f"a signature has {SIGNATURE_LENGTH} bytes")
    line = f"— {name} {to_base64(key_hash(name, public_key) + signature)}\n"
    note = body + b"\n" + line.encode()
    # What is signed must open again: the reader's rules are the writer's.
    if _split(note)[0] != body:
        _refuse_note("a text ends with a newline")
    return note


def open_note(note: bytes, name: str, public_key: bytes, verify: Verify) -> bytes:
    """Return the text of a note that the key has signed; `verify(key, signature, text)` raises if it has not.

    Signatures by other keys are skipped, wherever they stand; every one by this key must be good.

    Raises: `BAD_NOTE`, `NOTE_NOT_SIGNED_BY_LOG`, `BAD_NOTE_SIGNATURE`. Source: C2SP signed-note.
    """
    body, lines = _split(note)
    hint = key_hash(name, public_key)
    ours = [signed[4:] for signer, signed in _signatures(lines) if signer == name and signed[:4] == hint]
    if not ours:
        raise IntegrityFinding("NOTE_NOT_SIGNED_BY_LOG", "no signature line is by the key of the log")
    for signature in ours:
        _require_good(public_key, signature, body, verify)
    return body


def _require_good(public_key: bytes, signature: bytes, body: bytes, verify: Verify) -> None:
    if len(signature) != SIGNATURE_LENGTH:
        raise IntegrityFinding("BAD_NOTE_SIGNATURE", f"a signature has {SIGNATURE_LENGTH} bytes")
    try:
        verify(public_key, signature, body)
    except CannotVerify:
        raise
    except Exception as error:
        raise IntegrityFinding("BAD_NOTE_SIGNATURE", "the signature of the log key is not good") from error


def _split(note: bytes) -> tuple[bytes, list[str]]:
    """Part a note at its last empty line into the text and the signature lines."""
    if len(note) > NOTE_LIMIT:
        _refuse_note(f"a note has at most {NOTE_LIMIT} bytes")
    if _NOT_IN_NOTES.search(note):
        _refuse_note("a note holds no control character but the newline")
    body, gap, signatures = note.rpartition(b"\n\n")
    if not gap or not signatures.endswith(b"\n"):
        _refuse_note("a note is a text, an empty line, and signature lines")
    try:
        lines = signatures.decode().split("\n")[:-1]
        body.decode()
    except UnicodeDecodeError:
        _refuse_note("a note is in UTF-8")
    return body + b"\n", lines


def _signatures(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the signer's name, and key hash with signature, of each line.

    Raises: `BAD_NOTE` for a line of any other form.
    """
    if len(lines) > MAX_SIGNATURES:
        _refuse_note(f"a note has at most {MAX_SIGNATURES} signatures")
    for line in lines:
        form = _SIGNATURE_LINE.fullmatch(line)
        if form is None:
            _refuse_note("a signature line reads: em dash, space, name, space, base64")
        yield form[1], _signature_blob(form[2])


def _signature_blob(text: str) -> bytes:
    try:
        data = from_base64(text)
    except Malformed:
        _refuse_note("a signature is not base64 in its one spelling")
    if len(data) <= 4:
        _refuse_note("a signature line holds a key hash and a signature")
    return data


def _refuse_checkpoint(detail: str) -> NoReturn:
    raise Malformed("BAD_CHECKPOINT", detail)


def _refuse_note(detail: str) -> NoReturn:
    raise Malformed("BAD_NOTE", detail)


def _refuse_vkey() -> NoReturn:
    raise Malformed("BAD_VKEY", "a verifier key reads name+hash+base64 of type 0x01 and 32 bytes")
