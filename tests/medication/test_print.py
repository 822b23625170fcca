"""The medication list on paper: who it is about on every page, nothing of the list left out, and nothing read as markup."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.medication import Medicine
from journal.medication.rules import OrderStatus, daily, when_needed
from journal.medication.web.printing import template
from journal.platform.pdf import pdf, printable
from journal.platform.quantity import NBSP, Quantity
from tests import factories
from tests.conftest import Browser, World
from tests.medication.source_files import MORNING, dose, listed, medication_list, prescription
from tests.medication.test_importing import take_in
from tests.medication.test_verbal import receive
from tests.pdf_reading import Paper

ClientFor = Callable[..., Browser]
ONE = Quantity(Decimal(1), "tablett")
AT_8 = daily(ONE, [time(8)], strength_per_unit=Quantity(Decimal(50), "mg"))
HOSTILE = (
    """#panic("x") *fet* _kursiv_ $x^2$ `kode` <merke> @ref // borte /* */ \\ = Tittel #read("/etc/passwd") {{ }} ]"""
)


def ordered(world: World, patient_id: UUID, medicine: Medicine = factories.METOPROLOL, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    wanted = {"dosage": AT_8, "starts_at": now - timedelta(days=9), "planned_until": now + timedelta(days=7)} | more
    return factories.medication_request(world.builder, patient_id, world.lars, medicine, **wanted)


def printed(client_for: ClientFor, world: World, patient_id: UUID) -> Paper:
    answer = client_for(world.nina).get(f"/patients/{patient_id}/medication/print")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return Paper(answer.data)


def said(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(NBSP, " "))


def test_every_page_says_who_it_is_about_who_printed_it_and_which_page_it_is(
    world: World, client_for: ClientFor
) -> None:
    patient_id = world.patient(family_name="Hansen-Østby", given_name="Káre")
    for number in range(40):
        ordered(world, patient_id, Medicine(f"middel nummer {number}", "Merke", "tablett", route="peroralt"))
    world.store()

    paper = printed(client_for, world, patient_id)

    pages = [said(page) for page in paper.pages]
    assert len(pages) >= 2
    for number, page in enumerate(pages, 1):
        assert "HANSEN-ØSTBY, Káre Født 14.03.1938 Fnr " in page
        assert "av Nina Nordli, Avdeling 2. Utskriften er logget." in page
        assert f"Side {number} av {len(pages)}" in page
        assert "Legemiddel Dose Grunn Sist endret" in page
    for number in range(40):
        assert f"middel nummer {number} MERKE" in " ".join(pages)


def test_the_list_is_whole_with_what_must_be_known_of_each_medicine(world: World, client_for: ClientFor) -> None:
    patient_id, b = world.patient(allergies=("Penicillin",)), world.builder
    factories.allergy(b, patient_id, world.nina, "Laktose", kind="intolerance")
    factories.flag(b, patient_id, world.lars, "cpr", "HLR minus", sub="lege 12.11.2026")
    order = ordered(world, patient_id, indication="atrieflimmer", condition_text="Ikke ved puls under 55")
    factories.next_version(b, order, world.lars, "hold", "Lav puls", at=datetime.now(UTC) - timedelta(hours=1))
    needed = when_needed(ONE, max_doses=4)
    ordered(world, patient_id, Medicine("paracetamol", "Paracet", "tablett"), dosage=needed, planned_until=None)
    gone = ordered(world, patient_id, Medicine("ibuprofen", "Ibux", "tablett"))
    factories.next_version(b, gone, world.lars, "stop", "Magesmerter", at=datetime.now(UTC) - timedelta(days=2))
    world.store()

    text = said(printed(client_for, world, patient_id).text)

    for words in (
        "ALLERGI : Penicillin",
        "Tåler ikke : Laktose",
        "HLR minus",
        "metoprolol SELO-ZOK depottablett pauset Ikke ved puls under 55 50 mg – peroralt kl. 08 atrieflimmer",
        "av Lars Haugen: Lav puls",
        "Ved behov",
        "ved behov, inntil 4 ganger per døgn",
        "Seponert siste 30 dager",
        "av Lars Haugen: Magesmerter",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({}, "Allergier ikke spurt om"),
        ({"none_known": True}, "Ingen kjente allergier"),
        ({"allergies": ("Nøtter",)}, "ALLERGI : Nøtter"),
    ],
)
def test_allergies_are_one_of_the_banners_texts_and_never_blank(
    world: World, client_for: ClientFor, person: dict[str, Any], words: str
) -> None:
    text = said(printed(client_for, world, world.patient(**person)).text)
    assert words in text
    assert "Ingen legemidler i bruk er registrert." in text


def test_what_people_wrote_is_text_whatever_it_looks_like(world: World, client_for: ClientFor) -> None:
    patient_id = world.patient(family_name="#panic()", given_name="*Kari* \N{GRINNING FACE}", allergies=(HOSTILE,))
    ordered(world, patient_id, Medicine(HOSTILE, HOSTILE, HOSTILE), indication=HOSTILE, condition_text=HOSTILE)
    world.store()

    text = said(printed(client_for, world, patient_id).text)

    assert "#PANIC(), *Kari* [U+1F600]" in text
    bare = re.sub(r"\s", "", text)
    assert bare.count(re.sub(r"\s", "", HOSTILE)) >= 4
    assert "root:" not in text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_at_all_can_be_printed(text: str) -> None:
    row = dict.fromkeys(("name", "brand", "form", "condition", "dose", "route", "frequency", "indication"), text)
    boxed = {"word": text, "items": [text], "alert": True}
    stopped = {"title": "Seponert", "rows": [{"name": text, "brand": text, "form": text, "changed": text}]}
    filled = {"language": "nb", "title": "Liste", "columns": [text] * 4, "warnings": [text], "nothing": text}
    filled |= dict.fromkeys(("name", "born", "number", "printed_by", "printed", "page"), text)
    filled |= dict.fromkeys(("allergies", "intolerances", "flags"), boxed)
    groups = [{"title": "Fast", "rows": [row | {"changed": text, "marks": [text]}]}]

    made = Paper(
        pdf(template(), filled | {"groups": groups, "stopped": stopped}, datetime(2026, 11, 22, tzinfo=UTC), str)
    )

    assert made.has(b"/StructTreeRoot")


def test_a_sign_without_a_letter_of_ours_is_seen_and_not_left_out() -> None:
    assert printable("Čáhppes Åse Łódź Ω") == "Čáhppes Åse Łódź Ω"
    assert printable("50\N{NO-BREAK SPACE}mg") == "50\N{NO-BREAK SPACE}mg"
    assert printable("a\nb\tc") == "a b c"
    assert printable("\N{RIGHT-TO-LEFT OVERRIDE}gm 05") == "[U+202E]gm 05"
    assert printable("\N{GRINNING FACE}") == "[U+1F600]"


def test_the_file_is_tagged_by_pdf_ua_and_says_its_title_and_language(world: World, client_for: ClientFor) -> None:
    patient_id = world.patient()
    ordered(world, patient_id)
    world.store()

    paper = printed(client_for, world, patient_id)

    assert "<pdfuaid:part>1</pdfuaid:part>" in paper.metadata
    assert "Legemiddelliste" in paper.metadata
    for entry in (b"/StructTreeRoot", b"/MarkInfo", b"/S/TH", b"/S/Table", b"/S/H1", b"/Lang(nb)"):
        assert paper.has(entry), entry


def test_a_print_is_logged_as_one_and_its_file_has_no_name_of_hers(
    world: World, client_for: ClientFor, access_log: Callable[..., list[Any]]
) -> None:
    patient_id = world.patient()

    answer = client_for(world.nina).get(f"/patients/{patient_id}/medication/print")

    assert answer.headers["Content-Disposition"] == "inline; filename=legemiddelliste.pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert [(row.action, row.outcome) for row in access_log(patient_id)] == [("medication:print", "success")]
    assert "skrev ut legemiddellisten" in client_for(world.rolf).get(f"/audit/patients/{patient_id}").text


def test_who_may_not_open_the_chart_may_not_print_it(world: World, client_for: ClientFor) -> None:
    patient_id = world.patient()
    for staff, status in ((world.unn, 403), (world.tora, 403), (world.rolf, 403), (world.mona, 200)):
        assert client_for(staff).get(f"/patients/{patient_id}/medication/print").status_code == status


def test_a_stopped_order_is_not_among_those_in_use(world: World, client_for: ClientFor) -> None:
    patient_id = world.patient()
    ordered(world, patient_id, Medicine("ibuprofen"), status=OrderStatus.STOPPED)
    world.store()
    text = said(printed(client_for, world, patient_id).text)
    assert (
        text.index("Ingen legemidler i bruk er registrert.")
        < text.index("Seponert siste 30 dager")
        < text.index("ibuprofen")
    )


def test_what_nobody_has_signed_or_reconciled_is_marked_on_paper_and_in_the_dose_chart(
    world: World, client_for: ClientFor, work_of: Callable[..., Any]
) -> None:
    patient_id = world.patient(none_known=True)
    unmarked = said(printed(client_for, world, patient_id).text)
    receive(world, work_of, patient_id)
    listed_elsewhere = listed("a", prescription("Metoprolol", "C07AB02", doses=dose(MORNING)))
    take_in(world, work_of, patient_id, medication_list(listed_elsewhere))

    text = said(printed(client_for, world, patient_id).text)
    week = client_for(world.nina).get(f"/patients/{patient_id}/medication/chart").text

    assert "muntlig, ikke signert" in text and "muntlig, ikke signert" in week
    assert "Ikke samstemt: 1 lister fra andre" in text and "samstemt" not in unmarked


def test_who_reads_english_prints_english_and_the_doses_stay_as_ordered(world: World, client_for: ClientFor) -> None:
    patient_id = world.patient()
    ordered(world, patient_id)
    world.store()
    nina = client_for(world.nina)
    assert nina.act("/language", {"language": "en"}).status_code in (302, 303)

    text = said(Paper(nina.get(f"/patients/{patient_id}/medication/print").data).text)

    assert "Medication list" in text
    assert "kl. 08" in text
