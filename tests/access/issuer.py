"""An issuer on this machine, with keys of its own making: it asks of a client what HelseID asks, and may be told to lie.

`faults` says what it does wrong in its next answers, `claims` what it says of the person. A client that sends something
an issuer must refuse is refused, and what it was is in `refused`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Issuer:
    """One issuer: its keys, the client it knows, and what it has seen."""

    helseid: bool
    client_key: dict[str, Any] | None = None
    client_secret: str = ""
    redirect_uri: str = ""
    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "PS256"}))
    claims: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    asked: list[dict[str, Any]] = field(default_factory=list)
    pushed: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    nonce: str = ""

    # What it publishes

    def metadata(self) -> dict[str, Any]:
        told = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
        }
        if self.helseid:
            told["pushed_authorization_request_endpoint"] = f"{self.address}/par"
        return told | self.faults.get("metadata", {})

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    # What it asks of a client

    def authenticate(self, form: dict[str, str]) -> str:
        """What is wrong with how the client proves who it is; empty when nothing is."""
        if self.client_key is None:
            return "" if form.get("client_secret") == self.client_secret else "client secret"
        key = ECKey.import_key(self.client_key)
        try:
            token = jwt.decode(form.get("client_assertion", ""), key, algorithms=["ES256"])
        except (JoseError, ValueError):
            return "client assertion"
        claims, now = token.claims, time.time()
        wrong = {
            "typ": token.header.get("typ") != "client-authentication+jwt",
            "kid": token.header.get("kid") != self.client_key["kid"],
            "aud": claims.get("aud") != self.address,
            "iss and sub": {claims.get("iss"), claims.get("sub")} != {"akson"},
            "exp": not now < claims.get("exp", 0) <= now + 60,
            "jti": self._again(claims.get("jti")),
        }
        return ", ".join(name for name, is_wrong in wrong.items() if is_wrong)

    def par(self, form: dict[str, str], _headers: Any) -> tuple[int, dict[str, Any]]:
        wrong = self.authenticate(form) or self.wrong_request(form)
        if wrong:
            return self.refuse(wrong)
        address = f"urn:ietf:params:oauth:request_uri:{secrets.token_hex(8)}"
        self.pushed[address] = form
        return 201, {"request_uri": address, "expires_in": 60}

    def wrong_request(self, form: dict[str, str]) -> str:
        if form.get("redirect_uri") != self.redirect_uri:
            return "redirect_uri"
        if form.get("code_challenge_method") != "S256" or len(form.get("code_challenge", "")) != 43:
            return "PKCE"
        return "" if form.get("state") and form.get("nonce") else "state and nonce"

    def authorize(self, sent: dict[str, str]) -> str:
        """Where the person is sent when she has proved who she is."""
        form = self.pushed.pop(sent["request_uri"]) if self.helseid else sent
        assert self.wrong_request(form) == ""
        code = secrets.token_hex(8)
        self.asked.append(form)
        self.codes[code] = form
        answer = {"code": code, "state": form["state"], "iss": self.address} | self.faults.get("response", {})
        told = {name: value for name, value in answer.items() if value is not None}
        return f"{form['redirect_uri']}?{urlencode(told)}"

    def token(self, form: dict[str, str], headers: Any) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        if wrong := self.authenticate(form):
            return self.refuse(wrong)
        if asked is None:
            return self.refuse("code")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge.decode().rstrip("=") != asked["code_challenge"]:
            return self.refuse("verifier")
        thumbprint = ""
        if self.helseid:
            thumbprint, wrong = self.proof(headers.get("DPoP", ""), asked.get("dpop_jkt", ""))
            if wrong == "nonce":
                self.codes[form["code"]] = asked
                return 400, {"error": "use_dpop_nonce"}
            if wrong:
                return self.refuse(f"DPoP {wrong}")
        return 200, self.tokens(asked, thumbprint)

    def proof(self, sent: str, bound_to: str) -> tuple[str, str]:
        """The thumbprint of the proof's key, and what is wrong with it."""
        try:
            head = json.loads(base64.urlsafe_b64decode(sent.split(".")[0] + "=="))
            key = ECKey.import_key(head["jwk"])
            token = jwt.decode(sent, key, algorithms=["ES256"])
        except (JoseError, ValueError, KeyError):
            return "", "proof"
        claims = token.claims
        wrong = {
            "typ": token.header.get("typ") != "dpop+jwt",
            "private": "d" in head["jwk"],
            "htm": claims.get("htm") != "POST",
            "htu": claims.get("htu") != f"{self.address}/token",
            "iat": abs(time.time() - claims.get("iat", 0)) > 60,
            "jti": self._again(claims.get("jti")),
            "key": key.thumbprint() != bound_to,
            "nonce": claims.get("nonce") != self.nonce,
        }
        return key.thumbprint(), next((name for name, is_wrong in wrong.items() if is_wrong), "")

    # What it says

    def tokens(self, asked: dict[str, str], thumbprint: str) -> dict[str, Any]:
        now = int(time.time())
        common = {"iss": self.address, "iat": now, "nbf": now, "exp": now + 300, "sub": "person-1"}
        common |= {"auth_time": now} if asked.get("max_age") else {}
        told = common | {"aud": "akson", "nonce": asked["nonce"], "sid": "session-1"} | self.claims
        access = common | {"aud": "journal", "cnf": {"jkt": thumbprint}} | self.faults.get("access", {})
        id_token = self.signed(told | self.faults.get("id", {}), self.faults.get("head", {}))
        access_token = self.signed(access, {"typ": "at+jwt"} | self.faults.get("access_head", {}))
        sent = {
            "id_token": id_token,
            "access_token": id_token if "id_as_access" in self.faults else access_token,
            "token_type": "DPoP" if self.helseid else "Bearer",
        }
        if "swap" in self.faults:
            sent["id_token"] = self.faults["swap"](self, told)
        return sent | self.faults.get("token_answer", {})

    def signed(self, claims: dict[str, Any], head: dict[str, Any] | None = None) -> str:
        claims = {name: value for name, value in claims.items() if value is not None}
        full = {"alg": "PS256", "kid": "one"} | (head or {})
        return jwt.encode(full, claims, self.key, algorithms=["PS256"])

    def logout_token(self, **changed: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.address, "aud": "akson", "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
        return self.signed(claims | {"sid": "session-1", "events": {LOGOUT: {}}} | changed, {"typ": "logout+jwt"})

    def refuse(self, wrong: str) -> tuple[int, dict[str, Any]]:
        self.refused.append(wrong)
        return 400, {"error": "invalid_request"}

    def _again(self, jti: str | None) -> bool:
        """Whether an id is missing or was seen before."""
        if not jti or jti in self.seen:
            return True
        self.seen.add(jti)
        return False


def forged(algorithm: str) -> Callable[[Issuer, dict[str, Any]], str]:
    """An ID token that nobody's private key has signed: unsigned, or with the public key for a shared secret."""

    def made(issuer: Issuer, claims: dict[str, Any]) -> str:
        head = {"alg": algorithm, "kid": "one", "typ": "JWT"}
        if algorithm == "none":
            return ".".join([_part(head), _part(claims), ""])
        text = f"{_part(head)}.{_part(claims)}"
        public = issuer.key.as_pem(private=False)
        return f"{text}.{_b64(hmac.new(public, text.encode(), hashlib.sha256).digest())}"

    return made


def by_another_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Signed with a key the issuer does not have, under the id of one that it has."""
    other = RSAKey.generate_key(2048, {"kid": "one"})
    return jwt.encode({"alg": "PS256", "kid": "one"}, claims, other, algorithms=["PS256"])


def _part(value: dict[str, Any]) -> str:
    return _b64(json.dumps(value).encode())


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if fault := self.issuer.faults.get(parts.path):
            self.answer(*fault)
        elif parts.path == "/authorize":
            where = self.issuer.authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
            self.answer(302, b"", {"Location": where})
        elif parts.path == "/jwks":
            self.answer(200, self.issuer.jwks())
        else:
            self.answer(200, self.issuer.metadata())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if fault := self.issuer.faults.get(self.path):
            self.answer(*fault)
            return
        act = self.issuer.par if self.path == "/par" else self.issuer.token
        status, told = act(form, self.headers)
        self.answer(status, told, {"DPoP-Nonce": self.issuer.nonce} if told.get("error") == "use_dpop_nonce" else {})

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(sent)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_words: Any) -> None:
        """Says nothing."""


@contextmanager
def serving(issuer: Issuer) -> Iterator[Issuer]:
    """The issuer, on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"issuer": issuer})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    issuer.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
