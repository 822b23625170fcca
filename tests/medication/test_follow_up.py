"""Tapers and warfarin from the form to the round: what is expected, what the card says, and what is never guessed."""

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care
from journal.medication import Medication, Medicine
from journal.medication.rules import (
    Course,
    Dosage,
    DoseStatus,
    InrControl,
    Step,
    daily,
    glucose,
    in_steps,
    insulin_text,
    say,
)
from journal.medication.rules.insulin import meal_text
from journal.medication.rules.safety import Rule
from journal.observations import Observations
from journal.platform.clock import instant, local_date, norwegian_date
from journal.platform.errors import Invalid
from journal.platform.quantity import NBSP, Quantity
from tests import orders
from tests.conftest import Browser, World
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_sign import change, doses, prescribe, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

PREDNISOLONE = Medicine("prednisolon", form="tablett", strength="5 mg", route="peroralt", atc_code="H02AB06")
WARFARIN = Medicine("warfarin", "Marevan", "tablett", strength="2,5 mg", route="peroralt", atc_code="B01AA03")
EVERY_HOUR = [time(hour) for hour in range(24)]
"""So that a test never depends on the time of day."""


def tablets(number: int) -> Quantity:
    return Quantity(Decimal(number), "tablett")


def day(after: int) -> date:
    return local_date(datetime.now(UTC)) + timedelta(days=after)


def taper(*amounts: int, first: int = -1) -> Dosage:
    """Another amount each day, from yesterday unless said."""
    return in_steps([Step(day(first + n), (tablets(amount),)) for n, amount in enumerate(amounts)], EVERY_HOUR)


def begun() -> datetime:
    """An hour ago, or when the day began: the doses that are due now are today's, whatever the time is."""
    now = datetime.now(UTC)
    return max(now - timedelta(hours=1), instant(local_date(now), time.min))


def inr(next_on: int = 3, last_on: int = -1) -> InrControl:
    return InrControl(Decimal(2), Decimal(3), Decimal("2.4"), day(last_on), day(next_on))


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text)).replace(NBSP, " ")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def planned(world: World, entry_id: UUID, state: str = "open") -> dict[date, set[int]]:
    """The amounts of the doses that are expected, by day."""
    rows = world.migrator.execute(
        "SELECT due_at, amount FROM medication.dose WHERE request_entry_id = %s AND state = %s", (entry_id, state)
    )
    found: dict[date, set[int]] = {}
    for due_at, amount in rows:
        found.setdefault(local_date(due_at), set()).add(int(amount))
    return found


def ordered(
    world: World, work_of: WorkOf, patient_id: UUID, dosage: Dosage, of: Medicine = PREDNISOLONE, **more: Any
) -> UUID:
    with work_of(world.lars) as work:
        return prescribe(work, patient_id, medicine=of, dosage=dosage, **more)


# Steps


def test_each_day_is_planned_with_the_amount_of_its_step(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, taper(4, 3, 2, 1), starts_at=begun())
    found = planned(world, entry_id)
    assert [found[day(n)] for n in (0, 1, 2, 6)] == [{3}, {2}, {1}, {1}]


def test_the_card_says_todays_dose_the_next_change_and_that_it_is_new(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ordered(world, work_of, patient_id, taper(4, 3, 2), starts_at=begun())

    page = plain(client_for(world.nina).get(f"/round?patient={patient_id}").text)

    assert "Gi 3 tabletter" in page
    assert "Ny mengde i dag, i går 4 tabletter" in page
    assert "Gi 4 tabletter" not in page


def test_every_dose_of_the_round_is_said_as_on_its_own_day(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(world, work_of, patient_id, taper(4, 3, 2), starts_at=begun())

    due = doses(world, work_of, patient_id)

    assert {local_date(dose.due_at) for dose in due} >= {day(0), day(1)}
    assert all(dose.line.dose == say(dose.amount) for dose in due)


def test_the_list_says_todays_step_and_what_comes(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    steps = [Step(day(-1), (tablets(4),)), Step(day(2), (tablets(3),))]
    ordered(world, work_of, patient_id, in_steps(steps, [time(8)], course=Course(ends_at=instant(day(5), time.min))))

    page = plain(client_for(world.lars).get(f"/patients/{patient_id}/medication").text)

    assert f"4 tabletter–peroralt–kl. 08 til og med {norwegian_date(day(1))}, deretter 3 tabletter kl. 08" in page


def test_a_taper_that_is_changed_on_the_way_keeps_what_was_signed_and_takes_the_rest_along(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    entry_id = ordered(world, work_of, patient_id, taper(4, 3, 2), starts_at=begun())
    due = next(dose for dose in doses(world, work_of, patient_id) if dose.status is DoseStatus.READY)
    sign(world, work_of, due)

    with work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=taper(4, 5, 6, 7), reason="Verre pust")

    after = {dose.id: dose for dose in doses(world, work_of, patient_id)}
    assert after[due.id].amount == due.amount
    unsigned = {int(dose.amount.value) for dose in after.values() if dose.can_sign and dose.due_at > due.due_at}
    assert unsigned <= {5, 6}
    assert planned(world, entry_id)[day(2)] == {7}


def test_a_pause_moves_no_step(world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, taper(4, 3, 2, 1))
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Blødning")

    assert planned(world, entry_id) == {}
    assert planned(world, entry_id, "held")[day(1)] == {2}
    paused = plain(client_for(world.lars).get(f"/patients/{patient_id}/medication/{entry_id}").text)
    assert "Trinnene følger datoene også mens legemidlet er pauset" in paused

    with work_of(world.lars) as work:
        Medication(work).resume(patient_id, entry_id, version=2, reason="Blør ikke mer")
    assert [planned(world, entry_id)[day(n)] for n in (1, 2)] == [{2}, {1}]


FORM = {"amount": "4", "unit": "tablett", "pattern": "steps", "times": "8"}


def test_a_taper_is_changed_in_the_form_and_an_error_loses_nothing_that_was_typed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = ordered(world, work_of, patient_id, daily(tablets(4), [time(8)]))
    lars, url = client_for(world.lars), f"/patients/{patient_id}/medication/{entry_id}"
    sent = FORM | {"version": "1", "reason": "Kan trappes ned", "steps_from": norwegian_date(day(1))}
    rows = {"step_days[]": ["3", "3", "", ""], "step_amounts[]": ["2", "0", "", ""]}

    wrong = lars.act(f"{url}/change/review", sent | rows | {"step_amounts[]": ["2", "", "", ""]})
    assert wrong.status_code == 422
    assert "både antall dager og ny mengde" in wrong.text
    assert re.findall(r'name="step_days\[\]"[^>]* value="([^"]+)"', wrong.text) == ["3", "3"]

    seen = lars.act(f"{url}/change/review", sent | rows)
    new = re.search(r'name="seen" value="([^"]*)"', seen.text)
    assert new
    assert plain(new[1]).startswith(f"4 tabletter kl. 08 fra {norwegian_date(day(1))}, deretter 2 tabletter kl. 08")
    assert lars.act(f"{url}/change", sent | rows | {"seen": html.unescape(new[1])}).status_code == 303
    assert [planned(world, entry_id).get(day(n)) for n in (1, 3, 4, 6, 7)] == [{4}, {4}, {2}, {2}, None]


def test_a_taper_holds_the_highest_dose_of_24_hours_against_the_limit(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    one_day = in_steps([Step(day(0), (tablets(1),)), Step(day(2), (tablets(9),))], [time(8)])
    with work_of(world.lars) as work:
        judged = Medication(work).judge(patient_id, medicine=PARACETAMOL, dosage=one_day)
    assert Rule.DAILY_MAXIMUM in {alert.rule for alert in judged.alerts}, judged.alerts


# Warfarin


def test_warfarin_has_no_dose_from_the_day_inr_is_measured(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, daily(tablets(2), EVERY_HOUR, inr=inr()), WARFARIN)
    assert max(planned(world, entry_id)) == day(2)


@pytest.mark.parametrize(
    ("of", "dosage", "field"),
    [
        (WARFARIN, lambda: daily(tablets(2), [time(18)]), "inr_next"),
        (PREDNISOLONE, lambda: daily(tablets(2), [time(18)], inr=inr()), "inr_next"),
        (WARFARIN, lambda: daily(tablets(2), [time(18)], inr=inr(next_on=0)), "inr_next"),
        (WARFARIN, lambda: daily(tablets(2), [time(18)], inr=inr(last_on=1)), "inr_last_on"),
    ],
)
def test_a_dose_without_the_inr_it_rests_on_is_refused_and_nothing_is_stored(
    world: World, work_of: WorkOf, patient_id: UUID, of: Medicine, dosage: Callable[[], Dosage], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ordered(world, work_of, patient_id, dosage(), of)
    assert field in refused.value.fields["errors"]
    assert planned(world, patient_id) == {}


def test_warfarin_is_never_changed_to_a_dose_without_inr(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, daily(tablets(2), EVERY_HOUR, inr=inr()), WARFARIN)
    with pytest.raises(Invalid), work_of(world.lars) as work:
        change(work, patient_id, entry_id, version=1, dosage=daily(tablets(1), EVERY_HOUR), reason="Høy INR")


def test_the_card_of_warfarin_says_what_the_dose_was_set_by(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ordered(world, work_of, patient_id, daily(tablets(2), EVERY_HOUR, inr=inr()), WARFARIN, starts_at=begun())

    page = plain(client_for(world.nina).get(f"/round?patient={patient_id}").text)

    assert f"INR 2,4 målt {norwegian_date(day(-1))}, mål 2–3" in page


@pytest.fixture
def waiting(world: World, patient_id: UUID) -> UUID:
    """Warfarin whose INR should have been answered yesterday."""
    order = orders.medication_request(
        world.builder,
        patient_id,
        world.lars,
        WARFARIN,
        dosage=daily(tablets(2), EVERY_HOUR, inr=inr(next_on=-1, last_on=-8)),
        starts_at=datetime.now(UTC) - timedelta(days=8),
        planned_until=datetime.now(UTC) - timedelta(days=1),
    )
    world.store()
    entry_id: UUID = order["entry_id"]
    return entry_id


def test_after_the_day_of_inr_every_page_says_ring_and_none_says_how_much(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, waiting: UUID
) -> None:
    with work_of(world.lars) as work:
        Medication(work).extend_horizon([patient_id])
    pages = {
        at: client_for(who).get(at).text
        for who, at in (
            (world.lars, f"/patients/{patient_id}/medication"),
            (world.nina, f"/patients/{patient_id}"),
            (world.nina, f"/patients/{patient_id}/medication/{waiting}"),
        )
    }

    assert planned(world, waiting) == {}
    for at, page in pages.items():
        said = plain(page[page.index("<main") :].split("Historikk</h2>")[0])
        assert "ring lege" in said, at
        assert "2 tabletter" not in said, at
    assert "Ingen dose er bestemt." in pages[f"/patients/{patient_id}/medication/{waiting}"]


def test_the_inr_is_asked_for_on_its_day_and_once(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    entry_id = ordered(world, work_of, patient_id, daily(tablets(2), EVERY_HOUR, inr=inr()), WARFARIN)

    def asked() -> list[Any]:
        with work_of(world.nina) as work:
            found: list[Any] = Care(work).open_tasks(patient_id)
        return found

    (task,) = asked()
    assert (task.due_at, task.about_id) == (instant(day(3), time(8)), entry_id)
    assert "Mål INR og ring legen" in task.text

    with work_of(world.lars) as work:
        changed = daily(tablets(1), EVERY_HOUR, inr=inr(next_on=10, last_on=0))
        change(work, patient_id, entry_id, version=1, dosage=changed, reason="INR 3,4")
    assert [task.due_at for task in asked()] == [instant(day(10), time(8))]

    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=2, reason="Går over til apiksaban")
    assert asked() == []


def test_the_form_of_warfarin_asks_for_inr_and_starts_without_the_last_one(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    entry_id = ordered(world, work_of, patient_id, daily(tablets(2), [time(18)], inr=inr()), WARFARIN)
    other = ordered(world, work_of, patient_id, daily(tablets(2), [time(18)]))
    lars = client_for(world.lars)
    page, without = (lars.get(f"/patients/{patient_id}/medication/{each}").text for each in (entry_id, other))

    assert dict(re.findall(r'name="(inr_\w+)"[^>]* value="([^"]*)"', page)) == {
        "inr_low": "2",
        "inr_high": "3",
        "inr_last": "",
        "inr_last_on": "",
        "inr_next": "",
    }
    assert "inr_next" not in without


# A course of antibiotics

PENICILLIN = Medicine("fenoksymetylpenicillin", "Apocillin", "tablett", route="peroralt", atc_code="J01CE02")


def course(days: int, first: int = 0) -> Dosage:
    """So many days from today, counted with its first."""
    starts = instant(day(first), time.min) if first else None
    return daily(tablets(1), [time(8)], course=Course(starts, instant(day(first + days), time.min)))


def due_tasks(work_of: WorkOf, world: World, patient_id: UUID) -> list[tuple[datetime, str]]:
    with work_of(world.nina) as work:
        return [(task.due_at, task.text) for task in Care(work).open_tasks(patient_id)]


@pytest.mark.parametrize(
    ("dosage", "asked", "on"),
    [
        (lambda: course(7), None, 2),
        (lambda: course(2), None, 1),
        (lambda: course(1), None, 0),
        (lambda: course(7, first=3), None, 5),
        (lambda: course(7), 4, 4),
    ],
)
def test_a_course_of_antibiotics_is_looked_at_while_it_lasts(
    world: World, work_of: WorkOf, patient_id: UUID, dosage: Callable[[], Dosage], asked: int | None, on: int
) -> None:
    evaluate_on = None if asked is None else day(asked)
    entry_id = ordered(world, work_of, patient_id, dosage(), PENICILLIN, use="2", evaluate_on=evaluate_on)

    ((due_at, text),) = due_tasks(work_of, world, patient_id)
    assert due_at == instant(day(on), time(8))
    assert "Vurder antibiotikakuren" in text

    with work_of(world.lars) as work:
        Medication(work).stop(patient_id, entry_id, version=1, reason="Virus")
    assert due_tasks(work_of, world, patient_id) == []


def test_what_is_no_course_of_antibiotics_gives_no_task(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(world, work_of, patient_id, daily(tablets(1), [time(8)]), PENICILLIN)
    ordered(world, work_of, patient_id, course(7), PREDNISOLONE, use="2")
    assert due_tasks(work_of, world, patient_id) == []


@pytest.mark.parametrize("asked", [-1, 7])
def test_an_evaluation_outside_the_course_is_refused(
    world: World, work_of: WorkOf, patient_id: UUID, asked: int
) -> None:
    with pytest.raises(Invalid) as refused:
        ordered(world, work_of, patient_id, course(7), PENICILLIN, use="2", evaluate_on=day(asked))
    assert "evaluate_on" in refused.value.fields["errors"]


# Insulin


@pytest.mark.parametrize(
    ("atc_code", "said"),
    [
        ("A10AB05", "hurtigvirkende insulin, til måltid"),
        ("A10AC01", "middels langtidsvirkende insulin"),
        ("A10AD05", "blandingsinsulin, til måltid"),
        ("A10AE04", "langtidsvirkende insulin"),
    ],
)
def test_which_insulin_it_is_stands_in_words_on_the_card_and_in_the_list(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, atc_code: str, said: str
) -> None:
    insulin = Medicine("insulin", "Penn", "injeksjonsvæske", atc_code=atc_code)
    dosage = daily(Quantity(Decimal(6), "IE"), EVERY_HOUR)
    ordered(world, work_of, patient_id, dosage, insulin, starts_at=begun())

    card = plain(client_for(world.nina).get(f"/round?patient={patient_id}").text)
    listed = plain(client_for(world.nina).get(f"/patients/{patient_id}/medication").text)

    assert said in card
    assert said in listed


def test_what_is_no_insulin_says_nothing_of_it() -> None:
    assert [insulin_text(code) for code in (None, "", "A10BA02", "B01AA03")] == [None] * 4
    assert [meal_text(code) for code in (None, "A10BA02", "A10AE04", "A10AC01")] == [None] * 4


@pytest.mark.parametrize(("measured", "low"), [("3.9", True), ("4.0", False), (None, False)])
def test_the_card_of_insulin_says_the_last_glucose_its_age_and_what_to_do_when_it_is_low(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, measured: str | None, low: bool
) -> None:
    insulin = Medicine("insulin aspart", "NovoRapid", "injeksjonsvæske", atc_code="A10AB05")
    ordered(world, work_of, patient_id, daily(Quantity(Decimal(6), "IE"), EVERY_HOUR), insulin, starts_at=begun())
    if measured:
        with work_of(world.nina) as work:
            at = work.now - timedelta(hours=3, minutes=5)
            Observations(work).record(patient_id, "glucose", Decimal(measured), effective_at=at)

    page = client_for(world.nina).get(f"/round?patient={patient_id}").text

    said = plain(page)
    assert "for 3 t 5 min siden" in said if measured else "Ingen har målt blodsukker her." in said
    assert ("Lavt blodsukker" in said) is low
    assert ('<details class="more sm" open>' in page) is low
    assert "gi minst 10 g sukker" in said
    assert "Gi den når maten står klar." in said


def test_a_low_glucose_that_was_just_typed_counts_and_not_the_one_before(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    insulin = Medicine("insulin glargin", "Lantus", "injeksjonsvæske", atc_code="A10AE04")
    dosage, wanted = daily(Quantity(Decimal(6), "IE"), EVERY_HOUR), glucose(Decimal(5))
    ordered(world, work_of, patient_id, dosage, insulin, starts_at=begun(), required_value=wanted)
    with work_of(world.nina) as work:
        Observations(work).record(patient_id, "glucose", Decimal(9))
    due = next(dose for dose in doses(world, work_of, patient_id) if dose.status is DoseStatus.READY)
    sent = {"request_version": "1", "confirmed[]": [caution.value for caution in due.cautions]}
    nina, given = client_for(world.nina), f"/patients/{patient_id}/doses/{due.id}/given"

    assert nina.act(given, sent | {"value": "3,2"}).text.count("Lavt blodsukker") == 1
    # Below the order's own limit, and not low.
    assert "Lavt blodsukker" not in nina.act(given, sent | {"value": "4,5"}).text
