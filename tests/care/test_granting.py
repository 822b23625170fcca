"""Services granted: the decision, the unit that answers, the ground that follows; changed, ended, entered in error."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.platform.errors import Conflict, Denied, Invalid, NoGround, NotFound
from tests import factories
from tests.care.helpers import relationships

DECISION = {"decision_on": date(2026, 11, 1), "decision_number": "2026/417"}


def granted(world: Any, work_of: Any, unit: Any, **more: Any) -> tuple[UUID, UUID]:
    """A patient of Nina's ward with home care by *unit*; answers with her id and the service's entry."""
    kari = world.patient()
    with work_of(world.nina) as work:
        grant = {"system": "9151", "code": "15", "provider_unit_id": unit["id"], **DECISION, **more}
        return kari, Care(work).grant_service(kari, **grant)


def may_read(work_of: Any, who: Any, patient_id: UUID) -> bool:
    try:
        with work_of(who) as work:
            Care(work).services(patient_id)
    except NoGround:
        return False
    return True


def test_a_service_gives_its_unit_a_ground_with_the_decision_behind_it(world: Any, work_of: Any, migrator: Any) -> None:
    kari, _entry_id = granted(world, work_of, world.other_ward)
    with work_of(world.unn) as work:
        (service,) = Care(work).services(kari)
    assert (service.service_text, service.provider_name, service.current) == (
        "Helsetjenester i hjemmet",
        "Avdeling 3",
        True,
    )
    begun = next(r for r in relationships(migrator, kari) if r["id"] == service.relationship_id)
    assert (begun["ground"], begun["service_code"], begun["decision_ref"]["id"]) == ("service", "15", "2026/417")


@pytest.mark.parametrize(("system", "code"), [("9151", "9"), ("8663", "KX15"), ("9999", "15")])
def test_a_service_without_health_care_gives_no_ground(world: Any, work_of: Any, system: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        granted(world, work_of, world.ward, system=system, code=code)
    assert "service" in refusal.value.errors


def test_a_unit_of_another_municipality_gets_no_ground(world: Any, work_of: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        granted(world, work_of, world.bodo_ward)
    assert "provider_unit_id" in refusal.value.errors


def test_a_decision_is_not_of_tomorrow(world: Any, work_of: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        granted(world, work_of, world.ward, decision_on=datetime.now(UTC).date() + timedelta(days=2))
    assert "decision_on" in refusal.value.errors


@pytest.mark.parametrize("who", ["siri", "unn"])
def test_who_has_not_the_role_or_not_the_ground_grants_nothing(world: Any, work_of: Any, who: str) -> None:
    kari = world.patient()
    with pytest.raises(Denied), work_of(getattr(world, who)) as work:
        Care(work).grant_service(kari, system="9151", code="15", provider_unit_id=world.other_ward["id"])


def test_a_change_moves_the_duty_and_the_ground_and_keeps_what_was(world: Any, work_of: Any, migrator: Any) -> None:
    kari, entry_id = granted(world, work_of, world.other_ward)
    with work_of(world.nina) as work:
        Care(work).change_service(
            kari, entry_id, 1, provider_unit_id=world.ward["id"], decision_on=None, decision_number="2026/500",
            reason="Flyttet til en annen sone",
        )  # fmt: skip
    with work_of(world.nina) as work:
        (service,) = Care(work).services(kari)
    assert (service.version, service.provider_name, service.decision_number) == (2, "Avdeling 2", "2026/500")
    assert (service.change_reason, service.older[0].provider_name) == ("Flyttet til en annen sone", "Avdeling 3")
    by_id = {r["id"]: r for r in relationships(migrator, kari)}
    old, new = by_id[service.older[0].relationship_id], by_id[service.relationship_id]
    assert old["valid_until"] == new["valid_from"] and old["grace_until"] - old["valid_until"] == timedelta(hours=12)
    assert (new["unit_id"], new["valid_until"], new["decision_ref"]["id"]) == (world.ward["id"], None, "2026/500")


def test_two_who_change_a_service_do_not_overwrite_each_other(world: Any, work_of: Any) -> None:
    kari, entry_id = granted(world, work_of, world.other_ward)
    change = {"provider_unit_id": world.ward["id"], "decision_on": None, "decision_number": "", "reason": "ny sone"}
    with work_of(world.nina) as work:
        Care(work).change_service(kari, entry_id, 1, **change)
    with pytest.raises(Conflict, match="Nina Nordli endret tjenesten"), work_of(world.lars) as work:
        Care(work).change_service(kari, entry_id, 1, **change)


def test_a_service_ends_once_and_its_unit_goes_off_the_list(world: Any, work_of: Any, client_for: Any) -> None:
    kari, entry_id = granted(world, work_of, world.other_ward)
    assert str(kari) in client_for(world.unn).get("/my-list").text
    with work_of(world.nina) as work:
        Care(work).end_service(kari, entry_id)
    assert str(kari) not in client_for(world.unn).get("/my-list").text
    assert may_read(work_of, world.unn, kari), "the days of grace"
    with work_of(world.nina) as work:
        (service,) = Care(work).services(kari)
    assert (service.current, service.ended_by_name) == (False, "Nina Nordli")
    change = {"provider_unit_id": world.ward["id"], "decision_on": None, "decision_number": "", "reason": "ny sone"}
    for too_late in (
        lambda care: care.end_service(kari, entry_id),
        lambda care: care.change_service(kari, entry_id, 1, **change),
    ):
        with pytest.raises(Conflict, match="Nina Nordli har alt avsluttet"), work_of(world.lars) as work:
            too_late(Care(work))


def test_a_service_does_not_end_before_it_began_or_tomorrow(world: Any, work_of: Any) -> None:
    kari, entry_id = granted(world, work_of, world.other_ward, valid_from=datetime.now(UTC) - timedelta(days=2))
    for away in (timedelta(days=-3), timedelta(days=1)):
        with pytest.raises(Invalid) as refusal, work_of(world.nina) as work:
            Care(work).end_service(kari, entry_id, at=work.now + away)
        assert "at" in refusal.value.errors


def test_a_service_that_is_called_off_before_it_begins_never_opens_the_chart(
    world: Any, work_of: Any, migrator: Any
) -> None:
    kari, entry_id = granted(world, work_of, world.other_ward, valid_from=datetime.now(UTC) + timedelta(days=2))
    assert not may_read(work_of, world.unn, kari)
    with work_of(world.nina) as work:
        Care(work).end_service(kari, entry_id)
    newest = relationships(migrator, kari)[0]
    assert newest["valid_from"] == newest["valid_until"] == newest["grace_until"]


def test_a_service_in_error_stands_struck_out_and_gives_nothing_more(
    world: Any, work_of: Any, client_for: Any, migrator: Any
) -> None:
    kari, entry_id = granted(world, work_of, world.other_ward)
    with work_of(world.nina) as work:
        Care(work).mark_service_in_error(kari, entry_id, "Feil pasient")
    with work_of(world.nina) as work:
        (service,) = Care(work).services(kari)
    assert (service.in_error_reason, service.current) == ("Feil pasient", False)
    ended = next(r for r in relationships(migrator, kari) if r["id"] == service.relationship_id)
    assert ended["valid_until"] is not None
    assert str(kari) not in client_for(world.unn).get("/my-list").text
    for again in (
        lambda care: care.mark_service_in_error(kari, entry_id, "x"),
        lambda care: care.end_service(kari, entry_id),
    ):
        with pytest.raises(Conflict, match="feilført"), work_of(world.nina) as work:
            again(Care(work))


def test_another_municipality_with_a_ground_changes_nothing(world: Any, work_of: Any) -> None:
    kari, entry_id = granted(world, work_of, world.ward)
    factories.care_relationship(
        world.builder, kari, world.bodil, world.bodo_ward, since=datetime.now(UTC) - timedelta(days=1)
    )
    world.store()
    change = {"provider_unit_id": world.bodo_ward["id"], "decision_on": None, "decision_number": "", "reason": "x"}
    for attempt in (
        lambda care: care.end_service(kari, entry_id),
        lambda care: care.change_service(kari, entry_id, 1, **change),
        lambda care: care.mark_service_in_error(kari, entry_id, "x"),
    ):
        with pytest.raises(Denied, match="En annen kommune"), work_of(world.bodil) as work:
            attempt(Care(work))


def test_a_service_of_another_patient_is_not_there(world: Any, work_of: Any) -> None:
    _kari, entry_id = granted(world, work_of, world.ward)
    ola = world.patient()
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Care(work).end_service(ola, entry_id)


def test_the_pages_grant_change_end_and_mark(world: Any, client_for: Any, work_of: Any) -> None:
    kari, nina = world.patient(), client_for(world.nina)
    address = f"/patients/{kari}/services"
    assert "Velg «Registrer vedtak om tjeneste»" in nina.get(address).text
    form = {
        "service": "9151-15",
        "provider_unit_id": str(world.other_ward["id"]),
        "decision_on": "i går",
        "decision_number": "2026/9",
    }
    refused = nina.act(f"{address}/grant", form)
    assert refused.status_code == 422
    assert "Skriv tidspunktet slik: 22.11.2026." in refused.text and 'value="2026/9"' in refused.text
    assert nina.act(f"{address}/grant", form | {"decision_on": "01.11.2026"}).status_code == 303
    with work_of(world.nina) as work:
        (service,) = Care(work).services(kari)
    assert service.decision_on == date(2026, 11, 1)
    here = f"{address}/{service.entry_id}"
    shown = nina.get(f"{here}/change").text
    assert 'value="01.11.2026"' in shown and "Slik er det nå" in shown
    change = {
        "provider_unit_id": str(world.ward["id"]),
        "decision_on": "",
        "decision_number": "",
        "version": "1",
        "reason": "",
    }
    assert "Fyll ut feltet." in nina.act(f"{here}/change", change).text
    assert nina.act(f"{here}/change", change | {"reason": "Ny sone"}).status_code == 303
    page = nina.get(address).text
    assert "Endret fordi: Ny sone" in page and "Slik var det før (1)" in page
    assert nina.act(f"{here}/end", {"at": "tull"}).status_code == 422
    assert nina.act(f"{here}/end", {"at": ""}).status_code == 303
    assert "avsluttet av Nina Nordli" in nina.get(address).text
    assert nina.act(f"{here}/in-error", {"reason": "Feil pasient"}).status_code == 303
    assert "<s>Helsetjenester i hjemmet</s>" in nina.get(address).text


def test_a_health_assistant_sees_the_services_but_no_form(world: Any, client_for: Any, work_of: Any) -> None:
    kari, _entry_id = granted(world, work_of, world.ward)
    siri = client_for(world.siri)
    page = siri.get(f"/patients/{kari}/services").text
    assert "Helsetjenester i hjemmet" in page and "Endre" not in page and "Feilført?" not in page
    assert siri.get(f"/patients/{kari}/services/grant").status_code == 403
