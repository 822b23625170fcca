"""From what supply a medicine comes and who gives it: asked, shown, changed, taken in from another's list, sent on."""

import html
from collections.abc import Callable, Iterator
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.app import JournalApp
from journal.medication import Imported, Medication, Medicine
from journal.medication.errors import OrderChanged
from journal.medication.fhir.orders import SUPPLY, request_to_fhir
from journal.medication.rules import (
    Dosage,
    DoseStatus,
    GivenBy,
    Supply,
    daily,
    supply_flags,
    take_out_text,
    usual_supply,
)
from journal.medication.rules.reconciling import Choice, Kind
from journal.medication.rules.supply import may_come_from
from journal.medication.service.shown import DueDose
from journal.platform.errors import Denied, Invalid
from journal.platform.quantity import Quantity
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication import test_importing
from tests.medication.source_files import medication_list
from tests.medication.test_importing import EVERY_MORNING, take_in
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_reconciling import choose, medicine, ours, theirs
from tests.medication.test_sign import doses, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@pytest.fixture(scope="module")
def catalogue(app: JournalApp, settings: Settings) -> Iterator[Imported]:
    yield from test_importing.demo_catalogue(settings)


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def daily_drops() -> Dosage:
    return daily(Quantity(Decimal(1), "dråpe"), [time(8)])


def newest(world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID) -> Any:
    with work_of(world.lars) as work:
        return Medication(work).history(patient_id, entry_id)[0]


def flags(world: World, work_of: WorkOf, patient_id: UUID) -> list[str]:
    """The words beside the one medicine of the list."""
    with work_of(world.nina) as work:
        found = Medication(work).list_with_strip(patient_id)
    (one,) = (*found.regular, *found.courses, *found.as_needed)
    return [str(word) for _color, word in one.flags]


def resupply(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    entry_id: UUID,
    supply: Supply = Supply.MULTIDOSE,
    given_by: GivenBy = GivenBy.UNIT,
    *,
    version: int = 1,
) -> int:
    with work_of(world.lars) as work:
        told = {"supply": supply, "given_by": given_by, "reason": "Får multidose fra mandag"}
        made: int = Medication(work).change_supply(patient_id, entry_id, version=version, **told)
        return made


@pytest.mark.parametrize(
    ("supply", "given_by", "words", "take_out"),
    [
        ("ward_stock", "municipality_unit", [], None),
        (None, "municipality_unit", [], None),
        ("own_packs", "municipality_unit", ["fra egen pakning"], None),
        ("dosett", "municipality_unit", ["fra dosett"], "Ta den ut av dosetten."),
        ("multidose", "next_of_kin", ["fra multidose", "pårørende gir"], "Ta den ut av multidoseposen."),
        ("dispenser", "patient", ["fra dispenser", "tar selv"], "Ta den ut av dispenseren."),
        ("brought_along", "other", ["medbrakt", "andre gir"], None),
    ],
)
def test_the_words_say_where_the_hand_finds_it_and_who_gives(
    supply: str | None, given_by: str, words: list[str], take_out: str | None
) -> None:
    assert [str(word) for _color, word in supply_flags(supply, given_by)] == words
    assert take_out_text(supply) == take_out


@pytest.mark.parametrize(
    ("ground", "likely"),
    [("stay", Supply.WARD_STOCK), ("service", Supply.OWN_PACKS), ("route", Supply.OWN_PACKS)],
)
def test_a_ward_has_a_stock_and_who_lives_at_home_has_her_packs(ground: str, likely: Supply) -> None:
    assert usual_supply(ground) is likely


def test_an_order_says_its_supply_also_when_nobody_was_asked(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    asked = order(world, work_of, patient_id, supply=Supply.DOSETT, given_by=GivenBy.NEXT_OF_KIN)
    other = world.patient(none_known=True)
    not_asked = order(world, work_of, other)

    one, usual = newest(world, work_of, patient_id, asked), newest(world, work_of, other, not_asked)
    assert (one.supply, one.given_by) == (Supply.DOSETT, GivenBy.NEXT_OF_KIN)
    assert (usual.supply, usual.given_by) == (Supply.WARD_STOCK, GivenBy.UNIT)


def test_the_list_the_card_and_the_dose_say_it(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    order(world, work_of, patient_id, supply=Supply.MULTIDOSE)

    assert flags(world, work_of, patient_id) == ["fra multidose"]
    (dose, *_) = doses(world, work_of, patient_id)
    assert [str(word) for _color, word in dose.origin] == ["fra multidose"]
    nina = client_for(world.nina)
    assert "fra multidose" in nina.get(f"/round?patient={patient_id}").text
    assert "fra multidose" in nina.get(f"/patients/{patient_id}/medication").text


def test_a_paused_medicine_in_a_bag_is_to_be_taken_out(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, supply=Supply.MULTIDOSE)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Lav puls")
    assert {dose.take_out for dose in doses(world, work_of, patient_id)} == {"Ta den ut av multidoseposen."}

    # The round is of patients with something to give.
    order(world, work_of, patient_id, medicine=PARACETAMOL)
    page = client_for(world.nina).get(f"/round?patient={patient_id}").text
    assert "Ta den ut av multidoseposen. · Lav puls" in html.unescape(page)


def test_another_supply_is_a_version_that_the_doses_follow(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id)
    before = doses(world, work_of, patient_id)

    assert resupply(world, work_of, patient_id, entry_id, given_by=GivenBy.PATIENT) == 2

    now = newest(world, work_of, patient_id, entry_id)
    assert (now.change, now.supply, now.given_by) == ("change", Supply.MULTIDOSE, GivenBy.PATIENT)
    after = doses(world, work_of, patient_id)
    assert [(dose.id, dose.due_at) for dose in after] == [(d.id, d.due_at) for d in before]
    assert {dose.status for dose in after} == {DoseStatus.BY_OTHERS}
    assert {(dose.version, _words(dose)) for dose in after} == {(2, ("fra multidose", "tar selv"))}
    given = world.migrator.execute(
        "SELECT DISTINCT given_by FROM medication.dose WHERE request_entry_id = %s AND due_at > now()", (entry_id,)
    ).fetchall()
    assert given == [("patient",)], "the worklist counts what the unit gives"


def test_a_dose_that_was_paused_stays_so_when_the_supply_is_changed(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id)
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Lav puls")
        Medication(work).resume(patient_id, entry_id, version=2, reason="Puls 70")
    before = [_paused(dose) for dose in doses(world, work_of, patient_id)]

    resupply(world, work_of, patient_id, entry_id, version=3)

    assert [_paused(dose) for dose in doses(world, work_of, patient_id)] == before


def test_what_is_no_change_or_rests_on_an_old_version_is_refused_and_a_nurse_is(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, supply=Supply.MULTIDOSE)

    with pytest.raises(Invalid):
        resupply(world, work_of, patient_id, entry_id)
    resupply(world, work_of, patient_id, entry_id, Supply.DOSETT)
    with pytest.raises(OrderChanged):
        resupply(world, work_of, patient_id, entry_id, Supply.DISPENSER)
    with pytest.raises(Denied), work_of(world.nina) as work:
        told = {"supply": Supply.DOSETT, "given_by": GivenBy.PATIENT, "reason": "Prøve"}
        Medication(work).change_supply(patient_id, entry_id, version=2, **told)


@pytest.mark.parametrize(
    ("unit", "form", "lies"),
    [
        ("tablett", "tablett", True),
        ("tablett", "Depottablett", True),
        ("tablett", None, True),
        ("kapsel", "Enterokapsel", True),
        ("tyggetablett", "Tyggetablett", True),
        ("tablett", "Brusetablett", False),
        ("tablett", "smeltetablett", False),
        ("tablett", "Sublingvaltablett", False),
        ("enheter", "Injeksjonsvæske, oppløsning", False),
        ("ml", "Mikstur", False),
        ("dose", "Krem", False),
        ("dråper", None, False),
        ("plaster", "Depotplaster", False),
        ("vaginaltablett", "Vaginaltablett", False),
    ],
)
def test_only_pieces_that_need_not_keep_their_pack_lie_ready(unit: str, form: str | None, lies: bool) -> None:
    ready = (Supply.DOSETT, Supply.MULTIDOSE, Supply.DISPENSER)
    assert [may_come_from(supply, unit, form) for supply in ready] == [lies] * 3
    assert all(may_come_from(supply, unit, form) for supply in (None, *(set(Supply) - set(ready))))


def test_what_is_no_piece_is_neither_prescribed_nor_moved_into_a_dosett(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    drops: dict[str, Any] = {"medicine": Medicine("timolol", "Oftan", "øyedråper"), "dosage": daily_drops()}
    with pytest.raises(Invalid) as refused:
        order(world, work_of, patient_id, **drops, supply=Supply.MULTIDOSE)
    assert "Bare tabletter og kapsler" in str(refused.value.errors["supply"])
    entry_id = order(world, work_of, patient_id, **drops, supply=Supply.OWN_PACKS)

    with pytest.raises(Invalid):
        resupply(world, work_of, patient_id, entry_id, Supply.DOSETT)
    assert newest(world, work_of, patient_id, entry_id).version == 1
    resupply(world, work_of, patient_id, entry_id, Supply.WARD_STOCK)


def test_what_fhir_says_has_the_national_code_and_our_words(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    order(world, work_of, patient_id, supply=Supply.MULTIDOSE, given_by=GivenBy.NEXT_OF_KIN)
    with work_of(world.nina) as work:
        (whole,) = Medication(work).whole_orders(patient_id)

    sent = request_to_fhir(whole)

    (extension,) = sent["extension"]
    code = {"system": "urn:oid:2.16.578.1.12.4.1.1.9135", "code": "3", "display": "Multidose"}
    assert extension == {"url": SUPPLY, "valueCodeableConcept": {"coding": [code], "text": "Multidose"}}
    assert sent["performerType"] == {"text": "Pårørende"}


@pytest.mark.usefixtures("catalogue")
def test_the_form_asks_and_the_page_of_the_order_changes_it(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    item = medicine(work_of, world, "selo-zok").catalogue_item_id
    lars, page = client_for(world.lars), f"/patients/{patient_id}/medication"
    form = lars.get(f"{page}/prescribe?item={item}").text
    assert '<option value="ward_stock" selected>' in form and '<option value="municipality_unit" selected>' in form

    said = {
        "item": str(item),
        "amount": "1",
        "unit": "tablett",
        "pattern": "daily",
        "times": "8",
        "indication": "trykk",
    }
    lars.act(f"{page}/prescribe/review", said)
    signed = lars.act(f"{page}/prescribe", said | {"supply": "dosett", "given_by": "patient"})
    assert signed.status_code == 303, signed.text
    with work_of(world.lars) as work:
        (one,) = Medication(work).list_with_strip(patient_id).regular
    assert [str(word) for _color, word in one.flags] == ["fra dosett", "tar selv"]

    of_order = f"{page}/{one.request_entry_id}"
    told = {"version": "1", "supply": "multidose", "given_by": "municipality_unit", "reason": ""}
    refused = lars.act(f"{of_order}/supply", told)
    assert refused.status_code == 422
    assert '<option value="multidose" selected>' in refused.text, "what was chosen is not lost"
    assert lars.act(f"{of_order}/supply", told | {"reason": "Får multidose"}).status_code == 303
    shown = html.unescape(lars.get(of_order).text)
    assert "Tas fra: Multidose · Gis av: Avdelingen eller hjemmetjenesten" in shown
    assert "Gi beskjed til apoteket." in shown


@pytest.mark.usefixtures("catalogue")
def test_m251_says_what_lies_in_multidose_and_it_is_taken_in(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """Also where all else is alike: then it is the only difference."""
    of = medicine(work_of, world, "selo-zok")
    packed = theirs(world, of, "e-1").replace("<ReseptDok", '<InngarMultidose V="2" DN="x"/><ReseptDok', 1)
    entry_id = ours(world, work_of, patient_id, of, EVERY_MORNING)
    document_id = take_in(world, work_of, patient_id, medication_list(packed))
    with work_of(world.lars) as work:
        (row,) = Medication(work).comparison(patient_id, document_id).rows
    assert (row.kind, [str(said) for said in row.differences]) == (Kind.DIFFERENT, ["Ligger i multidose."])

    choose(world, work_of, patient_id, document_id, Choice.TAKE_IN)

    assert newest(world, work_of, patient_id, entry_id).supply is Supply.MULTIDOSE
    another = world.patient(none_known=True)
    document_id = take_in(world, work_of, another, medication_list(packed, message_id="m-2"))
    choose(world, work_of, another, document_id, Choice.TAKE_IN)
    assert flags(world, work_of, another) == ["fra multidose"]


def _words(dose: DueDose) -> tuple[str, ...]:
    return tuple(str(word) for _color, word in dose.origin)


def _paused(dose: DueDose) -> tuple[object, ...]:
    """Which dose, whether it is given, and why not: a change of the supply is no reason for a pause."""
    return dose.id, dose.status, dose.paused_because


def test_what_she_takes_herself_is_never_late_and_is_said_not_to_be_ours(
    world: World, work_of: WorkOf, client_for: ClientFor
) -> None:
    """A card that says late, with a button, is a double dose."""
    hers, ours = world.patient(), world.patient()
    for patient_id, gives in ((hers, GivenBy.PATIENT), (ours, GivenBy.UNIT)):
        order(world, work_of, patient_id, given_by=gives)
        world.migrator.execute(
            """UPDATE medication.dose SET due_at = due_at - interval '3 h', ready_from = ready_from - interval '3 h',
               late_after = late_after - interval '3 h', missed_from = missed_from - interval '3 h'
               WHERE patient_id = %s AND due_at < now()""",
            (patient_id,),
        )

    first = [doses(world, work_of, patient_id)[0] for patient_id in (hers, ours)]

    assert [dose.status for dose in first] == [DoseStatus.BY_OTHERS, DoseStatus.LATE]
    assert (first[0].status_text, first[0].can_sign) == ("gis ikke av oss", True)
    with work_of(world.nina) as work:
        assert Medication(work).unsettled([hers])[hers] == []
        listed = Medication(work).list_with_strip(hers)
    assert {mark[1] for mark in listed.regular[0].strip.marks} == {DoseStatus.BY_OTHERS}
    page = client_for(world.nina).get(f"/round?patient={hers}&slot={first[0].slot}").text
    assert "gis ikke av oss" in page and "tar selv" in page and "forsinket" not in page[page.index('class="doses"') :]
