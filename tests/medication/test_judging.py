"""The safety rules where a doctor prescribes: what stops, what is asked again, what is kept, and who sees it."""

import html
import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.app import JournalApp
from journal.medication import Answers, Medication, Medicine, import_catalogue, mini_fest
from journal.medication.dosage_form import form_of
from journal.medication.errors import AlertsFound
from journal.medication.rules import Dosage, InrControl, daily, every_hours, when_needed
from journal.medication.rules.safety import Found, NoneFound, NotAsked, NotAssessed, Rule, Tier
from journal.medication.rules.safety.allergy_groups import UNKNOWN_REACTION
from journal.platform.clock import local_date
from journal.platform.errors import Denied
from journal.platform.settings import Settings
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_fest import m30
from tests.medication.test_pausing import nothing_instead
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_sign import ONE, answers, doses, prescribe

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

IBUPROFEN = Medicine("ibuprofen", "Ibux", "tablett", strength="400 mg", route_code="53", atc_code="M01AE01")
WARFARIN = Medicine("warfarin", "Marevan", "tablett", strength="2,5 mg", route_code="53", atc_code="B01AA03")
PENICILLIN = Medicine(
    "fenoksymetylpenicillin", "Apocillin", "tablett", strength="1 g", route_code="53", atc_code="J01CE02"
)
METHOTREXATE = Medicine("metotreksat", form="tablett", strength="2,5 mg", route_code="53", atc_code="L04AX03")
NEEDED = when_needed(ONE, max_doses=1)
REASON = "Tålte det i 2024"


def until_inr() -> Dosage:
    """Warfarin is prescribed until its next INR, and in no other way."""
    today = local_date(datetime.now(UTC))
    inr = InrControl(Decimal(2), Decimal(3), Decimal("2.4"), today, today + timedelta(days=7))
    return daily(ONE, [time(18)], inr=inr)


@pytest.fixture(scope="module", autouse=True)
def _catalogue(app: JournalApp, settings: Settings) -> Iterator[None]:
    file = io.BytesIO()
    mini_fest.write(file)
    file.seek(0)
    import_catalogue(settings.migrator_url, file, replace=True)
    yield
    import_catalogue(settings.migrator_url, m30(), replace=True)


@pytest.fixture
def patient_id(world: World) -> UUID:
    """Somebody who was asked, and has no allergy."""
    patient_id = world.patient()
    factories.no_known_allergies(world.builder, patient_id, world.nina)
    world.store()
    return patient_id


@pytest.fixture
def allergic(world: World) -> UUID:
    patient_id = world.patient()
    more = {"code_system": "ATC", "code": "J01C", "reaction": "anafylaksi", "severity": "severe"}
    factories.allergy(world.builder, patient_id, world.nina, "Penicillin", **more)
    world.store()
    return patient_id


@pytest.fixture
def judged(world: World, work_of: WorkOf) -> Callable[..., Any]:
    def ask(patient_id: UUID, medicine: Medicine, dosage: Dosage = NEEDED) -> Any:
        with work_of(world.lars) as work:
            return Medication(work).judge(patient_id, medicine=medicine, dosage=dosage)

    return ask


INR = {name: said for name, said in form_of(until_inr()).items() if name.startswith("inr")}


def ordered(world: World, work_of: WorkOf, patient_id: UUID, medicine: Medicine, dosage: Dosage | None = None) -> UUID:
    dosage = dosage or (until_inr() if medicine == WARFARIN else NEEDED)
    with work_of(world.lars) as work:
        return prescribe(work, patient_id, medicine=medicine, dosage=dosage, use="3" if dosage.as_needed else "1")


def stored(world: World, patient_id: UUID) -> list[Any]:
    rows = world.migrator.execute(
        "SELECT detected_issues FROM medication.medication_request WHERE patient_id = %s ORDER BY recorded_at",
        (patient_id,),
    )
    return [row[0] for row in rows]


# Asked of the service


def test_only_who_may_prescribe_has_an_order_judged(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with work_of(world.nina) as work, pytest.raises(Denied):
        Medication(work).judge(patient_id, medicine=WARFARIN, dosage=NEEDED)


@pytest.mark.parametrize(("first", "second"), [(WARFARIN, IBUPROFEN), (IBUPROFEN, WARFARIN)])
def test_an_interaction_is_found_whichever_of_the_two_came_first(
    world: World, work_of: WorkOf, patient_id: UUID, judged: Callable[..., Any], first: Medicine, second: Medicine
) -> None:
    ordered(world, work_of, patient_id, first)

    found = judged(patient_id, second)

    assert isinstance(found.interactions, Found)
    (alert,) = [alert for alert in found.alerts if alert.rule is Rule.INTERACTION]
    assert (alert.tier, set(alert.about)) == (Tier.CARD, {"warfarin", "ibuprofen"})
    assert "Bruk paracetamol i stedet." in alert.text


def test_a_paused_medicine_counts_and_a_stopped_one_does_not(
    world: World, work_of: WorkOf, patient_id: UUID, judged: Callable[..., Any]
) -> None:
    entry_id = ordered(world, work_of, patient_id, WARFARIN)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="INR 4", pause=nothing_instead())
    paused = judged(patient_id, IBUPROFEN)
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=2, reason="INR 5")
    stopped = judged(patient_id, IBUPROFEN)

    assert isinstance(paused.interactions, Found)
    assert isinstance(stopped.interactions, NoneFound)


def test_what_nobody_has_assessed_is_said(
    world: World, work_of: WorkOf, patient_id: UUID, judged: Callable[..., Any]
) -> None:
    ordered(world, work_of, patient_id, WARFARIN)

    answer = judged(patient_id, Medicine("hjemmelaget mikstur")).interactions

    assert isinstance(answer, NotAssessed)
    assert "hjemmelaget mikstur" in answer.text


def test_without_a_catalogue_nothing_is_said_to_be_safe(
    world: World, work_of: WorkOf, settings: Settings, patient_id: UUID, judged: Callable[..., Any]
) -> None:
    ordered(world, work_of, patient_id, WARFARIN)
    world.migrator.execute("UPDATE medication.catalogue_interaction SET active = false, withdrawn_at = now()")
    try:
        answer = judged(patient_id, IBUPROFEN).interactions
    finally:
        world.migrator.execute("UPDATE medication.catalogue_interaction SET active = true, withdrawn_at = NULL")

    assert isinstance(answer, NotAsked)
    assert "ikke lest inn" in answer.text


def test_who_was_never_asked_about_allergies_is_no_patient_without(world: World, judged: Callable[..., Any]) -> None:
    alerts = judged(world.patient(), WARFARIN).alerts

    assert "Ingen har spurt pasienten om allergier." in {alert.text for alert in alerts}


@pytest.mark.parametrize("reaction_code", [None, UNKNOWN_REACTION])
def test_a_reaction_that_nobody_knows_counts_as_serious(
    world: World, judged: Callable[..., Any], reaction_code: str | None
) -> None:
    patient_id = world.patient()
    more = {"code_system": "ATC", "code": "J01C", "reaction_code": reaction_code}
    factories.allergy(world.builder, patient_id, world.nina, "Penicillin", **more)
    world.store()

    assert judged(patient_id, PENICILLIN).interrupts


def test_an_order_is_not_a_double_of_itself_when_it_is_changed(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, WARFARIN)
    with work_of(world.lars) as work:
        found = Medication(work).judge_change(patient_id, entry_id, dosage=when_needed(ONE, max_doses=2))

    assert [alert.rule for alert in found.alerts if alert.tier is not Tier.MARK] == []


def test_a_stop_is_passed_with_a_reason_alone_and_both_are_kept_with_every_version(
    world: World, work_of: WorkOf, allergic: UUID, judged: Callable[..., Any]
) -> None:
    seen = answers(judged(allergic, PENICILLIN)).seen

    def sign(answered: Answers) -> UUID:
        with work_of(world.lars) as work:
            return Medication(work).prescribe(allergic, medicine=PENICILLIN, dosage=NEEDED, use="3", answers=answered)

    for refused in (Answers(), Answers(seen), Answers(seen, "  "), Answers((), REASON)):
        with pytest.raises(AlertsFound):
            sign(refused)
    assert stored(world, allergic) == []
    entry_id = sign(Answers(seen, REASON))
    with work_of(world.lars) as work:
        Medication(work).hold(allergic, entry_id, version=1, reason="Feber", pause=nothing_instead())

    first, second = stored(world, allergic)
    assert first == second
    assert [(issue["rule"], issue["tier"], issue["reason"]) for issue in first] == [("allergy", 3, REASON)]


def test_what_was_seen_for_one_dose_is_not_seen_for_another(
    world: World, work_of: WorkOf, patient_id: UUID, judged: Callable[..., Any]
) -> None:
    ordered(world, work_of, patient_id, WARFARIN)
    seen = answers(judged(patient_id, IBUPROFEN)).seen

    with pytest.raises(AlertsFound), work_of(world.lars) as work:
        Medication(work).prescribe(
            patient_id, medicine=IBUPROFEN, dosage=when_needed(ONE, max_doses=3), use="3", answers=Answers(seen)
        )


def test_of_two_doctors_who_prescribe_the_same_at_once_one_is_told(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    def sign(_: int) -> str:
        try:
            with work_of(world.lars) as work:
                Medication(work).prescribe(patient_id, medicine=WARFARIN, dosage=until_inr())
        except AlertsFound:
            return "told"
        return "signed"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(sign, range(4))) == ["signed", "told", "told", "told"]


def test_a_change_is_judged_as_a_new_order_is(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, PARACETAMOL, daily(ONE, [time(8)]))

    with pytest.raises(AlertsFound) as told, work_of(world.lars) as work:
        Medication(work).change(patient_id, entry_id, version=1, dosage=every_hours(ONE, 1), reason="Feber")

    assert Rule.DAILY_MAXIMUM in {alert.rule for alert in told.value.judgement.alerts}


# On the page


class Form:
    """The prescribing form of one medicine, as a doctor fills it in."""

    def __init__(self, browser: Browser, world: World, work_of: WorkOf, patient_id: UUID, found_by: str) -> None:
        with work_of(world.lars) as work:
            hit = Medication(work).search_catalogue(found_by).hits[0]
        self.browser, self.url = browser, f"/patients/{patient_id}/medication/prescribe"
        self.sent: dict[str, Any] = {"item": str(hit.id), "amount": "1", "unit": "tablett", "indication": "prøve"}
        self.sent |= {"pattern": "daily", "times": "8"}

    def send(self, *, review: bool = False, **more: Any) -> Any:
        return self.browser.act(self.url + ("/review" if review else ""), self.sent | more)


@pytest.fixture
def form(world: World, work_of: WorkOf, client_for: ClientFor) -> Callable[..., Form]:
    return lambda patient_id, found_by: Form(client_for(world.lars), world, work_of, patient_id, found_by)


def seen_in(page: str) -> dict[str, list[str]]:
    return {
        "seen_alerts[]": [html.unescape(each) for each in re.findall(r'name="seen_alerts\[\]" value="([^"]*)"', page)]
    }


def test_nothing_to_say_and_the_first_submit_signs(form: Callable[..., Form], patient_id: UUID) -> None:
    assert form(patient_id, "marevan").send(**INR).status_code == 303


def test_an_allergy_stops_until_there_is_a_reason_and_nothing_typed_is_lost(
    world: World, form: Callable[..., Form], allergic: UUID
) -> None:
    apocillin = form(allergic, "apocillin 660")

    first = apocillin.send(indication="lungebetennelse")
    without = apocillin.send(**seen_in(first.text))
    stored_before = stored(world, allergic)
    signed = apocillin.send(**seen_in(first.text), override_reason=REASON)

    assert (first.status_code, without.status_code, signed.status_code) == (409, 409, 303)
    assert 'data-color="danger" id="alerts" role="alert" tabindex="-1" data-focus' in first.text
    assert "Allergi · Stopp" in first.text
    assert "Allergi mot Penicillin: anafylaksi." in first.text
    assert "Kilde: Pasientens kritiske informasjon" in first.text
    assert 'value="lungebetennelse"' in first.text
    assert 'id="f-override_reason-error">Skriv hvorfor du fortsetter.' in without.text
    assert stored_before == []
    assert len(stored(world, allergic)) == 1


def test_a_double_is_a_card_that_is_answered_by_signing(
    world: World, work_of: WorkOf, form: Callable[..., Form], patient_id: UUID
) -> None:
    paracet = form(patient_id, "paracet tab 500")
    assert paracet.send().status_code == 303

    told = paracet.send()
    signed = paracet.send(**seen_in(told.text))

    assert told.status_code == 409
    assert "Samme virkestoff" in told.text
    assert 'name="override_reason"' not in told.text
    assert signed.status_code == 303
    assert stored(world, patient_id)[0] is None


def test_ten_times_too_much_is_a_stop(form: Callable[..., Form], patient_id: UUID) -> None:
    told = form(patient_id, "marevan").send(amount="100", **INR)

    assert told.status_code == 409
    assert "Uvanlig dose · Stopp" in told.text


def test_methotrexate_every_day_is_refused_whatever_is_sent(
    world: World, work_of: WorkOf, form: Callable[..., Form], patient_id: UUID
) -> None:
    methotrexate = form(patient_id, "methotrexate orion")
    told = methotrexate.send()
    forced = methotrexate.send(**seen_in(told.text), override_reason=REASON)
    with pytest.raises(AlertsFound, match="Dette kan ikke signeres"):
        ordered(world, work_of, patient_id, METHOTREXATE, daily(ONE, [time(8)]))
    weekly = methotrexate.send(pattern="weekdays", **{"weekdays[]": ["1"]})

    assert told.status_code == forced.status_code == 409
    assert not [each for each in seen_in(told.text)["seen_alerts[]"] if each.startswith("weekly")]
    assert "Ingen begrunnelse hjelper her." in forced.text
    assert weekly.status_code == 303
    assert len(stored(world, patient_id)) == 1


def test_an_alert_that_came_between_the_two_submits_is_asked_about(
    world: World, work_of: WorkOf, form: Callable[..., Form], allergic: UUID
) -> None:
    apocillin = form(allergic, "apocillin 660")
    first = apocillin.send()
    ordered(world, work_of, allergic, PENICILLIN, daily(ONE, [time(8)]))

    again = apocillin.send(**seen_in(first.text), override_reason=REASON)
    signed = apocillin.send(**seen_in(again.text), override_reason=REASON)

    assert (again.status_code, signed.status_code) == (409, 303)
    assert "fenoksymetylpenicillin" in again.text
    assert len(seen_in(again.text)["seen_alerts[]"]) == len(seen_in(first.text)["seen_alerts[]"]) + 1
    assert f'value="{REASON}"' in again.text


def test_looking_it_over_stores_nothing_and_always_says_what_was_asked_about_interactions(
    world: World, work_of: WorkOf, form: Callable[..., Form], patient_id: UUID
) -> None:
    marevan = form(patient_id, "marevan")
    alone = marevan.send(review=True)
    ordered(world, work_of, patient_id, PENICILLIN)
    none_found = marevan.send(review=True)
    ordered(world, work_of, patient_id, Medicine("hjemmelaget mikstur"))
    unknown = marevan.send(review=True)
    ordered(world, work_of, patient_id, IBUPROFEN)
    found = marevan.send(review=True)

    assert alone.status_code == 200
    assert "Ingen advarsler i det vi kan kontrollere." in alone.text
    assert "ingen andre legemidler her å kontrollere" in alone.text
    assert "Ingen interaksjon funnet i FEST mellom disse 2 legemidlene." in none_found.text
    assert re.search(r"mellom disse 2 legemidlene\. <span[^>]*>Katalog fra FEST, hentet \d", none_found.text)
    assert "Interaksjoner er ikke vurdert for hjemmelaget mikstur." in unknown.text
    assert "Interaksjoner i FEST står over." in found.text
    assert "hjemmelaget mikstur" in found.text
    assert len(stored(world, patient_id)) == 3


def test_who_gives_it_and_who_opens_the_order_see_what_was_overridden_and_why(
    world: World, work_of: WorkOf, client_for: ClientFor, allergic: UUID
) -> None:
    with work_of(world.lars) as work:
        judgement = Medication(work).judge(allergic, medicine=PENICILLIN, dosage=every_hours(ONE, 12))
        entry_id = Medication(work).prescribe(
            allergic, medicine=PENICILLIN, dosage=every_hours(ONE, 12), answers=Answers(answers(judgement).seen, REASON)
        )
    needed = ordered(world, work_of, allergic, IBUPROFEN)
    nina = client_for(world.nina)

    for page in (f"/round?patient={allergic}", f"/patients/{allergic}/medication/{entry_id}"):
        shown = nina.get(page).text
        assert "Allergi mot Penicillin: anafylaksi." in shown, page
        assert f"Legens begrunnelse: {REASON}" in shown, page
    assert "Legens begrunnelse" not in nina.get(f"/patients/{allergic}/medication/{needed}").text


def test_a_dose_whose_stop_was_overridden_is_never_signed_with_one_tap(
    world: World, work_of: WorkOf, client_for: ClientFor, allergic: UUID
) -> None:
    with work_of(world.lars) as work:
        began = {"starts_at": work.now - timedelta(minutes=30), "dosage": every_hours(ONE, 12)}
        seen = Answers(answers(Medication(work).judge(allergic, medicine=PENICILLIN, **began)).seen, REASON)
        Medication(work).prescribe(allergic, medicine=PENICILLIN, answers=seen, **began)
    dose, nina = doses(world, work_of, allergic)[0], client_for(world.nina)
    url = f"/patients/{allergic}/doses/{dose.id}/given?slot={dose.slot}"

    refused = nina.act(url, {"request_version": "1"})
    unsigned = doses(world, work_of, allergic)[0].signed
    confirmed = nina.act(url, {"request_version": "1", "confirmed[]": "overridden"})

    assert (refused.status_code, unsigned) == (422, None)
    assert "Forskriveren gikk videre tross et stopp." in refused.text
    assert confirmed.status_code == 303 and doses(world, work_of, allergic)[0].signed is not None


def test_a_change_shows_what_it_would_be_told_and_is_signed_from_there(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = ordered(world, work_of, patient_id, PARACETAMOL, daily(ONE, [time(8)]))
    lars, url = client_for(world.lars), f"/patients/{patient_id}/medication/{entry_id}/change"
    sent = {"version": "1", "reason": "Feber", "amount": "1", "unit": "tablett", "pattern": "every_hours", "hours": "1"}

    reviewed = lars.act(f"{url}/review", sent)
    line = re.search(r'name="seen" value="([^"]*)"', reviewed.text)
    assert line
    confirmed = sent | {"seen": html.unescape(line[1])}
    unseen = lars.act(url, confirmed)
    signed = lars.act(url, confirmed | seen_in(unseen.text) | {"override_reason": REASON})

    assert (reviewed.status_code, unseen.status_code, signed.status_code) == (200, 409, 303)
    assert "Døgndose · Stopp" in reviewed.text
    assert seen_in(reviewed.text) == seen_in(unseen.text)
    assert "Signer endring" in unseen.text
    assert [issue["rule"] for issue in stored(world, patient_id)[-1]] == ["daily-maximum"]


def test_the_hits_of_a_search_are_marked_before_one_is_chosen(
    world: World, work_of: WorkOf, client_for: ClientFor, allergic: UUID
) -> None:
    ordered(world, work_of, allergic, WARFARIN)
    lars, marks = client_for(world.lars), {}
    for sought in ("apocillin+660", "marevan", "ibux+400", "omeprazol+sandoz"):
        page = lars.get(f"/patients/{allergic}/medication/prescribe?q={sought}").text
        hit = re.search(r'<ul class="hits">.*?</li>', page, re.DOTALL)
        assert hit
        marks[sought] = re.findall(r'data-color="(danger|warning)"><svg.*?</svg>([^<]*)</span>', hit[0], re.DOTALL)

    assert marks == {
        "apocillin+660": [("danger", "Allergi")],
        "marevan": [("danger", "Samme slag")],
        "ibux+400": [("warning", "Interaksjon")],
        "omeprazol+sandoz": [],
    }


def test_marks_cost_the_same_for_one_hit_and_for_ten(
    world: World, client_for: ClientFor, patient_id: UUID, count_queries: list[str]
) -> None:
    lars, counts = client_for(world.lars), []
    for sought in ("marevan", "marevan", "paracetamol"):
        count_queries.clear()
        lars.get(f"/patients/{patient_id}/medication/prescribe?q={sought}")
        counts.append(len(count_queries))

    assert counts[1] == counts[2]


def test_a_program_is_told_which_alerts_there_are(form: Callable[..., Form], allergic: UUID) -> None:
    apocillin = form(allergic, "apocillin 660")
    answer = apocillin.browser.act(apocillin.url, apocillin.sent, headers={"Accept": "application/json"})

    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["type"]) == (409, "/problems/alerts-found")
    first = problem["alerts"][0]
    assert (first["tier"], first["rule"], first["overridable"]) == (3, "allergy", True)
