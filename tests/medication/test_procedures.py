"""Doses by a municipality's signed procedure list: who may give what, how often, by which version, and when a doctor is asked."""

import html
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.app import JournalApp
from journal.medication import Answers, Imported, Medication
from journal.medication.errors import AlertsFound
from journal.medication.fhir.orders import request_to_fhir
from journal.medication.rules import DoseStatus, daily
from journal.medication.rules.procedures import ListStatus, ProcedureLine, hinder, in_force
from journal.patients import NewAllergy, Patients
from journal.platform.clock import local, local_date
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.quantity import Quantity
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication import test_importing
from tests.medication.test_sign import answers, doses, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def a_line(item_id: UUID, **more: Any) -> ProcedureLine:
    said = {"name": "paracetamol 500 mg", "amount": Quantity(Decimal(2), "tablett"), "indication": "smerter"}
    limits = {"most_per_day": 2, "before_doctor": 3, "roles": ("nurse",)}
    return ProcedureLine(**({"id": new_id(), "catalogue_item_id": item_id} | said | limits | more))


def item(world: World, work_of: WorkOf, sought: str = "paracet tab") -> UUID:
    with work_of(world.lars) as work:
        found: UUID = Medication(work).search_catalogue(sought).hits[0].id
        return found


def a_list(
    world: World, work_of: WorkOf, *lines: ProcedureLine, version: int = 0, valid_until: date | None = None
) -> int:
    """Written and signed by a doctor; answers with its version."""
    with work_of(world.lars) as work:
        medication = Medication(work)
        for n, line in enumerate(lines):
            medication.write_procedure(line, version=version + n)
        signed = version + len(lines)
        until = valid_until or local_date(work.now) + timedelta(days=30)
        medication.sign_procedures(version=signed, valid_until=until)
    return signed + 1


def give(
    world: World, work_of: WorkOf, patient_id: UUID, line: ProcedureLine, version: int, by: Staff | None = None
) -> UUID:
    """By who has read what the rules say."""
    with work_of(by or world.nina) as work:
        medication = Medication(work)
        seen = Answers()
        for one in medication.procedures_for(patient_id)[1]:
            if one.line.id == line.id and one.hit and one.dosage:
                judged = medication.judge_procedure(patient_id, medicine=one.hit.medicine, dosage=one.dosage)
                seen = answers(judged)
        made: UUID = medication.give_by_procedure(patient_id, line.id, version=version, answers=seen)
        return made


@pytest.mark.parametrize(
    ("hours_ago", "told"),
    [
        ([], None),
        ([25, 26], None),
        ([23, 25], None),
        ([1, 23], "Det høyeste antallet på et døgn er gitt. Ring lege hvis pasienten trenger mer."),
        ([24, 23], None),
        ([30, 60, 160], "Gitt etter prosedyre 3 ganger på sju dager. Ring lege før den gis igjen."),
        ([30, 60, 169], None),
    ],
)
def test_a_dose_more_is_hindered_by_the_day_and_by_the_week(hours_ago: list[int], told: str | None) -> None:
    assert hinder(a_line(new_id()), [NOW - timedelta(hours=hours) for hours in hours_ago], NOW) == told


@pytest.mark.parametrize(
    ("status", "until", "holds"),
    [
        (ListStatus.SIGNED, date(2026, 11, 22), True),
        (ListStatus.SIGNED, date(2026, 11, 21), False),
        (ListStatus.WITHDRAWN, None, False),
        (ListStatus.DRAFT, None, False),
    ],
)
def test_a_list_holds_when_it_is_signed_up_to_and_with_its_last_day(
    status: ListStatus, until: date | None, holds: bool
) -> None:
    assert in_force(status, until, date(2026, 11, 22)) is holds


def test_a_dose_by_procedure_is_an_order_of_one_dose_with_the_version_as_its_source(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    line = a_line(item(world, work_of))
    version = a_list(world, work_of, line)

    entry_id = give(world, work_of, patient_id, line, version)

    with work_of(world.nina) as work:
        medication = Medication(work)
        (order,) = medication.whole_orders(patient_id)
        source = medication.procedure_list(order.procedure_list_id)
        (one,) = medication.list_with_strip(patient_id).courses
    assert (order.entry_id, order.prescriber_name, order.recorded_by_name) == (entry_id, "Lars Haugen", "Nina Nordli")
    assert (source.version, source.by, source.lines) == (version, "Lars Haugen", (line,))
    assert "etter prosedyre" in [str(word) for _color, word in one.flags]
    assert request_to_fhir(order)["instantiatesUri"] == [f"urn:uuid:{source.id}"]
    (dose,) = doses(world, work_of, patient_id)
    assert (dose.status, str(dose.amount), dose.line.indication) == (DoseStatus.READY, "2 tabletter", "smerter")
    sign(world, work_of, dose)
    assert doses(world, work_of, patient_id)[0].status is DoseStatus.GIVEN


def test_the_limits_count_the_substance_and_not_the_line(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    one, other = a_line(item(world, work_of), most_per_day=1), a_line(item(world, work_of), most_per_day=1)
    version = a_list(world, work_of, one, other)
    give(world, work_of, patient_id, one, version)

    with pytest.raises(Conflict, match="Det høyeste antallet på et døgn"):
        give(world, work_of, patient_id, other, version)


def test_of_two_who_give_the_last_dose_at_once_one_is_told_to_call(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    line = a_line(item(world, work_of), most_per_day=1)
    version = a_list(world, work_of, line)

    def attempt(_: int) -> str:
        try:
            give(world, work_of, patient_id, line, version)
        except Conflict as refused:
            return "told" if refused.detail.startswith("Det høyeste antallet") else refused.title
        return "given"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(attempt, range(3))) == ["given", "told", "told"]


def test_only_the_roles_of_the_line_may_give_it(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    line = a_line(item(world, work_of))
    version = a_list(world, work_of, line)

    for staff in (world.siri, world.lars):
        with pytest.raises(Denied, match="lar ikke din rolle"):
            give(world, work_of, patient_id, line, version, by=staff)
        with work_of(staff) as work:
            assert Medication(work).procedures_for(patient_id)[1] == []
    assert doses(world, work_of, patient_id) == []


def test_nobody_but_a_doctor_writes_or_signs_the_list(world: World, work_of: WorkOf) -> None:
    line = a_line(item(world, work_of))
    for staff in (world.nina, world.mona, world.tora):
        with pytest.raises(Denied), work_of(staff) as work:
            Medication(work).write_procedure(line, version=0)
        with pytest.raises(Denied), work_of(staff) as work:
            Medication(work).sign_procedures(version=0, valid_until=date(2027, 1, 1))
    with pytest.raises(psycopg.errors.CheckViolation, match="procedure_list_check"):
        world.migrator.execute(
            """INSERT INTO medication.procedure_list (municipality_id, version, id, status, lines, valid_until, recorded_by,
                   recorded_by_name, recorded_role)
               VALUES (%s, 1, %s, 'signed', '[{}]', '2027-01-01', %s, 'Nina Nordli', 'nurse')""",
            (world.oslo["id"], new_id(), world.nina.actor.person_id),
        )


def test_a_draft_an_expired_and_a_withdrawn_list_give_nothing(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    line = a_line(item(world, work_of))
    with work_of(world.lars) as work:
        Medication(work).write_procedure(line, version=0)
    for version in (0, 1):
        with pytest.raises(Conflict, match="utløpt eller trukket tilbake"):
            give(world, work_of, patient_id, line, version)
    with work_of(world.lars) as work:
        Medication(work).sign_procedures(version=1, valid_until=local_date(work.now))
    world.migrator.execute(
        "UPDATE medication.procedure_list SET valid_until = current_date - 2 WHERE municipality_id = %s AND version = 2",
        (world.oslo["id"],),
    )
    with pytest.raises(Conflict, match="utløpt eller trukket tilbake"):
        give(world, work_of, patient_id, line, 2)
    with work_of(world.lars) as work:
        Medication(work).sign_procedures(version=2, valid_until=local_date(work.now))
        Medication(work).withdraw_procedures(version=3)
    with pytest.raises(Conflict, match="utløpt eller trukket tilbake"):
        give(world, work_of, patient_id, line, 3)
    assert doses(world, work_of, patient_id) == []


def test_a_draft_changes_nothing_and_a_new_signature_stops_who_saw_the_old_list(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    line = a_line(item(world, work_of))
    version = a_list(world, work_of, line)
    with work_of(world.lars) as work:
        Medication(work).strike_procedure(line.id, version=version)
        Medication(work).write_procedure(less := a_line(line.catalogue_item_id), version=version + 1)
    give(world, work_of, patient_id, line, version)
    with work_of(world.lars) as work:
        Medication(work).sign_procedures(version=version + 2, valid_until=local_date(work.now))

    with pytest.raises(Conflict, match="En annen har endret prosedyrelisten"):
        give(world, work_of, patient_id, line, version)
    with pytest.raises(NotFound):
        give(world, work_of, patient_id, line, version + 3)
    give(world, work_of, patient_id, less, version + 3)


def test_two_who_change_the_list_at_once_do_not_lose_each_others_lines(world: World, work_of: WorkOf) -> None:
    line = a_line(item(world, work_of))
    with work_of(world.lars) as work:
        Medication(work).write_procedure(line, version=0)

    for version in (0, 2):
        with pytest.raises(Conflict), work_of(world.lars) as work:
            Medication(work).write_procedure(a_line(line.catalogue_item_id), version=version)
    for day in (date(2020, 1, 1), date(2099, 1, 1)):
        with pytest.raises(Invalid), work_of(world.lars) as work:
            Medication(work).sign_procedures(version=1, valid_until=day)


def test_what_the_safety_rules_stop_is_a_doctors_also_with_a_reason(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    """An allergy, and the day's maximum of the substance over what is fixed already."""
    line = a_line(item(world, work_of))
    version = a_list(world, work_of, line)
    allergic = world.patient()
    with work_of(world.nina) as work:
        Patients(work).record_allergy(
            allergic, NewAllergy(kind="allergy", substance="Paracetamol", reaction_code="1", source_code="3")
        )
    with work_of(world.lars) as work:
        medication = Medication(work)
        medicine = medication.catalogue_item(line.catalogue_item_id).medicine
        at = [local(work.now).time().replace(hour=hour, minute=0, second=0, microsecond=0) for hour in (2, 8, 14, 20)]
        fixed = daily(line.amount, at, strength_per_unit=Quantity(Decimal(500), "mg"))
        judged = medication.judge(patient_id, medicine=medicine, dosage=fixed)
        medication.prescribe(patient_id, medicine=medicine, dosage=fixed, answers=answers(judged))

    for of in (allergic, patient_id):
        with pytest.raises(AlertsFound):
            give(world, work_of, of, line, version)


def test_another_municipality_has_its_own_list(world: World, work_of: WorkOf) -> None:
    a_list(world, work_of, a_line(item(world, work_of)))
    with work_of(world.bodil) as work:
        assert Medication(work).procedure_lists() == []


def test_the_pages_write_sign_give_and_say_what_was_wrong(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    lars, nina, address = client_for(world.lars), client_for(world.nina), "/medication/procedures"
    chosen = str(item(world, work_of))
    assert "Ingen liste gjelder nå." in nina.get(address).text
    assert f"item={chosen}" in lars.get(f"{address}?q=paracet+tab").text

    said = {
        "version": "0",
        "item": chosen,
        "amount": "2",
        "indication": "smerter",
        "most_per_day": "3",
        "before_doctor": "4",
    }
    refused = lars.act(address, said)
    assert refused.status_code == 422
    assert "Velg hvem som kan gi legemidlet." in refused.text and 'value="smerter"' in refused.text
    assert lars.act(address, said | {"roles[]": "nurse"}).status_code == 303
    assert lars.act(f"{address}/sign", {"version": "1", "valid_until": "01.01.2020"}).status_code == 422
    until = local_date(datetime.now(UTC) + timedelta(days=60)).strftime("%d.%m.%Y")
    assert lars.act(f"{address}/sign", {"version": "1", "valid_until": until}).status_code == 303
    assert f"signert av Lars Haugen, gjelder til og med {until}" in html.unescape(nina.get(address).text)

    page = f"/patients/{patient_id}/medication/procedure"
    assert page in nina.get(f"/patients/{patient_id}/medication").text
    assert page not in lars.get(f"/patients/{patient_id}/medication").text
    line = re.search(r"procedure\?line=([0-9a-f-]{36})", nina.get(page).text)
    assert line is not None
    shown = nina.get(f"{page}?line={line[1]}").text
    seen = re.findall(r'name="seen_alerts\[\]" value="([^"]+)"', shown)
    given = nina.act(page, {"line": line[1], "version": "2", "seen_alerts[]": [html.unescape(each) for each in seen]})
    assert given.status_code == 303, given.text
    assert "etter prosedyre" in nina.get(given.headers["Location"]).text
    (dose,) = doses(world, work_of, patient_id)
    order = nina.get(f"/patients/{patient_id}/medication/{dose.request_entry_id}").text
    assert "Gitt etter prosedyreliste 2, signert av Lars Haugen" in html.unescape(order)

    assert lars.act(f"{address}/withdraw", {"version": "2"}).status_code == 303
    late = nina.act(page, {"line": line[1], "version": "2"})
    assert late.status_code == 409 and "utløpt eller trukket tilbake. Ring lege." in html.unescape(late.text)
