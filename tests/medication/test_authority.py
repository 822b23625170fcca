"""Who may give: asked at every signature, delegated by name, and withdrawn at once."""

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.access import AtWork
from journal.care import Care
from journal.medication import DueDose, Medication, Medicine
from journal.medication.errors import NoAuthority, OrdinarySignature
from journal.medication.rules import DoseStatus, Reason, when_needed
from journal.medication.rules.authority import GIVING, Act, end_of_last_shift
from journal.medication.service import Delegation
from journal.platform.clock import local, local_date
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotFound
from journal.platform.quantity import Quantity
from tests import factories
from tests.authorities import authority
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.dosetts import bags, laid_in, pentoxifyllin
from tests.medication.test_caution import due
from tests.medication.test_sign import METOPROLOL, change, doses, order, sign

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]
Migrator = psycopg.Connection[Any]


@pytest.fixture
def anne(world: World) -> Staff:
    """An assistant to whom nothing is delegated yet."""
    made = factories.staff(world.builder, world.oslo, world.ward, "Anne Aas", "health_assistant")
    world.store()
    return made


@pytest.fixture
def dose(world: World, work_of: WorkOf) -> DueDose:
    patient_id = world.patient()
    order(world, work_of, patient_id)
    return doses(world, work_of, patient_id)[0]


def give(work_of: WorkOf, by: Staff, dose: DueDose) -> UUID:
    with work_of(by) as work:
        signed: UUID = Medication(work).sign_given(dose.patient_id, dose.id, request_version=dose.version)
    return signed


def refuse(work_of: WorkOf, by: Staff, dose: DueDose) -> UUID:
    with work_of(by) as work:
        signed: UUID = Medication(work).sign_not_given(
            dose.patient_id, dose.id, request_version=dose.version, reason=Reason.REFUSED
        )
    return signed


def delegated(world: World, work_of: WorkOf, to: Staff, *acts: Act, by: Staff | None = None, **more: Any) -> UUID:
    with work_of(by or world.mona) as work:
        today = local_date(work.now)
        said = {"course_on": today - timedelta(days=9), "last_day": today + timedelta(days=99), **more}
        entry: UUID = Medication(work).delegate(
            world.ward["id"], to.actor.person_id, Delegation(frozenset(acts), **said)
        )
    return entry


def held(world: World, work_of: WorkOf, of: Staff) -> Any:
    with work_of(world.mona) as work:
        return next(one for one in Medication(work).authorities(world.ward["id"]) if one.id == of.actor.person_id).held


def test_who_has_no_authority_is_told_who_has_and_may_when_it_is_delegated_to_her(
    world: World, work_of: WorkOf, anne: Staff, dose: DueDose
) -> None:
    for act in (give, refuse):
        with pytest.raises(NoAuthority) as refused:
            act(work_of, anne, dose)
        assert refused.value.detail == (
            "Du har ikke fullmakt til å gi fra originalpakning. Kan gis av: Nina Nordli, Siri Strand, Lars Haugen."
        )

    delegated(world, work_of, anne, Act.READY)
    with pytest.raises(NoAuthority):
        give(work_of, anne, dose)
    delegated(world, work_of, anne, Act.PACK)
    give(work_of, anne, dose)

    assert doses(world, work_of, dose.patient_id)[0].status is DoseStatus.GIVEN


def test_an_authority_for_named_patients_is_for_nobody_else(
    world: World, work_of: WorkOf, anne: Staff, dose: DueDose
) -> None:
    other = world.patient(family_name="Annen")
    entry = delegated(world, work_of, anne, Act.PACK, patient_ids=(other,))
    with pytest.raises(NoAuthority):
        give(work_of, anne, dose)

    delegated(world, work_of, anne, Act.PACK, patient_ids=(dose.patient_id,), entry_id=entry, version=1)
    give(work_of, anne, dose)

    far = world.patient(at=world.bodo_ward, by=world.bodil)
    with pytest.raises(NoGround):
        delegated(world, work_of, anne, Act.PACK, patient_ids=(far,))


def test_an_authority_holds_in_its_own_unit_from_its_beginning_to_its_end(
    world: World, work_of: WorkOf, anne: Staff, dose: DueDose
) -> None:
    with work_of(world.nina) as work:
        now = work.now
    b, hour = world.builder, timedelta(hours=1)
    authority(b, world.mona, anne, since=now - 3 * hour, until=now - hour)
    authority(b, world.mona, anne, since=now + hour)
    authority(b, world.mona, anne, unit_id=world.other_ward["id"])
    world.store()
    with pytest.raises(NoAuthority):
        give(work_of, anne, dose)

    authority(b, world.mona, anne, since=now - hour, until=now + hour)
    world.store()
    give(work_of, anne, dose)


def test_what_is_withdrawn_is_withdrawn_at_the_next_request_and_what_she_gave_is_stored_as_a_fact(
    world: World, work_of: WorkOf, client_for: ClientFor, anne: Staff, dose: DueDose, migrator: Migrator
) -> None:
    entry = delegated(world, work_of, anne, Act.PACK)
    browser, round = client_for(anne), f"/round?patient={dose.patient_id}"
    looked = browser.get(round).text
    assert f"/doses/{dose.id}/given" in looked and "Kan gis av" not in looked
    with work_of(world.mona) as work:
        Medication(work).withdraw_authority(
            world.ward["id"], anne.actor.person_id, entry, version=1, reason="Kurset er gått ut"
        )

    form = {"request_version": str(dose.version)}
    answer = browser.act(f"/patients/{dose.patient_id}/doses/{dose.id}/given", form)

    assert answer.status_code == 409
    assert "Du har ikke fullmakt til å gi fra originalpakning. Kan gis av: Nina Nordli" in answer.text
    assert f"/doses/{dose.id}/also-given" in answer.text and f"/doses/{dose.id}/given" not in answer.text
    assert doses(world, work_of, dose.patient_id)[0].can_sign

    stored = browser.act(f"/patients/{dose.patient_id}/doses/{dose.id}/also-given", form)

    assert stored.status_code == 303
    assert "uten fullmakt" in browser.get(round).text
    signed = doses(world, work_of, dose.patient_id)[0]
    assert signed.signed is not None and signed.signed.by_name == "Anne Aas" and not signed.can_sign
    told = migrator.execute("SELECT kind FROM platform.outbox WHERE patient_id = %s", (dose.patient_id,)).fetchall()
    assert ("DoseGivenWithoutAuthority",) in told
    text = "SELECT reason_text FROM medication.medication_administration WHERE dose_id = %s"
    assert migrator.execute(text, (dose.id,)).fetchall() == [("Uten fullmakt",)]
    # Nobody gives it a second time by mistake.
    with pytest.raises(Conflict, match="Anne Aas signerte"):
        give(work_of, world.nina, dose)


def test_who_may_give_the_dose_signs_it_as_usual(world: World, work_of: WorkOf, dose: DueDose) -> None:
    with work_of(world.nina) as work, pytest.raises(OrdinarySignature):
        Medication(work).also_given(dose.patient_id, dose.id, request_version=dose.version)


def test_a_dose_of_tomorrow_is_no_fact_yet(world: World, work_of: WorkOf, anne: Staff, dose: DueDose) -> None:
    last = doses(world, work_of, dose.patient_id)[-1]
    with work_of(anne) as work, pytest.raises(Invalid, match="ikke klar ennå"):
        Medication(work).also_given(dose.patient_id, last.id, request_version=last.version)


def test_the_card_says_who_may_before_the_tap_and_costs_the_nurse_no_statement(
    world: World, work_of: WorkOf, client_for: ClientFor, anne: Staff, dose: DueDose, count_queries: list[str]
) -> None:
    nina, without = client_for(world.nina), client_for(anne)
    count_queries.clear()
    assert "Kan gis av" not in nina.get(f"/round?patient={dose.patient_id}").text
    usual = len(count_queries)
    count_queries.clear()

    page = without.get(f"/round?patient={dose.patient_id}").text

    assert "Kan gis av: Nina Nordli" in page and "Jeg har gitt den" in page
    assert f"/doses/{dose.id}/given" not in page and f"/doses/{dose.id}/not-given" not in page
    assert usual <= 8
    assert len(count_queries) == usual + 2, (
        "who may give, and is at work, is asked once for all the doses that are refused"
    )


def test_as_needed_and_insulin_are_acts_of_their_own(world: World, work_of: WorkOf, anne: Staff) -> None:
    patient_id = world.patient()
    with work_of(world.lars) as work:
        dosage = when_needed(Quantity(Decimal(1), "tablett"), max_doses=4)
        entry = Medication(work).prescribe(patient_id, medicine=METOPROLOL, dosage=dosage, use="3")
    delegated(world, work_of, anne, Act.PACK)
    with work_of(anne) as work:
        (shown,) = Medication(work).as_needed(patient_id)
        assert shown.needs_other == {Act.PACK, Act.AS_NEEDED}
        with pytest.raises(NoAuthority, match="gi ved behov"):
            Medication(work).sign_as_needed(patient_id, entry, request_version=1)
    delegated(world, work_of, anne, Act.AS_NEEDED)
    with work_of(anne) as work:
        Medication(work).sign_as_needed(patient_id, entry, request_version=1)

    pen = Medicine("insulin glargin", "Lantus", "Injeksjonsvæske", route="Subkutan bruk", atc_code="A10AE04")
    order(world, work_of, other := world.patient(), medicine=pen)
    with pytest.raises(NoAuthority, match="gi insulin"):
        give(work_of, anne, doses(world, work_of, other)[0])


def test_the_second_signature_is_an_act_of_its_own(world: World, work_of: WorkOf, anne: Staff) -> None:
    dose = due(world, work_of, two_signatures=True)
    signature = sign(world, work_of, dose)
    delegated(world, work_of, anne, *(act for act in GIVING if act is not Act.CONTROL))

    with work_of(anne) as work, pytest.raises(NoAuthority, match="kontrollere"):
        Medication(work).witness(dose.patient_id, signature)
    delegated(world, work_of, anne, Act.CONTROL)
    with work_of(anne) as work:
        Medication(work).witness(dose.patient_id, signature)


def test_who_is_at_work_is_named_first(world: World, work_of: WorkOf, anne: Staff, dose: DueDose) -> None:
    with work_of(world.siri) as work:
        AtWork(work).begin_work()

    with pytest.raises(NoAuthority, match=r"Kan gis av: Siri Strand \(på jobb\), Nina Nordli, Lars Haugen\."):
        give(work_of, anne, dose)


def test_to_lay_in_to_control_and_to_take_out_are_acts_of_their_own(
    world: World, work_of: WorkOf, client_for: ClientFor, anne: Staff
) -> None:
    laid, page = laid_in(world, work_of), client_for(anne)
    with work_of(world.lars) as work:
        change(work, laid.patient_id, laid.pentoxifyllin, dosage=pentoxifyllin(2), version=1, reason="Høyt blodtrykk")
    url = f"/patients/{laid.patient_id}/prepared"
    bag = bags(world, work_of, laid.patient_id)[0]
    out = {"due_at": bag.due_at, "lines": [line.id for line in bag.outdated]}

    def by_anne(act: Act, do: Callable[[Medication], Any], words: str) -> None:
        with work_of(anne) as work, pytest.raises(NoAuthority, match=rf"{words}\. Kan gjøres av: Nina Nordli"):
            do(Medication(work))
        delegated(world, work_of, anne, act)
        with work_of(anne) as work:
            do(Medication(work))

    shown, form = page.get(url).text, page.get(f"{url}/dosett").text
    round = page.get(f"/round?patient={laid.patient_id}").text
    assert "Legg opp dosett" not in shown and "Signer kontroll" not in shown
    assert "Du har ikke fullmakt til å legge dosett. Kan gjøres av: Nina Nordli" in form
    assert "Du har ikke fullmakt til å ta ut av multidosepose. Kan gjøres av: Nina Nordli" in round
    assert "take-out" not in round and "give-up" in round
    by_anne(Act.CONTROL, lambda m: m.control(laid.patient_id, laid.prepared_id), r"kontrollere \(andre signatur\)")
    by_anne(Act.TAKE_OUT, lambda m: m.take_out(laid.patient_id, laid.prepared_id, **out), "ta ut av multidosepose")
    with work_of(anne) as work:
        day = local_date(work.now) + timedelta(days=7)
        seen = {e.request_entry_id: e.request_version for e in Medication(work).to_lay_in(laid.patient_id, day)}
    by_anne(Act.PREPARE, lambda m: m.lay_in(laid.patient_id, day, seen=seen), "legge dosett")
    assert "Legg opp dosett" in page.get(url).text


def test_nobody_delegates_to_herself_and_a_nurse_only_when_the_manager_lets_her(
    world: World, work_of: WorkOf, anne: Staff, migrator: Migrator
) -> None:
    with pytest.raises(Invalid, match="Bare enhetslederen"):
        delegated(world, work_of, anne, Act.PACK, by=world.nina)
    delegated(world, work_of, world.nina, Act.DELEGATE)
    delegated(world, work_of, anne, Act.PACK, by=world.nina)

    wrong: list[tuple[Staff, Staff, Act, str]] = [
        (world.nina, world.nina, Act.PACK, "practitioner_id"),
        (world.nina, world.siri, Act.DELEGATE, "acts"),
        (world.mona, world.siri, Act.DELEGATE, "acts"),
        (world.mona, world.unn, Act.PACK, "practitioner_id"),
    ]
    for by, to, act, field in wrong:
        with pytest.raises(Invalid) as refused:
            delegated(world, work_of, to, act, by=by)
        assert set(refused.value.errors) == {field}
    with pytest.raises(Denied):
        delegated(world, work_of, world.siri, Act.PACK, by=anne)
    # PostgreSQL itself refuses a row of oneself, whoever asks.
    with pytest.raises(psycopg.errors.CheckViolation):
        row = authority(world.builder, world.nina, world.nina)
        world.store()
        assert row


def test_an_authority_ends_with_a_shift_and_each_change_is_a_version(
    world: World, work_of: WorkOf, anne: Staff, migrator: Migrator
) -> None:
    last = date(2099, 12, 31)
    entry = delegated(world, work_of, anne, Act.PACK, last_day=last)
    (first,) = held(world, work_of, anne)
    assert f"{local(first.valid_until):%d.%m.%Y %H.%M}" == "01.01.2100 07.30"
    with work_of(world.mona) as work:
        Medication(work).choose_shifts(
            world.ward["id"], (time(8), time(16), time(0, 30)), cleared_with_nurse=False, version=0
        )
        with pytest.raises(Invalid, match="rettes"):
            Medication(work).choose_shifts(world.ward["id"], (time(0),), cleared_with_nurse=False, version=1)

    delegated(world, work_of, anne, Act.PACK, Act.PATCH, last_day=last, entry_id=entry, version=1)
    with pytest.raises(Conflict):
        delegated(world, work_of, anne, Act.PACK, last_day=last, entry_id=entry, version=1)

    (now,) = held(world, work_of, anne)
    assert (now.version, set(now.acts)) == (2, {Act.PACK, Act.PATCH})
    assert now.valid_until == end_of_last_shift(last, (time(0, 30),))
    rows = "SELECT version, status FROM medication.authority WHERE entry_id = %s ORDER BY version"
    with work_of(world.mona) as work:
        Medication(work).withdraw_authority(world.ward["id"], anne.actor.person_id, entry, version=2, reason="Sluttet")
    assert migrator.execute(rows, (entry,)).fetchall() == [(1, "active"), (2, "active"), (3, "withdrawn")]
    with work_of(world.mona) as work, pytest.raises(NotFound):
        Medication(work).withdraw_authority(world.ward["id"], anne.actor.person_id, entry, version=3, reason="Igjen")


def test_no_row_of_the_register_is_changed_and_none_is_seen_by_another_unit(
    world: World, work_of: WorkOf, anne: Staff
) -> None:
    delegated(world, work_of, anne, Act.PACK)
    count = sa.text("SELECT count(*) FROM medication.authority")
    seen = {}
    for who in (world.mona, world.nina, world.unn, world.bodil):
        with work_of(who) as work:
            seen[who.actor.name] = work.db.scalar(count)
    assert seen == {"Mona Moe": 2, "Nina Nordli": 2, "Ukjent Unn": 0, "Bodil Berg": 0}
    for words in ("UPDATE medication.authority SET valid_until = now()", "DELETE FROM medication.authority"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), work_of(world.mona) as work:
            work.db.execute(sa.text(words))


def test_what_a_role_carries_is_the_municipalitys_choice(
    world: World, work_of: WorkOf, anne: Staff, dose: DueDose
) -> None:
    everything = frozenset(GIVING)
    with work_of(world.tora) as work:
        with pytest.raises(Invalid, match="Ellers kan ingen gjøre det"):
            Medication(work).choose_carried({"nurse": everything - {Act.INSULIN}}, version=0)
        Medication(work).choose_carried({"nurse": everything - {Act.PACK}, "doctor": {Act.PACK}}, version=0)
    with pytest.raises(NoAuthority):
        sign(world, work_of, dose)

    with work_of(world.tora) as work:
        Medication(work).choose_carried({"nurse": everything, "health_assistant": {Act.PACK}}, version=1)
        with pytest.raises(Conflict):
            Medication(work).choose_carried({"nurse": everything}, version=1)
    give(work_of, anne, dose)


def test_the_manager_delegates_on_the_page_and_sees_what_ends_soon(
    world: World, client_for: ClientFor, anne: Staff, work_of: WorkOf
) -> None:
    mona, unit = client_for(world.mona), world.ward["id"]
    with work_of(world.mona) as work:
        today = local_date(work.now)
    page = mona.get(f"/authorities?unit={unit}").text
    assert "Anne Aas" in page and "Går ut innen 30 dager" not in page
    form = mona.get(f"/authorities?unit={unit}&person={anne.actor.person_id}").text
    assert "Gi fullmakt til Anne Aas" in form

    typed = {
        "unit_id": str(unit),
        "practitioner_id": str(anne.actor.person_id),
        "version": "0",
        "acts[]": ["pack", "as-needed"],
        "course_on": "01.02.2026",
        "last_day": f"{today + timedelta(days=20):%d.%m.%Y}",
    }
    again = mona.act("/authorities/delegate", typed | {"course_on": "i fjor"})
    assert again.status_code == 422 and 'value="i fjor"' in again.text
    assert again.text.count(" checked") >= 2
    assert mona.act("/authorities/delegate", typed).status_code == 303

    page = mona.get(f"/authorities?unit={unit}").text
    assert "Går ut innen 30 dager" in page and "Gi fra originalpakning, gi ved behov" in page
    assert "1 fullmakt går ut innen 30 dager" in mona.get("/my-list").text
    (one,) = held(world, work_of, anne)
    gone = {key: typed[key] for key in ("unit_id", "practitioner_id")} | {"entry_id": str(one.entry_id), "version": "1"}
    empty = mona.act("/authorities/withdraw", gone | {"reason": ""})
    assert empty.status_code == 422 and "Fyll ut feltet." in empty.text
    assert mona.act("/authorities/withdraw", gone | {"reason": "Byttet avdeling"}).status_code == 303
    assert held(world, work_of, anne) == ()


def test_as_needed_that_is_cleared_is_marked_until_the_nurse_has_confirmed_it_herself(
    world: World, client_for: ClientFor, work_of: WorkOf, anne: Staff
) -> None:
    patient_id = world.patient()
    with work_of(world.lars) as work:
        dosage = when_needed(Quantity(Decimal(1), "tablett"), max_doses=4)
        entry = Medication(work).prescribe(patient_id, medicine=METOPROLOL, dosage=dosage, use="3")
    delegated(world, work_of, anne, Act.PACK, Act.AS_NEEDED)
    with work_of(world.mona) as work:
        Medication(work).choose_shifts(world.ward["id"], (time(8),), cleared_with_nurse=True, version=0)
    page, browser = f"/patients/{patient_id}/as-needed", client_for(anne)
    assert "Avklart med sykepleier" in browser.get(page).text
    assert "Avklart med sykepleier" not in client_for(world.nina).get(page).text

    bare = browser.act(f"{page}/{entry}", {"request_version": "1"})
    assert bare.status_code == 422 and "Velg sykepleieren" in bare.text
    with work_of(world.nina) as work:
        clock = f"{local(work.now):%H.%M}"
    named = {"request_version": "1", "nurse_id": str(world.nina.actor.person_id), "cleared_time": clock}
    assert browser.act(f"{page}/{entry}", named).status_code == 303

    assert "Venter på bekreftelse fra Nina Nordli" in browser.get(page).text
    with work_of(world.nina) as work:
        (task,) = [task for task in Care(work).open_tasks(patient_id) if task.kind == "clearing"]
        assert task.text.startswith("Nina Nordli: bekreft at Anne Aas avklarte metoprolol ved behov med deg kl. ")
    done = f"/patients/{patient_id}/tasks/{task.entry_id}/complete"
    assert "Bare Nina Nordli kan bekrefte dette" in client_for(world.siri).act(done).text
    answer = client_for(world.nina).act(done)
    assert answer.status_code == 303, answer.text
    assert "Venter på bekreftelse" not in browser.get(page).text
