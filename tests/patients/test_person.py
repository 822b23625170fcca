"""Name, contact, numbers, flags and kin: corrected without loss, and what a protected address hides."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from journal.patients import Contact, NewFlag, NewRelative, Patients, PersonIdentity
from journal.patients.errors import Changed, NumberElsewhere
from journal.patients.national_id import NotANationalId, classify
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from tests import factories
from tests.architecture.charts import link
from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)
WorkOf = Callable[..., Any]
SECRET = {"address_line_1": "Skjult vei 1", "postal_code": "9999", "city": "Hemmeligby", "phone": "68 05 99 99"}


def identity(**more: Any) -> PersonIdentity:
    return PersonIdentity(**({"family_name": "Nordmann", "given_name": "Kari", "birth_date": BORN} | more))


def _of_form(digits: str, fits: Callable[[Any], bool]) -> str:
    """A number that begins like this and passes as what is wanted."""
    for rest in range(10**5):
        try:
            if fits(found := classify(f"{digits}{rest:05}", synthetic_allowed=True)):
                return found.value
        except NotANationalId:
            continue
    raise AssertionError


def test_a_protected_address_is_not_read_nor_written_over_unseen(
    world: Any, person: Make, work_of: WorkOf, migrator: Any
) -> None:
    patient_id = person(at=world.ward, confidentiality="strictly_confidential", **SECRET)
    with work_of(world.nina) as work:
        shown = Patients(work).person(patient_id)
        Patients(work).update_contact(patient_id, Contact(language="so"), version=1)
    assert shown.protected and (shown.contact.address, shown.contact.phone) == ("", None)
    kept = migrator.execute(
        "SELECT address_line_1, phone, language FROM patients.patient WHERE patient_id = %s", (patient_id,)
    )
    assert kept.fetchone() == ("Skjult vei 1", "68 05 99 99", "so")


def test_to_lift_the_protection_shows_no_address_of_the_time_it_held(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward, confidentiality="confidential", **SECRET)
    with work_of(world.nina) as work:
        Patients(work).correct_identity(patient_id, identity(), version=1)
    with work_of(world.nina) as work:
        shown = Patients(work).person(patient_id)
    assert not shown.protected and (shown.contact.address, shown.contact.phone) == ("", None)
    (change,) = shown.changes
    told = dict(change.was)
    assert told["Adressesperre"] == "Fortrolig adresse (kode 7)" and told["Adresse"] == told["Telefon"] == "vises ikke"
    assert not {*SECRET.values()} & {text for _label, text in change.was}


def test_protection_of_one_record_hides_the_address_of_the_other_that_is_linked(
    world: Any, person: Make, work_of: WorkOf, migrator: Any
) -> None:
    leading = person(at=world.ward, **SECRET)
    other = person(at=world.ward, confidentiality="confidential")
    link(migrator, world.nina, world.lars, leading, other)
    for asked in (leading, other):
        with work_of(world.nina) as work:
            shown = Patients(work).person(asked)
        assert (shown.identity.confidentiality, shown.contact.address, shown.contact.phone) == (
            "confidential",
            "",
            None,
        )
    with work_of(world.nina) as work:
        Patients(work).correct_identity(leading, identity(confidentiality="strictly_confidential"), version=1)
    stored = migrator.execute(
        "SELECT DISTINCT confidentiality FROM patients.patient WHERE patient_id = ANY (%s)", ([leading, other],)
    ).fetchall()
    assert stored == [("strictly_confidential",)], "protection is the person's, not the record's"


@pytest.mark.parametrize("protected_leads", [True, False])
def test_a_link_protects_both_records_as_the_strictest_of_them_so_that_neither_is_found_by_name(
    world: Any, person: Make, work_of: WorkOf, migrator: Any, protected_leads: bool
) -> None:
    protected = person("Skjult", "Siv", at=world.ward, confidentiality="strictly_confidential")
    other = person("Skjult", "Siv", at=world.ward, **SECRET)
    leading, led = (protected, other) if protected_leads else (other, protected)
    with work_of(world.nina) as work:
        link_id = Patients(work).propose_link(leading, led, reason="Samme person")
    with work_of(world.lars) as work:
        Patients(work).confirm_link(leading, link_id)
    stored = migrator.execute(
        "SELECT DISTINCT confidentiality FROM patients.patient WHERE patient_id = ANY (%s)", ([protected, other],)
    ).fetchall()
    assert stored == [("strictly_confidential",)]
    with work_of(world.nina) as work:
        assert Patients(work).find("skjult").hits == ()


def test_who_has_not_seen_the_last_change_does_not_write_over_it(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        Patients(work).update_contact(patient_id, Contact(phone="68 05 00 02"), version=1)
    for stale in (
        lambda p: p.update_contact(patient_id, Contact(), version=1),
        lambda p: p.correct_identity(patient_id, identity(), version=1),
    ):
        with pytest.raises(Changed), work_of(world.lars) as work:
            stale(Patients(work))
    with work_of(world.nina) as work:
        assert Patients(work).person(patient_id).contact.phone == "68 05 00 02"


def test_a_name_without_letters_is_refused(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    with pytest.raises(Invalid) as refused, work_of(world.nina) as work:
        Patients(work).correct_identity(patient_id, identity(family_name="-", given_name="?"), version=1)
    assert "family_name" in refused.value.errors


def test_a_number_stays_in_the_history_when_another_replaces_it(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    d_number = _of_form("548338", lambda n: n.kind == "DNR")
    fnr, newer = number_for(BORN), number_for(BORN)
    for number in (d_number, fnr, newer):
        with work_of(world.nina) as work:
            Patients(work).add_identifier(patient_id, number)
    with work_of(world.siri) as work:
        numbers = Patients(work).person(patient_id).numbers
    first = numbers[0]
    assert (first.value.replace(" ", ""), first.label, first.valid_until) == (newer, "Fnr", None)
    assert {n.value.replace(" ", "") for n in numbers if n.valid_until} == {d_number, fnr}


def test_h_numbers_of_two_issuers_stand_side_by_side(
    world: Any, person: Make, work_of: WorkOf, monkeypatch: Any
) -> None:
    """In production a month raised by 40 is an H-number; it needs its issuer, and a fødselsnummer ends both."""
    monkeypatch.setattr(Patients, "_synthetic_allowed", lambda _self: False)
    patient_id = person(at=world.ward)
    first = _of_form("144338", lambda n: not n.is_2032_type)
    second = _of_form("154338", lambda n: not n.is_2032_type)
    with pytest.raises(Invalid) as refused, work_of(world.nina) as work:
        Patients(work).add_identifier(patient_id, first)
    assert "issuer" in refused.value.errors
    for number, issuer in ((first, "Sykehuset A"), (second, "Sykehuset B")):
        with work_of(world.nina) as work:
            Patients(work).add_identifier(patient_id, number, issuer=issuer)
    with work_of(world.nina) as work:
        numbers = Patients(work).person(patient_id).numbers
    assert {(n.label, n.valid_until) for n in numbers} == {("H-nr (Sykehuset A)", None), ("H-nr (Sykehuset B)", None)}


def test_a_number_for_test_or_of_the_kind_from_2032_is_refused_where_patients_are_real(
    world: Any, person: Make, work_of: WorkOf, monkeypatch: Any
) -> None:
    of_2032 = _of_form("140338", lambda n: n.is_2032_type)
    patient_id, invented = person(at=world.ward), number_for(BORN)
    with monkeypatch.context() as real:
        real.setattr(Patients, "_synthetic_allowed", lambda _self: False)
        for number in (of_2032, invented):
            with pytest.raises(Invalid) as refused, work_of(world.nina) as work:
                Patients(work).add_identifier(patient_id, number)
            assert "national_id" in refused.value.errors and number not in str(refused.value.errors)
    with work_of(world.nina) as work:
        Patients(work).add_identifier(patient_id, of_2032)


def test_a_number_of_another_record_leads_to_that_record_and_stores_nothing(
    world: Any, person: Make, work_of: WorkOf, access_log: Any
) -> None:
    number = number_for(BORN)
    other, patient_id = person(number=number, at=world.bodo_ward), person(at=world.ward)
    with pytest.raises(NumberElsewhere) as refused, work_of(world.nina) as work:
        Patients(work).add_identifier(patient_id, number)
    assert refused.value.fields["patient_id"] == str(other) and number not in str(refused.value)
    assert [(row.action, row.outcome) for row in access_log(other)] == [("patients:find", "failed")]
    with work_of(world.nina) as work:
        assert Patients(work).person(patient_id).numbers == ()


def test_the_patients_own_number_is_not_stored_twice_but_may_come_back(
    world: Any, person: Make, work_of: WorkOf
) -> None:
    old, newer = number_for(BORN), number_for(BORN)
    patient_id = person(number=old, at=world.ward)
    with pytest.raises(Conflict, match="fra før"), work_of(world.nina) as work:
        Patients(work).add_identifier(patient_id, old)
    for number in (newer, old):
        with work_of(world.nina) as work:
            Patients(work).add_identifier(patient_id, number)
    with work_of(world.nina) as work:
        live = [n.value for n in Patients(work).person(patient_id).numbers if n.valid_until is None]
    assert live == [f"{old[:6]} {old[6:]}"]


def test_a_number_that_was_never_hers_is_marked_and_finds_her_no_more(
    world: Any, person: Make, work_of: WorkOf
) -> None:
    number = number_for(BORN)
    patient_id = person(number=number, at=world.ward)
    with work_of(world.nina) as work:
        (shown,) = Patients(work).person(patient_id).numbers
        Patients(work).identifier_in_error(patient_id, shown.id, reason="Tastet feil")
    with work_of(world.nina) as work:
        assert Patients(work).person(patient_id).numbers == () and Patients(work).find(number).hits == ()
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Patients(work).identifier_in_error(patient_id, shown.id, reason="En gang til")


def test_a_resuscitation_status_needs_somebody_who_decided(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    with pytest.raises(Invalid) as refused, work_of(world.nina) as work:
        Patients(work).raise_flag(patient_id, NewFlag(kind="cpr", text="HLR minus", sub="drøftet med pårørende"))
    assert "decided_by_name" in refused.value.errors


def test_an_ended_flag_says_why_and_by_whom(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).raise_flag(patient_id, NewFlag(kind="swallowing", text="Most kost"))
    with work_of(world.lars) as work:
        Patients(work).lower_flag(patient_id, entry_id, version=1, reason="Svelger trygt")
    with work_of(world.siri) as work:
        (ended,) = Patients(work).ended_flags(patient_id)
        assert Patients(work).banner(patient_id).flags == ()
    assert (ended.kind_text, ended.reason, ended.recorded_by_name) == ("Svelgevansker", "Svelger trygt", "Lars Haugen")
    with pytest.raises(Changed), work_of(world.nina) as work:
        Patients(work).lower_flag(patient_id, entry_id, version=2, reason="En gang til")


def test_a_flag_in_error_is_shown_neither_now_nor_among_the_ended(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).raise_flag(patient_id, NewFlag(kind="infection", text="MRSA"))
        Patients(work).flag_in_error(patient_id, entry_id, reason="Feil pasient")
    with work_of(world.nina) as work:
        assert (Patients(work).banner(patient_id).flags, Patients(work).ended_flags(patient_id)) == ((), [])


def test_kin_are_corrected_by_a_new_version_and_marked_as_a_mistake(
    world: Any, person: Make, work_of: WorkOf, migrator: Any
) -> None:
    patient_id = person(at=world.ward)
    with work_of(world.nina) as work:
        entry_id = Patients(work).add_related_person(patient_id, NewRelative(name="Berit", phone="68 05 00 03"))
    with work_of(world.lars) as work:
        Patients(work).correct_related_person(patient_id, entry_id, NewRelative(name="Berit Bø"), version=1)
    with pytest.raises(Changed), work_of(world.nina) as work:
        Patients(work).correct_related_person(patient_id, entry_id, NewRelative(name="Berit"), version=1)
    with work_of(world.nina) as work:
        assert [(p.name, p.phone, p.version) for p in Patients(work).related_persons(patient_id)] == [
            ("Berit Bø", None, 2)
        ]
        Patients(work).related_person_in_error(patient_id, entry_id, reason="Feil pasient")
    with work_of(world.nina) as work:
        assert Patients(work).related_persons(patient_id) == []
    kept = migrator.execute(
        "SELECT version, name, in_error_reason FROM patients.related_person WHERE entry_id = %s ORDER BY 1", (entry_id,)
    ).fetchall()
    assert kept == [(1, "Berit", "Feil pasient"), (2, "Berit Bø", "Feil pasient")]


def test_what_another_municipality_wrote_is_corrected_and_not_marked(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id = person(at=world.ward)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    factories.care_relationship(world.builder, patient_id, world.bodil, world.bodo_ward, since=since)
    world.store()
    with work_of(world.nina) as work:
        kin = Patients(work).add_related_person(patient_id, NewRelative(name="Berit"))
        flag = Patients(work).raise_flag(patient_id, NewFlag(kind="other", text="Faller lett"))
    for mark in (
        lambda p: p.related_person_in_error(patient_id, kin, reason="Feil"),
        lambda p: p.flag_in_error(patient_id, flag, reason="Feil"),
    ):
        with pytest.raises(Denied), work_of(world.bodil) as work:
            mark(Patients(work))
    with work_of(world.bodil) as work:
        Patients(work).correct_related_person(patient_id, kin, NewRelative(name="Berit Bø"), version=1)
        Patients(work).lower_flag(patient_id, flag, version=1, reason="Står stødig")
    with work_of(world.nina) as work:
        assert [p.name for p in Patients(work).related_persons(patient_id)] == ["Berit Bø"]


def test_what_nobody_wrote_is_not_found(world: Any, person: Make, work_of: WorkOf) -> None:
    patient_id, nothing = person(at=world.ward), new_id()
    for ask in (
        lambda p: p.lower_flag(patient_id, nothing, version=1, reason="x"),
        lambda p: p.related_person_in_error(patient_id, nothing, reason="x"),
        lambda p: p.identifier_in_error(patient_id, nothing, reason="x"),
        lambda p: p.confirm_link(patient_id, nothing),
    ):
        with pytest.raises(NotFound), work_of(world.nina) as work:
            ask(Patients(work))
