"""Samstemming in a real browser: the taps it costs, what is kept while one chooses, and what axe finds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from journal.app import JournalApp
from journal.medication import Imported, Medicine
from journal.platform.settings import Settings
from tests.browser.conftest import OpenAs
from tests.browser.counting import Counting
from tests.browser.test_axe import faults_of
from tests.conftest import World
from tests.medication import test_importing, test_reconciling
from tests.medication.source_files import EVENING, OTHER_NUMBER, about, listed, medication_list, prescription
from tests.medication.test_importing import number_of, take_in
from tests.medication.test_reconciling import in_use, ours, theirs

WorkOf = Callable[..., Any]
SOUGHT = ("selo-zok 50", "paracet tab 500", "lipitor", "triatec", "furix", "nexium", "norvasc", "albyl-e")


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def found(work_of: WorkOf, world: World) -> list[Medicine]:
    """Some medicines of the demo's catalogue, of different substances."""
    every = [test_reconciling.medicine(work_of, world, sought) for sought in SOUGHT]
    return list({of.atc_code: of for of in every}.values())


def test_three_differences_are_one_tap_each_one_to_open_and_one_to_sign(
    world: World, work_of: WorkOf, open_as: OpenAs, patient_id: UUID
) -> None:
    """ux.md 3.1: T ≤ 2 + d. What is alike costs nothing."""
    medicines = found(work_of, world)
    assert len(medicines) >= 6
    for of in medicines[:-1]:
        ours(world, work_of, patient_id, of)
    changed, alike, new = medicines[0], medicines[2:-1], medicines[-1]
    entries = [theirs(world, changed, "e-0", when=EVENING), theirs(world, new, "e-1")]
    entries += [theirs(world, of, f"f-{n}") for n, of in enumerate(alike)]
    take_in(world, work_of, patient_id, medication_list(*entries))
    tab = open_as(world.lars, f"/patients/{patient_id}/medication")
    tab.refusals.add(409)

    with tab.counted() as counts:
        tab.tap(tab.page.get_by_role("link", name="1 liste er ikke samstemt"))
        expect(tab.find("#h-differ")).to_have_text("3 legemidler er ulike")
        for word in ("Endre til kildens", "Seponer", "Ikke ta inn"):
            tab.tap(_choice(tab, word))
        tab.tap(tab.page.get_by_role("button", name="Signer samstemming"))
        expect(tab.page.get_by_text("Sist samstemt av Lars Haugen")).to_be_visible()

    assert (counts.taps, counts.keys) == (5, 0)
    now = in_use(world, work_of, patient_id)
    assert any(line.startswith(changed.generic_name) and "kveld" in line for line in now)
    assert not any(line.startswith(medicines[1].generic_name) for line in now), "stopped"
    assert not any(line.startswith(new.generic_name) for line in now), "not taken in"


def _choice(tab: Any, word: str) -> Any:
    """The first row that offers this and has nothing chosen yet."""
    rows = tab.find(".beside > li:not(:has(input:checked))").filter(has=tab.page.get_by_label(word, exact=True))
    return rows.first.get_by_label(word, exact=True)


def test_a_choice_is_kept_when_it_is_made(world: World, work_of: WorkOf, open_as: OpenAs, patient_id: UUID) -> None:
    ours(world, work_of, patient_id, test_reconciling.medicine(work_of, world, "selo-zok"))
    document_id = take_in(world, work_of, patient_id, medication_list())
    url = f"/patients/{patient_id}/medication/sources/{document_id}"
    tab = open_as(world.lars, url)
    tab.page.get_by_label("Seponer", exact=True).check()
    expect(tab.find("#saved")).to_contain_text("Lagret")
    tab.open(url)

    expect(tab.page.get_by_label("Seponer", exact=True)).to_be_checked()


def test_a_file_is_taken_in_matched_and_reconciled_without_javascript(
    world: World, work_of: WorkOf, open_as: OpenAs, patient_id: UUID, tmp_path: Path
) -> None:
    content = medication_list(listed("e-1", prescription("Metoprolol 50", item_number="1")))
    file = tmp_path / "liste.xml"
    file.write_bytes(about(content, OTHER_NUMBER, number_of(world.migrator, patient_id)))
    tab = open_as(world.lars, f"/patients/{patient_id}/medication/sources", javascript=False)
    tab.page.set_input_files("#f-file", file)
    tab.page.get_by_role("button", name="Les inn").click()
    tab.page.get_by_role("link", name="Finn i katalogen, og skriv doseringen").click()
    tab.find("#f-q").fill("metoprolol")
    tab.page.get_by_role("button", name="Søk").click()
    tab.find(".hits a").first.click()
    tab.find("input[name=amount]").fill("1")
    tab.find("input[name=times]").fill("8")
    tab.page.get_by_role("button", name="Lagre koblingen").click()
    tab.page.get_by_label("Ta inn", exact=True).check()
    tab.page.get_by_role("button", name="Signer samstemming").click()

    expect(tab.page.get_by_text("Sist samstemt av Lars Haugen")).to_be_visible()
    assert [line.split()[0] for line in in_use(world, work_of, patient_id)] == ["metoprolol"]


def test_what_axe_finds_on_the_pages_of_reconciling(
    world: World, work_of: WorkOf, open_as: OpenAs, patient_id: UUID
) -> None:
    medicines = found(work_of, world)
    for of in medicines[:3]:
        ours(world, work_of, patient_id, of)
    free = listed("e-9", prescription("Noe hvitt mot trykk", "", item_number=""))
    entries = [theirs(world, medicines[0], "e-0", when=EVENING), theirs(world, medicines[1], "e-1"), free]
    document_id = take_in(world, work_of, patient_id, medication_list(*entries))
    tab = open_as(world.lars, f"/patients/{patient_id}/medication/sources")
    _unfold(tab)
    assert faults_of(tab) == []

    tab.open(f"/patients/{patient_id}/medication/sources/{document_id}")
    _unfold(tab)
    tab.page.get_by_label("Spør", exact=True).first.check()
    expect(tab.page.get_by_label("Hvem skal spørres?").first).to_be_visible()
    assert faults_of(tab) == []
    tab.page.get_by_role("link", name="Finn i katalogen").first.click()
    expect(tab.find("#h-said")).to_be_visible()
    assert faults_of(tab) == []
    tab.open(f"/patients/{patient_id}/medication")
    assert faults_of(tab) == []


def test_a_nurse_writes_down_a_list_and_checks_it_and_axe_finds_nothing(
    world: World, open_as: OpenAs, patient_id: UUID
) -> None:
    tab = open_as(world.nina, f"/patients/{patient_id}/medication/sources/told")
    tab.page.get_by_label("Pårørende", exact=True).check()
    tab.find("#f-sender").fill("Kari Nes, datter")
    tab.find("#f-lines").fill("Selo-Zok 50, en hver morgen\nEn hvit pille")
    tab.page.get_by_label("Dette er listen vi begynner med").check()
    tab.page.get_by_role("button", name="Lagre listen").click()
    tab.page.get_by_role("link", name="Kontroller listen").click()
    expect(tab.page.get_by_label("Hva stemmer ikke?")).to_have_count(2)
    expect(tab.page.get_by_label("Hva stemmer ikke?").first).to_be_hidden()
    tab.page.get_by_label("Stemmer ikke", exact=True).first.check()
    tab.page.get_by_label("Hva stemmer ikke?").first.fill("Tar to")
    tab.page.get_by_label("Stemmer", exact=True).last.check()
    assert faults_of(tab) == []
    tab.page.get_by_role("button", name="Signer kontrollen").click()
    expect(tab.page.get_by_text("Alle linjer er kontrollert.")).to_be_visible()

    tab.open("/medication/overview")
    expect(tab.page.get_by_role("cell", name="Venter på lege")).to_be_visible()
    assert faults_of(tab) == []


def _unfold(tab: Counting) -> None:
    for folded in tab.find("main details").all():
        folded.evaluate("(details) => { details.open = true }")
