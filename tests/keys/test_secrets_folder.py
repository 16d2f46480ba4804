"""The instance's own secrets: three of them, distinct, complete, and closed to everybody else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from core.kernel.errors import Refused, Unavailable
from core.keys.secrets_folder import InstanceSecrets

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("pepper", "service.key", "log.key")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "secrets"
    InstanceSecrets.create(path)
    return path


def test_what_was_created_is_loaded(tmp_path: Path) -> None:
    made = InstanceSecrets.create(tmp_path / "secrets")
    read = InstanceSecrets.load(tmp_path / "secrets")
    assert made.pepper == read.pepper
    assert made.service_key.key_id == read.service_key.key_id
    assert made.log_key.sign(b"note") == read.log_key.sign(b"note")


def test_the_three_are_distinct_and_new_every_time(tmp_path: Path) -> None:
    InstanceSecrets.create(tmp_path / "one")
    InstanceSecrets.create(tmp_path / "two")
    files = {(tmp_path / one / name).read_bytes() for one in ("one", "two") for name in NAMES}
    assert len(files) == 6


def test_only_the_owner_reads_them_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        InstanceSecrets.create(tmp_path / "secrets")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "secrets").iterdir()}
    assert modes == dict.fromkeys(NAMES, 0o600)


def test_a_file_is_64_hex_digits_and_a_newline(folder: Path) -> None:
    for name in NAMES:
        written = (folder / name).read_bytes()
        assert len(bytes.fromhex(written.decode())) == 32
        assert written == written.lower().strip() + b"\n"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o660])
def test_an_exposed_file_is_not_read(folder: Path, name: str, bits: int) -> None:
    (folder / name).chmod(bits)
    with pytest.raises(Refused, match=f"SECRETS_EXPOSED: {name}"):
        InstanceSecrets.load(folder)


def test_an_exposed_folder_is_not_read(folder: Path) -> None:
    folder.chmod(0o750)
    with pytest.raises(Refused, match="SECRETS_EXPOSED"):
        InstanceSecrets.load(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Unavailable, match=f"SECRETS_MISSING: {name}"):
        InstanceSecrets.load(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SECRETS_MISSING: nowhere"):
        InstanceSecrets.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ab" * 32,
        b"AB" * 32 + b"\n",
        b"ab" * 31 + b"\n",
        b"ab" * 33 + b"\n",
        b"ab" * 32 + b"\n\n",
        b"\xff" * 65,
    ],
)
def test_a_damaged_file_is_named_and_not_shown(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(Unavailable, match=f"SECRETS_DAMAGED: {name}") as error:
        InstanceSecrets.load(folder)
    assert "abab" not in str(error.value).lower()


@pytest.mark.parametrize(("one", "other"), [(0, 1), (0, 2), (1, 2)])
def test_one_secret_in_two_files_is_refused(folder: Path, one: int, other: int) -> None:
    (folder / NAMES[one]).write_bytes((folder / NAMES[other]).read_bytes())
    with pytest.raises(Refused, match="SECRETS_NOT_DISTINCT"):
        InstanceSecrets.load(folder)


def test_secrets_are_never_overwritten(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in NAMES}
    with pytest.raises(Refused, match="SECRETS_EXIST"):
        InstanceSecrets.create(folder)
    assert {name: (folder / name).read_bytes() for name in NAMES} == before


def test_an_interrupted_creation_leaves_no_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_power(_: int) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr("core.keys.private_files.os.fsync", lose_power)
        with pytest.raises(OSError, match=r"^$"):
            InstanceSecrets.create(tmp_path / "secrets")
    assert not (tmp_path / "secrets").exists()
    with pytest.raises(Refused, match=r"SECRETS_EXIST: secrets\.new"):
        InstanceSecrets.create(tmp_path / "secrets")


def test_every_file_and_folder_reaches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    really = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        really(descriptor)

    monkeypatch.setattr("core.keys.private_files.os.fsync", noted)
    InstanceSecrets.create(tmp_path / "secrets")
    folder = tmp_path / "secrets"
    expected = [*(folder / name for name in NAMES), folder, tmp_path]
    assert synced == [path.stat().st_ino for path in expected]
