"""The budget of a whole round: 26 doses of four patients in 30 taps at most, with a compartment, a dose not given and a pulse."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from playwright.sync_api import expect

from journal.medication import Medicine
from journal.medication.prepared_tables import Prepared, PreparedCheck, PreparedLine
from journal.medication.rules import pulse
from journal.platform.clock import local, local_date
from journal.platform.ids import new_id
from tests import factories
from tests.browser.conftest import OpenAs
from tests.browser.counting import Counting
from tests.conftest import World

Migrator = psycopg.Connection[Any]

ALONE, IN_BOX, MOST = {"Berg": 8, "Dahl": 7, "Hagen": 6}, 5, 30
SIGNED = "medication.medication_administration WHERE patient_id = ANY (%s)"


def due_now(world: World, patient_id: UUID, count: int, due_at: datetime, **order: Any) -> list[dict[str, Any]]:
    """So many medicines, each with one dose at this time."""
    dosage, since = factories.once_a_day(local(due_at).time()), due_at - timedelta(days=3)
    made = []
    for number in range(count):
        medicine = Medicine(f"prøvium{number}", None, "tablett", strength="50 mg", route="peroralt")
        request = factories.medication_request(
            world.builder,
            patient_id,
            world.lars,
            medicine,
            dosage=dosage,
            starts_at=since,
            planned_until=due_at + timedelta(days=1),
            **order,
        )
        made += factories.doses(world.builder, request, dosage, due_at, due_at + timedelta(minutes=1))
    return made


def lay_in_box(world: World, patient_id: UUID, doses: list[dict[str, Any]], due_at: datetime) -> None:
    """A dosett with these, laid in by Nina and controlled by Siri."""
    b, id, day = world.builder, new_id(), local_date(due_at)
    of = {"patient_id": patient_id, "prepared_id": id}
    who = {"prepared_by": "Nina Nordli", "starts_on": day, "ends_on": day + timedelta(days=6)}
    b.add(Prepared, **world.nina.stamp, patient_id=patient_id, id=id, entry_id=id, version=1, kind="dosett", **who)
    for dose in doses:
        said = {name: dose[name] for name in ("due_at", "amount", "unit", "request_entry_id", "request_version")}
        b.add(PreparedLine, **world.nina.stamp, **of, **said, id=new_id(), medicine="prøvium")
    b.add(PreparedCheck, **world.siri.stamp, **of, id=new_id(), outcome="controlled")


def sign_pane(tab: Counting, *, one_refused: bool) -> None:
    """All that is ready of the patient on the screen; the first of hers is not given where that is so."""
    if one_refused:
        tab.tap(tab.find(".dose.is-ready:not(.bag) summary.btn.not").first)
        tab.tap(tab.find("details[open]").get_by_role("button", name="Faster", exact=True))
        expect(tab.find(".dose.is-not_given")).to_have_count(1)
    ready = tab.find(".dose.is-ready button.give")
    while left := ready.count():
        card = tab.find(".dose.is-ready").first
        if (wanted := card.locator(".check input")).count():
            tab.write(wanted, "72")
        tab.tap(card.locator("button.give"))
        expect(ready).to_have_count(left - 1)


def test_a_round_of_26_doses_is_30_taps_at_most(world: World, migrator: Migrator, open_as: OpenAs) -> None:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0)
    box = world.patient(family_name="Aas")
    lay_in_box(world, box, due_now(world, box, IN_BOX, due_at, supply="dosett"), due_at)
    patients = {"Aas": box} | {name: world.patient(family_name=name) for name in ALONE}
    for name, count in ALONE.items():
        measured = name == "Berg"
        due_now(world, patients[name], count - measured, due_at)
        due_now(world, patients[name], int(measured), due_at, required_value=pulse(Decimal(55)))
    world.store()
    tab = open_as(world.nina, "/round")

    with tab.counted() as counts:
        for number in range(len(patients)):
            name = tab.find("#pane .pb h2 b").inner_text()
            sign_pane(tab, one_refused=name == "DAHL")
            if number < len(ALONE):
                tab.tap(tab.find(".foot .go a").last)
                expect(tab.find("#pane .pb h2 b")).not_to_have_text(name)

    done = migrator.execute(f"SELECT status, count(*) FROM {SIGNED} GROUP BY 1", ([*patients.values()],)).fetchall()
    assert dict(done) == {"completed": 25, "not-done": 1}
    assert (counts.taps <= MOST, counts.keys, counts.loads) == (True, 0, 0), counts
