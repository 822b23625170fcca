"""The journal as a client of a provider: sends a person there, and makes of the answer who she is.

Authlib gives PKCE and the parameters of the requests, joserfc the keys and signatures. PAR, the client assertion and the
DPoP proof are a few lines each, and stand here.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet

from journal.access.openid import claims as said
from journal.access.openid import tokens
from journal.access.openid.claims import Identity
from journal.access.openid.outside import Answer, ask
from journal.access.openid.providers import Provider
from journal.access.openid.refusals import SignInRefused

ASSERTION_SECONDS = 30  # HelseID takes 60 at most
LONGEST_SECONDS = 12 * 3600  # that a proof at the provider is good for a sign-in here
KEPT_SECONDS = 3600  # of a provider's metadata and keys
_LEAST_BETWEEN = 60  # seconds between two looks for a key nobody knows
_ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)  # of P-256


class Secrets:
    """All that is secret in one sign-in, worked out from the browser's cookie and the installation's key: none is stored."""

    def __init__(self, secret_key: bytes, browser: bytes) -> None:
        self._key, self._browser = secret_key, browser

    def _made(self, what: str) -> bytes:
        return hmac.new(self._key, b"sign-in:" + what.encode() + self._browser, hashlib.sha256).digest()

    @property
    def state(self) -> str:
        return self._made("state").hex()

    @property
    def nonce(self) -> str:
        return self._made("nonce").hex()

    @property
    def verifier(self) -> str:
        return self._made("verifier").hex()

    @property
    def proof_key(self) -> ECKey:
        """The key of this sign-in's DPoP proofs."""
        number = int.from_bytes(self._made("proof")) % (_ORDER - 1) + 1
        return ECKey.import_key(ec.derive_private_key(number, ec.SECP256R1()))


@dataclass
class _Kept:
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    until: float = 0
    keys_at: float = 0


class Client:
    """One for each provider and process; keeps what the provider publishes of itself for an hour."""

    def __init__(self, provider: Provider, clock: Callable[[], float] = monotonic) -> None:
        self.provider, self._clock, self._kept, self._lock = provider, clock, _Kept(), Lock()

    def send(self, own: Secrets, redirect_uri: str, municipality: str, now: datetime, *, again: bool = False) -> str:
        """The address at the provider where the person proves who she is; *again*: also when she is signed in there."""
        metadata = self._metadata()
        asked = {
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": self.provider.scope,
            "state": own.state,
            "nonce": own.nonce,
            "code_challenge": create_s256_code_challenge(own.verifier),
            "code_challenge_method": "S256",
        }
        # With max_age the provider says when she proved who she is (auth_time), and asks anew when that is longer ago.
        asked["max_age"] = "0" if again else str(LONGEST_SECONDS)
        if again:
            asked["prompt"] = "login"
        if self.provider.helseid:
            details = said.authorization_details(self.provider, municipality)
            asked |= {"authorization_details": json.dumps(details), "dpop_jkt": own.proof_key.thumbprint()}
        if not self.provider.helseid and "pushed_authorization_request_endpoint" not in metadata:
            return str(prepare_grant_uri(metadata["authorization_endpoint"], self.provider.client_id, **asked))
        answer = self._post(metadata["pushed_authorization_request_endpoint"], asked, now)
        address = answer.body.get("request_uri")
        if answer.status not in (200, 201) or not isinstance(address, str):
            raise SignInRefused("par_refused")
        sent = {"client_id": self.provider.client_id, "request_uri": address}
        return f"{metadata['authorization_endpoint']}?{urlencode(sent)}"

    def receive(
        self, own: Secrets, response: Mapping[str, str], redirect_uri: str, municipality: str, now: datetime
    ) -> Identity:
        """Who the person is, by what the provider sent her back with. Raises SignInRefused."""
        self._check_response(response)
        answer = self._redeem(own, response["code"], redirect_uri, now)
        token, access_token = answer.body.get("id_token"), answer.body.get("access_token")
        if answer.status != 200 or not isinstance(token, str) or not isinstance(access_token, str):
            raise SignInRefused("code_refused")
        told = self._verified(token, (None, "jwt"))
        tokens.check_id_token(
            told,
            issuer=self.provider.issuer,
            client_id=self.provider.client_id,
            nonce=own.nonce,
            access_token=access_token,
            algorithm=tokens.header_of(token)["alg"],
            now=now,
        )
        if self.provider.helseid:
            self._check_bound(own, answer, access_token, now)
        at = tokens.authenticated_at(told, now)
        if at is None and self.provider.helseid:
            raise SignInRefused("auth_time")
        return replace(said.identity(self.provider, municipality, told), id_token=token, authenticated_at=at)

    def way_out(self, id_token: str, back: str, state: str) -> str | None:
        """The address where the provider signs the person out and sends her *back* (OpenID Connect RP-Initiated Logout 1.0).
        None when it has none, or does not answer: whoever signs out here is out here, whatever the provider does.
        """
        try:
            address = str(self._metadata().get("end_session_endpoint"))
        except SignInRefused:
            return None
        scheme, host = self.provider.address
        if not address.startswith(f"{scheme}://{host}/"):
            return None
        asked = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back, "state": state}
        return str(add_params_to_uri(address, asked | ({"id_token_hint": id_token} if id_token else {})))

    def try_out(self) -> None:
        """Fetches what the provider publishes. Raises SignInRefused."""
        self._metadata()

    def logged_out(self, token: str, now: datetime) -> dict[str, Any]:
        """The claims of a logout token. Raises SignInRefused."""
        told = self._verified(token, (None, "jwt", "logout+jwt"))
        tokens.check_logout(told, self.provider.issuer, self.provider.client_id, now)
        return told

    def _check_response(self, response: Mapping[str, str]) -> None:
        """Mix-up (RFC 9207): the answer says which issuer it is from, and HelseID's always does."""
        says = self.provider.helseid or self._metadata().get("authorization_response_iss_parameter_supported")
        if (says or "iss" in response) and response.get("iss") != self.provider.issuer:
            raise SignInRefused("response_issuer")
        if "error" in response:
            raise SignInRefused("cancelled")
        if not response.get("code"):
            raise SignInRefused("no_code")

    def _check_bound(self, own: Secrets, answer: Answer, access_token: str, now: datetime) -> None:
        if str(answer.body.get("token_type")).lower() != "dpop":
            raise SignInRefused("token_type")
        told = self._verified(access_token, ("at+jwt",))
        tokens.check_bound(told, self.provider.issuer, own.proof_key.thumbprint(), now)

    def _redeem(self, own: Secrets, code: str, redirect_uri: str, now: datetime) -> Answer:
        url = self._metadata()["token_endpoint"]
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": own.verifier,
        }
        if not self.provider.helseid:
            return self._post(url, sent, now)
        answer = self._post(url, sent, now, _proof(own.proof_key, url, now))
        if answer.body.get("error") == "use_dpop_nonce" and (nonce := answer.headers.get("dpop-nonce")):
            # Once more, with the nonce; the id of the first client assertion is used up, so with a new one too.
            return self._post(url, sent, now, _proof(own.proof_key, url, now, nonce))
        return answer

    def _post(self, url: str, sent: Mapping[str, str], now: datetime, proof: str = "") -> Answer:
        form = {"client_id": self.provider.client_id, **sent, **self._authentication(now)}
        return ask(self.provider.address, url, urlencode(form), {"DPoP": proof} if proof else {})

    def _authentication(self, now: datetime) -> dict[str, str]:
        key = self.provider.key
        if key is None:
            return {"client_secret": self.provider.secret}
        at, us = int(now.timestamp()), self.provider.client_id
        told = {"iss": us, "sub": us, "aud": self.provider.issuer, "jti": secrets.token_hex(16), "iat": at, "nbf": at}
        head = {"alg": key.alg, "kid": key.kid, "typ": "client-authentication+jwt"}
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(
                head, {**told, "exp": at + ASSERTION_SECONDS}, key, algorithms=[str(key.alg)]
            ),
        }

    def _verified(self, token: str, types: tuple[str | None, ...]) -> dict[str, Any]:
        """A key that is not known is looked for once, and not by everybody who invents one."""
        kid = str(tokens.header_of(token).get("kid"))
        self._metadata()
        if kid not in self._kept.keys and self._clock() - self._kept.keys_at > _LEAST_BETWEEN:
            self._fetch_keys()
        return tokens.verified(token, self._kept.keys, types)

    def _metadata(self) -> dict[str, Any]:
        with self._lock:
            if self._kept.until > self._clock():
                return self._kept.metadata
        answer = ask(self.provider.address, f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
        needed += ["pushed_authorization_request_endpoint"] if self.provider.helseid else []
        if answer.status != 200 or answer.body.get("issuer") != self.provider.issuer:
            raise SignInRefused("metadata")
        scheme, host = self.provider.address
        if not all(str(answer.body.get(name)).startswith(f"{scheme}://{host}/") for name in needed):
            raise SignInRefused("endpoint")
        self._kept.metadata = answer.body
        self._fetch_keys()
        self._kept.until = self._clock() + KEPT_SECONDS
        return answer.body

    def _fetch_keys(self) -> None:
        self._kept.keys_at = self._clock()
        answer = ask(self.provider.address, self._kept.metadata["jwks_uri"])
        try:
            found = KeySet.import_key_set({"keys": [key for key in answer.body["keys"] if _signs(key)]})
        except (JoseError, AttributeError, KeyError, TypeError, ValueError):
            raise SignInRefused("metadata") from None
        self._kept.keys = {str(key.kid): key for key in found.keys if key.kid}


def _signs(key: Mapping[str, Any]) -> bool:
    return key.get("use", "sig") == "sig" and key.get("kty") in ("EC", "RSA")


def _proof(key: ECKey, url: str, now: datetime, nonce: str = "") -> str:
    """A DPoP proof of this request (RFC 9449 4.2)."""
    told = {"jti": secrets.token_hex(16), "htm": "POST", "htu": url, "iat": int(now.timestamp())}
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    return jwt.encode(head, told | ({"nonce": nonce} if nonce else {}), key, algorithms=["ES256"])
