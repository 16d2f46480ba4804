"""The password policy."""

from __future__ import annotations

import pytest

from core.kernel.actors import Environment
from core.kernel.errors import Refused
from core.keys.passwords import password_bytes, require_acceptable_password

PRODUCTION = Environment.PRODUCTION
TRAINING = Environment.TRAINING


@pytest.mark.parametrize(
    "password",
    [
        "a" * 12,
        "a" * 1024,
        "correct horse battery",
        "\N{CJK UNIFIED IDEOGRAPH-6C34}" * 12,
        "  leading and trailing  ",
    ],
)
def test_length_is_enough(password: str) -> None:
    require_acceptable_password(password, "pi-wang", PRODUCTION)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "a" * 11,
        "a" * 1025,
        "a" * 10_000_000,
        "e\N{COMBINING ACUTE ACCENT}" * 6,  # twelve code points, six characters
        "with-a-lone-\ud800-half",
        "my-pi-wang-secret",
        "MY-PI-WANG-SECRET",
        "\N{FULLWIDTH LATIN SMALL LETTER P}i-wang-and-more",
    ],
)
def test_a_weak_password_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(Refused, match="WEAK_PASSWORD") as refusal:
        require_acceptable_password(password, "pi-wang", PRODUCTION)
    assert not password or password not in str(refusal.value)


def test_a_short_id_may_stand_in_a_word() -> None:
    require_acceptable_password("believe-in-horses", "li", PRODUCTION)


@pytest.mark.parametrize("password", ["a", "pi-wang", "training"])
def test_training_takes_what_it_publishes(password: str) -> None:
    require_acceptable_password(password, "pi-wang", TRAINING)


@pytest.mark.parametrize("password", ["", "a" * 1025, "\udfff"])
def test_training_too_needs_a_password(password: str) -> None:
    with pytest.raises(Refused, match="WEAK_PASSWORD"):
        require_acceptable_password(password, "pi-wang", TRAINING)


def test_every_keyboard_yields_the_same_bytes() -> None:
    assert password_bytes("\N{LATIN SMALL LETTER E WITH ACUTE}clair") == password_bytes(
        "e\N{COMBINING ACUTE ACCENT}clair"
    )
    assert password_bytes("\N{FULLWIDTH DIGIT ONE}") == b"1"
    assert password_bytes("\ud800") == b"\xed\xa0\x80"  # wrong, but no error that carries it
