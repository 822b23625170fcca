"""A dose's life, whatever is done to it in whatever order: a plain model, the service and the round's forms agree after each step.

Two patients live the same life, one through the service and one through the forms. Each act must be answered as the model says,
and then what is stored, what the service says and what the round offers must be what the model says. Whatever happened:

* no ordinary signature is later than the stop of its order;
* what was given after a stop is stored, and is an incident;
* a dose has one signature that stands, at most;
* nothing that was said is gone.

`make statemachine` runs it for longer, with new chances each time. How many do it at once is test_concurrency.py's and
`make soak`'s; an order's life on the clock is test_order_life.py's.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from journal.medication import DueDose
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.dose_hands import ByPages, ByService, Hand, Seen, what_the_service_says
from tests.medication.dose_life import DONE, INVALID, LAID, OWN_PACK, PACK, RESULTS, Dose, Life, Row, Shown

LONGER = int(os.environ.get("AKSON_LIVES", "0"))
"""So many lives instead of the few of the suite, drawn anew at each run."""


class Lives(RuleBasedStateMachine):
    """The acts, each drawn with whom it is about and what was seen; `stale` is a page that was opened before the last change."""

    def __init__(self, make: Callable[[], "Place"]) -> None:
        super().__init__()
        self.life, self.place = Life(), make()
        self.last = 0

    def _both(self, wanted: int, act: Callable[[Hand], int]) -> None:
        answered = {type(hand).__name__: act(hand) for hand in self.place.hands}
        assert answered == dict.fromkeys(answered, wanted)
        self.last = wanted
        self.place.agree(self.life)

    def _dose(self, pick: int) -> Dose:
        doses = list(self.life.doses())
        return doses[-1 - pick % len(doses)]

    def _seen(self, dose: Dose, stale: bool) -> int:
        return max(1, self.life.orders[dose.number[0]].version - stale)

    picks = st.integers(0, 11)
    orders = st.integers(0, 3)
    nurses = st.sampled_from(("nina", "siri"))
    stales = st.sampled_from((False, False, False, True))
    says = st.sampled_from(("given", "given", "refused", "refused", "partly"))

    # A doctor

    @rule(number=orders, act=st.sampled_from(("change", "change", "change", "stop")), stale=stales)
    def decide(self, number: int, act: str, stale: bool) -> None:
        order = self.life.orders[number]
        seen, tablets = max(1, order.version - stale), 3 - order.amounts[-1]
        if act == "stop":
            wanted = self.life.stop(number, seen)
            self._both(wanted, lambda hand: hand.stop(hand.patient.entries[number], seen))
        else:
            wanted = self.life.change(number, seen, tablets)
            self._both(wanted, lambda hand: hand.change(hand.patient.entries[number], seen, tablets))

    # Two nurses

    @rule(
        pick=picks,
        what=st.sampled_from(("given", "given", "refused", "refused", "partly")),
        by=nurses,
        stale=stales,
        looked=st.booleans(),
    )
    def sign(self, pick: int, what: str, by: str, stale: bool, looked: bool) -> None:
        dose = self._dose(pick)
        seen, ids = self._seen(dose, stale), self.place.dose_ids(dose)
        wanted = self.life.sign(dose, seen, what, by, looked)
        self._both(wanted, lambda hand: hand.sign(ids[hand.patient.id], seen, what, self.place.who(by), looked))

    @rule(pick=picks, by=nurses, stale=stales)
    def also_given(self, pick: int, by: str, stale: bool) -> None:
        dose = self._dose(pick)
        seen, ids = self._seen(dose, stale), self.place.dose_ids(dose)
        wanted = self.life.also_given(dose, seen, by)
        self._both(wanted, lambda hand: hand.also_given(ids[hand.patient.id], seen, self.place.who(by)))

    @rule(pick=picks, by=nurses, stale=stales)
    def lay_out(self, pick: int, by: str, stale: bool) -> None:
        """From its own pack: what lies in the dosett is laid out of the compartment, and is tested there."""
        dose = self._of_own_pack(pick)
        seen, ids = self._seen(dose, stale), self.place.dose_ids(dose)
        wanted = self.life.lay_out(dose, seen)
        self._both(wanted, lambda hand: hand.lay_out(ids[hand.patient.id], seen, self.place.who(by)))

    def _of_own_pack(self, pick: int) -> Dose:
        doses = [dose for dose in self.life.doses() if dose.number[0] in OWN_PACK]
        return doses[-1 - pick % len(doses)]

    @precondition(lambda self: any(dose.layings for dose in self.life.doses()))
    @rule(pick=picks, by=nurses)
    def take_away(self, pick: int, by: str) -> None:
        laid = [dose for dose in self.life.doses() if dose.layings]
        dose = laid[-1 - pick % len(laid)]
        ids = self.place.laying_ids(dose)
        wanted = self.life.take_away(dose)
        self._both(wanted, lambda hand: hand.take_away(ids[hand.patient.id], self.place.who(by)))

    @rule(pick=picks, what=st.sampled_from(("given", "given", "refused")), giver=nurses, by=nurses)
    def write_in(self, pick: int, what: str, giver: str, by: str) -> None:
        dose = self._of_own_pack(pick)
        ids = self.place.dose_ids(dose)
        wanted = self.life.write_in(dose, what, by)
        gave, writes = self.place.who(giver), self.place.who(by)
        self._both(wanted, lambda hand: hand.write_in(ids[hand.patient.id], what, gave, writes))

    @precondition(lambda self: self.life.rows)
    @rule(pick=picks, by=nurses)
    def second(self, pick: int, by: str) -> None:
        """Of one that wants it, where there is one; else of whatever there is."""
        row = self._row(pick, [row for row in self.life.rows if row.dose.number[0] == PACK])
        ids = self.place.row_ids(self.life, row)
        wanted = self.life.second(row, by)
        self._both(wanted, lambda hand: hand.second(ids[hand.patient.id], self.place.who(by)))

    def _row(self, pick: int, rows: list[Row]) -> Row:
        """One of the latest that can be a mistake: a second signature falls with the first."""
        said = [row for row in rows or self.life.rows if row.kind != "witness"]
        return said[-1 - pick % len(said)]

    @precondition(lambda self: self.life.rows)
    @rule(pick=picks, by=nurses, why=st.sampled_from((None, "Signerte feil dose")))
    def undo(self, pick: int, by: str, why: str | None) -> None:
        """Undone with a tap, or corrected with a reason."""
        row = self._row(pick, self.life.rows)
        ids = self.place.row_ids(self.life, row)
        wanted = self.life.undo(row)
        self._both(wanted, lambda hand: hand.undo(ids[hand.patient.id], self.place.who(by), why))

    @rule(what=st.sampled_from(("given", "given", "refused", "all but")), by=nurses, stale=stales)
    def sign_bag(self, what: str, by: str, stale: bool) -> None:
        """`stale`: the card was drawn before anything happened."""
        numbers = LAID if stale or not self.life.together() else self.life.together()
        seen = {number: 1 if stale else self.life.orders[number].version for number in numbers}
        refused = {"given": frozenset[int](), "all but": frozenset(numbers[:1])}.get(what, frozenset(numbers))
        doses = {number: self.place.dose_ids(self.life.orders[number].doses[0]) for number in numbers}
        wanted = self.life.sign_bag(seen, refused, by)

        def act(hand: Hand) -> int:
            here = {doses[number][hand.patient.id]: version for number, version in seen.items()}
            but = frozenset(doses[number][hand.patient.id] for number in refused) if what == "all but" else frozenset()
            return hand.sign_bag(here, but, what, self.place.who(by))

        self._both(wanted, act)

    @precondition(lambda self: any(row.from_bag for row in self.life.rows))
    @rule(by=nurses)
    def undo_bag(self, by: str) -> None:
        wanted = self.life.undo_bag(by)
        self._both(wanted, lambda hand: hand.undo_bag(self.place.who(by)))

    @precondition(lambda self: any(order.version > 1 for order in self.life.orders[1:]))
    @rule(stale=stales)
    def take_out(self, stale: bool) -> None:
        numbers = frozenset(LAID if stale or not self.life.outdated() else self.life.outdated())
        lines = self.place.lines()
        wanted = self.life.take_out(numbers)
        nina = self.place.world.nina
        self._both(wanted, lambda hand: hand.take_out(frozenset(lines[hand.patient.id][n] for n in numbers), nina))

    # Her leader, and the wire

    @rule()
    def was_away(self) -> None:
        """The journal, a while ago."""
        wanted = self.life.was_away()
        self._both(wanted, lambda hand: hand.was_away())

    @precondition(lambda self: self.last == DONE)
    @rule()
    def come_again(self) -> None:
        """The answer was lost, and the form is sent once more."""
        self._both(DONE, lambda hand: hand.again())
        for hand in self.place.hands:
            assert hand.same_id() in (None, INVALID)
        self.place.agree(self.life)


class Place:
    """Two patients of one ward, and what is asked of both."""

    def __init__(self, world: World, superuser: psycopg.Connection[Any], work_of: Any, client_for: Any) -> None:
        self.world, self.work_of = world, work_of
        self.pages = ByPages(world, work_of, client_for)
        self.hands: list[Hand] = [ByService(world, work_of), self.pages]
        # No form asks for it yet.
        entries = [hand.patient.entries[PACK] for hand in self.hands]
        superuser.execute(
            "UPDATE medication.medication_request SET two_signatures = true WHERE entry_id = ANY (%s)", (entries,)
        )

    def who(self, name: str) -> Staff:
        staff: Staff = getattr(self.world, name)
        return staff

    def _doses(self, hand: Hand) -> dict[tuple[int, int], UUID]:
        """The doses of today by number: of each order its own one, and the tries of it in the order they came."""
        found: dict[tuple[int, int], UUID] = {}
        for number, entry in hand.patient.entries.items():
            query = """SELECT id FROM medication.dose WHERE request_entry_id = %s AND due_at < now() + interval '3 hours'
                       ORDER BY retry_of IS NOT NULL, due_at"""
            rows = self.world.migrator.execute(query, (entry,)).fetchall()
            found |= {(number, nth): id for nth, (id,) in enumerate(rows)}
        return found

    def dose_ids(self, dose: Dose) -> dict[UUID, UUID]:
        return {hand.patient.id: self._doses(hand)[dose.number] for hand in self.hands}

    def row_ids(self, life: Life, row: Row) -> dict[UUID, UUID]:
        """What was said of that dose, by which it was of what was said of it."""
        nth = [other for other in life.rows if other.dose is row.dose].index(row)
        query = "SELECT id FROM medication.medication_administration WHERE dose_id = %s ORDER BY recorded_at, id"
        of_dose = {p: self.world.migrator.execute(query, (id,)).fetchall() for p, id in self.dose_ids(row.dose).items()}
        return {patient: UUID(str(rows[nth][0])) for patient, rows in of_dose.items()}

    def laying_ids(self, dose: Dose) -> dict[UUID, UUID]:
        """The last time that each was laid out."""
        query = "SELECT id FROM medication.dose_laid_out WHERE dose_id = %s ORDER BY recorded_at DESC, id DESC"
        of_dose = {p: self.world.migrator.execute(query, (id,)).fetchone() for p, id in self.dose_ids(dose).items()}
        return {patient: UUID(str(row[0])) for patient, row in of_dose.items() if row}

    def lines(self) -> dict[UUID, dict[int, UUID]]:
        """The lines of the compartment by order."""
        return {hand.patient.id: {number: id for id, number in self._lines(hand)} for hand in self.hands}

    def _lines(self, hand: Hand) -> Iterator[tuple[UUID, int]]:
        query = "SELECT id FROM medication.prepared_line WHERE request_entry_id = %s AND due_at = %s"
        for number in LAID:
            row = self.world.migrator.execute(query, (hand.patient.entries[number], hand.patient.due_at)).fetchone()
            assert row is not None
            yield row[0], number

    def agree(self, life: Life) -> None:
        """Whatever can be read says what the model says, and what must never happen has not."""
        for hand in self.hands:
            numbers = {id: number for number, id in self._doses(hand).items()}
            assert self._stored(hand, numbers) == _said(life, self.world)
            assert self._never(hand) == 0
            seen = what_the_service_says(self.work_of, self.world.nina, hand.patient)
            assert sorted(_shown(dose, numbers) for dose in seen.doses) == life.shown()
            assert _bag(seen, numbers) == (life.together(), life.outdated())
            assert seen.incidents == Counter(life.incidents)
        page, together = self.pages.round(), life.together()
        alone = [dose for dose in life.shown() if dose.can_sign and (dose.number[1] or dose.number[0] not in together)]
        assert {numbers[id]: version for id, version in page.cards.items()} == {d.number: d.version for d in alone}
        offered = {} if life.outdated() else {life.orders[n].doses[0].number: life.orders[n].version for n in together}
        keys = (key.split(".") for key in page.together)
        assert {numbers[UUID(id)]: int(version) for id, version in keys} == offered
        assert page.out == len(life.outdated())

    def _stored(self, hand: Hand, numbers: dict[UUID, tuple[int, int]]) -> Counter[tuple[Any, ...]]:
        query = """SELECT dose_id, kind, result, recorded_by_name, request_version, amount, in_error_at IS NOT NULL,
                       prepared_line_id IS NOT NULL
                   FROM medication.medication_administration WHERE patient_id = %s"""
        rows = self.world.migrator.execute(query, (hand.patient.id,)).fetchall()
        return Counter((numbers[id], *more) for id, *more in rows)

    def _never(self, hand: Hand) -> int:
        """Signatures written after the stop of their order, and doses with more than one that stands. That one was not given
        while the journal was away may be written in whenever it is known."""
        query = """
            SELECT (SELECT count(*) FROM medication.medication_administration a
                    JOIN medication.dose d ON (d.patient_id, d.id) = (a.patient_id, a.dose_id)
                    JOIN medication.medication_request s
                        ON s.patient_id = d.patient_id AND s.entry_id = d.request_entry_id AND s.change = 'stop'
                    WHERE a.patient_id = %(of)s AND a.kind = 'signature' AND a.recorded_at >= s.recorded_at
                      AND (d.downtime_id IS NULL OR a.amount IS NOT NULL))
                + (SELECT count(*) FROM (
                    SELECT FROM medication.medication_administration a
                    WHERE a.patient_id = %(of)s AND a.kind = 'signature' AND a.in_error_at IS NULL
                    GROUP BY a.dose_id HAVING count(*) > 1) AS twice)"""
        row = self.world.migrator.execute(query, {"of": hand.patient.id}).fetchone()
        assert row is not None
        return int(row[0])


def _said(life: Life, world: World) -> Counter[tuple[Any, ...]]:
    names = {name: getattr(world, name).actor.name for name in ("nina", "siri")}
    return Counter(
        (r.dose.number, r.kind, RESULTS[r.what], names[r.by], r.version, r.amount, r.in_error, r.from_bag)
        for r in life.rows
    )


def _shown(dose: DueDose, numbers: dict[UUID, tuple[int, int]]) -> Shown:
    return Shown(
        numbers[dose.id],
        dose.status.value,
        int(dose.amount.value),
        dose.version,
        dose.can_sign,
        len(dose.also_given),
        dose.witnessed_by is not None,
    )


def _bag(seen: Seen, numbers: dict[UUID, tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The orders that are given together from the compartment, and those that must be taken out of it."""
    together, outdated = (
        sorted(numbers[line.dose_id][0] for line in lines if line.dose_id)
        for lines in (seen.bag.together, seen.bag.outdated)
    )
    return together, outdated


@pytest.mark.timeout(7200 if LONGER else 900)
def test_a_plain_model_the_service_and_the_rounds_forms_agree_after_each_step(
    world: World, superuser: psycopg.Connection[Any], work_of: Any, client_for: Callable[..., Browser]
) -> None:
    run_state_machine_as_test(
        lambda: Lives(lambda: Place(world, superuser, work_of, client_for)),
        settings=settings(
            max_examples=LONGER or 7,
            stateful_step_count=30,
            derandomize=not LONGER,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
