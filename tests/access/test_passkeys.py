"""A passkey in the place of a PIN: made by whoever has just proved who she is, and opening no other lock than hers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.access.authenticator import Authenticator
from tests.access.test_locking import PIN, Migrator, Screen, screen, ward_pc, with_pin
from tests.conftest import World
from tests.factories import Staff

__all__ = ["screen", "ward_pc", "with_pin"]
REFUSED = "Vi fikk ikke låst opp."


def question(pc: Screen, staff: Staff) -> dict[str, Any]:
    asked: dict[str, Any] = pc.post("/unlock/question", session_id=str(pc.session_of(staff))).get_json()
    return asked


def add(pc: Screen, key: Authenticator) -> TestResponse:
    return pc.post("/passkeys", credential=key.create(pc.post("/passkeys/question").get_json()))


def answer(pc: Screen, staff: Staff, credential: str) -> TestResponse:
    return pc.post("/unlock", session_id=str(pc.session_of(staff)), credential=credential)


@pytest.fixture
def key(world: World, ward_pc: Screen, with_pin: Callable[..., None]) -> Authenticator:
    """Nina's, on the ward's PC, where she is signed in and her screen is locked."""
    with_pin(world.nina, world.siri)
    ward_pc.sign_in(world.nina)
    made = Authenticator()
    assert add(ward_pc, made).status_code == 303
    ward_pc.post("/lock?back=/my-list")
    return made


def test_it_opens_her_screen_where_she_was_and_is_counted_as_used(
    world: World, ward_pc: Screen, migrator: Migrator, key: Authenticator
) -> None:
    opened = answer(ward_pc, world.nina, key.get(question(ward_pc, world.nina)))

    assert (opened.status_code, opened.headers["Location"]) == (303, "/my-list")
    assert "Nina Nordli" in ward_pc.get("/my-list").text
    assert "sist brukt" in ward_pc.get("/pin").text
    row = migrator.execute("SELECT sign_count FROM access.passkey WHERE credential_id = %s", (key.id,)).fetchone()
    assert row == (key.count,)


WRONG: dict[str, Callable[[Authenticator, dict[str, Any]], str]] = {
    "another origin": lambda key, q: replace(key, origin="http://elsewhere.example").get(q),
    "another host": lambda key, q: replace(key, host="elsewhere.example").get(q),
    "nobody's finger": lambda key, q: replace(key, verified=False).get(q),
    "a challenge of another time": lambda key, q: key.get(q | {"challenge": "AAAA"}),
    "a counter that goes back": lambda key, q: replace(key, count=-1).get(q),
    "a signature of another": lambda key, q: replace(Authenticator(), id=key.id, count=key.count).get(q),
    "a passkey that nobody has": lambda key, q: Authenticator().get(q),
    "a signature that is none": lambda key, q: key.get(q, signature="AAAA"),
    "no answer": lambda key, q: "{}",
    "no JSON": lambda key, q: "<b>",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_not_opened_with(world: World, ward_pc: Screen, key: Authenticator, wrong: str) -> None:
    # Once right, so that there is a counter to go back.
    answer(ward_pc, world.nina, key.get(question(ward_pc, world.nina)))
    ward_pc.post("/lock?back=/my-list")

    refused = answer(ward_pc, world.nina, WRONG[wrong](key, question(ward_pc, world.nina)))

    assert refused.status_code == 422 and REFUSED in refused.text
    assert ward_pc.get("/my-list").status_code == 303


def test_an_answer_opens_one_lock_and_a_question_lasts_two_minutes(
    world: World, ward_pc: Screen, migrator: Migrator, key: Authenticator
) -> None:
    said = key.get(question(ward_pc, world.nina))
    assert answer(ward_pc, world.nina, said).status_code == 303
    ward_pc.post("/lock?back=/my-list")
    assert answer(ward_pc, world.nina, said).status_code == 422

    late = key.get(question(ward_pc, world.nina))
    migrator.execute("UPDATE access.passkey_challenge SET asked_at = asked_at - interval '3 minutes'")
    assert answer(ward_pc, world.nina, late).status_code == 422


def test_it_opens_nobody_elses_screen_and_none_on_another_device(
    world: World, ward_pc: Screen, screen: Callable[[], Screen], key: Authenticator
) -> None:
    ward_pc.sign_in(world.siri)
    ward_pc.post("/lock?back=/my-list")
    assert question(ward_pc, world.siri) == {}, "she has none"
    hers = key.get(question(ward_pc, world.nina))
    assert answer(ward_pc, world.siri, hers).status_code == 422
    elsewhere = screen()
    assert question(elsewhere, world.nina) == {}
    assert answer(elsewhere, world.nina, key.get({"challenge": "AAAA"})).status_code in (303, 422)
    assert elsewhere.get("/my-list").status_code == 303


def test_it_is_counted_with_the_pin_and_ends_with_it(world: World, ward_pc: Screen, key: Authenticator) -> None:
    for _ in range(3):
        answer(ward_pc, world.nina, Authenticator().get(question(ward_pc, world.nina)))
    for _ in range(2):
        ward_pc.unlock(world.nina, "480265")

    assert answer(ward_pc, world.nina, key.get(question(ward_pc, world.nina))).status_code == 422
    assert ward_pc.unlock(world.nina, PIN).status_code == 422


def test_used_while_its_owner_is_at_work_elsewhere_it_is_refused_and_she_is_told(
    world: World, ward_pc: Screen, screen: Callable[[], Screen], key: Authenticator
) -> None:
    waits = ward_pc.session_of(world.nina)
    own = screen()
    own.sign_in(world.nina)
    asked = ward_pc.post("/unlock/question", session_id=str(waits)).get_json()

    refused = ward_pc.post("/unlock", session_id=str(waits), credential=key.get(asked))

    assert refused.status_code == 422
    assert "Noen prøvde å åpne en låst skjerm med navnet ditt" in own.get("/own-sessions").text


def test_one_that_is_removed_opens_nothing_and_nobody_removes_anothers(
    world: World, ward_pc: Screen, migrator: Migrator, key: Authenticator
) -> None:
    (id,) = migrator.execute("SELECT id FROM access.passkey WHERE credential_id = %s", (key.id,)).fetchone() or ("",)
    ward_pc.sign_in(world.siri)
    ward_pc.post(f"/passkeys/{id}/end")
    ward_pc.post("/lock?back=/my-list")
    assert answer(ward_pc, world.nina, key.get(question(ward_pc, world.nina))).status_code == 303
    ward_pc.post(f"/passkeys/{id}/end")
    ward_pc.post("/lock?back=/my-list")

    assert question(ward_pc, world.nina) == {}


@pytest.mark.parametrize("lacks", ["a PIN", "a fresh proof"])
def test_it_is_made_beside_a_pin_by_whoever_has_just_proved_who_she_is(
    world: World, ward_pc: Screen, with_pin: Callable[..., None], migrator: Migrator, lacks: str
) -> None:
    if lacks != "a PIN":
        with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    if lacks != "a PIN":
        migrator.execute("UPDATE access.session SET strong_at = now() - interval '20 minutes'")

    refused = ward_pc.client.post(
        "/passkeys/question", data={"csrf_token": ward_pc.csrf}, headers={"Accept": "application/json"}
    )

    said = {"a PIN": (409, "/problems/conflict"), "a fresh proof": (403, "/problems/not-proved")}
    assert (refused.status_code, refused.get_json()["type"]) == said[lacks]


@pytest.mark.parametrize("wrong", ["origin", "host", "verified", "challenge"])
def test_what_is_no_answer_to_our_question_is_no_passkey(
    world: World, ward_pc: Screen, with_pin: Callable[..., None], migrator: Migrator, wrong: str
) -> None:
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    changed = {"origin": "http://elsewhere.example", "host": "elsewhere.example", "verified": False}
    made = replace(Authenticator(), **{wrong: changed[wrong]}) if wrong in changed else Authenticator()
    asked = ward_pc.post("/passkeys/question").get_json()

    refused = ward_pc.post(
        "/passkeys", credential=made.create(asked if wrong in changed else asked | {"challenge": "AAAA"})
    )

    assert refused.status_code == 422 and "Vi kunne ikke bruke passnøkkelen." in refused.text
    assert migrator.execute("SELECT count(*) FROM access.passkey WHERE credential_id = %s", (made.id,)).fetchone() == (
        0,
    )


def test_what_is_kept_is_no_secret(migrator: Migrator, key: Authenticator) -> None:
    row = migrator.execute("SELECT public_key FROM access.passkey WHERE credential_id = %s", (key.id,)).fetchone()
    private = key.key.private_numbers().private_value.to_bytes(32)

    assert row is not None and private not in bytes(row[0])
