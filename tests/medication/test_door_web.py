"""The pages at the hospital door: what a nurse is shown and signs, and the sheet that goes with the patient."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medicine
from journal.medication.rules import when_needed
from journal.medication.rules.transfer import Told, told_first
from journal.medication.service import Medication
from journal.platform.quantity import NBSP, Quantity
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_door import after, let_pass, patient_id, prescribed, settle, to_hospital  # noqa: F401
from tests.medication.test_sign import prescribe
from tests.pdf_reading import Paper

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]
ONE = Quantity(Decimal(1), "tablett")
FENTANYL = Medicine("fentanyl", "Durogesic", "depotplaster", atc_code="N02AB03", prescription_group="A")
LANTUS = Medicine("insulin glargin", "Lantus", "injeksjonsvæske", atc_code="A10AE04")
APIXABAN = Medicine("apixaban", "Eliquis", "tablett", atc_code="B01AF02")


def said(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text).replace(NBSP, " "))


@pytest.mark.parametrize(
    ("medicine", "expected"),
    [
        (FENTANYL, (Told.PATCH, Told.GROUP_A)),
        (LANTUS, (Told.INSULIN,)),
        (APIXABAN, (Told.ANTICOAGULANT,)),
        (Medicine("nikotin", "Nicorette", "medisinert plaster"), (Told.PATCH,)),
        (Medicine("østradiol", "X", "film", route="Transdermal bruk"), (Told.PATCH,)),
        (Medicine("metformin", "Glucophage", "tablett", atc_code="A10BA02"), ()),
        (factories.METOPROLOL, ()),
    ],
)
def test_what_the_hospital_must_be_told_of_first(medicine: Medicine, expected: tuple[Told, ...]) -> None:
    of = {name: getattr(medicine, name) for name in ("atc_code", "form", "route", "prescription_group")}
    assert told_first(**of) == expected


def test_she_is_sent_from_a_form_and_the_sheet_is_the_page_after_it(
    world: World, work_of: WorkOf, client_for: ClientFor, access_log: Callable[..., list[Any]]
) -> None:
    kari = world.patient(allergies=("Penicillin",))
    factories.flag(world.builder, kari, world.lars, "cpr", "HLR minus", sub="lege 12.11.2026")
    world.store()
    needed = when_needed(Quantity(Decimal(1), "tablett"), max_doses=4)
    with work_of(world.lars) as work:
        for each in (FENTANYL, LANTUS, APIXABAN):
            prescribe(work, kari, medicine=each, dosage=when_needed(ONE, max_doses=4), use="3")
        entry_id = prescribe(work, kari, medicine=factories.METOPROLOL, dosage=needed, use="3")
    with work_of(world.nina) as work:
        (needs,) = (m for m in Medication(work).as_needed(kari) if m.request_entry_id == entry_id)
        Medication(work).sign_as_needed(kari, entry_id, request_version=1, confirmed=needs.cautions)
    nina = client_for(world.nina)
    assert "Signer innleggelsen" in nina.get(f"/patients/{kari}/hospital").text
    wrong = nina.act(f"/patients/{kari}/hospital", {"place": "Ullevål", "valid_from": "i fjor"})
    assert wrong.status_code == 422 and 'value="Ullevål"' in wrong.text and 'value="i fjor"' in wrong.text

    sent = nina.act(f"/patients/{kari}/hospital", {"place": "Ullevål", "valid_from": ""})

    assert sent.status_code == 303 and sent.headers["Location"].endswith("/medication/transfer")
    printed = nina.get(f"/patients/{kari}/medication/transfer/print")
    assert printed.mimetype == "application/pdf"
    paper = said(Paper(printed.data).text)
    for text in (said(nina.get(sent.headers["Location"]).text), paper):
        assert "Overføringsark til sykehus" in text and "Ullevål, fra Avdeling 2" in text
        assert re.search(r"Plaster på huden ?: fentanyl .*ikke signert gitt her", text)
        assert re.search("Insulin ?: insulin glargin", text) and re.search("Blodfortynnende ?: apixaban", text)
        assert re.search("A-preparater ?: fentanyl", text)
        assert re.search(r"ALLERGI ?: Penicillin", text) and re.search("Behandlingsbegrensning ?: HLR minus", text)
        assert re.search(
            r"Gitt ved behov siste 24 timer metoprolol 1 tablett, \S+ \S+ av Nina Nordli", text.replace("• ", "")
        )
        # That the orders wait is ours to know, not a doubt about what she has taken.
        assert "ikke samstemt" not in text.lower()
    assert access_log(kari)[-1].action == "medication:print"


def test_where_no_limit_is_registered_the_sheet_says_so(world: World, client_for: ClientFor) -> None:
    text = said(client_for(world.siri).get(f"/patients/{world.patient()}/medication/transfer").text)
    assert re.search("Behandlingsbegrensning ?: ikke registrert her", text)
    assert "Ingen legemidler i bruk er registrert." in text and "Insulin : ingen" in text


def test_back_from_hospital_the_list_the_chart_the_round_and_my_list_say_it_and_one_act_ends_it(
    world: World,
    work_of: WorkOf,
    client_for: ClientFor,
    patient_id: UUID,  # noqa: F811
) -> None:
    entry_id = prescribed(world, work_of, patient_id)
    to_hospital(world, work_of, patient_id)
    nina = client_for(world.nina)
    assert "På sykehus" in said(nina.get("/my-list").text) and "Pasienten er på sykehus" in said(
        nina.get("/round").text
    )
    back = nina.act(f"/patients/{patient_id}/stay/return")
    assert back.headers["Location"].endswith("/medication/door")
    let_pass(world, patient_id, 30)

    here = f"/patients/{patient_id}"
    door = nina.get(f"{here}/medication/door").text
    assert "Fristen gikk ut" in door and "Ansvar: Nina Nordli" in said(door)
    assert "Listen er ikke samstemt" in said(nina.get(f"{here}/medication").text)
    assert "ikke samstemt" in said(nina.get(here).text) and "Samstem legemiddellisten" in said(nina.get(here).text)
    assert "Legemidler som venter, skal ikke gis" in said(nina.get(f"/round?patient={patient_id}").text)
    assert "Ikke samstemt, frist" in said(nina.get("/my-list").text)
    assert "1 legemiddelliste skulle vært samstemt" in said(client_for(world.lars).get("/signing").text)
    assert "En sykepleier eller lege bekrefter" in client_for(world.siri).get(f"{here}/medication/door").text

    crossing = after(world, work_of, patient_id)
    confirm = f"{here}/medication/door/{crossing.id}/confirm"
    line = {"lines[]": f"{entry_id}.1"}
    again = nina.act(confirm, {**line, "said_by": ""})
    assert again.status_code == 422 and "Skriv hvem på sykehuset" in again.text
    stale = nina.act(confirm, {"lines[]": f"{entry_id}.2", "said_by": "Sykepleier Berg"})
    assert stale.status_code == 409 and 'value="Sykepleier Berg"' in stale.text
    assert nina.act(confirm, {**line, "said_by": "Sykepleier Berg, Ullevål"}).status_code == 303

    assert "Nina Nordli signerte listen som samstemt" in said(nina.get(f"{here}/medication/door").text)
    for path in (f"{here}/medication", "/my-list", f"/round?patient={patient_id}"):
        assert "samstemt, frist" not in said(nina.get(path).text) and "er ikke samstemt." not in said(
            nina.get(path).text
        ), path


def test_the_limit_is_the_municipalitys_and_a_wrong_one_is_told_at_its_field(
    world: World, client_for: ClientFor
) -> None:
    tora = client_for(world.tora)
    wrong = tora.act("/municipality/medication/door", {"version": "0", "within_hours": "0"})
    assert wrong.status_code == 422 and 'value="0"' in wrong.text
    assert tora.act("/municipality/medication/door", {"version": "0", "within_hours": "48"}).status_code == 303
    assert 'value="48"' in tora.get("/municipality/medication").text


def test_an_empty_list_is_settled_by_a_nurse_and_taken_over_by_another(
    world: World,
    work_of: WorkOf,
    client_for: ClientFor,
    patient_id: UUID,  # noqa: F811
) -> None:
    to_hospital(world, work_of, patient_id)
    client_for(world.siri).act(f"/patients/{patient_id}/stay/return")
    crossing = after(world, work_of, patient_id)
    here, nina = f"/patients/{patient_id}/medication/door", client_for(world.nina)
    assert "Ta over ansvaret" in nina.get(here).text
    assert nina.act(f"{here}/{crossing.id}/take-over").status_code == 303
    page = nina.get(here).text
    assert "Ansvar: Nina Nordli" in page and "Ta over ansvaret" not in page and "Ingen legemidler venter" in page
    assert nina.act(f"{here}/{crossing.id}/settle").status_code == 303
    assert nina.act(f"{here}/{crossing.id}/settle").status_code == 409
