"""Ed25519: RFC 8032 vectors, other projects' vectors, and the strict check of public keys."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import IntegrityFinding, Malformed, Refused
from core.keys import ed25519
from core.keys.ed25519 import SigningKey, parse_key_id, require_acceptable_public_key, verify
from tests.support.third_party import third_party

if TYPE_CHECKING:
    from pathlib import Path

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493  # RFC 8032 5.1
SEED: Final = bytes(range(32))

# RFC 8032 7.1: tests 1, 2, 3 and SHA(abc): seed, public key, message, signature
RFC_8032_7_1: Final = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize(("seed", "public_key", "message", "signature"), RFC_8032_7_1)
def test_rfc_8032_vectors_sign_and_verify(seed: str, public_key: str, message: str, signature: str) -> None:
    assert SigningKey(bytes.fromhex(seed)).public_key.hex() == public_key
    assert SigningKey(bytes.fromhex(seed)).sign(bytes.fromhex(message)).hex() == signature
    verify(bytes.fromhex(public_key), bytes.fromhex(signature), bytes.fromhex(message))


def accepted(public_key: str, signature: str, message: bytes) -> bool:
    try:
        verify(bytes.fromhex(public_key), bytes.fromhex(signature), message)
    except IntegrityFinding as finding:
        return {"BAD_SIGNATURE": False}[finding.code]
    return True


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def test_every_wycheproof_verdict_is_ours() -> None:
    vectors = read(third_party("wycheproof", "ed25519_test.json"))
    verdicts = {
        case["tcId"]: (
            accepted(group["publicKey"]["pk"], case["sig"], bytes.fromhex(case["msg"])),
            case["result"] == "valid",
        )
        for group in vectors["testGroups"]
        for case in group["tests"]
    }
    assert len(verdicts) == vectors["numberOfTests"] >= 150
    assert [number for number, (ours, theirs) in verdicts.items() if ours != theirs] == []


def cctv() -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = read(third_party("cctv-ed25519", "ed25519vectors.json"))
    return vectors


def test_every_cctv_vector_with_a_bad_key_is_refused() -> None:
    bad = [one for one in cctv() if {"low_order_A", "non_canonical_A"} & set(one["flags"] or [])]
    assert len(bad) == 526
    assert not [one for one in bad if accepted(one["key"], one["sig"], one["msg"].encode())]
    assert {len(one["key"]) for one in bad} == {64}


def test_every_cctv_key_of_low_order_is_weak() -> None:
    keys = {one["key"] for one in cctv() if "low_order_A" in (one["flags"] or [])}
    assert len(keys) == 14
    assert {code_of(bytes.fromhex(key)) for key in keys} == {"WEAK_KEY"}


def test_no_cctv_vector_with_a_low_order_residue_or_non_canonical_r_is_accepted() -> None:
    bad = [one for one in cctv() if {"low_order_residue", "non_canonical_R"} & set(one["flags"] or [])]
    assert len(bad) > 583
    assert not [one for one in bad if accepted(one["key"], one["sig"], one["msg"].encode())]


def code_of(public_key: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        require_acceptable_public_key(public_key)
    return refusal.value.code


def encoded(y: int, sign: int) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


# --- the slow twin: the curve itself, RFC 8032 5.1, from which the points of low order follow ---

D: Final = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    slope = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + slope, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - slope, -1, P) % P
    return x, y


def points_at(y: int) -> set[Point]:
    """Both points of a y, or none (RFC 8032 5.1.3 step 2, with p = 5 mod 8)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    candidates = {pow(square, (P + 3) // 8, P) * twist % P for twist in (1, pow(2, (P - 1) // 4, P))}
    return {(x * side % P, y % P) for x in candidates if x * x % P == square for side in (1, -1)}


def eight_times(point: Point) -> Point:
    for _ in range(3):
        point = add(point, point)
    return point


def test_the_refused_y_are_exactly_the_points_whose_eightfold_is_neutral() -> None:
    refused = {y % P for y in ed25519._LOW_ORDER_Y}
    torsion = set().union(*(points_at(y) for y in refused))
    assert len(torsion) == 8  # the whole torsion group: cofactor 8, so nothing is missing
    assert {eight_times(point) for point in torsion} == {(0, 1)}


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", sorted(ed25519._LOW_ORDER_Y))
def test_a_key_of_low_order_is_refused_in_both_signs(y: int, sign: int) -> None:
    assert code_of(encoded(y, sign)) == "WEAK_KEY"


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", range(P + 2, 2**255))
def test_a_second_spelling_is_refused(y: int, sign: int) -> None:
    assert code_of(encoded(y, sign)) == "NON_CANONICAL_KEY"


@pytest.mark.parametrize("y", [2, 3, P - 2])
def test_the_neighbours_of_refused_keys_are_no_worse_than_others(y: int) -> None:
    assert require_acceptable_public_key(encoded(y, 0)) == encoded(y, 0)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_malformed(length: int) -> None:
    assert code_of(b"\x05" * length) == "BAD_PUBLIC_KEY"


def test_the_universal_signature_of_the_neutral_point_is_refused() -> None:
    neutral = encoded(1, 0)
    with pytest.raises(IntegrityFinding) as finding:
        verify(neutral, neutral + bytes(32), b"any message at all")
    assert (finding.value.code, finding.value.facts) == ("BAD_SIGNATURE", {"key_fault": "WEAK_KEY"})


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    off_curve = next(y for y in range(2, 50) if not points_at(y))
    assert not accepted(encoded(off_curve, 0).hex(), SigningKey(SEED).sign(b"m").hex(), b"m")


def test_a_refused_key_is_never_remembered() -> None:
    before = ed25519._loaded.cache_info().currsize
    for _ in range(3):
        assert not accepted(encoded(1, 0).hex(), "00" * 64, b"")
    assert ed25519._loaded.cache_info().currsize == before


def test_a_signature_with_s_beyond_the_order_is_refused() -> None:
    key = SigningKey(SEED)
    signature = key.sign(b"dose")
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    for k in range(1, 16):
        malleable = r + (s + k * L).to_bytes(32, "little")
        assert not accepted(key.public_key.hex(), malleable.hex(), b"dose")


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    key = SigningKey(SEED)
    assert not accepted(key.public_key.hex(), (key.sign(b"m") * 2)[:length].hex(), b"m")


@given(message=st.binary(max_size=200), bit=st.integers(0, 64 * 8 - 1))
def test_one_flipped_bit_of_a_signature_is_noticed(message: bytes, bit: int) -> None:
    key = SigningKey(SEED)
    signature = key.sign(message)
    verify(key.public_key, signature, message)
    flipped = (int.from_bytes(signature, "little") ^ 1 << bit).to_bytes(64, "little")
    assert not accepted(key.public_key.hex(), flipped.hex(), message)


def test_a_signature_is_deterministic_and_each_seed_is_new() -> None:
    assert SigningKey(SEED).sign(b"m") == SigningKey(SEED).sign(b"m")
    seeds = {ed25519.new_seed() for _ in range(64)}
    assert len(seeds) == 64
    assert {len(seed) for seed in seeds} == {32}


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_malformed(length: int) -> None:
    with pytest.raises(Malformed, match="BAD_SEED"):
        SigningKey(bytes(length))


def test_a_key_id_is_read_back() -> None:
    key = SigningKey(SEED)
    assert key.key_id == "ed25519:" + key.public_key.hex()
    assert parse_key_id(key.key_id) == key.public_key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ed25519:",
        "ab" * 32,
        "ED25519:" + "ab" * 32,
        "ed25519:" + "AB" * 32,
        "ed25519:" + "ab" * 31,
        "ed25519:" + "ab" * 33,
        "ed25519:" + "ab" * 32 + "\n",
        " ed25519:" + "ab" * 32,
        "ed25519:" + "a" * 63 + "\N{ARABIC-INDIC DIGIT ONE}",
        "p256:" + "ab" * 32,
    ],
)
def test_another_spelling_of_a_key_id_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="BAD_KEY_ID"):
        parse_key_id(text)


def test_a_signing_key_shows_its_id_only() -> None:
    key = SigningKey(SEED)
    assert {repr(key), str(key), f"{key}"} == {f"SigningKey({key.key_id})"}
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize("taking_away", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_signing_key_is_not_taken_away(taking_away: Any) -> None:
    with pytest.raises(TypeError, match="neither copied nor stored"):
        taking_away(SigningKey(SEED))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle_protocol_takes_a_signing_key(protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(SigningKey(SEED), protocol)
