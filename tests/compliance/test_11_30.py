"""21 CFR 11.30: controls for open systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.audit.dsse import PAYLOAD_TYPE, pae
from core.kernel.errors import IntegrityFinding
from core.keys.ed25519 import SigningKey, verify
from tests.http.training import PEOPLE, password_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.http.desk import Desk
    from tests.support.world import World

# RFC 8032, 7.1, test 2: secret, public, message, signature.
_SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
_PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_11_30_every_record_carries_a_digital_signature(world: World) -> None:
    key = SigningKey(bytes.fromhex(_SEED))
    assert (key.key_id, key.sign(b"\x72").hex()) == (f"ed25519:{_PUBLIC}", _SIGNATURE)
    for position in range(1, world.log.size() + 1):
        envelope = world.log.entry(position).leaf.envelope
        public = bytes.fromhex(envelope.key_id.partition(":")[2])
        verify(public, envelope.signature, pae(PAYLOAD_TYPE, envelope.statement))
        with pytest.raises(IntegrityFinding, match="BAD_SIGNATURE"):
            verify(public, envelope.signature, pae(PAYLOAD_TYPE, envelope.statement + b" "))


def test_11_30_no_file_holds_a_signing_key_in_clear(desk: Desk) -> None:
    files = _contents(desk.instance.folder)
    for person in PEOPLE:
        seed = desk.instance.unlocker.open(person, password_of(person))
        for secret in (_seed_of(seed), _seed_of(seed).hex().encode(), password_of(person).encode()):
            assert [name for name, data in files.items() if secret in data] == []
    service = _seed_of(desk.instance.secrets.service_key).hex().encode()
    assert [name for name, data in files.items() if service in data]  # the search can find


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _seed_of(key: SigningKey) -> bytes:
    private = key._private
    return private.private_bytes_raw()
