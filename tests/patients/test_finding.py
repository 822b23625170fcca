"""The one way to find a closed chart: what it tells, what it logs, and what it never tells."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.patients import Found, Patients
from journal.platform.errors import Denied, Invalid, TooMany
from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)


@pytest.fixture
def find(work_of: Callable[..., Any]) -> Callable[[Any, str], Found]:
    def search(who: Any, text: str) -> Found:
        with work_of(who) as work:
            return Patients(work).find(text)

    return search


def ids(found: Found) -> list[UUID]:
    return [hit.patient_id for hit in found.hits]


def test_a_name_finds_the_patients_of_ones_own_unit_alone(world: Any, person: Make, find: Any) -> None:
    mine, _theirs = person("Hansen", "Håvard", at=world.ward), person("Hansen", "Harald", at=world.other_ward)
    assert ids(find(world.nina, "han ha")) == [mine]
    assert ids(find(world.nina, "haavard")) == [mine]
    assert ids(find(world.nina, "hansen harald")) == []


def test_every_word_must_fit_and_each_is_a_beginning(world: Any, person: Make, find: Any) -> None:
    person("Hansen", "Håvard", at=world.ward)
    assert ids(find(world.nina, "hansen ola")) == []
    assert ids(find(world.nina, "ansen")) == []
    assert ids(find(world.nina, "hansen%")) != [] and ids(find(world.nina, "h_nsen")) == []


def test_whoever_leads_several_wards_finds_the_patients_of_all(world: Any, person: Make, find: Any) -> None:
    both = {person("Lie", "Ann", at=world.ward), person("Lie", "Bo", at=world.other_ward)}
    assert set(ids(find(world.mona, "lie"))) == both


def test_whoever_acts_for_a_whole_town_finds_by_the_same_rules(
    world: Any, person: Make, find: Any, migrator: psycopg.Connection[Any]
) -> None:
    """Beyond 2 000 patients the finder goes from the words to the patients, and no longer from the patients to the words."""
    mine, _theirs = person("Byrud", "Siri", at=world.ward), person("Byrud", "Sivert", at=world.bodo_ward)
    _former = person("Byrud", "Sindre", at=world.ward)
    migrator.execute(
        "UPDATE access.care_relationship SET valid_until = valid_from WHERE patient_id = %s",
        (_former,),
    )
    stamp = {**world.nina.stamp, "unit_id": world.ward["id"]}
    migrator.execute(
        f"""INSERT INTO access.care_relationship (patient_id, id, ground, valid_from, {", ".join(stamp)})
            SELECT gen_random_uuid(), gen_random_uuid(), 'service', now(), {", ".join(["%s"] * len(stamp))}
            FROM generate_series(1, 2001)""",
        tuple(stamp.values()),
    )
    assert ids(find(world.nina, "byrud si")) == [mine]


def test_names_come_in_the_order_of_the_norwegian_alphabet(world: Any, person: Make, find: Any) -> None:
    for family_name in ("Åse", "Østby", "Zara", "Ærlig", "Aabel", "Berg"):
        person(family_name, "Testa", at=world.ward)
    names = [hit.family_name for hit in find(world.nina, "testa").hits]
    assert names == ["Berg", "Zara", "Ærlig", "Østby", "Aabel", "Åse"]


def test_at_most_25_are_shown_and_the_page_says_that_there_are_more(world: Any, person: Make, find: Any) -> None:
    for number in range(27):
        person("Mange", f"Nr{chr(97 + number % 26)}", at=world.ward)
    found = find(world.nina, "mange")
    assert (len(found.hits), found.more) == (25, True)


def test_an_own_patient_shows_unit_and_room_and_each_hit_is_logged(
    world: Any, person: Make, find: Any, access_log: Any
) -> None:
    patient_id = person("Solheim", "Inger", at=world.ward)
    hit = find(world.nina, "solheim").hits[0]
    assert (hit.given_name, hit.birth_year, hit.unit_name, hit.room, hit.own) == (
        "Inger",
        1938,
        "Avdeling 2",
        "204",
        True,
    )
    row = access_log(patient_id)[-1]
    assert (row.outcome, row.action, row.actor_id, row.unit_id) == (
        "search-hit",
        "patients:find",
        world.nina.actor.person_id,
        world.ward["id"],
    )


def test_a_search_hit_opens_no_chart(world: Any, person: Make, work_of: Any) -> None:
    person("Solheim", "Inger", at=world.ward)
    with work_of(world.nina) as work:
        assert Patients(work).find("solheim").hits
        assert work.db.scalar(sa.text("SELECT count(*) FROM patients.patient")) == 0


@pytest.mark.parametrize("text", ["{number}", "Borte Fjernheim 14.03.1938"])
def test_somebody_elses_patient_is_one_hit_without_place(
    world: Any, person: Make, find: Any, access_log: Any, text: str
) -> None:
    number = number_for(BORN)
    given_name = "Borte" if "Borte" in text else "Hos"
    patient_id = person("Fjernheim", given_name, at=world.bodo_ward, number=number)
    hit = find(world.nina, text.format(number=number)).hits[0]
    assert (hit.patient_id, hit.birth_year, hit.unit_name, hit.room, hit.own) == (patient_id, 1938, None, None, False)
    assert access_log(patient_id)[-1].outcome == "search-hit"


def test_a_full_name_must_be_full(world: Any, person: Make, find: Any) -> None:
    person("Heltnavn", "Inger Marie", at=world.bodo_ward)
    assert find(world.nina, "Inger Heltnavn 14.03.1938") == Found(())
    assert find(world.nina, "Inger Marie Helt 14.03.1938") == Found(())
    assert find(world.nina, "Inger Marie Heltnavn 15.03.1938") == Found(())
    assert len(find(world.nina, "heltnavn marie inger 14.3.1938").hits) == 1


def test_two_of_the_same_name_and_day_are_ambiguous_and_none_is_shown(
    world: Any, person: Make, find: Any, access_log: Any
) -> None:
    first, second = person("Tvilling", "Ola", at=world.bodo_ward), person("Tvilling", "Ola", at=world.bodo_ward)
    assert find(world.nina, "Ola Tvilling 14.03.1938") == Found((), ambiguous=True)
    assert access_log(first) and access_log(second)


def test_a_number_that_was_replaced_still_finds_the_person(world: Any, person: Make, find: Any, migrator: Any) -> None:
    number = number_for(BORN)
    patient_id = person(number=number)
    migrator.execute("UPDATE patients.identifier SET valid_until = now() WHERE patient_id = %s", (patient_id,))
    assert ids(find(world.nina, number)) == [patient_id]


@pytest.mark.parametrize("protection", ["confidential", "strictly_confidential"])
def test_whoever_has_a_protected_address_is_found_by_the_number_alone(
    world: Any, person: Make, find: Any, protection: str
) -> None:
    number = number_for(BORN)
    patient_id = person("Skjult", "Siv", at=world.ward, number=number, confidentiality=protection)
    assert find(world.nina, "skjult") == Found(())
    assert find(world.nina, "Siv Skjult 14.03.1938") == find(world.nina, "Ingen Finnes 14.03.1938") == Found(())
    hit = find(world.nina, number).hits[0]
    assert (hit.patient_id, hit.unit_name, hit.room) == (patient_id, None, None)


@pytest.mark.parametrize("text", ["sperret", "{number}"])
def test_whoever_is_shut_out_by_the_patient_does_not_find_her(
    world: Any, person: Make, find: Any, migrator: Any, text: str
) -> None:
    number = number_for(BORN)
    patient_id = person("Sperret", "Sol", at=world.ward, number=number)
    columns = {
        **world.lars.stamp,
        "patient_id": patient_id,
        "id": patient_id,
        "category": "*",
        "decided_by": "Lars Haugen",
    }
    columns["against_person_id"] = world.nina.actor.person_id
    names = ", ".join(columns)
    marks = ", ".join(["%s"] * len(columns))
    migrator.execute(
        f"INSERT INTO access.restriction ({names}, valid_from) VALUES ({marks}, now())", (*columns.values(),)
    )
    assert find(world.nina, text.format(number=number)) == Found(())
    assert ids(find(world.siri, text.format(number=number))) == [patient_id]


def test_a_relationship_that_ended_three_days_ago_no_longer_finds(
    world: Any, person: Make, find: Any, migrator: Any
) -> None:
    patient_id = person("Ferdig", "Fred", at=world.ward)
    ended = "valid_until = now() - %s * interval '1 day', grace_until = now() - %s * interval '1 day'"
    migrator.execute(f"UPDATE access.care_relationship SET {ended} WHERE patient_id = %s", (1, -2, patient_id))
    assert ids(find(world.nina, "ferdig")) == [patient_id]
    migrator.execute(f"UPDATE access.care_relationship SET {ended} WHERE patient_id = %s", (4, 1, patient_id))
    assert ids(find(world.nina, "ferdig")) == []


def test_the_21st_search_outside_ones_units_in_ten_minutes_is_refused_whether_or_not_it_would_hit(
    world: Any, person: Make, find: Any
) -> None:
    number = number_for(BORN)
    person(number=number, at=world.bodo_ward)
    own = number_for(BORN)
    mine = person("Egen", "Eva", number=own, at=world.ward)
    for n in range(20):
        find(world.nina, f"Ingen Finnes {n % 28 + 1:02}.03.1938")
    for text in (number, "Heller Ikke 14.03.1938"):
        with pytest.raises(TooMany):
            find(world.nina, text)
    assert ids(find(world.nina, own)) == ids(find(world.nina, "egen")) == [mine]
    assert ids(find(world.unn, number)), "another's searches are counted for her alone"


def test_more_than_100_in_a_day_is_refused(world: Any, find: Any, migrator: Any) -> None:
    migrator.execute(
        "INSERT INTO patients.search_attempt (person_id, at) SELECT %s, now() - interval '1 hour' FROM generate_series(1, 100)",
        (world.nina.actor.person_id,),
    )
    with pytest.raises(TooMany):
        find(world.nina, "Ingen Finnes 14.03.1938")


def test_an_administrator_may_not_search(world: Any, find: Any) -> None:
    with pytest.raises(Denied):
        find(world.tora, "hansen")


def test_a_search_for_too_little_says_what_to_write(world: Any, find: Any) -> None:
    with pytest.raises(Invalid) as refused:
        find(world.nina, "h")
    assert "Skriv" in refused.value.errors["text"][0]


def test_an_injected_query_can_forge_no_search(
    world: Any, person: Make, work_of: Any, as_app: psycopg.Connection[Any]
) -> None:
    person("Hansen", at=world.ward)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute("SELECT patients.find(%s, %s)", ('{"mode": "words", "words": ["hansen"]}', "0" * 64))
    with work_of(world.nina) as work:
        call = json.dumps({"at": work.now.isoformat(), "mode": "words", "words": ["hansen"]})
        old = (call, work.keys.sign(call))
    with pytest.raises(sa.exc.DBAPIError, match="another transaction"), work_of(world.nina) as work:
        work.db.execute(sa.text("SELECT patients.find(:call, :mac)"), {"call": old[0], "mac": old[1]})
    for table in ("patients.search_attempt", "patients.name_word"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(f"DELETE FROM {table}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute("SELECT count(*) FROM patients.search_attempt")


def test_nobody_is_looked_for_inside_a_savepoint(world: Any, person: Make, work_of: Any) -> None:
    person("Hansen", at=world.ward)
    for text in ("hansen", "Ingen Finnes 14.03.1938"):
        with pytest.raises(sa.exc.DBAPIError, match="savepoint"), work_of(world.nina) as work:
            work.db.execute(sa.text("SAVEPOINT here"))
            Patients(work).find(text)


def test_a_hit_is_logged_also_when_the_transaction_fails(
    world: Any, person: Make, work_of: Any, access_log: Any
) -> None:
    patient_id = person("Hansen", at=world.ward)
    with pytest.raises(ZeroDivisionError), work_of(world.nina) as work:
        Patients(work).find("hansen")
        raise ZeroDivisionError
    assert [(row.action, row.outcome) for row in access_log(patient_id)] == [("patients:find", "failed")]
