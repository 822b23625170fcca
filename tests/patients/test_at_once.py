"""Two who send the same form at the same moment, through the real application: one is done, the other gets a sentence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from werkzeug.test import TestResponse

from journal.care import Care
from journal.patients import NewFlag, Patients
from tests.conftest import Browser
from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)
NEW = {"family_name": "Nyhus", "given_name": "Nora", "birth_date": "14.03.1938", "sex": "female"}
ClientFor = Callable[..., Browser]
Sent = tuple[Browser, str, dict[str, Any]]


def at_once(*sends: Sent) -> list[TestResponse]:
    """The answers of forms that are sent together, in the order given."""
    start = Barrier(len(sends))

    def send(one: Sent) -> TestResponse:
        browser, path, form = one
        start.wait(10)
        return browser.act(path, form)

    with ThreadPoolExecutor(len(sends)) as pool:
        return list(pool.map(send, sends))


@pytest.mark.parametrize("attempt", range(3))
def test_two_registrations_of_one_number_make_one_person_and_a_sentence(
    world: Any, migrator: Any, client_for: ClientFor, attempt: int
) -> None:
    number = number_for(BORN)
    family_name = f"Nyhus{'abc'[attempt]}{number[:4].translate(str.maketrans('0123456789', 'abcdefghij'))}"
    form = {**NEW, "family_name": family_name, "national_id": number}
    answers = at_once(*((client_for(who), "/patients/new", form) for who in (world.nina, world.bodil)))

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "ble nettopp registrert av noen andre" in loser.text or "registrert på en person fra før" in loser.text
    assert f'value="{family_name}"' in loser.text, "what was typed is still there"
    stored = migrator.execute(
        "SELECT count(*), count(DISTINCT w.patient_id), (SELECT count(*) FROM patients.identifier WHERE value = %s)"
        " FROM patients.patient p LEFT JOIN patients.name_word w USING (patient_id) WHERE p.family_name = %s AND w.word = %s",
        (number, family_name, family_name.lower()),
    ).fetchone()
    assert stored == (1, 1, 1), "nothing of the second is stored"


def test_who_comes_second_without_having_seen_the_first_is_told_that_it_was_just_now(
    world: Any, work_of: Callable[..., Any], client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search of both has found nobody: the unique index alone parts them."""
    from journal.patients.service.searching import Found

    monkeypatch.setattr(Patients, "_search", lambda *_: Found(()))
    form = {**NEW, "national_id": number_for(BORN)}
    answers = at_once(*((client_for(who), "/patients/new", form) for who in (world.nina, world.bodil)))

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert any("Personen ble nettopp registrert av noen andre." in answer.text for answer in answers)


@pytest.mark.parametrize("attempt", range(3))
def test_two_first_admissions_of_one_patient_make_one_stay_and_a_sentence(
    world: Any, person: Make, migrator: Any, client_for: ClientFor, attempt: int
) -> None:
    patient_id = person()
    path = f"/patients/{patient_id}/admission"
    answers = at_once(
        *(
            (client_for(who), path, {"kind": "long_term", "unit_id": str(ward["id"]), "room": "204"})
            for who, ward in ((world.nina, world.ward), (world.bodil, world.bodo_ward))
        )
    )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "la nettopp inn pasienten" in loser.text or "har alt et opphold" in loser.text
    assert 'value="204"' in loser.text
    stored = migrator.execute(
        "SELECT (SELECT count(*) FROM care.stay WHERE patient_id = %(id)s),"
        " (SELECT count(*) FROM access.care_relationship WHERE patient_id = %(id)s)",
        {"id": patient_id},
    ).fetchone()
    assert stored == (1, 1), "the second has got no ground either"


def test_two_who_register_an_absence_at_once_make_one(
    world: Any, person: Make, work_of: Callable[..., Any], client_for: ClientFor
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        Care(work).admit(patient_id, world.ward["id"])
    path = f"/patients/{patient_id}/stay/leave"
    answers = at_once(*((client_for(who), path, {"kind": "leave"}) for who in (world.nina, world.lars)))

    assert sorted(answer.status_code for answer in answers) == [303, 409]


def test_two_who_end_a_flag_at_once_leave_one_ending(
    world: Any, person: Make, work_of: Callable[..., Any], client_for: ClientFor, migrator: Any
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).raise_flag(patient_id, NewFlag(kind="infection", text="MRSA"))
    path, form = f"/patients/{patient_id}/flags/{entry_id}/end", {"version": "1", "reason": "Tre negative prøver"}
    answers = at_once(*((client_for(who), path, form) for who in (world.nina, world.lars)))

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    versions = migrator.execute("SELECT count(*) FROM patients.flag WHERE entry_id = %s", (entry_id,)).fetchone()
    assert versions == (2,)


def test_two_who_add_a_number_at_once_leave_one_in_use(
    world: Any, person: Make, client_for: ClientFor, migrator: Any
) -> None:
    patient_id = person(at=world.ward)
    path = f"/patients/{patient_id}/personal/numbers"
    numbers = [number_for(BORN) for _ in range(2)]
    answers = at_once(
        *((client_for(who), path, {"national_id": n}) for who, n in zip((world.nina, world.lars), numbers, strict=True))
    )

    assert [answer.status_code for answer in answers] == [303, 303]
    stored = migrator.execute(
        "SELECT count(*), count(*) FILTER (WHERE valid_until IS NULL) FROM patients.identifier WHERE patient_id = %s",
        (patient_id,),
    ).fetchone()
    assert stored == (2, 1)


def test_two_who_change_the_address_at_once_do_not_write_over_one_another(
    world: Any, person: Make, client_for: ClientFor, migrator: Any
) -> None:
    patient_id = person(at=world.ward, phone="68 05 00 01")
    path = f"/patients/{patient_id}/personal/contact"
    answers = at_once(
        *(
            (client_for(who), path, {"phone": phone, "version": "1"})
            for who, phone in ((world.nina, "68 05 00 02"), (world.lars, "68 05 00 03"))
        )
    )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    kept = migrator.execute("SELECT was FROM patients.patient_history WHERE patient_id = %s", (patient_id,)).fetchall()
    assert kept == [({"phone": "68 05 00 01"},)]
