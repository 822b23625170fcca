"""An antibiotic or an anticoagulant is never paused without somebody saying what is given instead, and until when."""

import html
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.care import Care
from journal.medication import Medication, Medicine
from journal.medication.rules import OrderStatus
from journal.medication.rules.pausing import Replacement, must_be_replaced, pause_text
from journal.medication.service import Pause
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Invalid, NotFound
from tests.conftest import Browser, World
from tests.medication.test_sign import doses, order

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
PENICILLIN = Medicine("fenoksymetylpenicillin", form="tablett", strength="650 mg", route="peroralt", atc_code="J01CE02")
ENOXAPARIN = Medicine("enoksaparin", "Klexane", form="injeksjonsvæske", route="subkutant", atc_code="B01AB05")
AGAIN = "Pausen er over: skal legemidlet gis igjen, pauses lenger eller seponeres?"
PRESCRIBE = "Et legemiddel er pauset: forskriv det som skal gis i stedet."


def nothing_instead() -> Pause:
    """What an antibiotic or an anticoagulant that is paused must say."""
    until = local_date(datetime.now(UTC)) + timedelta(days=3)
    return Pause(until=until, replacement=Replacement.NOTHING, because="blør")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True)


def hold(
    world: World, work_of: WorkOf, patient_id: UUID, entry_id: UUID, *, in_days: int | None = 3, **more: Any
) -> None:
    with work_of(world.lars) as work:
        until = local_date(work.now) + timedelta(days=in_days) if in_days is not None else None
        pause = Pause(**({"until": until, "replacement": Replacement.NOTHING, "because": "blør"} | more))
        Medication(work).hold(patient_id, entry_id, version=1, reason="Tannuttrekking.", pause=pause)


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[str]:
    with work_of(world.nina) as work:
        return [task.text for task in Care(work).open_tasks(patient_id)]


@pytest.mark.parametrize(
    ("atc_code", "asks"),
    [
        ("J01CE02", True),
        ("B01AA03", True),
        ("B01AB05", True),
        ("B01AF02", True),
        ("B01AC06", False),
        ("C07AB02", False),
        (None, False),
    ],
)
def test_antibiotics_and_anticoagulants_ask_and_no_other(atc_code: str | None, asks: bool) -> None:
    assert must_be_replaced(atc_code) is asks


@pytest.mark.parametrize(
    ("replacement", "until", "said"),
    [
        (None, None, "Blør."),
        (None, "24.11.2026", "Blør. Vurderes 24.11.2026"),
        (Replacement.ORDER, "24.11.2026", "Blør. I stedet gis enoksaparin. Vurderes 24.11.2026"),
        (Replacement.NOTHING, None, "Blør. Ingenting gis i stedet: opereres i dag"),
        (Replacement.PRESCRIBE, None, "Blør. Det som skal gis i stedet, forskrives nå"),
    ],
)
def test_why_what_instead_and_until_when_is_one_text(
    replacement: Replacement | None, until: str | None, said: str
) -> None:
    assert pause_text("Blør.", replacement, named="enoksaparin", because="opereres i dag.", until=until) == said


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"replacement": None}, "replacement"),
        ({"because": " "}, "because"),
        ({"replacement": Replacement.ORDER}, "replaced_by"),
        ({"in_days": None}, "until"),
        ({"in_days": 0}, "until"),
    ],
)
def test_a_pause_that_leaves_a_gap_is_refused_at_what_is_missing(
    world: World, work_of: WorkOf, patient_id: UUID, more: dict[str, Any], field: str
) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)

    with pytest.raises(Invalid) as refused:
        hold(world, work_of, patient_id, entry_id, **more)

    assert list(refused.value.fields["errors"]) == [field]
    with work_of(world.lars) as work:
        assert Medication(work).history(patient_id, entry_id)[0].status is OrderStatus.ACTIVE


def test_what_replaces_it_is_in_use_and_another(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    other = order(world, work_of, patient_id, medicine=ENOXAPARIN)
    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, other, version=1, reason="Slutt")

    for chosen in (entry_id, other):
        with pytest.raises(Invalid):
            hold(world, work_of, patient_id, entry_id, replacement=Replacement.ORDER, replaced_by=chosen)
    with pytest.raises(NotFound):
        hold(world, work_of, patient_id, entry_id, replacement=Replacement.ORDER, replaced_by=uuid4())


def test_what_replaces_it_follows_the_order_and_the_end_of_the_pause_is_a_task(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    other = order(world, work_of, patient_id, medicine=ENOXAPARIN)
    hold(world, work_of, patient_id, entry_id, replacement=Replacement.ORDER, replaced_by=other)

    with work_of(world.nina) as work:
        day = norwegian_date(local_date(work.now) + timedelta(days=3))
        shown = Medication(work).list_with_strip(patient_id).regular
    (paused,) = (one for one in shown if one.request_entry_id == entry_id)
    why = f"Tannuttrekking. I stedet gis enoksaparin. Vurderes {day}"
    assert paused.changed_text.endswith(why)
    assert {dose.paused_because for dose in doses(world, work_of, patient_id) if dose.request_entry_id == entry_id} == {
        why
    }
    assert tasks(world, work_of, patient_id) == [AGAIN]
    stored = world.migrator.execute(
        "SELECT version, replaced_by, paused_until IS NOT NULL FROM medication.medication_request WHERE entry_id = %s"
        " ORDER BY version",
        (entry_id,),
    ).fetchall()
    assert stored == [(1, None, False), (2, other, True)]


@pytest.mark.parametrize("end", ["resume", "stop"])
def test_nobody_is_asked_about_a_pause_that_is_over(world: World, work_of: WorkOf, patient_id: UUID, end: str) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    hold(world, work_of, patient_id, entry_id, replacement=Replacement.PRESCRIBE)
    assert tasks(world, work_of, patient_id) == [PRESCRIBE, AGAIN], "what is to be prescribed is due now"

    with work_of(world.lars) as work:
        getattr(Medication(work), end)(patient_id, entry_id, version=2, reason="Ferdig")

    assert tasks(world, work_of, patient_id) == []
    row = world.migrator.execute(
        "SELECT paused_until, replaced_by FROM medication.medication_request WHERE entry_id = %s AND version = 3",
        (entry_id,),
    ).fetchone()
    assert row == (None, None)


def test_the_task_of_something_else_about_the_order_is_left_alone(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    with work_of(world.nina) as work:
        Care(work).add_task(patient_id, "Ring pårørende", about_id=entry_id)
    hold(world, work_of, patient_id, entry_id)
    with work_of(world.lars) as work:
        Medication(work).resume(patient_id, entry_id, version=2, reason="Ferdig")

    assert tasks(world, work_of, patient_id) == ["Ring pårørende"]


def test_the_form_asks_says_what_is_missing_and_leads_to_what_is_prescribed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = order(world, work_of, patient_id, medicine=PENICILLIN)
    plain = order(world, work_of, patient_id)
    lars, page = client_for(world.lars), f"/patients/{patient_id}/medication"
    assert "Hva gis mens det er pauset?" in lars.get(f"{page}/{entry_id}").text
    assert "Hva gis mens det er pauset?" not in lars.get(f"{page}/{plain}").text
    assert lars.act(f"{page}/{plain}/hold", {"version": "1", "reason": "Lav puls"}).status_code == 303

    said = {"version": "1", "reason": "Blør", "replacement": "", "replaced_by": "", "because": "", "until": ""}
    refused = lars.act(f"{page}/{entry_id}/hold", said)
    assert refused.status_code == 422
    assert "Velg hva som gis mens legemidlet er pauset." in refused.text and 'value="Blør"' in refused.text
    with work_of(world.lars) as work:
        said |= {"until": norwegian_date(local_date(work.now) + timedelta(days=2)), "replacement": "prescribe"}
    held = lars.act(f"{page}/{entry_id}/hold", said)
    assert held.headers["Location"].endswith(f"{page}/prescribe")
    assert "Det som skal gis i stedet, forskrives nå" in html.unescape(lars.get(page).text)
