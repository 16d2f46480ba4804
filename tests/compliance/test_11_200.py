"""21 CFR 11.200: who can sign, with what, and who cannot."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.handle import Request
from core.kernel.actors import Role
from core.kernel.errors import Refused
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.keys.sealing import _WRAP, _associated, _base, _expand, open_seed
from core.request import Item
from core.trial.people.commands import (
    ApproveEnrolment,
    EnrolPerson,
    ProposeCredentialReset,
    ProposeSigningKey,
)
from tests.compliance.product import NEWCOMER, newcomer, proposals, verified
from tests.http import forms
from tests.http.desk import refused
from tests.http.training import ZONE, password_of
from tests.support.enrolment import identity
from tests.support.given import ADM, ORIGIN, SC, SEC, screening

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from core.keys.sealing import SealedSeed
    from tests.http.desk import Desk
    from tests.support.world import World

SCREENINGS = "/v1/subjects/S001/screenings"


def signing(desk: Desk, **credentials: Any) -> dict[str, Any]:
    """Return what signs a screening that was shown before, with these credentials."""
    headers = desk.headers("sc.liu", "subject/S001")
    order = desk.order("sc.liu", forms.screening(), signing={"prepare": True})
    shown = desk.client.post(SCREENINGS, json=order, headers=headers).json["statements"]
    order["signing"] = {**credentials, "shown": [one["display"] for one in shown]}
    return {"json": order, "headers": headers}


def test_11_200_a_1_a_session_alone_signs_nothing(desk: Desk) -> None:
    refused(desk.post("sc.liu", SCREENINGS, forms.screening(), signing=...), 401, "SIGN_AUTH_REQUIRED")
    for half in ({"person": "sc.liu"}, {"password": password_of("sc.liu")}):
        answer = desk.client.post(SCREENINGS, **signing(desk, **half))
        assert answer.status_code in {401, 422}
        assert desk.instance.log.trial.subjects["S001"].screened is None


def test_11_200_a_1_a_wrong_password_signs_nothing(desk: Desk) -> None:
    answer = desk.client.post(SCREENINGS, **signing(desk, person="sc.liu", password="open sesame"))
    refused(answer, 401, "WRONG_PASSWORD")
    assert desk.newest().code == "WRONG_PASSWORD"


def test_11_200_a_1_anothers_user_id_signs_nothing(desk: Desk) -> None:
    other = signing(desk, person="pi.chen", password=password_of("pi.chen"))
    refused(desk.client.post(SCREENINGS, **other), 401, "WRONG_PERSON")
    assert desk.newest().code == "WRONG_PERSON"


def test_11_200_a_1_i_each_record_of_a_series_has_its_own_signature(world: World) -> None:
    opened = []

    def unlock() -> SigningKey:
        opened.append(1)
        return world.keys[SC.id]

    items = [Item(screening(key), world.request(SC)) for key in ("S01", "S02")]
    receipts = world.handler.submit_series(items, unlock)
    entries = [world.log.entry(receipt.positions[-1]) for receipt in receipts]
    assert opened == [1]
    assert len({entry.leaf.envelope.signature for entry in entries}) == 2
    assert [entry.statement.stream for entry in entries] == ["subject/S01", "subject/S02"]
    assert verified(world).findings == ()


def test_11_200_a_1_ii_the_next_signing_asks_for_everything_again(desk: Desk) -> None:
    assert desk.post("sc.liu", SCREENINGS, forms.screening()).status_code == 201
    again = desk.post("sc.liu", "/v1/subjects/S002/screenings", forms.screening(), signing=...)
    refused(again, 401, "SIGN_AUTH_REQUIRED")


@pytest.mark.parametrize("whose", ["service", "log", "another person", "a new one"])
def test_11_200_a_2_keys_of_the_server_sign_for_nobody(world: World, whose: str) -> None:
    keys = {
        "service": world.secrets.service_key,
        "log": world.secrets.log_key,
        "another person": world.keys[ADM.id],
        "a new one": SigningKey(new_seed()),
    }
    assert world.refused(screening("S01"), SC, key=keys[whose]) == "WRONG_KEY"


def secrets_in(folder: Path) -> set[bytes]:
    """Return whatever could be a secret in the files: files, cells, words in them, digests of all."""
    found = {file.read_bytes() for file in (folder / "secrets").rglob("*") if file.is_file()}
    with closing(sqlite3.connect(folder / "custody.sqlite")) as custody:
        tables = [name for (name,) in custody.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        cells = [
            cell for table in tables for row in custody.execute(f'SELECT * FROM "{table}"') for cell in row
        ]
    found |= {cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells}
    found |= {part for one in found for part in re.findall(rb"[A-Za-z0-9+/=_-]{8,}", one)}
    return found | {hashlib.sha256(one).digest() for one in found}


def _unhexed(text: bytes) -> bytes:
    with suppress(ValueError):
        return bytes.fromhex(text.decode("ascii", "replace"))
    return b""


def opens(sealed: SealedSeed, secret: bytes, pepper: bytes) -> bool:
    """Tell whether a secret opens a sealed key: as its password, or as the key that it is sealed under."""
    for password in (secret.decode("utf-8", "replace"), secret.hex()):
        with suppress(Refused):
            open_seed(sealed, password[:1024], pepper)
            return True
    with suppress(InvalidTag, ValueError):
        AESGCM(secret).decrypt(sealed.nonce, sealed.ciphertext, _associated(sealed))
        return True
    return False


def test_11_200_a_2_every_file_of_the_server_opens_no_key(desk: Desk) -> None:
    """Who runs the server has all files, the pepper included, but no password."""
    instance, pepper = desk.instance, desk.instance.secrets.pepper
    sealed = instance.custody.sealed_for("pi.chen")
    assert sealed is not None
    found = secrets_in(instance.folder)
    assert {pepper, sealed.login_verifier, sealed.salt} <= {*found, *map(_unhexed, found)}
    assert [secret for secret in found if opens(sealed, secret, pepper)] == []
    wrapping = _expand(_base(sealed, password_of("pi.chen"), pepper), _WRAP)
    assert [opens(sealed, s, pepper) for s in (password_of("pi.chen").encode(), wrapping)] == [True, True]


def test_11_200_a_2_a_server_that_has_the_files_signs_for_nobody(desk: Desk) -> None:
    now = desk.clock()
    asked = Request("pi.chen", Role.PI, now, ZONE, desk.txn())
    with pytest.raises(Refused, match="WRONG_KEY"):
        desk.instance.handler.submit(screening("S001"), asked, lambda: desk.instance.secrets.service_key)


def test_11_200_a_3_an_administrator_alone_gives_nobody_a_key(world: World) -> None:
    newcomer(world)
    assert world.refused(identity(NEWCOMER.id), ADM) == "NOT_AUTHORISED"
    assert world.refused(ApproveEnrolment(NEWCOMER.id, proposals(world, NEWCOMER)), ADM) == "NOT_AUTHORISED"
    assert world.refused(screening("S01"), NEWCOMER) == "UNKNOWN_PERSON"


def test_11_200_a_3_a_registrar_alone_gives_nobody_a_key(world: World) -> None:
    """They approve what another has proposed, and nothing that they have made up."""
    key = world.keys[NEWCOMER.id] = SigningKey(new_seed())
    proof = prove_possession(key, ORIGIN, NEWCOMER.id)
    enrol = EnrolPerson(NEWCOMER.id, NEWCOMER.name, "RenJi", key.key_id, proof, NEWCOMER.role)
    made_up = ApproveEnrolment(NEWCOMER.id, ("sha256:" + "1" * 64,))
    attempts = (enrol, made_up, ProposeSigningKey(SC.id, key.key_id, proof))
    codes = [world.refused(attempt, SEC, reason="urgent") for attempt in attempts]
    assert codes == ["NOT_AUTHORISED", "NOTHING_TO_APPROVE", "NOT_AUTHORISED"]
    assert world.refused(screening("S01"), NEWCOMER) == "UNKNOWN_PERSON"
    assert world.refused(screening("S01"), SC, key=key) == "WRONG_KEY"


def test_11_200_a_3_one_officer_alone_resets_nothing(world: World) -> None:
    key = world.keys[SC.id].key_id
    world.do(ProposeCredentialReset(SC.id, key), ADM, reason="the password is lost")
    assert world.trial.people[SC.id].active_key == key
    covers = proposals(world, SC)
    assert world.refused(ApproveEnrolment(SC.id, covers), ADM) == "NOT_AUTHORISED"
    world.do(ApproveEnrolment(SC.id, covers), SEC)
    assert world.refused(screening("S01"), SC) == "NO_ACTIVE_KEY"
