"""The banner, allergies, registering, kin and linked records, through the service and a real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.patients import (
    AlreadyRegistered,
    Contact,
    NewAllergy,
    NewFlag,
    NewPatient,
    NewRelative,
    Patients,
    PersonIdentity,
    PossibleDuplicate,
)
from journal.patients.errors import AllergiesAreRecorded, Changed
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotFound
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import World
from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)
PENICILLIN = NewAllergy(kind="allergy", substance="Penicillin", reaction_code="1", source_code="3")
WorkOf = Callable[..., Any]


@pytest.fixture
def banner(work_of: WorkOf) -> Callable[[Any, UUID], Any]:
    def read(who: Any, patient_id: UUID) -> Any:
        with work_of(who) as work:
            return Patients(work).banner(patient_id)

    return read


def new_patient(**more: Any) -> NewPatient:
    return NewPatient(
        **{
            "family_name": "Nyhus",
            "given_name": f"Nora {new_id().hex[-6:]}",
            "birth_date": BORN,
            "sex": "female",
            **more,
        }
    )


def test_the_banner_says_who_the_patient_is(world: Any, person: Make, banner: Any) -> None:
    number = number_for(BORN)
    b = banner(world.nina, person("Hansen", "Kari", at=world.ward, number=number))
    assert (b.family_name, b.given_name, b.birth_date_text, b.age) == ("Hansen", "Kari", "14.03.1938", 88)
    assert (b.national_id_label, b.national_id_grouped) == ("Fnr", f"{number[:6]} {number[6:]}")
    assert (b.sex_text, b.place, b.deceased_on_text, b.confidential_text) == ("Kvinne", "Rom 204", None, "")
    assert (b.allergy_state, b.allergies, b.intolerances, b.flags) == ("not-asked", (), (), ())


def test_the_banner_of_somebody_without_number_or_date_has_no_blanks_that_lie(
    world: Any, person: Make, banner: Any
) -> None:
    b = banner(world.nina, person(at=world.ward, born=None, birth_date_precision="unknown", sex="unknown"))
    assert (b.birth_date_text, b.age, b.national_id_grouped, b.sex_text) == ("Ikke kjent", None, None, "Ikke kjent")


def test_of_a_protected_person_the_room_is_for_those_who_go_to_her_and_the_address_for_nobody(
    world: World, migrator: Any, banner: Any
) -> None:
    """A nurse who reads no room goes to the wrong bed. A doctor elsewhere needs none."""
    patient_id = world.patient(confidentiality="strictly_confidential", address_line_1="Skjult vei 1")
    since = datetime.now(UTC) - timedelta(hours=1)
    factories.care_relationship(world.builder, patient_id, world.bodil, world.bodo_ward, ground="referral", since=since)
    world.store()

    shown = banner(world.nina, patient_id)
    assert (shown.place, shown.confidential_text) == ("Rom 204", "Strengt fortrolig adresse (kode 6)")
    assert banner(world.bodil, patient_id).place is None
    migrator.execute("UPDATE access.care_relationship SET room = NULL WHERE patient_id = %s", (patient_id,))
    assert banner(world.nina, patient_id).place is None


def test_the_age_of_who_has_died_stands_still(world: Any, person: Make, banner: Any) -> None:
    b = banner(world.nina, person(at=world.ward, died_at="2020-03-13T23:30:00+00:00"))
    assert (b.deceased_on_text, b.age) == ("14.03.2020", 82)


def test_a_list_of_a_whole_ward_is_one_statement(
    world: Any, person: Make, work_of: WorkOf, count_queries: list[str]
) -> None:
    patients = [person("Hansen", f"Nr {n}", at=world.ward) for n in range(5)]
    with work_of(world.nina) as work:
        work.open("patients:read", patients)
        del count_queries[:]
        assert set(Patients(work).listed(patients)) == set(patients)
        assert len(count_queries) == 1


def test_a_stranger_sees_no_banner(world: Any, person: Make, banner: Any, access_log: Any) -> None:
    patient_id = person(at=world.ward)
    with pytest.raises(NoGround):
        banner(world.unn, patient_id)
    assert [row.outcome for row in access_log(patient_id)] == ["refused"]


def test_nothing_of_a_patient_is_read_without_a_log_row(world: Any, person: Make, work_of: WorkOf) -> None:
    person(at=world.ward, number=number_for(BORN))
    with work_of(world.nina) as work:
        for table in (
            "patient",
            "identifier",
            "name_word",
            "link",
            "related_person",
            "allergy_intolerance",
            "flag",
            "patient_history",
        ):
            assert work.db.scalar(sa.text(f"SELECT count(*) FROM patients.{table}")) == 0


def test_an_allergy_is_seen_by_all_and_refuted_with_the_version_one_saw(
    world: Any, person: Make, work_of: WorkOf, banner: Any
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).record_allergy(patient_id, PENICILLIN)
    b = banner(world.siri, patient_id)
    assert (b.allergy_state, b.allergies) == ("allergies", (("Penicillin", "Anafylaktisk reaksjon"),))
    with work_of(world.lars) as work:
        Patients(work).refute(patient_id, entry_id, version=1, reason="Negativ test")
    with pytest.raises(Changed), work_of(world.nina) as work:
        Patients(work).refute(patient_id, entry_id, version=1, reason="Negativ test")
    b = banner(world.nina, patient_id)
    assert (b.allergy_state, b.allergies) == ("not-asked", ())
    assert [a.verification_status for a in b.alerts.entries] == ["refuted"]


def test_two_who_refute_at_once_leave_one_version(world: Any, person: Make, work_of: WorkOf, migrator: Any) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).record_allergy(patient_id, PENICILLIN)

    def refute(who: Any) -> str:
        try:
            with work_of(who) as work:
                Patients(work).refute(patient_id, entry_id, version=1, reason="Negativ test")
        except Changed:
            return "changed"
        return "refuted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(refute, (world.nina, world.lars))) == ["changed", "refuted"]
    versions = migrator.execute(
        "SELECT count(*) FROM patients.allergy_intolerance WHERE entry_id = %s", (entry_id,)
    ).fetchone()
    assert versions == (2,)


def test_no_known_allergies_is_said_by_somebody_and_not_while_one_stands(
    world: Any, person: Make, work_of: WorkOf, banner: Any
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        Patients(work).state_no_known_allergies(patient_id, source_code="3")
    b = banner(world.nina, patient_id)
    assert (b.allergy_state, b.alerts.none_known_by) == ("none-known", "Nina Nordli")
    with work_of(world.nina) as work:
        entry_id = Patients(work).record_allergy(patient_id, PENICILLIN)
    with pytest.raises(AllergiesAreRecorded), work_of(world.nina) as work:
        Patients(work).state_no_known_allergies(patient_id)
    with work_of(world.nina) as work:
        Patients(work).mark_entered_in_error(patient_id, entry_id, reason="Feil pasient")
    assert banner(world.nina, patient_id).allergy_state == "none-known"


def test_another_municipality_may_refute_but_not_mark_as_a_mistake(
    world: Any, person: Make, work_of: WorkOf, banner: Any
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).record_allergy(patient_id, PENICILLIN)
    factories.care_relationship(
        world.builder, patient_id, world.bodil, world.bodo_ward, since=datetime(2026, 1, 1, tzinfo=UTC)
    )
    world.store()
    with pytest.raises(Denied), work_of(world.bodil) as work:
        Patients(work).mark_entered_in_error(patient_id, entry_id, reason="Feil")
    with work_of(world.bodil) as work:
        Patients(work).refute(patient_id, entry_id, version=1, reason="Negativ test")
    assert banner(world.nina, patient_id).allergies == ()


def test_a_flag_stands_in_the_banner_with_who_decided_until_it_is_lowered(
    world: Any, person: Make, work_of: WorkOf, banner: Any
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.lars) as work:
        entry_id = Patients(work).raise_flag(
            patient_id, NewFlag(kind="cpr", text="HLR minus", decided_by_name="Lars Haugen")
        )
    kind, text, sub = banner(world.nina, patient_id).flags[0]
    assert (kind, text) == ("resuscitation", "HLR minus") and sub.startswith("Lars Haugen ")
    with work_of(world.lars) as work:
        Patients(work).lower_flag(patient_id, entry_id, version=1, reason="Ny vurdering")
    assert banner(world.nina, patient_id).flags == ()


def test_a_registered_person_has_a_number_and_is_found(world: Any, work_of: WorkOf) -> None:
    patient_id, number = new_id(), number_for(BORN)
    with work_of(world.nina) as work:
        Patients(work).register(patient_id, new_patient(national_id=number))
    with work_of(world.bodil) as work:
        assert [hit.patient_id for hit in Patients(work).find(number).hits] == [patient_id]


def test_a_number_that_somebody_has_is_refused_and_the_attempt_is_logged(
    world: Any, person: Make, work_of: WorkOf, access_log: Any
) -> None:
    number = number_for(BORN)
    known = person(number=number, at=world.bodo_ward)
    with pytest.raises(AlreadyRegistered) as refused, work_of(world.nina) as work:
        Patients(work).register(new_id(), new_patient(national_id=number))
    assert refused.value.fields["patient_id"] == str(known) and number not in str(refused.value)
    assert [(row.action, row.outcome) for row in access_log(known)] == [("patients:find", "failed")]


def test_two_who_register_the_same_number_at_once_make_one_person(world: Any, work_of: WorkOf, migrator: Any) -> None:
    number = number_for(BORN)

    def register(who: Any) -> bool:
        try:
            with work_of(who) as work:
                Patients(work).register(new_id(), new_patient(national_id=number))
        except AlreadyRegistered:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(register, (world.nina, world.bodil))) == [False, True]
    assert migrator.execute("SELECT count(*) FROM patients.identifier WHERE value = %s", (number,)).fetchone() == (1,)


def test_without_a_number_the_same_name_and_day_must_be_said_to_be_another(world: Any, work_of: WorkOf) -> None:
    twin = new_patient()
    with work_of(world.nina) as work:
        Patients(work).register(new_id(), twin)
    with pytest.raises(PossibleDuplicate), work_of(world.nina) as work:
        Patients(work).register(new_id(), twin)
    with work_of(world.nina) as work:
        Patients(work).register(new_id(), twin, is_another_person=True)


@pytest.mark.parametrize("wrong", ["12345678901", "abc", "1483380017"])
def test_a_number_that_is_none_is_refused_without_being_repeated(world: Any, work_of: WorkOf, wrong: str) -> None:
    with pytest.raises(Invalid) as refused, work_of(world.nina) as work:
        Patients(work).register(new_id(), new_patient(national_id=wrong))
    assert wrong not in str(refused.value.errors)


def test_whoever_may_not_register_does_not(world: Any, work_of: WorkOf) -> None:
    with pytest.raises(Denied), work_of(world.siri) as work:
        Patients(work).register(new_id(), new_patient())


def test_a_changed_address_keeps_the_old_one(world: Any, person: Make, work_of: WorkOf, migrator: Any) -> None:
    patient_id = person(at=world.ward, phone="68 05 00 01")
    with work_of(world.nina) as work:
        Patients(work).update_contact(patient_id, Contact(phone="68 05 00 02", city="Bodø"), version=1)
    with work_of(world.siri) as work:
        person_now = Patients(work).person(patient_id)
    assert (person_now.contact.phone, person_now.version) == ("68 05 00 02", 2)
    assert [change.was for change in person_now.changes] == [
        (("Poststed", "ikke registrert"), ("Telefon", "68 05 00 01"))
    ]
    kept = migrator.execute(
        "SELECT was, recorded_by_name FROM patients.patient_history WHERE patient_id = %s", (patient_id,)
    ).fetchall()
    assert kept == [({"phone": "68 05 00 01", "city": None}, "Nina Nordli")]


def test_a_corrected_name_is_found_and_the_old_one_is_not(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person("Ukjent", "Mann", at=world.ward)
    with work_of(world.nina) as work:
        Patients(work).correct_identity(
            patient_id, PersonIdentity(family_name="Kjentmann", given_name="Per", birth_date=BORN), version=1
        )
    with work_of(world.nina) as work:
        assert [hit.patient_id for hit in Patients(work).find("kjentmann per").hits] == [patient_id]
        assert Patients(work).find("ukjent").hits == ()


def test_a_new_number_ends_the_old_one_which_is_still_found(
    world: Any, person: Make, work_of: WorkOf, banner: Any
) -> None:
    old, new = number_for(BORN), number_for(BORN)
    patient_id = person(at=world.ward, number=old)
    with work_of(world.nina) as work:
        Patients(work).add_identifier(patient_id, new)
    assert banner(world.nina, patient_id).national_id_grouped == f"{new[:6]} {new[6:]}"
    with work_of(world.nina) as work:
        assert [hit.patient_id for hit in Patients(work).find(old).hits] == [patient_id]


def test_next_of_kin_come_first(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        Patients(work).add_related_person(patient_id, NewRelative(name="Anna", relation="nabo"))
        berit = NewRelative(name="Berit", relation="datter", phone="68 05 00 03", is_next_of_kin=True)
        Patients(work).add_related_person(patient_id, berit)
        assert [p.name for p in Patients(work).related_persons(patient_id)] == ["Berit", "Anna"]


def test_linked_records_show_the_allergies_of_both_and_part_again(
    world: Any, person: Make, work_of: WorkOf, banner: Any
) -> None:
    leading, other = person("Hel", "Ida", at=world.ward), person("Halv", "Ida", at=world.ward)
    for patient_id, substance in ((leading, "Penicillin"), (other, "Latex")):
        with work_of(world.nina) as work:
            Patients(work).record_allergy(patient_id, NewAllergy(kind="allergy", substance=substance))
    with work_of(world.nina) as work:
        link_id = Patients(work).propose_link(leading, other, reason="Samme person, byttet nummer")
    assert len(banner(world.nina, leading).allergies) == 1, "a proposal links nothing"
    with pytest.raises(Denied), work_of(world.nina) as work:
        Patients(work).confirm_link(leading, link_id)
    with work_of(world.lars) as work:
        Patients(work).confirm_link(leading, link_id)
    for asked in (leading, other):
        b = banner(world.nina, asked)
        assert (b.patient_id, b.family_name) == (asked, "Hel")
        assert {substance for substance, _ in b.allergies} == {"Penicillin", "Latex"}
    with work_of(world.nina) as work:
        assert [hit.patient_id for hit in Patients(work).find("ida halv").hits] == [leading]
        entry_id = Patients(work).record_allergy(other, NewAllergy(kind="intolerance", substance="Laktose"))
        assert next(a for a in Patients(work).alerts(other).entries if a.entry_id == entry_id).patient_id == leading
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Patients(work).propose_link(other, leading, reason="En gang til")
    with work_of(world.nina) as work:
        Patients(work).unlink(leading, link_id, reason="To søstre")
    assert banner(world.nina, other).allergies == (("Latex", ""),)
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Patients(work).unlink(leading, link_id, reason="To søstre")
