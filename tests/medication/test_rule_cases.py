"""The smaller rules as tables of cases, without a database: each limit from both sides, each word that somebody reads."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from journal.medication.rules import OrderStatus, rounds
from journal.medication.rules.asking import AskOf, Question, asked
from journal.medication.rules.door import LOOKS_BACK, Crossing, reconcile_before, waits, was_before, why_not
from journal.medication.rules.door import USUAL_HOURS as HOURS_TO_RECONCILE
from journal.medication.rules.door import is_overdue as is_unreconciled_too_long
from journal.medication.rules.dosage import daily
from journal.medication.rules.go_live import Stage, stage, unchecked
from journal.medication.rules.insulin import insulin_text, is_low, meal_text
from journal.medication.rules.once import MAY_HAVE_PASSED
from journal.medication.rules.parts import Course
from journal.medication.rules.pausing import Replacement, missing, must_be_replaced
from journal.medication.rules.procedures import (
    COUNTED_OVER,
    LONGEST_VALID,
    ListStatus,
    ProcedureLine,
    hinder,
    in_force,
    may_give,
)
from journal.medication.rules.renewal import AHEAD, USUAL_DAYS, is_for_days
from journal.medication.rules.review import USUAL_MONTHS
from journal.medication.rules.supply import must_be_told_text
from journal.medication.rules.transfer import Told, told_first
from journal.medication.rules.verbal import USUAL_HOURS as HOURS_TO_SIGN
from journal.medication.rules.verbal import Act, AfterRefusal, after_refusal, is_overdue, may_answer, sign_before
from journal.platform.quantity import Quantity

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TABLET = Quantity(Decimal(1), "tablett")


# What a municipality has where it has chosen nothing


def test_where_nobody_has_chosen_a_limit_it_is_this() -> None:
    assert (HOURS_TO_RECONCILE, HOURS_TO_SIGN, USUAL_MONTHS, USUAL_DAYS) == (24, 24, 12, 30)
    assert (LOOKS_BACK.days, AHEAD.days, COUNTED_OVER.days, LONGEST_VALID.days) == (7, 7, 7, 731)
    assert timedelta(hours=1) == MAY_HAVE_PASSED


# Rounds


@pytest.mark.parametrize(("minute", "slot"), [(0, "13"), (59, "13"), (60, "14")])
def test_a_dose_is_of_the_round_of_its_hour_in_oslo(minute: int, slot: str) -> None:
    assert rounds.slot_of(NOW + timedelta(minutes=minute)) == slot


# Asking


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Er dosen økt?", "Fastlegen: metoprolol. Er dosen økt?"),
        ("", "Fastlegen: metoprolol. Hvilken liste er riktig?"),
    ],
)
def test_a_question_names_who_is_asked_and_which_list_is_right_where_nothing_is_written(text: str, said: str) -> None:
    assert asked("metoprolol", Question(AskOf.GP, text)) == said


# The hospital door


@pytest.mark.parametrize("kind", [kind for kind in Crossing if kind is not Crossing.HOSPITAL])
def test_a_list_is_to_be_reconciled_so_many_hours_after_she_came(kind: Crossing) -> None:
    limit = reconcile_before(kind, NOW, 24)
    assert limit == NOW + timedelta(hours=24)
    assert [is_unreconciled_too_long(limit, limit + n * SECOND) for n in (-1, 0, 1)] == [False, True, True]


def test_the_clock_stands_while_she_is_in_hospital() -> None:
    assert reconcile_before(Crossing.HOSPITAL, NOW, 24) is None
    assert is_unreconciled_too_long(None, NOW) is False


@pytest.mark.parametrize(
    ("dose", "order", "waiting"),
    [
        ("held", OrderStatus.ACTIVE, True),
        ("held", "active", True),
        ("held", OrderStatus.ON_HOLD, False),
        ("planned", OrderStatus.ACTIVE, False),
        ("planned", OrderStatus.ON_HOLD, False),
    ],
)
def test_a_dose_waits_at_the_door_where_nobody_paused_its_order(dose: str, order: OrderStatus, waiting: bool) -> None:
    assert waits(dose, order) is waiting


@pytest.mark.parametrize(("minutes", "before"), [(-1, True), (0, False), (1, False)])
def test_a_dose_given_before_the_order_began_to_wait_was_given_by_us(minutes: int, before: bool) -> None:
    held_from = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert was_before(held_from + timedelta(minutes=minutes), held_from) is before
    assert was_before(held_from, None) is False


@pytest.mark.parametrize("newer_list", [True, False])
@pytest.mark.parametrize("equal", [True, False, None])
@pytest.mark.parametrize("prescriber", [True, False])
def test_nobody_confirms_a_line_while_she_is_away(prescriber: bool, equal: bool | None, newer_list: bool) -> None:
    said = why_not(away=True, prescriber=prescriber, equal=equal, newer_list=newer_list)
    assert said == "Pasienten er på sykehus. Registrer retur før du bekrefter legemidler."


@pytest.mark.parametrize(
    ("prescriber", "equal", "newer_list", "why"),
    [
        (True, False, True, None),
        (True, None, True, None),
        (False, True, False, None),
        (False, True, True, None),
        (False, None, False, None),
        (False, False, False, "Legemidlet er ikke likt i begge listene. En lege må bestemme hva som gjelder."),
        (False, False, True, "Legemidlet er ikke likt i begge listene. En lege må bestemme hva som gjelder."),
        (False, None, True, "Det er kommet en liste som ikke er samstemt. Bekreft det som er likt i den."),
    ],
)
def test_a_nurse_confirms_what_is_alike_and_a_prescriber_all(
    prescriber: bool, equal: bool | None, newer_list: bool, why: str | None
) -> None:
    assert why_not(away=False, prescriber=prescriber, equal=equal, newer_list=newer_list) == why


# The list of the go-live

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("lines", "checked", "signed", "expected"),
    [
        (None, 0, False, Stage.NONE),
        (2, 1, False, Stage.TO_CHECK),
        (2, 2, False, Stage.TO_SIGN),
        (2, 3, False, Stage.TO_SIGN),
        (0, 0, False, Stage.TO_SIGN),
        (2, 2, True, Stage.CONFIRMED),
        (2, 0, True, Stage.CONFIRMED),
    ],
)
def test_a_list_is_signed_when_every_line_is_checked(
    lines: int | None, checked: int, signed: bool, expected: Stage
) -> None:
    assert stage(lines, checked, signed=signed) is expected


@pytest.mark.parametrize(
    ("checks", "left"),
    [({}, (ONE, TWO)), ({ONE: 1}, (TWO,)), ({ONE: 1, TWO: 1}, (TWO,)), ({ONE: 1, TWO: 2}, ()), ({ONE: 2, TWO: 3}, (ONE, TWO))],
)  # fmt: skip
def test_a_line_is_checked_as_it_stands_and_not_as_it_stood(checks: dict[UUID, int], left: tuple[UUID, ...]) -> None:
    assert unchecked({ONE: 1, TWO: 2}, checks) == left


# Orders by word of mouth


def test_an_order_by_word_of_mouth_is_to_be_signed_within_hours_that_pass() -> None:
    limit = sign_before(NOW, 24)
    assert limit == NOW + timedelta(hours=24)
    assert [is_overdue(limit, limit + n * SECOND) for n in (-1, 0, 1)] == [False, True, True]


RESTORE, STOP, LEAVE = AfterRefusal


@pytest.mark.parametrize(
    ("act", "decided_since", "choices"),
    [
        (Act.PRESCRIBE, False, (STOP,)),
        (Act.PRESCRIBE, True, (STOP,)),
        (Act.CHANGE, False, (RESTORE, STOP)),
        (Act.HOLD, False, (RESTORE, STOP)),
        (Act.STOP, False, (RESTORE, LEAVE)),
        *((act, True, (LEAVE,)) for act in (Act.CHANGE, Act.HOLD, Act.STOP)),
    ],
)
def test_a_refused_dose_never_goes_on_by_itself(act: Act, decided_since: bool, choices: tuple[AfterRefusal]) -> None:
    assert after_refusal(act, decided_since=decided_since) == choices


@pytest.mark.parametrize(
    ("ground", "own", "may"),
    [
        ("stay", "2", True),
        ("service", None, True),
        ("route", "2", True),
        ("task", "2", True),
        ("general_practitioner", "2", True),
        ("emergency", "2", False),
        ("registration", "2", False),
        ("emergency", None, False),
        ("emergency", "1", True),
    ],
)
def test_the_prescriber_answers_or_one_who_treats_the_patient(ground: str, own: str | None, may: bool) -> None:
    assert may_answer(ground=ground, own_number=own, prescriber_number="1") is may


# Procedures


def line(**more: object) -> ProcedureLine:
    told = {
        "id": ONE,
        "catalogue_item_id": TWO,
        "name": "paracetamol 500 mg",
        "amount": Quantity(Decimal("1.5"), "tablett"),
    }
    limits = {"indication": "smerter", "most_per_day": 2, "before_doctor": 3, "roles": ("nurse",)}
    return ProcedureLine(**(told | limits | more))  # type: ignore[arg-type]


def test_a_line_of_the_procedure_list_is_stored_exactly_and_read_back() -> None:
    assert line().to_json() == {
        "id": str(ONE), "catalogue_item_id": str(TWO), "name": "paracetamol 500 mg", "amount": "1,5", "unit": "tablett",
        "indication": "smerter", "most_per_day": 2, "before_doctor": 3, "roles": ["nurse"],
    }  # fmt: skip
    assert ProcedureLine.from_json(line().to_json()) == line()


@pytest.mark.parametrize(
    ("status", "days", "holds"),
    [
        (ListStatus.SIGNED, 1, True),
        (ListStatus.SIGNED, 0, True),
        (ListStatus.SIGNED, -1, False),
        (ListStatus.SIGNED, None, False),
        (ListStatus.WITHDRAWN, 1, False),
        (ListStatus.DRAFT, 1, False),
    ],
)
def test_a_signed_list_holds_to_its_last_day(status: ListStatus, days: int | None, holds: bool) -> None:
    today = date(2026, 11, 22)
    assert in_force(status, None if days is None else today + timedelta(days=days), today) is holds


ASK = "Gitt etter prosedyre 3 ganger på sju dager. Ring lege før den gis igjen."
ENOUGH = "Det høyeste antallet på et døgn er gitt. Ring lege hvis pasienten trenger mer."
DAY, WEEK = timedelta(hours=24), timedelta(days=7)


@pytest.mark.parametrize(
    ("ago", "why"),
    [
        ([], None),
        ([SECOND], None),
        ([SECOND, SECOND], ENOUGH),
        ([DAY - SECOND, SECOND], ENOUGH),
        ([DAY, SECOND], None),
        ([DAY, DAY, SECOND], ASK),
        ([WEEK - SECOND, DAY, SECOND], ASK),
        ([WEEK, DAY, SECOND], None),
        ([WEEK, SECOND, SECOND], ENOUGH),
    ],
)
def test_a_doctor_is_asked_when_so_many_are_given(ago: list[timedelta], why: str | None) -> None:
    assert hinder(line(), [NOW - one for one in ago], NOW) == why


def test_a_procedure_is_open_to_the_roles_it_names() -> None:
    assert may_give(line(), "nurse") is True
    assert may_give(line(), "health_assistant") is False


# Insulin


@pytest.mark.parametrize(("glucose", "low"), [(None, False), ("3.9", True), ("4", False), ("4.1", False)])
def test_a_glucose_below_four_is_low(glucose: str | None, low: bool) -> None:
    assert is_low(None if glucose is None else Decimal(glucose)) is low


MEAL = "Gi den når maten står klar. Spiser pasienten lite eller ikke noe, ring før du gir den."


@pytest.mark.parametrize(
    ("code", "kind", "meal"),
    [
        ("A10AB05", "hurtigvirkende insulin, til måltid", MEAL),
        ("A10AC01", "middels langtidsvirkende insulin", None),
        ("A10AD05", "blandingsinsulin, til måltid", MEAL),
        ("A10AE04", "langtidsvirkende insulin", None),
        ("A10BA02", None, None),
        (None, None, None),
    ],
)
def test_an_insulin_says_which_it_is_and_whether_it_goes_with_a_meal(
    code: str | None, kind: str | None, meal: str | None
) -> None:
    assert insulin_text(code) == kind
    assert meal_text(code) == meal


# What a hospital is told first


@pytest.mark.parametrize(
    ("medicine", "told"),
    [
        ({}, ()),
        ({"form": "Depotplaster"}, (Told.PATCH,)),
        ({"route": "Transdermal bruk"}, (Told.PATCH,)),
        ({"form": "tablett", "route": "oral"}, ()),
        ({"atc_code": "A10AB05"}, (Told.INSULIN,)),
        ({"atc_code": "A10BA02"}, ()),
        ({"atc_code": "B01AC06"}, (Told.ANTICOAGULANT,)),
        ({"atc_code": "B02BA01"}, ()),
        ({"prescription_group": "A"}, (Told.GROUP_A,)),
        ({"prescription_group": "B"}, ()),
        ({"form": "depotplaster", "atc_code": "N02AB03", "prescription_group": "A"}, (Told.PATCH, Told.GROUP_A)),
    ],
)
def test_a_hospital_is_told_first_of_what_is_dangerous_to_miss_or_give_twice(
    medicine: dict[str, str], told: tuple[Told, ...]
) -> None:
    nothing: dict[str, str | None] = {"atc_code": None, "form": None, "route": None, "prescription_group": None}
    assert told_first(**(nothing | medicine)) == told


# Pauses, supply, renewal


@pytest.mark.parametrize(
    ("replacement", "because", "chosen", "field"),
    [
        (None, "", False, ("replacement", "Velg hva som gis mens legemidlet er pauset.")),
        (None, "blør", True, ("replacement", "Velg hva som gis mens legemidlet er pauset.")),
        (Replacement.ORDER, "", False, ("replaced_by", "Velg hvilket legemiddel som gis i stedet.")),
        (Replacement.ORDER, "", True, None),
        (Replacement.PRESCRIBE, "", False, None),
        (Replacement.NOTHING, " ", False, ("because", "Skriv hvorfor ingenting gis i stedet.")),
        (Replacement.NOTHING, "blør", False, None),
    ],
)
def test_a_pause_says_what_is_given_instead(
    replacement: Replacement | None, because: str, chosen: bool, field: tuple[str, str] | None
) -> None:
    assert missing(replacement, because=because, order_is_chosen=chosen) == field


@pytest.mark.parametrize(
    ("code", "asks"),
    [("J01CE02", True), ("B01AF02", True), ("B01AC06", False), ("J02AC01", False), (None, False)],
)
def test_a_pause_of_an_antibiotic_or_an_anticoagulant_is_asked_about(code: str | None, asks: bool) -> None:
    assert must_be_replaced(code) is asks


@pytest.mark.parametrize(
    ("supply", "told"),
    [
        ("multidose", "Legemidlet ligger i pakkede multidoseposer. Gi beskjed til apoteket."),
        ("dosett", None),
        (None, None),
    ],
)
def test_the_pharmacy_is_told_of_what_lies_in_packed_bags(supply: str | None, told: str | None) -> None:
    assert must_be_told_text(supply) == told


def test_what_is_given_for_one_day_is_not_spoken_of_as_ending() -> None:
    whole = [Course.of_days(date(2026, 10, 25), days) for days in (1, 2)]  # the first is a day of 25 hours
    hours = [Course(NOW, NOW + timedelta(hours=25) + after) for after in (timedelta(0), SECOND)]
    open_ended = [None, Course(starts_at=NOW), Course(ends_at=NOW), Course(doses=3)]
    spoken_of = [is_for_days(daily(TABLET, [time(8)], course=course)) for course in (*whole, *hours, *open_ended)]
    assert spoken_of == [False, True, False, True, True, True, True, True]
