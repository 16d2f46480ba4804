"""Custody: one blob per key, for one person, gone when destroyed; a file for its owner only."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from core.kernel.errors import IntegrityFinding, Malformed, Refused, Unavailable
from core.keys.custody import Custody
from core.keys.custody_file import CustodyFile
from core.keys.ed25519 import SigningKey
from core.keys.sealing import PRODUCTION, TRAINING, SealedSeed, open_seed, seal_seed

if TYPE_CHECKING:
    from pathlib import Path

PEPPER: Final = b"\x5a" * 32


def sealed(number: int, person: str = "pi-wang", password: str = "first password") -> SealedSeed:
    seed = bytes([number]) * 32
    return seal_seed(seed, password, person, SigningKey(seed).key_id, PEPPER, TRAINING)


@pytest.fixture
def custody(custody_file: CustodyFile) -> Custody:
    return Custody(custody_file)


def test_what_was_put_comes_back(custody: Custody) -> None:
    mine, theirs = sealed(1), sealed(2, "si-chen")
    custody.put(mine)
    custody.put(theirs)
    assert custody.sealed_for("pi-wang") == mine
    assert custody.sealed_for("si-chen") == theirs
    assert custody.sealed_for("nobody") is None


def test_it_is_there_after_the_file_was_closed(custody_path: Path, custody_file: CustodyFile) -> None:
    Custody(custody_file).put(sealed(1))
    custody_file.close()
    with closing(CustodyFile.open(custody_path)) as again:
        assert Custody(again).sealed_for("pi-wang") is not None


def test_the_latest_key_counts(custody: Custody) -> None:
    first, second = sealed(1), sealed(2)
    custody.put(first)
    custody.put(second)
    assert custody.sealed_for("pi-wang") == second
    custody.put(sealed(1, password="resealed later"))  # an old key sealed anew is still the older key
    assert custody.sealed_for("pi-wang") == second
    custody.destroy(second.key_id)
    assert custody.sealed_for("pi-wang") != first


def test_a_change_of_password_leaves_nothing_of_the_old_blob(
    custody: Custody, custody_file: CustodyFile, custody_path: Path
) -> None:
    old = sealed(1)
    custody.put(old)
    custody.put(sealed(1, password="second password"))
    kept = custody.sealed_for("pi-wang")
    assert kept is not None
    assert open_seed(kept, "second password", PEPPER).key_id == old.key_id
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        open_seed(kept, "first password", PEPPER)
    assert traces(old, custody_path) == []
    custody_file.close()
    assert traces(old, custody_path) == []


def traces(blob: SealedSeed, path: Path) -> list[str]:
    everything = b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))
    return [
        name
        for name in ("salt", "nonce", "ciphertext", "login_verifier")
        if getattr(blob, name) in everything
    ]


def test_a_destroyed_seed_is_nowhere_in_the_file(custody: Custody, custody_path: Path) -> None:
    gone = sealed(1)
    custody.put(gone)
    assert traces(gone, custody_path) == ["salt", "nonce", "ciphertext", "login_verifier"]
    custody.destroy(gone.key_id)
    assert custody.sealed_for("pi-wang") is None
    assert traces(gone, custody_path) == []


def test_a_destroyed_key_does_not_return(custody: Custody) -> None:
    custody.put(sealed(1))
    custody.destroy(sealed(1).key_id)
    custody.destroy(sealed(1).key_id)
    with pytest.raises(Refused, match="KEY_DESTROYED"):
        custody.put(sealed(1))
    assert custody.sealed_for("pi-wang") is None


def test_destroying_an_unknown_key_changes_nothing(custody: Custody) -> None:
    custody.put(sealed(1))
    custody.destroy(sealed(2).key_id)
    assert custody.sealed_for("pi-wang") is not None


def test_one_key_is_not_kept_for_two_people(custody: Custody) -> None:
    custody.put(sealed(1))
    with pytest.raises(Refused, match="KEY_OF_ANOTHER_PERSON"):
        custody.put(sealed(1, "si-chen"))
    custody.destroy(sealed(1).key_id)
    with pytest.raises(Refused, match="KEY_OF_ANOTHER_PERSON"):
        custody.put(sealed(1, "si-chen"))


def test_malformed_names_never_reach_the_file(custody: Custody) -> None:
    with pytest.raises(Malformed, match="BAD_IDENTIFIER"):
        custody.put(replace(sealed(1), person="pi wang"))
    with pytest.raises(Malformed, match="BAD_KEY_ID"):
        custody.put(replace(sealed(1), key_id="ed25519:"))
    for person in ("", "x" * 41, "\ud800", "pi-wang\0"):
        with pytest.raises(Malformed, match="BAD_IDENTIFIER"):
            custody.sealed_for(person)


def edited(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as dba, dba:
        dba.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sealed_seed SET person = 'si-chen'",
        "UPDATE sealed_seed SET key_id = 'ed25519:00'",
        "UPDATE sealed_seed SET ordinal = 99",
        "DELETE FROM sealed_seed",
    ],
)
def test_a_row_keeps_its_owner_and_its_name(custody: Custody, custody_path: Path, statement: str) -> None:
    custody.put(sealed(1))
    with pytest.raises(sqlite3.IntegrityError):
        edited(custody_path, statement)


def test_a_row_moved_by_a_dba_opens_for_nobody(custody: Custody, custody_path: Path) -> None:
    custody.put(sealed(1))
    edited(custody_path, "DROP TRIGGER a_seed_keeps_its_owner")
    edited(custody_path, "UPDATE sealed_seed SET person = 'si-chen'")
    moved = custody.sealed_for("si-chen")
    assert moved is not None
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        open_seed(moved, "first password", PEPPER)


@pytest.mark.parametrize(
    "edit", ["memory_kib = 1 << 40", "lanes = -1", "salt = NULL", "login_verifier = NULL"]
)
def test_a_row_that_cannot_have_been_sealed_is_a_finding(
    custody: Custody, custody_path: Path, edit: str
) -> None:
    custody.put(sealed(1))
    edited(custody_path, f"UPDATE sealed_seed SET {edit}")
    with pytest.raises(IntegrityFinding, match="SEALED_KEY_ALTERED"):
        custody.sealed_for("pi-wang")


def test_a_cost_edited_downwards_opens_nothing(custody: Custody, custody_path: Path) -> None:
    custody.put(sealed(1))
    edited(custody_path, "UPDATE sealed_seed SET memory_kib = 8")
    cheap = custody.sealed_for("pi-wang")
    assert cheap is not None
    assert cheap.parameters != PRODUCTION
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        open_seed(cheap, "first password", PEPPER)


# --- the file ---


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_and_its_side_files_are_for_their_owner_only(custody: Custody, custody_path: Path) -> None:
    custody.put(sealed(1))
    files = sorted(custody_path.parent.glob("custody.sqlite*"))
    assert [file.name for file in files] == ["custody.sqlite", "custody.sqlite-shm", "custody.sqlite-wal"]
    assert {mode(file) for file in files} == {0o600}


def test_a_commit_reaches_the_disk(custody_file: CustodyFile) -> None:
    with custody_file.transaction() as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete", "trusted_schema")
        ]
    assert settings == ["wal", 2, 1, 0]


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o620, 0o610])
def test_an_exposed_file_is_not_opened(custody_file: CustodyFile, custody_path: Path, bits: int) -> None:
    custody_file.close()
    custody_path.chmod(bits)
    with pytest.raises(Refused, match="SECRETS_EXPOSED"):
        CustodyFile.open(custody_path)


def test_an_absent_file_is_not_made_up(custody_path: Path) -> None:
    with pytest.raises(Unavailable, match="SECRETS_MISSING"):
        CustodyFile.open(custody_path)
    assert not custody_path.exists()


def test_a_file_is_never_made_over_another(custody_file: CustodyFile, custody_path: Path) -> None:
    Custody(custody_file).put(sealed(1))
    with pytest.raises(Refused, match="SECRETS_EXIST"):
        CustodyFile.create(custody_path)
    assert Custody(custody_file).sealed_for("pi-wang") is not None


def test_another_sort_of_file_is_unavailable(custody_path: Path) -> None:
    custody_path.write_bytes(b"not a database" * 1000)
    custody_path.chmod(0o600)
    with pytest.raises(Unavailable, match="CUSTODY_UNAVAILABLE"):
        CustodyFile.open(custody_path)


def test_a_closed_file_is_unavailable(custody: Custody, custody_file: CustodyFile) -> None:
    custody_file.close()
    with pytest.raises(Unavailable, match="CUSTODY_UNAVAILABLE"):
        custody.sealed_for("pi-wang")


def test_a_block_that_raises_leaves_nothing(custody: Custody, custody_file: CustodyFile) -> None:
    custody.put(sealed(1))

    def fail_half_way() -> None:
        with custody_file.transaction() as connection:
            connection.execute("UPDATE sealed_seed SET salt = NULL")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    kept = custody.sealed_for("pi-wang")
    assert kept is not None
    assert len(kept.salt) == 16


def test_a_block_inside_a_block_is_refused_and_leaves_the_file_usable(
    custody: Custody, custody_file: CustodyFile
) -> None:
    with custody_file.transaction(), pytest.raises(Unavailable), custody_file.transaction():
        pass
    assert custody.sealed_for("pi-wang") is None


def test_many_threads_share_one_file(custody: Custody) -> None:
    blobs = [sealed(number, f"person-{number}") for number in range(1, 9)]
    failures: list[BaseException] = []

    def put_and_read(blob: SealedSeed) -> None:
        try:
            for _ in range(5):
                custody.put(blob)
                assert custody.sealed_for(blob.person) == blob
        except BaseException as error:  # noqa: BLE001 - a thread's failure is told to the test
            failures.append(error)

    run_together([threading.Thread(target=put_and_read, args=(blob,)) for blob in blobs])
    assert failures == []
    assert [custody.sealed_for(blob.person) for blob in blobs] == blobs


def test_two_connections_wait_for_each_other(custody_file: CustodyFile, custody_path: Path) -> None:
    with closing(CustodyFile.open(custody_path)) as other:
        stores = (Custody(custody_file), Custody(other))
        blobs = [sealed(number, f"person-{number}") for number in range(1, 9)]
        run_together(
            [threading.Thread(target=stores[at % 2].put, args=(blob,)) for at, blob in enumerate(blobs)]
        )
        assert [stores[0].sealed_for(blob.person) for blob in blobs] == blobs


def run_together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
