"""Who may act, and what a signature can mean: two closed lists."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """Roles of the trial; a person acts in exactly one at a time."""

    PI = "PI"  # principal investigator
    SI = "SI"  # sub-investigator
    SC = "SC"  # study coordinator, data entry
    LB = "LB"  # laboratory
    PH = "PH"  # cell-product pharmacist
    CRA = "CRA"  # monitor
    AUD = "AUD"  # auditor, inspector
    DM = "DM"  # data manager
    MM = "MM"  # sponsor's medical monitor
    SRC = "SRC"  # safety review committee
    ADM = "ADM"  # system administrator
    SEC = "SEC"  # registrar, security officer
    SVC = "SVC"  # the instance itself, and subscriber tools


class Meaning(StrEnum):
    """Meanings of a signature, 21 CFR 11.50(a)(3)."""

    AUTHORED = "authored"
    RESPONSIBILITY = "responsibility"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    VERIFIED = "verified"
    WITNESSED = "witnessed"
    ADJUDICATED = "adjudicated"
    VOTED = "voted"
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    RECORDED = "recorded"


class Duty(StrEnum):
    """What a principal investigator delegates, ICH E6(R3) 2.3: a closed list."""

    CONSENT = "consent"
    SCREENING = "screening"
    ENROLMENT = "enrolment"
    PRODUCT = "product"
    DOSING = "dosing"
    LABS = "labs"
    SAFETY = "safety"
    VISITS = "visits"
    QUERIES = "queries"
    REVIEW = "review"


# Types of events with the roles that may sign them, and what the signature then means.
Signers: TypeAlias = "Mapping[type[Any], tuple[tuple[Role, Meaning], ...]]"


class Auth(StrEnum):
    """How the signing key was brought to the signature; stands in the seal."""

    PASSWORD = "password"  # noqa: S105 - the word, not a secret
    CLIENT_KEY = "client-key"
    SERVICE = "service"


class Environment(StrEnum):
    """What an instance is born as; in every signed statement, so nothing moves across."""

    PRODUCTION = "production"
    TRAINING = "training"
