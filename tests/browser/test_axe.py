"""Every page against WCAG 2.2 AA by axe, in light and dark, on a telephone, a tablet and a PC; and that nothing sticks out."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, expect

from journal.access import AskedToClose, Restrictions
from journal.app import JournalApp
from journal.care import Care
from journal.medication import Medication, Medicine, import_catalogue, mini_fest
from journal.medication.rules import Supply, daily, every_hours, pulse, temperature, when_needed
from journal.medication.rules.dispenser import Event
from journal.medication.rules.verbal import Act
from journal.platform.quantity import Quantity
from journal.platform.settings import Settings
from tests import factories
from tests.browser.counting import Counting
from tests.conftest import World
from tests.factories import Staff
from tests.medication import dispensers
from tests.medication.test_caution import INSULIN
from tests.medication.test_follow_up import WARFARIN, inr
from tests.medication.test_patches import ONE as ONE_PATCH
from tests.medication.test_patches import RIVASTIGMINE
from tests.medication.test_pausing import PENICILLIN
from tests.medication.test_procedures import a_line, a_list, item
from tests.medication.test_renewing import OMEPRAZOLE, ending
from tests.medication.test_sign import order, prescribe
from tests.medication.test_since import was_here
from tests.medication.test_verbal import make_overdue, queue, receive
from tests.medication.test_verbal_change import say

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

FEVER = temperature(Decimal("38.5"))
OXYCODONE = Medicine("oksykodon", "OxyNorm", "kapsel", atc_code="N02AA05", prescription_group="A")

# The scheme changes colours and nothing else, so in the dark nothing else is looked at again. What is on the telephone or the PC
# is all there is, and the tablet only places it otherwise: colours, most of the work, are looked at on the two.
_CONTRAST = "color-contrast"
_COLOURS = {"runOnly": {"type": "rule", "values": [_CONTRAST]}}
_ALL: dict[str, Any] = {"runOnly": {"type": "tag", "values": WCAG}}
_PLACES = {**_ALL, "rules": {_CONTRAST: {"enabled": False}}}
LOOKS: dict[int, dict[str, dict[str, Any]]] = {
    390: {"light": _ALL, "dark": _COLOURS},
    1180: {"light": _PLACES},
    1440: {"light": _ALL, "dark": _COLOURS},
}

_RUN = """async (look) => {
  const found = await axe.run({...look, resultTypes: ["violations"], preload: false});
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.any.map((a) => a.message)}`));
}"""
STICKS_OUT = """() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return [];
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > edge + 1)
    .map((e) => `${e.tagName}.${e.className} reaches ${Math.round(e.getBoundingClientRect().right)} of ${edge}`).slice(0, 5);
}"""

See = Callable[..., Counting]


def faults_of(tab: Counting) -> list[str]:
    """What axe finds, and what sticks out on a telephone, in each scheme and width. The page is loaded once."""
    tab.page.evaluate(AXE_SCRIPT)
    faults = []
    for width, looks in LOOKS.items():
        # So tall that nothing lies under the bar at the bottom, and from the top, where the banner covers nothing: she scrolls,
        # axe does not.
        tab.page.set_viewport_size({"width": width, "height": 4000})
        tab.page.evaluate("scrollTo(0, 0)")
        for scheme, look in looks.items():
            tab.page.evaluate("(scheme) => { document.documentElement.dataset.colorScheme = scheme }", scheme)
            faults += [f"{scheme} {width}: {fault}" for fault in tab.page.evaluate(_RUN, look)]
        if width == min(LOOKS):
            faults += [f"{width}: {fault}" for fault in tab.page.evaluate(STICKS_OUT)]
    return faults + tab.complaints


@pytest.fixture(scope="module")
def context(chromium: Chromium, base_url: str) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=base_url, locale="nb-NO", reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def see(context: BrowserContext, sign_in: Callable[[BrowserContext, Staff], None]) -> Iterator[See]:
    """`see(nina, "/round")`: the page as she has it, in the one browser of this file."""
    tabs: list[Counting] = []

    def opened(staff: Staff | None, path: str, *refusals: int) -> Counting:
        context.clear_cookies()
        if staff is not None:
            sign_in(context, staff)
        tab = Counting.in_context(context)
        tab.refusals.update(refusals)
        tabs.append(tab)
        tab.open(path)
        return tab

    yield opened
    for tab in tabs:
        tab.page.close()


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> None:
    file = io.BytesIO()
    mini_fest.write(file)
    file.seek(0)
    import_catalogue(settings.migrator_url, file)


@pytest.fixture
def patient_id(world: World, work_of: Callable[..., Any]) -> UUID:
    """A patient with something of everything, so that no page is shown empty."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    made, _ = factories.due_dose(
        world, due_at=now, required_value=pulse(Decimal(55)), family_name="Hansen-Østby", allergies=("Penicillin",)
    )
    b, nina, ward = world.builder, world.nina, world.ward
    factories.allergy(b, made, nina, "Laktose", kind="intolerance")
    factories.flag(b, made, world.lars, "cpr", "HLR minus", sub="lege 12.11.2026")
    factories.related_person(b, made, nina, "Per Hansen", relation="sønn", phone="99 99 99 99")
    factories.stay(b, made, nina, ward, since=now - timedelta(days=20), room="204")
    factories.granted_service(b, made, nina, ward, since=now - timedelta(days=20))
    for days in range(5):
        factories.observation(b, made, nina, "pulse", Decimal(60 + days), at=now - timedelta(days=days, hours=1))
    factories.note(b, made, nina, "Spiste godt.\nSov hele natten.", at=now - timedelta(hours=2), title="Natt")
    factories.incident(b, made, nina, "fall", "Gled på badet.", at=now - timedelta(hours=3), measures="Undersøkt.")
    factories.task(b, made, nina, ward, "Ring datteren", due_at=now - timedelta(hours=1))
    factories.task(b, made, nina, ward, "Effekt av paracetamol?", kind="effect_follow_up", due_at=now)
    world.store()
    paracetamol = Medicine("paracetamol", "Paracet", "tablett", strength="500 mg", route="peroralt", atc_code="N02BE01")
    with work_of(world.lars) as work:
        two = Quantity(Decimal(2), "tablett")
        medication, needed = Medication(work), when_needed(two, max_doses=4)
        prescribe(work, made, medicine=paracetamol, dosage=needed, use="3", required_value=FEVER)
        prescribe(work, made, medicine=OXYCODONE, dosage=needed, use="3")
        over = prescribe(work, made, medicine=paracetamol, dosage=needed, use="3")
        medication.stop(made, over, version=1, reason="Hjalp ikke")
    return made


PAGES = "/medication /medication/stopped /notes /notes/drawer /notes/write?kind=fall /observations /tasks /allergies"
PAGES_OVER_TIME = "/medication/chart /medication/timeline?days=7 /medication/timeline?days=90"
PAGES_OF_A_PERSON = "/flags /related-persons /personal /links"
PAGES_OF_CARE = "/stay /stay/transfer /services /services/grant /incidents /incidents/report"


@pytest.mark.parametrize(
    "path",
    [
        "",
        *PAGES.split(),
        *PAGES_OVER_TIME.split(),
        *PAGES_OF_CARE.split(),
        *PAGES_OF_A_PERSON.split(),
        "/as-needed",
    ],
)
def test_the_pages_of_a_chart(world: World, see: See, patient_id: UUID, path: str) -> None:
    tab = see(world.nina, f"/patients/{patient_id}{path}")

    expect(tab.find(".banner h1")).to_contain_text("HANSEN-ØSTBY")
    for folded in tab.find("main details").all():
        folded.evaluate("(details) => { details.open = true }")
    assert faults_of(tab) == []


def test_the_page_where_a_leader_erases(world: World, see: See, patient_id: UUID) -> None:
    tab = see(world.mona, f"/patients/{patient_id}/erasures?table=notes.note")
    expect(tab.page.get_by_role("button", name="Foreslå sletting")).to_be_visible()
    assert faults_of(tab) == []


def test_the_notes_of_a_ground_that_does_not_need_them_all(world: World, see: See, patient_id: UUID) -> None:
    factories.note(world.builder, patient_id, world.bodil, "Skrevet i Bodø", at=datetime.now(UTC) - timedelta(days=9))
    world.store()
    tab = see(world.mona, f"/patients/{patient_id}/notes")
    expect(tab.page.get_by_role("button", name="For hjelpen jeg gir nå")).to_be_visible()
    assert faults_of(tab) == []


def test_the_chart_as_the_doctor_sees_it_and_the_history_of_a_medicine(
    world: World, see: See, patient_id: UUID
) -> None:
    tab = see(world.lars, f"/patients/{patient_id}/medication")
    assert faults_of(tab) == []

    tab.page.get_by_role("link", name="Historikk og endring metoprolol").click()
    expect(tab.page.get_by_role("heading", name="Historikk")).to_be_visible()
    for folded in tab.find("main details").all():
        folded.evaluate("(details) => { details.open = true }")
    assert faults_of(tab) == []


def test_a_change_that_is_to_be_signed(world: World, see: See, patient_id: UUID) -> None:
    tab = see(world.lars, f"/patients/{patient_id}/medication")
    tab.page.get_by_role("link", name="Historikk og endring metoprolol").click()
    tab.page.get_by_text("Endre dosering").click()
    tab.find("input[name=amount]").fill("2")
    tab.find("#reason-change").fill("For lite virkning")
    tab.page.get_by_role("button", name="Se over endringen").click()
    expect(tab.find("#review")).to_contain_text("Ny: 2")
    assert faults_of(tab) == []


@pytest.mark.usefixtures("catalogue")
def test_prescribing_from_the_search_to_a_form_with_an_error(world: World, see: See, patient_id: UUID) -> None:
    tab = see(world.lars, f"/patients/{patient_id}/medication/prescribe?q=para")
    tab.refusals.add(422)
    expect(tab.find(".hits a").first).to_be_visible()
    assert faults_of(tab) == []

    tab.find(".hits a").first.click()
    tab.find("input[name=amount]").fill("mange")
    tab.find("input[name=indication]").fill("smerte")
    tab.page.get_by_role("button", name="Signer forskrivning").click()
    expect(tab.find(".ds-error-summary")).to_be_focused()
    assert faults_of(tab) == []


@pytest.mark.usefixtures("catalogue")
def test_the_check_of_what_is_closed_and_what_it_finds(world: World, work_of: Any, see: See, patient_id: UUID) -> None:
    with work_of(world.lars) as work:
        prescribe(
            work, patient_id, medicine=WARFARIN, dosage=daily(Quantity(Decimal(1), "tablett"), [time(18)], inr=inr())
        )
    with work_of(world.nina) as work:
        asked = AskedToClose("medication", "Pasienten", work.now.date(), person_id=world.lars.actor.person_id)
        Restrictions(work).register(patient_id, asked)
    tab = see(world.lars, f"/patients/{patient_id}/medication/beside-closed?q=ibux")
    tab.find(".hits a").first.click()
    tab.find("input[name=amount]").fill("1")
    tab.find("input[name=times]").fill("8")
    tab.page.get_by_role("button", name="Kontroller").click()

    expect(tab.find("#alerts")).to_be_focused()
    expect(tab.find("#alerts")).to_contain_text("Kontrollen omfatter noe du ikke har tilgang til.")
    assert faults_of(tab) == []


@pytest.mark.usefixtures("catalogue")
def test_prescribing_what_is_stopped_and_looking_it_over(world: World, see: See, patient_id: UUID) -> None:
    tab = see(world.lars, f"/patients/{patient_id}/medication/prescribe?q=paracet+tab+500")
    tab.refusals.add(409)
    tab.find(".hits a").first.click()
    tab.find("input[name=amount]").fill("20")
    tab.find("input[name=times]").fill("8")
    tab.find("input[name=indication]").fill("smerte")
    tab.page.get_by_role("button", name="Se over").click()
    expect(tab.find("#alerts")).to_be_focused()
    assert faults_of(tab) == []

    tab.find("input[name=override_reason]").fill("Avtalt")
    tab.find("input[name=amount]").fill("21")
    tab.page.get_by_role("button", name="Signer forskrivning").click()
    expect(tab.find("#alerts")).to_be_focused()
    assert faults_of(tab) == []


@pytest.mark.usefixtures("catalogue")
def test_an_order_by_word_of_mouth_from_the_search_to_what_is_read_back(
    world: World, see: See, patient_id: UUID
) -> None:
    tab = see(world.nina, f"/patients/{patient_id}/medication/verbal?q=selo-zok+50", 422)
    assert faults_of(tab) == []
    tab.find(".hits a").first.click()
    typed = {"amount": "1", "times": "8", "indication": "puls", "prescriber_name": "Lise Vakt", "hpr_number": "7654321"}
    for name, text in (typed | {"service": "Legevakten"}).items():
        tab.find(f"input[name={name}]").fill(text)
    tab.page.get_by_role("button", name="Se over og les tilbake").click()
    expect(tab.find("#read-back")).to_be_visible()
    assert faults_of(tab) == []

    tab.page.get_by_role("button", name="Ta imot ordinasjonen").click()
    expect(tab.find(".ds-error-summary")).to_be_focused()
    assert faults_of(tab) == []


@pytest.mark.usefixtures("catalogue")
def test_the_procedure_list_and_a_dose_by_it(
    world: World, see: See, patient_id: UUID, work_of: Callable[..., Any]
) -> None:
    line = a_line(item(world, work_of))
    a_list(world, work_of, line)
    tab = see(world.lars, f"/medication/procedures?item={line.catalogue_item_id}")
    assert faults_of(tab) == []
    tab = see(world.nina, f"/patients/{patient_id}/medication/procedure?line={line.id}")
    assert faults_of(tab) == []


@pytest.mark.parametrize(
    "path", ["/patients/{}/dispenser", "/patients/{}/dispenser/edit", "/patients/{}/dispenser/load", "/dispensers"]
)
def test_a_dispenser_its_forms_and_the_units_list(
    world: World, see: See, work_of: Callable[..., Any], path: str
) -> None:
    at = dispensers.loaded(world, work_of)
    dispensers.tells(world, work_of, at, Event.TAKEN_OUT)
    assert faults_of(see(world.nina, path.format(at.patient_id))) == []


def test_the_units_tasks(world: World, see: See, patient_id: UUID, work_of: Callable[..., Any]) -> None:
    with work_of(world.nina) as work:
        for hours, kind in ((-1, "effect_follow_up"), (2, "general"), (48, "prescriber")):
            Care(work).add_task(patient_id, "Mål blodtrykk", due_at=work.now + timedelta(hours=hours), kind=kind)
    assert faults_of(see(world.nina, "/tasks")) == []


def test_a_pause_that_asks_what_replaces(world: World, see: See, patient_id: UUID, work_of: Callable[..., Any]) -> None:
    paused = order(world, work_of, patient_id, medicine=PENICILLIN, supply=Supply.MULTIDOSE)
    tab = see(world.lars, f"/patients/{patient_id}/medication/{paused}")
    for folded in tab.find("main details").all():
        folded.evaluate("(details) => { details.open = true }")
    assert faults_of(tab) == []


def test_the_signing_queue_its_limit_what_was_received_and_a_renewal(
    world: World, see: See, patient_id: UUID, work_of: Callable[..., Any]
) -> None:
    receive(world, work_of, patient_id, medicine=OXYCODONE)
    make_overdue(world)
    entry_id = receive(world, work_of, patient_id)
    say(world, work_of, patient_id, entry_id, Act.CHANGE)
    changed = next(one for one in queue(world, work_of) if one.act is Act.CHANGE)
    ending(world, work_of, patient_id, OMEPRAZOLE, 2)

    of_leader = [(world.mona, path) for path in ("/signing/stand-in", "/my-list", "/overridden-stops")]
    refusal = (world.lars, f"/patients/{patient_id}/verbal-orders/{changed.id}/refuse")
    stop = (world.nina, f"/patients/{patient_id}/medication/{entry_id}/verbal?act=stop")
    for who, path in ((world.lars, "/signing"), (world.nina, "/verbal-orders"), *of_leader, refusal, stop):
        tab = see(who, path)
        for folded in tab.find("main details").all():
            folded.evaluate("(details) => { details.open = true }")
        assert faults_of(tab) == [], path
    assert faults_of(see(world.nina, f"/round?patient={patient_id}")) == []
    tab = see(world.lars, f"/patients/{patient_id}/medication/renew")
    assert faults_of(tab) == []
    tab.page.get_by_role("button", name="Forny alle").click()
    expect(tab.page.get_by_role("heading", name="Se over fornyelsen")).to_be_visible()
    assert faults_of(tab) == []


def test_prescribing_a_favourite_that_doubles_what_she_has_and_the_page_of_favourites(
    world: World, see: See, usual_dose: UUID
) -> None:
    address = f"/patients/{usual_dose}/medication/prescribe"
    tab = see(world.lars, address)
    expect(tab.find(".hits a").first).to_contain_text("paracetamol")
    assert faults_of(tab) == []

    tab.find("input[name=q]").press_sequentially("par")
    expect(tab.find("[data-of=par] .hits").first).to_be_visible()
    assert faults_of(tab) == []

    tab.find(".hits a").first.click()
    expect(tab.page.get_by_role("button", name="Signer forskrivning")).to_be_focused()
    assert faults_of(tab) == []

    tab.press("Enter")
    expect(tab.find(".meds")).to_contain_text("Startet")
    again = see(world.lars, address)
    again.find(".hits a").first.click()
    expect(again.find("#alerts input[name='replaces[]']")).to_be_visible()
    again.find("details.more summary").first.click()
    assert faults_of(again) == []

    assert faults_of(see(world.lars, "/medication/favourites")) == []


def test_the_round_with_a_value_card_its_reasons_and_after_signing(world: World, see: See, patient_id: UUID) -> None:
    factories.due_dose(world, family_name="Olsen")
    tab = see(world.nina, f"/round?patient={patient_id}")
    expect(tab.find(".check input")).to_be_visible()
    assert faults_of(tab) == []

    tab.find("summary.btn.not").first.click()
    tab.find(".other summary").first.click()
    expect(tab.find("input[name=reason_text]").first).to_be_visible()
    assert faults_of(tab) == []

    tab.find(".check input").first.fill("72")
    tab.find(".dose.is-ready button.give").first.click()
    expect(tab.find(".dose.is-given")).to_have_count(1)
    assert faults_of(tab) == []


def test_the_round_where_one_tap_is_too_little_and_where_a_second_signature_is_awaited(world: World, see: See) -> None:
    patient_id, _ = factories.due_dose(world, medicine=OXYCODONE, two_signatures=True)
    tab = see(world.nina, f"/round?patient={patient_id}", 422)
    tab.find(".at summary").click()
    tab.find("input[name=given_time]").fill("2570")
    tab.find("summary.ask").click()
    expect(tab.find(".sure")).to_be_visible()
    assert faults_of(tab) == []

    tab.find(".dose button.give").click()
    expect(tab.find(".asat.wrong")).to_be_visible()
    assert faults_of(tab) == []

    tab.find("input[name=given_time]").fill("")
    tab.find(".dose button.give").click()
    expect(tab.find(".dose.half")).to_be_visible()
    assert faults_of(tab) == []
    assert faults_of(see(world.siri, f"/round?patient={patient_id}")) == []


def test_a_patch_an_insulin_and_warfarin_in_the_round(world: World, see: See, work_of: Callable[..., Any]) -> None:
    patient_id, now = world.patient(), datetime.now(UTC)
    order(world, work_of, patient_id, medicine=RIVASTIGMINE, dosage=every_hours(ONE_PATCH, 1))
    order(world, work_of, patient_id, medicine=INSULIN, dosage=every_hours(Quantity(Decimal(6), "IE"), 24))
    waiting = daily(Quantity(Decimal(1), "tablett"), [time(18)], inr=inr(next_on=-1, last_on=-8))
    of_warfarin = {"dosage": waiting, "starts_at": now - timedelta(days=8), "planned_until": None}
    factories.medication_request(world.builder, patient_id, world.lars, WARFARIN, **of_warfarin)
    world.store()

    tab = see(world.nina, f"/round?patient={patient_id}", 422)
    expect(tab.find(".is-undecided")).to_contain_text("ingen dose før ny INR")
    tab.find(".dose details.more summary").first.click()
    card = tab.find(".dose:has(.patch)").first
    card.locator("select").select_option("chest-left")
    card.get_by_label("Det satt ingen plaster der fra før").check()
    card.locator("button.give").click()
    expect(tab.find(".dose.is-given")).to_have_count(1)
    # The next one: the site rests, the old patch is not found, and it is too near the first.
    card = tab.find(".dose:has(.patch)").first
    card.locator("select").select_option("chest-left")
    card.get_by_label("Ikke funnet").check()
    card.locator("button.give").click()
    expect(card.locator(".sure li")).to_have_count(3)
    assert faults_of(tab) == []
    card.get_by_role("button", name="Den er alt gitt").click()
    expect(tab.find(".dose.is-given")).to_have_count(2)

    tab = see(world.nina, f"/patients/{patient_id}/medication")
    tab.find("details.more summary").click()
    assert faults_of(tab) == []


def test_what_is_asked_after_an_opioid(world: World, see: See, patient_id: UUID, work_of: Callable[..., Any]) -> None:
    with work_of(world.nina) as work:
        opioid = next(medicine for medicine in Medication(work).as_needed(patient_id) if medicine.opioid)
        given = {"request_version": 1, "confirmed": opioid.cautions}
        Medication(work).sign_as_needed(patient_id, opioid.request_entry_id, **given)

    for path in ("/tasks", "/as-needed"):
        assert faults_of(see(world.nina, f"/patients/{patient_id}{path}")) == [], path


def test_what_is_changed_since_one_was_here_and_what_the_registry_lacks(
    world: World, see: See, work_of: Callable[..., Any]
) -> None:
    patient_id, now = world.patient(), datetime.now(UTC)
    was_here(world, world.nina, now - timedelta(hours=28), now - timedelta(hours=20))
    order(world, work_of, patient_id, medicine=Medicine("hjemmelaget"), dosage=every_hours(ONE_PATCH, 1))
    for page in (f"/round?patient={patient_id}", f"/patients/{patient_id}/medication"):
        tab = see(world.nina, page)
        expect(tab.find("#h-changed")).to_be_visible()
        assert faults_of(tab) == []
    assert faults_of(see(world.nina, "/medication/registry")) == []


def test_a_ward_with_nobody_in_it(world: World, see: See) -> None:
    for path in ("/round", "/my-list"):
        assert faults_of(see(world.unn, path)) == []


def test_my_list(world: World, see: See, patient_id: UUID) -> None:
    tab = see(world.nina, "/my-list")

    expect(tab.find(".mylist")).to_contain_text("Hansen-Østby")
    assert faults_of(tab) == []


def test_the_search_with_hits_and_with_none(world: World, see: See, patient_id: UUID) -> None:
    tab = see(world.nina, "/search")
    for words, answer in (("Hansen", "HANSEN-ØSTBY"), ("Finnesikke", "Vi fant ingen.")):
        tab.find("input[name=text]").fill(words)
        tab.press("Enter")
        expect(tab.find("#hits")).to_contain_text(answer)
        assert faults_of(tab) == []


def test_a_life_in_danger_with_an_error(world: World, see: See) -> None:
    tab = see(world.nina, "/search", 422)
    tab.find("a[href='/danger']").click()
    tab.find("input[name=text]").fill("1234")
    assert faults_of(tab) == []
    tab.find("button[data-color=danger]").click()
    expect(tab.find("main")).to_contain_text("11 siffer")
    assert faults_of(tab) == []


def test_a_protected_address_before_and_after_it_is_opened(world: World, see: See) -> None:
    patient_id = world.patient(address_line_1="Skjulveien 7", confidentiality="confidential")
    manager = see(world.mona, f"/patients/{patient_id}/address")
    assert faults_of(manager) == []
    manager.find("select").select_option(f"{world.nina.actor.person_id}")
    manager.page.get_by_role("button", name="Velg").click()
    expect(manager.find("main")).to_contain_text("Valgt av Mona Moe")
    tab = see(world.nina, f"/patients/{patient_id}/address")
    assert faults_of(tab) == []
    tab.page.get_by_role("button", name="Vis adressen i 4 timer").click()

    expect(tab.find("main")).to_contain_text("Skjulveien 7")
    assert faults_of(tab) == []


def test_registering_a_person_with_errors(world: World, see: See) -> None:
    tab = see(world.nina, "/patients/new", 422)
    assert faults_of(tab) == []

    for name in ("family_name", "given_name"):
        tab.find(f"input[name={name}]").fill("Ny")
    tab.find("input[name=birth_date]").fill("i går")
    tab.find("input[name=sex]").first.check()
    tab.page.get_by_role("button", name="Registrer").click()
    expect(tab.find(".ds-error-summary")).to_be_visible()
    assert faults_of(tab) == []


def test_the_question_of_who_is_near_and_what_one_has_signed(world: World, see: See, patient_id: UUID) -> None:
    factories.related_person(world.builder, patient_id, world.siri, "Nina Nordli")
    left = world.patient(related=False)
    ended = datetime.now(UTC) - timedelta(days=2)
    factories.care_relationship(
        world.builder, left, world.nina, world.ward, since=ended - timedelta(days=9), valid_until=ended
    )
    factories.note(world.builder, left, world.nina, "Spiste godt.", at=ended - timedelta(hours=2), title="Natt")
    world.store()
    assert faults_of(see(world.nina, f"/patients/{patient_id}", 403)) == []
    tab = see(world.nina, "/own-entries")
    expect(tab.find("main")).to_contain_text("Spiste godt.")
    assert faults_of(tab) == []


def test_what_is_shown_to_whoever_has_no_ground(world: World, see: See, patient_id: UUID) -> None:
    assert faults_of(see(world.unn, f"/patients/{patient_id}", 403)) == []
    assert faults_of(see(world.unn, f"/patients/{patient_id}/admission")) == []


def test_the_kitchens_page_and_what_each_ground_opens(world: World, see: See, patient_id: UUID) -> None:
    kitchen = factories.staff(world.builder, world.oslo, world.ward, "Kåre Kokk", "kitchen")
    world.store()
    assert faults_of(see(kitchen, "/diet")) == []
    assert faults_of(see(world.mona, "/who-sees-what/purposes")) == []


def test_an_address_that_leads_nowhere(world: World, see: See) -> None:
    assert faults_of(see(world.nina, "/no-such-page", 404)) == []


@pytest.mark.parametrize("path", ["/municipality", "/municipality/medication"])
def test_the_pages_of_the_municipality(world: World, see: See, path: str) -> None:
    assert faults_of(see(world.tora, path)) == []


def test_the_settings_for_medicines_with_an_error_and_with_a_history(world: World, see: See) -> None:
    tab = see(world.tora, "/municipality/medication", 422)
    tab.find("input[name=evening]").fill("15")
    tab.page.get_by_role("button", name="Lagre innstillingene").click()
    expect(tab.find(".ds-error-summary")).to_be_focused()
    assert faults_of(tab) == []

    tab.find("input[name=evening]").fill("20.30")
    tab.page.get_by_role("button", name="Lagre innstillingene").click()
    expect(tab.find("ol")).to_contain_text("kveld 20.30")
    assert faults_of(tab) == []


def test_the_pages_of_the_log(world: World, see: See, patient_id: UUID) -> None:
    nina = see(world.nina, f"/patients/{patient_id}")
    expect(nina.find(".banner h1")).to_be_visible()

    report = f"/patients/{patient_id}/report"
    for path in ("", f"/people/{world.nina.actor.person_id}", f"/patients/{patient_id}", report):
        tab = see(world.rolf, f"/audit{path}")
        expect(tab.find("tbody tr").first).to_be_visible()
        assert faults_of(tab) == []
    tab.page.get_by_role("link", name="Spørsmål til linjen").first.click()
    tab.find("textarea").fill("Hvorfor leste hun min?")
    assert faults_of(tab) == []
    tab.page.get_by_role("button", name="Lagre spørsmålet").click()
    expect(tab.find("h1")).to_have_text("Spørsmål fra pasienten")
    assert faults_of(tab) == []
    asked = f"/patients/{patient_id}/requests/new"
    for path in (
        "/requests",
        asked,
        f"/patients/{patient_id}/access",
        "/replay?role=nurse&part=notes",
        "/replay?hours=2",
        "/integrity",
    ):
        assert faults_of(see(world.rolf, f"/audit{path}")) == []


def test_what_the_patient_has_closed_and_the_way_to_open_it(
    world: World, see: See, work_of: Callable[..., Any], patient_id: UUID
) -> None:
    with work_of(world.lars) as work:
        asked = AskedToClose("notes", "Pasienten", work.now.date(), person_id=world.nina.actor.person_id)
        Restrictions(work).register(patient_id, asked)
    tab = see(world.nina, f"/patients/{patient_id}")
    tab.page.get_by_role("link", name="Er liv eller helse i fare?").first.click()
    expect(tab.find("button[value=closed-life]")).to_be_visible()
    assert faults_of(tab) == []


def test_the_page_where_one_signs_in(world: World, see: See) -> None:
    tab = see(None, "/sign-in")

    # The people of every test before this one stand here; some of them are enough to look at.
    tab.page.evaluate("document.querySelectorAll('.people li:nth-child(n + 6)').forEach((person) => person.remove())")
    for folded in tab.find("main details").all():
        folded.evaluate("(details) => { details.open = true }")
    assert faults_of(tab) == []
    assert faults_of(see(world.nina, "/sign-in/role")) == []
