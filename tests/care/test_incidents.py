"""Incidents: reported, corrected by a new version, entered in error, and erased by law with every version."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.audit.erasure import Erasures
from journal.care import Account, Care
from journal.platform.errors import Conflict, Denied, Invalid, NoGround
from journal.platform.ids import new_id
from tests import factories

FALL = Account("fall", "Falt ved sengen.", "mild", "Undersøkt, legen varslet.")
WORSE = Account("fall", "Falt ved sengen og slo hodet.", "moderate", "Undersøkt, legen varslet.")


def reported(world: Any, work_of: Any) -> tuple[UUID, UUID]:
    kari = world.patient()
    with work_of(world.siri) as work:
        return kari, Care(work).report_incident(kari, FALL)


def test_an_incident_is_reported_with_what_happened_and_what_was_done(world: Any, work_of: Any) -> None:
    kari, dose = world.patient(), new_id()
    with work_of(world.siri) as work:
        account = Account(
            "medication", "Fikk kveldsdosen om morgenen", "none", effective_at=work.now - timedelta(hours=3)
        )
        Care(work).report_incident(kari, account, about_id=dose)
    with work_of(world.nina) as work:
        (incident,) = Care(work).incidents(kari)
    assert (incident.kind, incident.severity, incident.about_id, incident.status) == (
        "medication",
        "none",
        dose,
        "final",
    )
    assert incident.recorded_at - incident.effective_at == timedelta(hours=3)


def test_what_is_missing_is_said_field_by_field(world: Any, work_of: Any) -> None:
    kari = world.patient()
    with pytest.raises(Invalid) as refusal, work_of(world.siri) as work:
        Care(work).report_incident(kari, Account("rumour", " ", "awful", effective_at=work.now + timedelta(hours=1)))
    assert set(refusal.value.errors) == {"kind", "text", "severity", "effective_at"}


def test_a_correction_is_a_new_version_and_the_old_one_stays(world: Any, work_of: Any) -> None:
    kari, entry_id = reported(world, work_of)
    with work_of(world.nina) as work:
        Care(work).correct_incident(kari, entry_id, 1, WORSE, reason="Hodeskaden ble oppdaget")
    with work_of(world.siri) as work:
        (incident,) = Care(work).incidents(kari)
    assert (incident.text, incident.status, incident.change_reason) == (
        WORSE.text,
        "amended",
        "Hodeskaden ble oppdaget",
    )
    assert [(old.text, old.recorded_by_name) for old in incident.older] == [(FALL.text, "Siri Strand")]
    with pytest.raises(Conflict, match="Nina Nordli rettet avviket"), work_of(world.siri) as work:
        Care(work).correct_incident(kari, entry_id, 1, FALL, reason="min")


def test_an_incident_in_error_stands_struck_out_and_is_corrected_no_more(world: Any, work_of: Any) -> None:
    kari, entry_id = reported(world, work_of)
    with work_of(world.nina) as work:
        Care(work).correct_incident(kari, entry_id, 1, WORSE, reason="mer")
        Care(work).mark_incident_in_error(kari, entry_id, "Gjaldt naboen")
    with work_of(world.siri) as work:
        (incident,) = Care(work).incidents(kari)
    assert (incident.status, incident.in_error_reason, incident.older[0].in_error) == (
        "entered-in-error",
        "Gjaldt naboen",
        True,
    )
    for again in (
        lambda care: care.mark_incident_in_error(kari, entry_id, "x"),
        lambda care: care.correct_incident(kari, entry_id, 2, FALL, reason="x"),
    ):
        with pytest.raises(Conflict, match="feilført"), work_of(world.nina) as work:
            again(Care(work))


def test_another_municipality_reports_its_own_and_marks_none_of_ours(world: Any, work_of: Any) -> None:
    kari, entry_id = reported(world, work_of)
    factories.care_relationship(
        world.builder, kari, world.bodil, world.bodo_ward, since=datetime.now(UTC) - timedelta(days=1)
    )
    world.store()
    with work_of(world.bodil) as work:
        Care(work).report_incident(kari, WORSE)
        assert len(Care(work).incidents(kari)) == 2
    with pytest.raises(Denied, match="En annen kommune"), work_of(world.bodil) as work:
        Care(work).mark_incident_in_error(kari, entry_id, "x")


def test_who_has_no_ground_reads_and_reports_nothing(world: Any, work_of: Any) -> None:
    kari, _entry_id = reported(world, work_of)
    for attempt in (lambda care: care.incidents(kari), lambda care: care.report_incident(kari, FALL)):
        with pytest.raises(NoGround), work_of(world.unn) as work:
            attempt(Care(work))


def test_an_erased_incident_is_gone_in_every_version_and_says_so(
    world: Any, work_of: Any, client_for: Any, migrator: Any
) -> None:
    kari, entry_id = reported(world, work_of)
    with work_of(world.nina) as work:
        Care(work).correct_incident(kari, entry_id, 1, WORSE, reason="Hodeskaden ble oppdaget")
    leader = factories.staff(world.builder, world.oslo, world.home, "Leder To", "unit_manager", below=(world.ward,))
    world.store()
    with work_of(world.mona) as work:
        row_id = Care(work).incident(kari, entry_id).id
        proposal = Erasures(work).propose(
            kari, table="care.incident", row_id=row_id, paragraph="hpl. § 44", decision="Feil pasient"
        )
    with work_of(leader) as work:
        Erasures(work).confirm(kari, proposal)
    stored = migrator.execute(
        "SELECT text, measures, change_reason FROM care.incident WHERE entry_id = %s", (entry_id,)
    ).fetchall()
    assert stored == [(None, None, None)] * 2
    page = client_for(world.nina).get(f"/patients/{kari}/incidents").text
    assert page.count("Slettet etter vedtak") == 2 and "Feilført?" not in page
    with pytest.raises(Conflict, match="slettet"), work_of(world.nina) as work:
        Care(work).correct_incident(kari, entry_id, 2, FALL, reason="x")


def test_the_pages_report_correct_and_mark_and_lose_nothing_that_was_typed(
    world: Any, client_for: Any, work_of: Any
) -> None:
    kari, siri = world.patient(), client_for(world.siri)
    address = f"/patients/{kari}/incidents"
    assert "Velg «Registrer avvik»" in siri.get(address).text
    form = {"kind": "fall", "severity": "mild", "text": "Falt ved sengen.", "measures": "", "effective_at": "i går"}
    refused = siri.act(f"{address}/report", form)
    assert refused.status_code == 422 and "Falt ved sengen." in refused.text and 'value="mild" checked' in refused.text
    assert siri.act(f"{address}/report", form | {"effective_at": ""}).status_code == 303
    with work_of(world.nina) as work:
        (incident,) = Care(work).incidents(kari)
    here = f"{address}/{incident.entry_id}"
    assert "Falt ved sengen." in siri.get(f"{here}/correct").text
    correction = form | {"text": "Falt og slo hodet.", "effective_at": "", "version": "1", "reason": "Så det etterpå"}
    assert client_for(world.nina).act(f"{here}/correct", correction).status_code == 303
    late = siri.act(f"{here}/correct", correction | {"text": "Falt i gangen."})
    assert late.status_code == 409
    assert "Nina Nordli rettet avviket" in late.text and "Slik står det nå" in late.text
    assert (
        "Falt og slo hodet." in late.text and "Falt i gangen." in late.text and 'name="version" value="2"' in late.text
    )
    assert siri.act(f"{here}/in-error", {"reason": ""}).status_code == 422
    assert siri.act(f"{here}/in-error", {"reason": "Gjaldt naboen"}).status_code == 303
    page = siri.get(address).text
    assert "Feilført: Gjaldt naboen" in page and "<s>Falt og slo hodet.</s>" in page


def test_a_choice_that_is_left_out_is_asked_for_in_norwegian(world: Any, client_for: Any) -> None:
    address = f"/patients/{world.patient()}/incidents/report"

    refused = client_for(world.siri).act(address, {"kind": "fall", "text": "Falt ved sengen."})

    assert refused.status_code == 422 and "Fyll ut feltet." in refused.text and "Falt ved sengen." in refused.text
    assert "Missing data" not in refused.text
