"""The pages: what is shown, what is refused, and that nothing typed is lost."""

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)
NEW = {"family_name": "Nyhus", "given_name": "Nora", "birth_date": "14.03.1938", "sex": "female"}


def test_a_search_shows_name_birth_year_and_a_way_in(world: Any, person: Make, client_for: Callable[..., Any]) -> None:
    patient_id = person("Solheim", "Inger", at=world.ward)
    page = client_for(world.nina).act("/search", {"text": "solh"})
    assert page.status_code == 200
    assert all(word in page.text for word in ("SOLHEIM", "Inger", "1938", "Avdeling 2", f"/patients/{patient_id}"))
    assert "14.03.1938</td>" not in page.text


def test_the_search_page_is_open_for_whoever_may_search(world: Any, client_for: Callable[..., Any]) -> None:
    assert client_for(world.nina).get("/search").status_code == 200
    assert client_for(world.tora).act("/search", {"text": "solheim"}).status_code == 403


def test_a_search_that_can_find_nobody_keeps_what_was_typed(world: Any, client_for: Callable[..., Any]) -> None:
    page = client_for(world.nina).act("/search", {"text": "14833800175"})
    assert page.status_code == 422
    assert 'value="14833800175"' in page.text and "Sjekk" in page.text


def test_what_is_searched_for_is_shown_as_text(world: Any, client_for: Callable[..., Any]) -> None:
    page = client_for(world.nina).act("/search", {"text": "<script>alert</script>"})
    assert "<script>alert" not in page.text


def test_the_21st_search_outside_is_429(world: Any, migrator: Any, client_for: Callable[..., Any]) -> None:
    attempts = "INSERT INTO patients.search_attempt (person_id, at) SELECT %s, now() FROM generate_series(1, 20)"
    migrator.execute(attempts, (world.nina.actor.person_id,))
    assert client_for(world.nina).act("/search", {"text": "Ingen Finnes 14.03.1938"}).status_code == 429


def test_a_person_is_registered_once_though_the_form_is_sent_twice(
    world: Any, migrator: Any, client_for: Callable[..., Any]
) -> None:
    from journal.platform.ids import new_id

    browser, command, number = client_for(world.nina), new_id(), number_for(BORN)
    answers = [browser.act("/patients/new", {**NEW, "national_id": number}, command_id=command) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert migrator.execute("SELECT count(*) FROM patients.identifier WHERE value = %s", (number,)).fetchone() == (1,)


def test_a_wrong_field_keeps_all_that_was_typed(world: Any, client_for: Callable[..., Any]) -> None:
    page = client_for(world.nina).act("/patients/new", {**NEW, "birth_date": "31.02.1938", "city": "Vågan"})
    assert page.status_code == 422
    assert all(
        word in page.text for word in ('value="Nyhus"', 'value="31.02.1938"', 'value="Vågan"', "Datoen finnes ikke")
    )


def test_a_known_number_shows_the_way_to_the_person(world: Any, person: Make, client_for: Callable[..., Any]) -> None:
    number = number_for(BORN)
    patient_id = person(number=number)
    page = client_for(world.nina).act("/patients/new", {**NEW, "national_id": number})
    assert page.status_code == 409
    assert f"/patients/{patient_id}" in page.text and "Åpne journalen" in page.text


def test_the_registration_form_is_for_whoever_may_register(world: Any, client_for: Callable[..., Any]) -> None:
    assert client_for(world.nina).get("/patients/new").status_code == 200
    assert client_for(world.siri).get("/patients/new").status_code == 403


def test_an_allergy_is_added_refuted_and_none_is_stated_from_one_page(
    world: Any, person: Make, client_for: Callable[..., Any]
) -> None:
    path, browser = f"/patients/{person(at=world.ward)}/allergies", client_for(world.nina)
    assert "Allergier ikke spurt om" in browser.get(path).text
    assert browser.act(f"{path}/none-known").status_code == 303
    assert "Ingen kjente allergier</b>" in browser.get(path).text
    assert (
        browser.act(
            path, {"kind": "allergy", "substance": "Penicillin", "reaction_code": "1", "severity": ""}
        ).status_code
        == 303
    )
    page = browser.get(path).text
    assert "ALLERGI" in page and "Penicillin" in page and "Anafylaktisk reaksjon" in page
    assert browser.act(f"{path}/none-known").status_code == 409
    entry_id = page.split('id="allergy-')[1][:36]
    assert browser.act(f"{path}/{entry_id}/refuted", {"version": "1", "reason": "Negativ test"}).status_code == 303
    assert "(avkreftet)" in browser.get(path).text
    assert browser.act(f"{path}/{entry_id}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "Penicillin" not in browser.get(path).text


def test_an_allergy_without_a_substance_is_asked_for_again(
    world: Any, person: Make, client_for: Callable[..., Any]
) -> None:
    page = client_for(world.nina).act(
        f"/patients/{person(at=world.ward)}/allergies", {"kind": "allergy", "substance": " ", "reaction": "utslett"}
    )
    assert page.status_code == 422 and 'value="utslett"' in page.text


def test_whoever_only_reads_gets_no_forms_and_may_not_send_them(
    world: Any, person: Make, client_for: Callable[..., Any]
) -> None:
    path, browser = f"/patients/{person(at=world.ward)}/allergies", client_for(world.siri)
    assert path not in browser.get(path).text.split('<section class="page"')[1]
    assert browser.act(path, {"kind": "allergy", "substance": "Latex"}).status_code == 403


def test_a_stranger_gets_403_and_nothing_of_the_patient(
    world: Any, person: Make, client_for: Callable[..., Any]
) -> None:
    patient_id = person("Hemmelig", at=world.ward)
    for page in ("allergies", "related-persons"):
        answer = client_for(world.unn).get(f"/patients/{patient_id}/{page}")
        assert answer.status_code == 403 and "Hemmelig" not in answer.text


def test_kin_are_added_and_shown(world: Any, person: Make, client_for: Callable[..., Any]) -> None:
    path, browser = f"/patients/{person(at=world.ward)}/related-persons", client_for(world.nina)
    assert "Ingen pårørende er registrert" in browser.get(path).text
    form = {"name": "Berit", "relation": "datter", "phone": "68 05 00 03", "is_next_of_kin": "true"}
    assert browser.act(path, form).status_code == 303
    page = browser.get(path).text
    assert "Berit" in page and "nærmeste pårørende" in page
    assert browser.act(path, {"name": "Berit", "phone": "ring datter"}).status_code == 422
