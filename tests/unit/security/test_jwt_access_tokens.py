"""Access tokens: what is accepted, and everything that is not."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

import pytest
from joserfc import jwk, jws, jwt

from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.signing_keys import SigningKeys
from domain.identity.errors import TokenExpired, TokenInvalid
from domain.identity.model import Identity

ANN = Identity(UUID(int=1), UUID(int=2))


def encoded(value) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(segment: str) -> dict:
    return json.loads(urlsafe_b64decode(segment + "=="))


class Forger:
    """Makes tokens of every kind, with our own key where the lie is in the claims."""

    def __init__(self, keys: SigningKeys, token: str) -> None:
        self.key = keys.by_id[keys.signing_id]
        self.token = token
        self.header_part, self.claims_part, self.signature = token.split(".")
        self.header, self.claims = decoded(self.header_part), decoded(self.claims_part)

    def claiming(self, **changes) -> str:
        """A token with a good signature and other claims; None leaves a claim out."""
        claims = {name: value for name, value in {**self.claims, **changes}.items() if value is not None}
        return self.signed(json.dumps(claims).encode())

    def unsigned(self, **changes) -> str:
        """A token with other claims under the signature of the good one."""
        return f"{self.header_part}.{encoded({**self.claims, **changes})}.{self.signature}"

    def signed(self, payload: bytes) -> str:
        return jws.serialize_compact(self.header, payload, self.key, ["Ed25519"])

    def headed(self, **changes) -> str:
        """A token with another header, and a good signature where our key can make one."""
        header = {name: value for name, value in {**self.header, **changes}.items() if value is not None}
        head = f"{encoded(header)}.{self.claims_part}"
        return f"{head}.{encoded(self.key.private_key.sign(head.encode()))}"

    def by_public_key_as_secret(self) -> str:
        secret = jwk.OctKey.import_key(self.key.as_dict(private=False)["x"])
        return jwt.encode({**self.header, "alg": "HS256"}, self.claims, secret, ["HS256"])

    def by_a_stranger(self, **header) -> str:
        stranger = jwk.OKPKey.generate_key("Ed25519")
        return jwt.encode({**self.header, **header}, self.claims, stranger, ["Ed25519"])

    def with_its_own_key(self) -> str:
        stranger = jwk.OKPKey.generate_key("Ed25519")
        header = {**self.header, "jwk": stranger.as_dict(private=False)}
        return jwt.encode(header, self.claims, stranger, ["Ed25519"])


FORGERIES = {
    "empty": lambda f: "",
    "no_token": lambda f: "hello",
    "only_dots": lambda f: "..",
    "not_ascii": lambda f: f"{f.header_part}.{f.claims_part}.é\ud800",
    "one_part_less": lambda f: f"{f.header_part}.{f.claims_part}",
    "one_part_more": lambda f: f"{f.token}.{f.signature}",
    "truncated": lambda f: f.token[:-3],
    "no_signature": lambda f: f"{f.header_part}.{f.claims_part}.",
    "no_claims": lambda f: f"{f.header_part}..{f.signature}",
    "padded": lambda f: f"{f.token}==",
    "blank_at_the_end": lambda f: f"{f.token} ",
    "huge": lambda f: f.claiming(padding="x" * 4_000),
    "other_claims_under_the_same_signature": lambda f: f.unsigned(sub=str(UUID(int=9))),
    "alg_none": lambda f: f"{encoded({**f.header, 'alg': 'none'})}.{f.claims_part}.",
    "alg_none_with_signature": lambda f: f.headed(alg="none"),
    "alg_missing": lambda f: f.headed(alg=None),
    "alg_of_another_type": lambda f: f.headed(alg=["Ed25519"]),
    "public_key_as_hmac_secret": lambda f: f.by_public_key_as_secret(),
    "stranger": lambda f: f.by_a_stranger(),
    "stranger_with_unknown_kid": lambda f: f.by_a_stranger(kid="stranger"),
    "stranger_brings_the_key_along": lambda f: f.with_its_own_key(),
    "kid_missing": lambda f: f.headed(kid=None),
    "kid_is_a_path": lambda f: f.headed(kid="../../../../dev/null"),
    "kid_of_the_refresh_secret": lambda f: f.headed(kid="refresh"),
    "kid_of_another_type": lambda f: f.headed(kid={"$ne": ""}),
    "critical_extension": lambda f: f.headed(crit=["exp"], exp=1),
    "critical_of_another_type": lambda f: f.headed(crit=5),
    "key_by_address": lambda f: f.headed(jku="https://example.com/keys"),
    "header_is_no_object": lambda f: f"{encoded('alg')}.{f.claims_part}.{f.signature}",
    "claims_are_no_object": lambda f: f.signed(b"[1]"),
    "claims_are_no_json": lambda f: f.signed(b"\xff"),
    "issuer_wrong": lambda f: f.claiming(iss="fluentpr0"),
    "issuer_missing": lambda f: f.claiming(iss=None),
    "audience_wrong": lambda f: f.claiming(aud="another-service"),
    "audience_a_list": lambda f: f.claiming(aud=["fluentpro", "another-service"]),
    "audience_missing": lambda f: f.claiming(aud=None),
    "subject_missing": lambda f: f.claiming(sub=None),
    "subject_no_uuid": lambda f: f.claiming(sub="ann"),
    "subject_a_number": lambda f: f.claiming(sub=1),
    "session_missing": lambda f: f.claiming(sid=None),
    "roles_a_string": lambda f: f.claiming(roles="admin"),
    "roles_of_numbers": lambda f: f.claiming(roles=[1]),
    "roles_missing": lambda f: f.claiming(roles=None),
    "never_expires": lambda f: f.claiming(exp=None),
    "expires_never_by_nan": lambda f: f.claiming(exp=float("nan")),
    "expires_after_all_time": lambda f: f.claiming(exp=10**30),
    "expiry_true": lambda f: f.claiming(exp=True),
    "not_before_in_the_future": lambda f: f.claiming(nbf=f.claims["nbf"] + 61),
    "not_before_missing": lambda f: f.claiming(nbf=None),
    "issued_in_the_future": lambda f: f.claiming(iat=f.claims["iat"] + 61),
    "issued_as_text": lambda f: f.claiming(iat=str(f.claims["iat"])),
    "expired_but_not_for_us": lambda f: f.claiming(exp=f.claims["iat"] - 1, aud="another-service"),
}


@pytest.fixture
def forger(keys, access) -> Forger:
    return Forger(keys, access.issue(ANN))


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_is_invalid(access, forger, forgery):
    access.verify(forger.token)
    with pytest.raises(TokenInvalid):
        access.verify(forgery(forger))


def test_the_forger_can_make_good_tokens_too(access, forger):
    # Else the table above would prove nothing.
    assert access.verify(forger.claiming()).identity == ANN
    assert access.verify(forger.headed()).identity == ANN


def test_a_token_says_who_calls_and_until_when(access, clock):
    admin = Identity(UUID(int=1), UUID(int=2), frozenset({"admin"}))
    verified = access.verify(access.issue(admin))
    assert verified.identity == admin
    clock.advance(minutes=10)
    assert verified.expires_at == clock.now


def test_a_token_expires_after_ten_minutes_without_leeway(access, clock):
    token = access.issue(ANN)
    clock.advance(seconds=599.9)
    access.verify(token)
    clock.advance(seconds=0.1)
    with pytest.raises(TokenExpired):
        access.verify(token)


def test_a_clock_that_lags_a_minute_still_accepts(access, clock):
    token = access.issue(ANN)
    clock.advance(seconds=-60)
    access.verify(token)
    clock.advance(seconds=-1)
    with pytest.raises(TokenInvalid):
        access.verify(token)


def test_a_new_first_key_signs_and_the_old_one_still_verifies(keys, access, clock):
    fresh = jwk.OKPKey.generate_key("Ed25519")
    rotated = JwtAccessTokens(SigningKeys({"new": fresh, **keys.by_id}, keys.refresh_secret), clock)
    assert rotated.verify(access.issue(ANN)).identity == ANN
    assert decoded(rotated.issue(ANN).split(".")[0]) == {"typ": "JWT", "alg": "Ed25519", "kid": "new"}
    with pytest.raises(TokenInvalid):
        access.verify(rotated.issue(ANN))


def test_a_stranger_can_verify_our_tokens_with_the_published_keys(access):
    published = jwk.KeySet.import_key_set(access.public_keys())
    claims = jwt.decode(access.issue(ANN), published, ["Ed25519"]).claims
    assert (claims["sub"], claims["sid"], claims["iss"], claims["aud"]) == (
        str(ANN.user_id),
        str(ANN.session_id),
        "fluentpro",
        "fluentpro",
    )


def test_the_published_keys_are_public(keys, access):
    (published,) = access.public_keys()["keys"]
    assert published.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
    assert published["kid"] == keys.signing_id
