"""Which ID tokens are taken, which providers are believed: without a server, on the provider's own way."""

from __future__ import annotations

import base64
import hmac
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from api.oidc.flows import begin
from api.oidc.settings import OidcSettings
from core.kernel.actors import Role
from core.kernel.errors import Refused, Unavailable
from tests.http.training import START

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.oidc.provider import Provider
    from tests.http.lying_provider import LyingProvider, Place

NOW = int(START.timestamp())
BEGUN = begin(Role.SC, "http://127.0.0.1/back", START)


@pytest.fixture
def idp(place: Place) -> LyingProvider:
    from tests.http.lying_provider import LyingProvider

    place.provider = LyingProvider(lambda: START, issuer=place.issuer)
    return place.provider


@pytest.fixture
def provider(idp: LyingProvider) -> Provider:
    from api.oidc.provider import Provider
    from tests.http.lying_provider import CLIENT, SECRET

    return Provider(OidcSettings(idp.issuer, CLIENT, (BEGUN.redirect_uri,), {}, SECRET))


def take(provider: Provider, idp: LyingProvider) -> None:
    """Do the whole way of one log-in."""
    _, code = idp.authorize(provider.authorization_url(BEGUN))
    provider.require_answer(provider.claims(code, BEGUN), BEGUN, START)


# -- signatures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"])
def test_signatures_that_are_taken(provider: Provider, idp: LyingProvider, alg: str) -> None:
    from tests.http.lying_provider import signed

    idp.signing = lambda claims: signed(claims, alg)
    take(provider, idp)


def unsecured(claims: dict[str, Any], header: dict[str, str], key: bytes | None = None) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    mac = b"" if key is None else hmac.digest(key, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def with_the_public_key_as_secret(claims: dict[str, Any]) -> str:
    from tests.http.lying_provider import RSA

    return unsecured(claims, {"alg": "HS256", "kid": "rsa"}, RSA.as_pem(private=False))


def by_a_key_that_is_not_published(claims: dict[str, Any]) -> str:
    from tests.http.lying_provider import signed

    return signed(claims, kid="other")


def altered(claims: dict[str, Any]) -> str:
    from tests.http.lying_provider import signed

    head, _, signature = signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "sub-of-pi"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def by_an_algorithm_that_is_not_taken(claims: dict[str, Any]) -> str:
    from tests.http.lying_provider import signed

    return signed(claims, "RS512")


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: unsecured(claims, {"alg": "none"}),
        lambda claims: unsecured(claims, {"alg": "none", "kid": "rsa"}),
        with_the_public_key_as_secret,
        by_a_key_that_is_not_published,
        by_an_algorithm_that_is_not_taken,
        altered,
        lambda _: "no.token.at-all",
        lambda _: "",
    ],
)
def test_what_nobody_signed(
    provider: Provider, idp: LyingProvider, sign: Callable[[dict[str, Any]], str]
) -> None:
    idp.signing = sign
    with pytest.raises(Refused, match="did not sign") as refused:
        take(provider, idp)
    assert refused.value.code == "BAD_ANSWER"


def test_a_shared_secret_is_never_a_key(provider: Provider, idp: LyingProvider) -> None:
    from joserfc.jwk import OctKey

    from api.oidc.keys import ALGORITHMS

    assert {"RS256", "PS256", "ES256", "Ed25519", "EdDSA"} == ALGORITHMS
    secret = b"s" * 32
    idp.published = [OctKey.import_key(secret, {"kid": "oct"}).as_dict(private=True)]
    idp.signing = lambda claims: unsecured(claims, {"alg": "HS256", "kid": "oct"}, secret)
    with pytest.raises(Refused, match="did not sign"):
        take(provider, idp)


def test_a_weak_key_is_no_key(provider: Provider, idp: LyingProvider) -> None:
    from joserfc import jws
    from joserfc.jwk import RSAKey

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    idp.published = [weak]
    idp.signing = lambda claims: jws.serialize_compact(
        {"alg": "RS256", "kid": "weak"}, json.dumps(claims), weak
    )
    with pytest.raises(Refused, match="did not sign"):
        take(provider, idp)


def test_keys_that_are_for_something_else_are_passed_over(provider: Provider, idp: LyingProvider) -> None:
    from tests.http.lying_provider import EC

    idp.published = [{**EC.as_dict(private=False), "use": "enc"}, {"kty": "EC"}, 7, {"kty": "AKP"}]
    with pytest.raises(Refused, match="did not sign"):
        take(provider, idp)
    idp.published.append(EC)
    take(provider, idp)


# -- claims -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", ["https://other.example", ..., 7])
def test_another_issuer(provider: Provider, idp: LyingProvider, issuer: object) -> None:
    idp.claims = {"iss": issuer}
    with pytest.raises(Refused, match="another provider"):
        take(provider, idp)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonce", "of-another-log-in"),
        ("nonce", ...),
        ("aud", "another-client"),
        ("aud", ["another-client"]),
        ("aud", ["dosetrail", "another-client"]),
        ("aud", ...),
        ("azp", "another-client"),
        ("exp", NOW - 61),
        ("exp", "soon"),
        ("exp", ...),
        ("nbf", NOW + 120),
        ("iat", NOW - 61),
        ("iat", NOW + 61),
        ("iat", ...),
        ("auth_time", NOW - 61),
        ("auth_time", NOW + 61),
        ("auth_time", True),
        ("auth_time", str(NOW)),
        ("auth_time", 0),
        ("auth_time", ...),
    ],
)
def test_claims_that_do_not_fit(provider: Provider, idp: LyingProvider, name: str, value: object) -> None:
    idp.claims = {name: value}
    with pytest.raises(Refused, match="does not belong") as refused:
        take(provider, idp)
    assert refused.value.code == "BAD_ANSWER"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["dosetrail"]},
        {"aud": ["dosetrail", "another-client"], "azp": "dosetrail"},
        {"iat": NOW + 59, "auth_time": NOW - 59, "exp": NOW - 59},
    ],
)
def test_claims_that_fit(provider: Provider, idp: LyingProvider, claims: dict[str, Any]) -> None:
    idp.claims = claims
    take(provider, idp)


def test_being_the_authorized_party_is_not_being_the_audience(provider: Provider, idp: LyingProvider) -> None:
    idp.claims = {"aud": "another-client", "azp": "dosetrail"}
    with pytest.raises(Refused, match="does not belong"):
        take(provider, idp)


# -- the provider -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://far.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"long": "x" * 200_000},
    ],
)
def test_a_provider_that_is_not_believed(
    provider: Provider, idp: LyingProvider, discovery: dict[str, Any]
) -> None:
    idp.discovery = discovery
    with pytest.raises(Unavailable, match="OIDC_UNAVAILABLE"):
        take(provider, idp)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_provider_that_is_not_there_yet(provider: Provider, idp: LyingProvider, status: int) -> None:
    idp.status = status
    with pytest.raises(Unavailable, match="OIDC_UNAVAILABLE"):
        take(provider, idp)
    assert idp.asked == ["/.well-known/openid-configuration"]
    idp.status = 200
    take(provider, idp)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": "server_error"}),
        (401, {"error": "invalid_client"}),
        (302, {}),
        (307, {}),
        (200, b"<html>"),
        (200, []),
        (200, {"access_token": "only"}),
    ],
)
def test_a_provider_that_answers_nothing_of_use(
    provider: Provider, idp: LyingProvider, answer: tuple[int, Any]
) -> None:
    idp.token_answer = answer
    with pytest.raises(Unavailable, match="OIDC_UNAVAILABLE"):
        take(provider, idp)
    assert idp.asked == ["/.well-known/openid-configuration", "/token"]


def test_a_code_that_the_provider_does_not_know(provider: Provider) -> None:
    with pytest.raises(Refused, match="does not know") as refused:
        provider.claims("guess", BEGUN)
    assert refused.value.code == "BAD_ANSWER"


def test_a_provider_that_takes_the_secret_in_the_form_only(provider: Provider, idp: LyingProvider) -> None:
    idp.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    take(provider, idp)


def test_what_it_publishes_is_kept_for_an_hour(idp: LyingProvider) -> None:
    from api.oidc.provider import Provider
    from tests.http.lying_provider import CLIENT, SECRET

    now = [0.0]
    settings = OidcSettings(idp.issuer, CLIENT, (BEGUN.redirect_uri,), {}, SECRET)
    provider = Provider(settings, lambda: now[0])
    for moment, fetched in ((0, 1), (3599, 1), (3600, 2)):
        now[0] = moment
        take(provider, idp)
        assert idp.asked.count("/jwks") == idp.asked.count("/.well-known/openid-configuration") == fetched


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment(
    provider: Provider, idp: LyingProvider, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    take(provider, idp)
