"""What may be a password, and its one byte form.

Length is what counts; there are no composition rules (NIST SP 800-63B revision 3, 5.1.1.2). How long a
password serves is the policy's to say (`password_days`): 21 CFR 11.300(b) wants it revised from time to time.
"""

from __future__ import annotations

import hmac
import unicodedata
from typing import Final

from core.kernel.actors import Environment
from core.kernel.errors import Refused

SHORTEST_IN_PRODUCTION: Final = 12
LONGEST: Final = 1024

# A shorter id ("li") stands in many an innocent password.
_SHORTEST_TELLING_ID: Final = 4


def require_acceptable_password(password: str, person: str, environment: Environment) -> None:
    """Require 12 to 1024 characters without the person's id in them; in training 1 to 1024 suffice.

    Raises: `WEAK_PASSWORD`.
    """
    require_sealable(password)
    if environment is Environment.TRAINING:
        return  # log-ins are published there
    if len(unicodedata.normalize("NFKC", password)) < SHORTEST_IN_PRODUCTION:
        raise _weak(f"a password has at least {SHORTEST_IN_PRODUCTION} characters")
    if _names(password, person):
        raise _weak("a password does not contain the person's id")


def require_another_password(password: str, new_password: str) -> None:
    """Refuse a change that changes nothing, however the two are spelt.

    Raises: `SAME_PASSWORD`.
    """
    if hmac.compare_digest(password_bytes(password), password_bytes(new_password)):
        raise Refused("SAME_PASSWORD", "the new password is the old one")


def require_sealable(password: str) -> None:
    """Require what any environment needs: 1 to 1024 characters that can be typed.

    Raises: `WEAK_PASSWORD`.
    """
    if not 1 <= len(password) <= LONGEST:
        raise _weak(f"a password has 1 to {LONGEST} characters")
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise _weak("a password holds characters, not halves of them")


def password_bytes(password: str) -> bytes:
    """Return the NFKC form in UTF-8, so that every keyboard yields the same bytes (same clause).

    Lone surrogates pass instead of raising: an encoding error would carry the password.
    """
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _names(password: str, person: str) -> bool:
    """Tell whether the id stands in the password in any case or width."""
    return len(person) >= _SHORTEST_TELLING_ID and _folded(person) in _folded(password)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _weak(detail: str) -> Refused:
    return Refused("WEAK_PASSWORD", detail)
