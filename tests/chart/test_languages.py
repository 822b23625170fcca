"""Who reads chooses the language: the pages are in it, and it is remembered for the person."""

import pytest

from tests import factories


def signed_in_anew(client_for, staff, language=None):
    """A browser in which this person has just signed in on the sign-in page."""
    browser = client_for(None)
    answer = browser.act(
        "/sign-in", {"role_id": staff.actor.role_id}, query_string={"language": language} if language else {}
    )
    assert answer.status_code == 303
    return browser


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nb", ["Medisinrunde", "Ikke gitt", "Hvorfor ikke?", "Gitt"]),
        ("nn", ["Medisinrunde", "Ikkje gitt", "Kvifor ikkje?", "klar no"]),
        ("en", ["Medication round", "Not given", "Why not?", "due now", "Switch user"]),
    ],
)
def test_the_round_is_in_the_language_of_its_reader(world, client_for, language, words):
    patient_id, _ = factories.due_dose(world)
    nina, mona = client_for(world.nina), client_for(world.mona)

    nina.act("/language", {"language": language})

    page = nina.get(f"/round?patient={patient_id}").text
    assert f'<html lang="{language}"' in page
    assert [word for word in words if word not in page] == []
    assert '<html lang="nb"' in mona.get("/my-list").text


def test_how_a_dose_is_said_is_the_same_for_every_reader(world, client_for):
    patient_id, _ = factories.due_dose(world)
    nina = client_for(world.nina)
    path = f"/round?patient={patient_id}"
    norwegian = nina.get(path).text

    nina.act("/language", {"language": "en"})

    dose = norwegian[norwegian.index('<p class="take"') :].split("</p>")[0]
    assert 'lang="nb"' in dose
    assert dose in nina.get(path).text


def test_the_next_session_of_a_person_is_in_the_language_and_the_colours_she_had_last(world, client_for):
    nina = client_for(world.nina)
    nina.act("/language", {"language": "nn"})
    nina.act("/color-scheme", {"color_scheme": "dark"})

    page = signed_in_anew(client_for, world.nina).get("/my-list").text

    assert '<html lang="nn" data-color-scheme="dark"' in page
    assert '<html lang="nb" data-color-scheme="auto"' in signed_in_anew(client_for, world.siri).get("/my-list").text


def test_the_sign_in_page_is_in_the_language_of_its_address_and_the_session_follows(world, client_for):
    page = client_for(None).get("/sign-in?language=en").text

    assert '<html lang="en"' in page
    assert "Who do you want to be?" in page
    assert 'action="/sign-in?language=en"' in page
    assert '<html lang="en"' in signed_in_anew(client_for, world.nina, "en").get("/my-list").text
    assert '<html lang="nb"' in client_for(None).get("/sign-in?language=x").text


def test_the_address_does_not_overrule_who_has_chosen(world, client_for):
    assert '<html lang="nb"' in client_for(world.nina).get("/my-list?language=en").text


def test_a_language_we_do_not_have_is_refused_and_choosing_leads_back(world, client_for):
    nina = client_for(world.nina)

    assert nina.act("/language", {"language": "tlh"}).status_code == 422
    assert "/language?back=/my-list" in nina.get("/my-list").text
    assert nina.act("/language?back=/my-list", {"language": "en"}).headers["Location"] == "/my-list"
    assert (
        nina.act("/language", {"language": "en"}, query_string={"back": "//elsewhere.example"}).headers["Location"]
        == "/"
    )


def test_what_goes_wrong_is_said_in_the_readers_language_as_page_and_as_json(world, client_for):
    nina = client_for(world.nina)
    nina.act("/language", {"language": "en"})
    json = {"Accept": "application/json"}

    assert "We cannot find what you are looking for" in nina.get("/nowhere").text
    assert nina.get("/nowhere", headers=json).json["title"] == "We cannot find what you are looking for"
    refused = nina.act("/language", {"language": "en", "csrf_token": "0"}, headers=json)
    assert refused.json["detail"].startswith("The page is too old.")


def test_what_is_stored_is_bokmål_whoever_wrote_it(world, client_for, migrator):
    patient_id, dose_id = factories.due_dose(world)
    nina = client_for(world.nina)
    nina.act("/language", {"language": "en"})

    nina.act(f"/patients/{patient_id}/doses/{dose_id}/given", {"request_version": 1})
    signed = migrator.execute(
        "SELECT id FROM medication.medication_administration WHERE dose_id = %s", (dose_id,)
    ).fetchone()
    assert signed is not None
    nina.act(f"/patients/{patient_id}/administrations/{signed[0]}/undo", {})

    stored = migrator.execute(
        "SELECT in_error_reason FROM medication.medication_administration WHERE id = %s", signed
    ).fetchone()
    assert stored == ("Angret",)
