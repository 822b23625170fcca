"""What must not sign anybody in, one by one: each with its kind in the log, and its sentence on the page."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey

from journal.access.openid import Secrets, providers
from journal.access.openid.client import _proof
from journal.access.openid.providers import Providers
from journal.access.openid.refusals import KINDS, SignInRefused
from journal.access.signing_in import Employment, usable_roles
from journal.platform.ids import new_id
from tests.access.conftest import HELSEID, PID, Gate, hpr_of, person
from tests.access.issuer import by_another_key, forged

LONG_AGO, LATER = int(time.time()) - 4000, int(time.time()) + 4000
BEGIN_AGAIN, NOT_TRUSTED = "Begynn på nytt.", "Vi kan ikke stole på svaret"
NOT_REACHED, TOO_LOW = "Vi får ikke kontakt", "høyt sikkerhetsnivå"
NO_NUMBER, NOT_EMPLOYED, ANOTHER_PLACE = "krever HPR-nummer", "ingen gyldig rolle", "en annen virksomhet"

# What the issuer does, what we call it, and what is read.
LIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unsigned ID token": ({"swap": forged("none")}, "algorithm", NOT_TRUSTED),
    "HS256 with the public key for a secret": ({"swap": forged("HS256")}, "algorithm", NOT_TRUSTED),
    "a signature by another key": ({"swap": by_another_key}, "signature", NOT_TRUSTED),
    "a key that nobody knows": ({"head": {"kid": "two"}}, "unknown_key", NOT_TRUSTED),
    "an address of a key (jku)": ({"head": {"jku": "https://elsewhere.example/jwks"}}, "key_in_header", NOT_TRUSTED),
    "an address of a certificate (x5u)": (
        {"head": {"x5u": "https://elsewhere.example/c"}},
        "key_in_header",
        NOT_TRUSTED,
    ),
    "a token of another kind": ({"head": {"typ": "logout+jwt"}}, "token_kind", NOT_TRUSTED),
    "what is no token": ({"swap": lambda _issuer, _claims: "a.b"}, "jwt_form", NOT_TRUSTED),
    "another issuer's name in it": ({"id": {"iss": "https://elsewhere.example"}}, "issuer", NOT_TRUSTED),
    "a token for another": ({"id": {"aud": "somebody"}}, "audience", NOT_TRUSTED),
    "a token for two, authorised for the other": (
        {"id": {"aud": ["akson", "somebody"], "azp": "somebody"}},
        "authorised_party",
        NOT_TRUSTED,
    ),
    "a token for two that says not for whom": ({"id": {"aud": ["akson", "b"]}}, "authorised_party", NOT_TRUSTED),
    "an expired token": ({"id": {"exp": LONG_AGO}}, "expired", NOT_TRUSTED),
    "a token without an end": ({"id": {"exp": None}}, "expired", NOT_TRUSTED),
    "a token that is not in force yet": ({"id": {"nbf": LATER}}, "not_yet", NOT_TRUSTED),
    "a token made long ago": ({"id": {"iat": LONG_AGO}}, "issued", NOT_TRUSTED),
    "a token made tomorrow": ({"id": {"iat": LATER}}, "issued", NOT_TRUSTED),
    "no nonce": ({"id": {"nonce": None}}, "nonce", NOT_TRUSTED),
    "another sign-in's nonce": ({"id": {"nonce": "a" * 64}}, "nonce", NOT_TRUSTED),
    "no word of when she proved it": ({"id": {"auth_time": None}}, "auth_time", NOT_TRUSTED),
    "a proof that is to come": ({"id": {"auth_time": LATER}}, "auth_time", NOT_TRUSTED),
    "a proof at no time": ({"id": {"auth_time": "now"}}, "auth_time", NOT_TRUSTED),
    "nobody in it": ({"id": {"sub": None}}, "subject", NOT_TRUSTED),
    "another access token's hash": ({"id": {"at_hash": "AAAA"}}, "access_token_mixed", NOT_TRUSTED),
    "an access token without a key (cnf)": ({"access": {"cnf": None}}, "token_unbound", NOT_TRUSTED),
    "an access token of another's key": ({"access": {"cnf": {"jkt": "a"}}}, "token_unbound", NOT_TRUSTED),
    "the ID token for an access token": ({"id_as_access": True}, "token_kind", NOT_TRUSTED),
    "an expired access token": ({"access": {"exp": LONG_AGO}}, "expired", NOT_TRUSTED),
    "a bearer token": ({"token_answer": {"token_type": "Bearer"}}, "token_type", NOT_TRUSTED),
    "no ID token": ({"token_answer": {"id_token": None}}, "code_refused", NOT_TRUSTED),
    "another issuer's response": ({"response": {"iss": "https://elsewhere.example"}}, "response_issuer", NOT_TRUSTED),
    "a response that says not whose it is": ({"response": {"iss": None}}, "response_issuer", NOT_TRUSTED),
    "no code": ({"response": {"code": None}}, "no_code", NOT_TRUSTED),
    "that she gave it up": ({"response": {"error": "access_denied", "code": None}}, "cancelled", BEGIN_AGAIN),
    "another state": ({"response": {"state": "a" * 64}}, "state", BEGIN_AGAIN),
    "level substantial": ({"id": {f"{HELSEID}identity/security_level": "3"}}, "level", TOO_LOW),
    "no level": ({"id": {f"{HELSEID}identity/security_level": None}}, "level", TOO_LOW),
    "an assurance that is not high": ({"id": {f"{HELSEID}identity/assurance_level": "substantial"}}, "level", TOO_LOW),
    "two levels": ({"id": {f"{HELSEID}identity/security_level": ["4", "3"]}}, "level", TOO_LOW),
    "another organisation": ({"id": {f"{HELSEID}client/claims/orgnr_parent": "9"}}, "organisation", ANOTHER_PLACE),
    "no organisation": ({"id": {f"{HELSEID}client/claims/orgnr_parent": None}}, "organisation", ANOTHER_PLACE),
    "a number that is none": ({"id": {f"{HELSEID}hpr/hpr_number": "1 OR 1=1"}}, "person_claim", NOT_TRUSTED),
    "a person that is none": ({"id": {f"{HELSEID}identity/pid": "1' --"}}, "person_claim", NOT_TRUSTED),
    "somebody nobody employs": ({"id": {f"{HELSEID}hpr/hpr_number": "999999999"}}, "unknown_person", NOT_EMPLOYED),
    "one person's number and another's authorisation": (
        {"id": {f"{HELSEID}identity/pid": PID}},
        "two_people",
        NOT_TRUSTED,
    ),
    "a redirect from the token's place": ({"/token": (302, {}, {"Location": "/jwks"})}, "redirected", NOT_TRUSTED),
    "a long answer": ({"/token": (200, b" " * 300_000)}, "too_big", NOT_TRUSTED),
    "an answer that is no JSON": ({"/token": (200, b"<html>")}, "not_json", NOT_TRUSTED),
    "an answer that is no object": ({"/token": (200, b"[]")}, "not_json", NOT_TRUSTED),
    "a code that is refused": ({"/token": (400, {"error": "invalid_grant"})}, "code_refused", NOT_TRUSTED),
}


@pytest.mark.parametrize("lie", LIES)
def test_the_national_provider_signs_nobody_in_with(gate: Gate, lie: str) -> None:
    faults, kind, sentence = LIES[lie]
    before, browser = gate.sessions(), gate.browser()
    there = gate.begin(browser)
    gate.national.faults = faults

    answer = browser.get(gate.way_back(there))

    assert (answer.status_code, gate.kind()) == (403, kind)
    assert sentence in answer.text and "Begynn på nytt" in answer.text
    assert gate.sessions() == before
    assert gate.signed_in(browser) == ""


BEFORE: dict[str, tuple[dict[str, Any], str, str]] = {
    "says it is another": ({"metadata": {"issuer": "https://elsewhere.example"}}, "metadata", NOT_TRUSTED),
    "has its keys elsewhere": ({"metadata": {"jwks_uri": "https://elsewhere.example/jwks"}}, "endpoint", NOT_TRUSTED),
    "takes the code elsewhere": ({"metadata": {"token_endpoint": "http://127.0.0.1:1/token"}}, "endpoint", NOT_TRUSTED),
    "takes no pushed request": (
        {"metadata": {"pushed_authorization_request_endpoint": None}},
        "endpoint",
        NOT_TRUSTED,
    ),
    "refuses the request": ({"/par": (400, {"error": "invalid_request"})}, "par_refused", NOT_TRUSTED),
    "answers with no address": ({"/par": (201, {})}, "par_refused", NOT_TRUSTED),
    "sends us elsewhere for its keys": (
        {"/jwks": (302, {}, {"Location": "https://elsewhere.example"})},
        "redirected",
        NOT_TRUSTED,
    ),
    "has no keys": ({"/jwks": (200, {"keys": "none"})}, "metadata", NOT_TRUSTED),
}


@pytest.mark.parametrize("fault", BEFORE)
def test_nobody_is_sent_to_a_provider_that(gate: Gate, fault: str) -> None:
    gate.national.faults, kind, sentence = BEFORE[fault]
    answer = gate.browser().act("/sign-in/begin", {"provider": "helseid", "municipality": gate.numbers[0], "next": ""})

    assert (answer.status_code, gate.kind()) == (403, kind)
    assert sentence in answer.text and "Refresh" not in answer.headers


def test_a_provider_that_is_away_is_said_to_be(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_words: Any, **_more: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("journal.access.openid.outside.HTTPConnection.request", refused)
    answer = gate.browser().act("/sign-in/begin", {"provider": "helseid", "municipality": gate.numbers[0], "next": ""})

    assert (answer.status_code, gate.kind()) == (403, "unreachable")
    assert NOT_REACHED in answer.text


def _twice(gate: Gate) -> tuple[Any, Any]:
    browser = gate.browser()
    back = gate.way_back(gate.begin(browser))
    cookie = browser.client.get_cookie("akson-sign-in").value
    browser.get(back)
    again = gate.browser()
    again.client.set_cookie("akson-sign-in", cookie)
    return again, back


def _without_the_cookie(gate: Gate) -> tuple[Any, Any]:
    return gate.browser(), gate.way_back(gate.begin(gate.browser()))


def _in_anothers_browser(gate: Gate) -> tuple[Any, Any]:
    victim, attacker = gate.browser(), gate.browser()
    gate.begin(victim)
    return victim, gate.way_back(gate.begin(attacker))


def _too_late(gate: Gate) -> tuple[Any, Any]:
    browser = gate.browser()
    back = gate.way_back(gate.begin(browser))
    gate.migrator.execute("UPDATE access.sign_in SET started_at = started_at - interval '11 minutes'")
    return browser, back


def _from_the_other_provider(gate: Gate) -> tuple[Any, Any]:
    browser = gate.browser()
    return browser, gate.way_back(gate.begin(browser)).replace("/helseid?", "/town?")


def _with_two_codes(gate: Gate) -> tuple[Any, Any]:
    browser = gate.browser()
    return browser, gate.way_back(gate.begin(browser)) + "&code=another"


def _with_a_used_code(gate: Gate) -> tuple[Any, Any]:
    browser = gate.browser()
    back = gate.way_back(gate.begin(browser))
    gate.national.codes.clear()
    return browser, back


def _with_anothers_code(gate: Gate) -> tuple[Any, Any]:
    """A code that was made for another's verifier and proof is put into her own answer."""
    victim, attacker = gate.browser(), gate.browser()
    code = parse_qs(urlsplit(gate.way_back(gate.begin(attacker))).query)["code"][0]
    back = gate.way_back(gate.begin(victim))
    own = parse_qs(urlsplit(back).query)["code"][0]
    return victim, back.replace(own, code)


ROUTES: dict[str, tuple[Callable[[Gate], tuple[Any, Any]], str]] = {
    "a state a second time": (_twice, "too_late"),
    "an answer without the cookie of who asked": (_without_the_cookie, "browser"),
    "the answer of another's browser": (_in_anothers_browser, "state"),
    "an answer after eleven minutes": (_too_late, "too_late"),
    "an answer at the other provider's address": (_from_the_other_provider, "response_provider"),
    "two codes": (_with_two_codes, "no_code"),
    "a code that is used": (_with_a_used_code, "code_refused"),
    "a code of another's": (_with_anothers_code, "code_refused"),
}


@pytest.mark.parametrize("way", ROUTES)
def test_nobody_is_signed_in_by(gate: Gate, way: str) -> None:
    make, kind = ROUTES[way]
    browser, back = make(gate)
    before = gate.sessions()
    answer = browser.get(back)

    assert (answer.status_code, gate.kind()) == (403, kind)
    assert gate.sessions() == before


def test_a_sign_in_that_was_refused_cannot_be_tried_again(gate: Gate) -> None:
    browser = gate.browser()
    back = gate.way_back(gate.begin(browser))
    cookie = browser.client.get_cookie("akson-sign-in").value
    gate.national.faults = {"id": {"nonce": "wrong"}}
    browser.get(back)
    gate.national.faults = {}
    browser.client.set_cookie("akson-sign-in", cookie)

    assert (browser.get(back).status_code, gate.kind()) == (403, "too_late")


def test_a_nurse_whose_number_the_provider_does_not_say_is_told_so(gate: Gate) -> None:
    """She is known by her own number, and the role she has asks for another."""

    hashed = providers(gate.app.settings).person_hash("pid", gate.national.address, "04819012345")
    gate.migrator.execute(
        "INSERT INTO access.sign_in_identity (municipality_id, person_hash, practitioner_id) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (gate.kari.actor.municipality_id, hashed, gate.kari.actor.person_id),
    )
    gate.national.claims = person(None, "04819012345")
    answer = gate.sign_in(gate.browser())

    assert (answer.status_code, gate.kind()) == (403, "hpr")
    assert NO_NUMBER in answer.text


@pytest.mark.parametrize(
    ("stands", "said", "kind", "sentence"),
    [
        (None, None, "hpr_not_here", "det står ikke noe HPR-nummer på deg"),
        (None, "7654321", "hpr_not_here", "det står ikke noe HPR-nummer på deg"),
        ("own", "7654321", "hpr_differs", "et annet HPR-nummer enn det som står på deg"),
    ],
)
def test_a_nurse_is_told_what_is_wrong_with_her_number_and_no_number_is_shown(
    gate: Gate, stands: str | None, said: str | None, kind: str, sentence: str
) -> None:
    """Known by her national number: it is her own page, and still says neither number nor name."""
    hpr, who = hpr_of(gate, gate.kari), gate.kari.actor
    hashed = providers(gate.app.settings).person_hash("pid", gate.national.address, "05819012345")
    gate.migrator.execute(
        "INSERT INTO access.sign_in_identity (municipality_id, person_hash, practitioner_id) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (who.municipality_id, hashed, who.person_id),
    )
    change = "UPDATE municipalities.practitioner SET hpr_number = %s WHERE id = %s"
    gate.migrator.execute(change, (hpr if stands else None, who.person_id))
    try:
        gate.national.claims = person(said, "05819012345")
        before = len(gate.sessions())
        answer = gate.sign_in(gate.browser())
    finally:
        gate.migrator.execute(change, (hpr, who.person_id))

    assert (answer.status_code, gate.kind(), len(gate.sessions())) == (403, kind, before)
    assert sentence in answer.text and "Be kommuneadministratoren" in answer.text
    assert not [told for told in (hpr, "7654321", "05819012345", "Kari") if told in answer.text]
    assert not [told for told in (hpr, "7654321", "05819012345", "Kari") if told in str(gate.logged)]


def test_a_number_recorded_by_one_municipality_signs_in_to_no_other(gate: Gate) -> None:
    gate.national.claims = person(None, PID)
    gate.sign_in(gate.browser(), number=gate.numbers[1])

    assert gate.kind() == "unknown_person"


def test_a_nurse_of_another_municipality_has_no_role_in_this_one(gate: Gate) -> None:
    gate.national.claims = person(hpr_of(gate, gate.bodil))
    gate.sign_in(gate.browser())
    assert gate.kind() == "unknown_person"

    there = gate.browser()
    gate.sign_in(there, number=gate.numbers[1])
    assert gate.signed_in(there) == "Bodil Prøve, sykepleier"


def test_a_towns_provider_signs_in_to_its_own_town_alone(gate: Gate) -> None:
    sent = {"provider": "town", "municipality": gate.numbers[1], "next": ""}

    assert gate.browser().act("/sign-in/begin", sent).status_code == 404


def test_a_role_that_has_ended_signs_nobody_in(gate: Gate) -> None:
    gate.national.claims = person(hpr_of(gate, gate.leaving))
    gate.sign_in(gate.browser())
    assert gate.kind() == ""
    gate.migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE id = %s", (gate.leaving.actor.role_id,)
    )
    gate.sign_in(gate.browser())
    assert gate.kind() == "unknown_person"


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"employee": "kari@town", "acr": "low"}, "level"),
        ({"employee": "kari@town"}, "level"),
        ({"employee": "", "acr": "high"}, "person_claim"),
        ({"employee": {"a": 1}, "acr": "high"}, "person_claim"),
        ({"employee": "nobody@town", "acr": "high"}, "unknown_person"),
    ],
)
def test_a_towns_provider_is_asked_the_same(gate: Gate, claims: dict[str, Any], kind: str) -> None:
    gate.own.claims = claims
    gate.sign_in(gate.browser(), "town")

    assert gate.kind() == kind


@pytest.mark.parametrize("wrong", ["htm", "htu", "iat", "jti", "key", "nonce"])
def test_the_issuer_here_refuses_a_proof_with_another(gate: Gate, wrong: str) -> None:
    """Else it would prove nothing that our own are taken."""
    key, now = ECKey.generate_key("P-256"), datetime.now(UTC)
    url, nonce = f"{gate.national.address}/token", gate.national.nonce
    good = _proof(key, url, now, nonce)
    assert gate.national.proof(good, key.thumbprint())[1] == ""
    other = {
        "htm": lambda: _changed(key, url, htm="GET", nonce=nonce),
        "htu": lambda: _proof(key, f"{url}/other", now, nonce),
        "iat": lambda: _proof(key, url, datetime.fromtimestamp(time.time() - 300, tz=UTC), nonce),
        "jti": lambda: good,
        "key": lambda: _proof(ECKey.generate_key("P-256"), url, now, nonce),
        "nonce": lambda: _proof(key, url, now, "other"),
    }[wrong]()

    assert gate.national.proof(other, key.thumbprint())[1] == wrong


def _changed(key: ECKey, url: str, **claims: Any) -> str:
    from joserfc import jwt

    told = {"jti": new_id().hex, "htm": "POST", "htu": url, "iat": int(time.time()), **claims}
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    return jwt.encode(head, told, key, algorithms=["ES256"])


@pytest.mark.parametrize("method", ["plain", ""])
def test_the_issuer_here_takes_no_other_proof_of_the_code_than_s256(gate: Gate, method: str) -> None:
    form = {"redirect_uri": gate.national.redirect_uri, "code_challenge": "a" * 43, "state": "a", "nonce": "b"}

    assert gate.national.wrong_request(form | {"code_challenge_method": "S256"}) == ""
    assert gate.national.wrong_request(form | {"code_challenge_method": method}) == "PKCE"


def test_every_secret_of_a_sign_in_is_its_own() -> None:
    one, other = Secrets(b"k" * 32, b"a" * 32), Secrets(b"k" * 32, b"b" * 32)
    made = [s for own in (one, other) for s in (own.state, own.nonce, own.verifier, own.proof_key.thumbprint())]

    assert len(set(made)) == 8
    assert Secrets(b"l" * 32, b"a" * 32).verifier != one.verifier, "the cookie alone does not give the verifier"


def test_roles_that_need_a_number_are_had_by_whoever_proves_it() -> None:
    from journal.access.openid import Identity

    who = new_id()
    nurse, manager = Employment(who, new_id(), "nurse", "1234567"), Employment(who, new_id(), "unit_manager", "1234567")
    said, silent = (Identity("pid", PID, hpr, None, "s") for hpr in ("1234567", ""))

    assert usable_roles([nurse, manager], said, says_hpr=True) == [nurse.role_id, manager.role_id]
    assert usable_roles([nurse, manager], silent, says_hpr=True) == [manager.role_id]
    assert usable_roles([nurse], silent, says_hpr=False) == [nurse.role_id]
    with pytest.raises(SignInRefused):
        usable_roles([nurse._replace(hpr_number=None)], silent, says_hpr=False)


def test_every_kind_has_its_sentence() -> None:
    assert all(str(SignInRefused(kind).detail) for kind in KINDS)
    assert Providers({}).by_id == {}
