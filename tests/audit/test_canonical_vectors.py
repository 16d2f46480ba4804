"""The canonical profile against files of others: RFC 8785 vectors and JSONTestSuite."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785

from core.audit import canonical
from core.kernel.errors import Malformed
from tests.support.third_party import third_party


def code_of(data: bytes, limit: int = canonical.STATEMENT_LIMIT) -> str:
    with pytest.raises(Malformed) as caught:
        canonical.loads(data, limit=limit)
    return caught.value.code


# No file of cyberphone's set lies inside the profile as a whole; each is refused, and this is why.
OUTSIDE_THE_PROFILE = {
    "arrays": "BAD_KEY",  # keys "1" and "10"
    "french": "BAD_KEY",  # keys outside ASCII
    "structures": "BAD_KEY",  # keys "", "1", "\n"; the 56.0 that becomes 56 is a float
    "unicode": "BAD_KEY",  # a key with a space; the text is not in NFC
    "values": "FLOAT_REFUSED",  # 1e+30
    "weird": "BAD_KEY",  # keys such as "\r" and a smiley
}


def test_files_of_the_jcs_vectors_are_outside_the_profile_and_refused() -> None:
    folder = third_party("jcs", "testdata", "output")
    codes = {path.stem: code_of(path.read_bytes()) for path in folder.glob("*.json")}
    assert codes == OUTSIDE_THE_PROFILE


def parts_of(value: Any) -> list[Any]:
    below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(part for inner in below for part in parts_of(inner))]


def in_profile(value: Any) -> bool:
    try:
        canonical.dumps(value)
    except Malformed:
        return False
    return True


def test_parts_of_the_jcs_vectors_inside_the_profile_round_trip_byte_for_byte() -> None:
    folder = third_party("jcs", "testdata")
    accepted = 0
    for path in sorted((folder / "input").glob("*.json")):
        expected = (folder / "output" / path.name).read_bytes()
        for part in filter(in_profile, parts_of(json.loads(path.read_bytes()))):
            written = canonical.dumps(part)
            assert written in expected
            assert canonical.loads(written) == part
            accepted += 1
    assert accepted == 31


def test_the_oracle_itself_passes_the_jcs_vectors() -> None:
    folder = third_party("jcs", "testdata")
    for path in sorted((folder / "input").glob("*.json")):
        assert rfc8785.dumps(json.loads(path.read_bytes())) == (folder / "output" / path.name).read_bytes()


def test_every_invalid_document_of_the_json_test_suite_is_refused() -> None:
    files = sorted(third_party("jsontestsuite", "test_parsing").glob("n_*.json"))
    assert len(files) == 188
    for path in files:
        assert code_of(path.read_bytes(), limit=1_000_000)
