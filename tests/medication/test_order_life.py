"""An order's life, whatever is done to it in whatever order: a plain model, the service and the pages agree after each step.

Two patients live the same life, one through the service and one through the pages. Each act must be answered as the model says, and
then every view of the orders (the round, the worklist's counts, the list with its picture, the history, as needed) must say what
the model says. `make statemachine` runs it for longer, with new chances each time.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from journal.app import JournalApp
from journal.medication import DueDose, Medication, import_catalogue, mini_fest
from tests import factories
from tests.conftest import Browser, World
from tests.medication.order_hands import ByPages, ByService, Hand, hours_pass, what_the_service_says
from tests.medication.order_life import NO_PULSE, Life, Order, Pulse, Shown, Signature
from tests.medication.test_fest import m30

LONGER = int(os.environ.get("AKSON_LIVES", "0"))
"""So many lives instead of the few of the suite, drawn anew at each run."""

BACK, AHEAD, NEAR = 36, 11, 10
EVERY = (6, 8, 12, 24)
_SYMBOLS = {"ready": "due", "given_early": "given", "given_late": "given", "not_given": "not-given", "stopped": "held"}


@pytest.fixture(scope="module", autouse=True)
def _catalogue(app: JournalApp) -> Iterator[None]:
    file = BytesIO()
    mini_fest.write(file)
    file.seek(0)
    import_catalogue(app.settings.migrator_url, file, replace=True)
    yield
    import_catalogue(app.settings.migrator_url, m30(), replace=True)


class Lives(RuleBasedStateMachine):
    """The acts, each drawn with whom it is about and what was seen; `stale` is a page that was opened before the last change."""

    def __init__(self, make: Callable[[], "Place"]) -> None:
        super().__init__()
        self.life, self.place = Life(), make()

    # Draws

    def _order(self, pick: int, *, fixed: bool | None = None) -> Order:
        of = [order for order in self.life.orders if fixed is None or bool(order.plans) is fixed]
        return of[pick % len(of)]

    def _dose(self, order: Order, pick: int) -> int:
        """One that was due lately or is due soon, among them what was called off: somebody has the old page."""
        near = [due for due in order.plans if abs(due - self.life.hour) <= AHEAD + 1]
        return near[pick % len(near)] if near else min(order.plans, key=lambda due: abs(due - self.life.hour))

    def _seen(self, order: Order, due: int, stale: bool) -> int:
        of = order.live(due)
        version = of.of.version if of else order.plans[due].version
        return max(1, version - stale)

    def _both(self, wanted: int, act: Callable[[Any], int], *, decided: bool = False) -> None:
        """`decided`: by a doctor, so that the history may be another."""
        answered = {type(side.hand).__name__: act(side) for side in self.place.sides}
        assert answered == dict.fromkeys(answered, wanted)
        self.place.agree(self.life, decided=decided)

    picks = st.integers(0, 11)
    amounts = st.sampled_from((1, 2))
    stales = st.sampled_from((False, False, False, True))
    wanting = st.sampled_from((False, False, True))
    pulses = st.builds(Pulse, st.sampled_from((60, 60, 60, None, 40, NO_PULSE)), st.booleans())

    # A doctor

    @precondition(lambda self: sum(bool(order.plans) for order in self.life.orders) < 2)
    @rule(amount=amounts, every=st.sampled_from(EVERY), doses=st.sampled_from((None, 3, 6)), wants=wanting)
    def prescribe(self, amount: int, every: int, doses: int | None, wants: bool) -> None:
        wanted = self.life.prescribe(amount, every, doses, wants=wants)
        self._both(wanted, lambda side: side.hand.prescribe(amount, every, doses, wants=wants), decided=True)
        self.place.want_two_signatures()

    @precondition(lambda self: all(order.plans for order in self.life.orders))
    @rule(amount=amounts, wants=wanting)
    def prescribe_as_needed(self, amount: int, wants: bool) -> None:
        wanted = self.life.prescribe(amount, None, None, wants=wants)
        self._both(wanted, lambda side: side.hand.prescribe(amount, None, None, wants=wants), decided=True)

    @precondition(lambda self: self.life.orders)
    @rule(pick=picks, amount=amounts, every=st.sampled_from(EVERY), stale=stales)
    def change(self, pick: int, amount: int, every: int, stale: bool) -> None:
        order = self._order(pick)
        new = (amount, every if order.now_is.every else None)
        if new == (order.now_is.amount, order.now_is.every):
            new = (3 - amount, new[1])
        seen, number = max(1, order.version - stale), self.life.orders.index(order)
        wanted = self.life.change(order, seen, *new)
        self._both(wanted, lambda side: side.hand.change(side.entries[number], seen, *new, order.doses), decided=True)

    @precondition(lambda self: self.life.orders)
    @rule(pick=picks, act=st.sampled_from(("hold", "hold", "resume", "resume", "stop")), stale=stales)
    def decide(self, pick: int, act: str, stale: bool) -> None:
        order = self._order(pick)
        seen, number = max(1, order.version - stale), self.life.orders.index(order)
        wanted = getattr(self.life, act)(order, seen)
        self._both(wanted, lambda side: side.hand.decide(act, side.entries[number], seen), decided=True)

    # A nurse

    @precondition(lambda self: any(order.plans for order in self.life.orders))
    @rule(
        pick=picks,
        of=picks,
        what=st.sampled_from(("given", "given", "refused", "partly")),
        pulse=pulses,
        confirmed=st.booleans(),
        stale=stales,
    )
    def sign(self, pick: int, of: int, what: str, pulse: Pulse, confirmed: bool, stale: bool) -> None:
        order = self._order(of, fixed=True)
        due, number = self._dose(order, pick), self.life.orders.index(order)
        seen = self._seen(order, due, stale)
        ids = self.place.dose_ids(self.life, number, due)
        stop = self.place.went_past_a_stop(number)
        wanted = self.life.sign(order, due, seen, what, pulse, confirmed=confirmed, past_a_stop=stop)
        self._both(
            wanted, lambda side: side.hand.sign(ids[side.hand.patient_id], seen, what, pulse, confirmed=confirmed)
        )

    @precondition(lambda self: any(order.plans for order in self.life.orders))
    @rule(pick=picks, of=picks, stale=stales)
    def also_given(self, pick: int, of: int, stale: bool) -> None:
        order = self._order(of, fixed=True)
        due, number = self._dose(order, pick), self.life.orders.index(order)
        seen = self._seen(order, due, stale)
        ids = self.place.dose_ids(self.life, number, due)
        wanted = self.life.also_given(order, due, seen)
        self._both(wanted, lambda side: side.hand.also_given(ids[side.hand.patient_id], seen))

    @precondition(lambda self: not all(order.plans for order in self.life.orders))
    @rule(pulse=pulses, stale=stales)
    def give_as_needed(self, pulse: Pulse, stale: bool) -> None:
        order = self._order(0, fixed=False)
        seen, number = max(1, order.version - stale), self.life.orders.index(order)
        wanted = self.life.give_as_needed(order, seen, pulse)
        self._both(wanted, lambda side: side.hand.give_as_needed(side.entries[number], seen, pulse))

    def _signature(self, pick: int) -> tuple[Order, int | None, Signature, dict[UUID, UUID]]:
        """One of the latest: the order and the dose it is of, itself, and its id for each patient."""
        signatures = [
            (number, nth, due, signature)
            for number, order in enumerate(self.life.orders)
            for nth, (due, signature) in enumerate(order.signatures)
        ]
        number, nth, due, signature = signatures[-1 - pick % len(signatures)]
        return (
            self.life.orders[number],
            due,
            signature,
            {patient: ids[nth] for patient, ids in self.place.signatures(number).items()},
        )

    @precondition(lambda self: any(order.signatures for order in self.life.orders))
    @rule(pick=picks)
    def second(self, pick: int) -> None:
        _, due, signature, ids = self._signature(pick)
        wanted = self.life.second(due, signature)
        self._both(wanted, lambda side: side.hand.second(ids[side.hand.patient_id]))

    @precondition(lambda self: any(order.signatures for order in self.life.orders))
    @rule(pick=picks)
    def undo(self, pick: int) -> None:
        order, _, signature, ids = self._signature(pick)
        wanted = self.life.undo(order, signature)
        self._both(wanted, lambda side: side.hand.undo(ids[side.hand.patient_id]))

    # And nobody

    @precondition(lambda self: self.life.orders)
    @rule(hours=st.integers(1, 13))
    def time_passes(self, hours: int) -> None:
        self.life.time_passes(hours)
        self.place.hours_pass(hours)
        self.place.agree(self.life)


class Side:
    """A patient, whoever acts for her, and her orders in the order they came."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.entries: list[UUID] = []


class Place:
    """Two patients of one ward, and what is asked of both."""

    def __init__(self, world: World, superuser: psycopg.Connection[Any], work_of: Any, client_for: Any) -> None:
        self.world, self.superuser, self.work_of = world, superuser, work_of
        ids = [world.patient(), world.patient()]
        for patient_id in ids:
            factories.no_known_allergies(world.builder, patient_id, world.nina)
        world.store()
        self.pages = ByPages(world, client_for, ids[1])
        self.sides = [Side(ByService(world, work_of, ids[0])), Side(self.pages)]

    def want_two_signatures(self) -> None:
        """Of what is given at its times; no form asks for it yet."""
        ids = [side.hand.patient_id for side in self.sides]
        query = "UPDATE medication.medication_request SET two_signatures = true WHERE patient_id = ANY (%s) AND NOT as_needed"
        self.superuser.execute(query, (ids,))

    def hours_pass(self, hours: int) -> None:
        """Time passes, and the worker plans on."""
        patients = [side.hand.patient_id for side in self.sides]
        hours_pass(self.superuser, patients, hours)
        with self.work_of(self.world.nina) as work:
            Medication(work).extend_horizon(patients)

    def dose_ids(self, life: Life, number: int, due: int) -> dict[UUID, UUID]:
        """The dose of that hour, for each patient."""
        found = {}
        for side in self.sides:
            query = """SELECT id FROM medication.dose WHERE request_entry_id = %s
                       ORDER BY abs(extract(epoch FROM due_at - %s)) LIMIT 1"""
            at = datetime.now(UTC) + timedelta(hours=due - life.hour)
            row = self.world.migrator.execute(query, (side.entries[number], at)).fetchone()
            assert row is not None
            found[side.hand.patient_id] = row[0]
        return found

    def went_past_a_stop(self, number: int) -> bool:
        """Whether a stop was overridden in the order as it now is, which is the same for both."""
        query = """SELECT coalesce(detected_issues @> '[{"tier": 3}]', false) FROM medication.medication_request
                   WHERE entry_id = %s ORDER BY version DESC LIMIT 1"""
        (found,) = {self.world.migrator.execute(query, (side.entries[number],)).fetchone() for side in self.sides}
        return bool(found and found[0])

    def signatures(self, number: int) -> dict[UUID, list[UUID]]:
        """All signatures of an order, in the order they were made, for each patient."""
        query = """SELECT a.id FROM medication.medication_administration a
                   JOIN medication.medication_request r ON (r.patient_id, r.id) = (a.patient_id, a.request_id)
                   WHERE r.entry_id = %s AND a.kind = 'signature' ORDER BY a.recorded_at, a.id"""
        return {
            side.hand.patient_id: [row[0] for row in self.world.migrator.execute(query, (side.entries[number],))]
            for side in self.sides
        }

    def agree(self, life: Life, *, decided: bool = False) -> None:
        """Whatever can be read says what the model says. `decided`: a doctor has acted, so the pages' history is read too."""
        for side in self.sides:
            self._know(side)
        of = {side.hand.patient_id: side.entries for side in self.sides}
        said = what_the_service_says(self.work_of, self.world.nina, of, back=BACK, ahead=AHEAD, near=NEAR)
        histories = [_changes(order) for order in life.orders]
        for side in self.sides:
            seen = said[side.hand.patient_id]
            assert seen.history == histories
            assert _said(seen.doses, side, life) == _doses(life)
            assert seen.counted == _counted(life)
            _same_list(life, side, seen.in_use, seen.window, str)
            assert seen.rooms == _rooms(life, side)
        pages, doses = self.pages, said[side.hand.patient_id].doses
        if decided:
            assert [pages.history(entry) for entry in side.entries] == histories
        assert _cards_said(doses, side, life, pages.cards()) == _cards(life)
        _same_list(life, side, pages.in_use(), seen.window, lambda status: _SYMBOLS.get(status, status))
        assert pages.rooms() == _rooms(life, side)

    def _know(self, side: Side) -> None:
        query = "SELECT entry_id FROM medication.medication_request WHERE patient_id = %s AND version = 1 ORDER BY recorded_at, id"
        known = set(side.entries)
        side.entries += [e for (e,) in self.world.migrator.execute(query, (side.hand.patient_id,)) if e not in known]


def _said(doses: list[DueDose], side: Side, life: Life) -> list[tuple[int, Shown]]:
    now = datetime.now(UTC)
    return sorted(
        (
            side.entries.index(dose.request_entry_id),
            Shown(
                due=life.hour + _hours(dose.due_at - now),
                status=dose.status.value,
                amount=int(dose.amount.value),
                version=dose.version,
                can_sign=dose.can_sign,
                beside=len(dose.also_given),
                seconded=dose.witnessed_by is not None,
            ),
        )
        for dose in doses
    )


def _cards_said(
    doses: list[DueDose], side: Side, life: Life, cards: dict[UUID, tuple[str, bool]]
) -> list[tuple[int, int, str, bool]]:
    """The cards of what is due near now: order, hour, status, and whether it can be signed."""
    near = {}
    for dose in doses:
        if abs(hours := _hours(dose.due_at - datetime.now(UTC))) <= NEAR:
            near[dose.id] = (side.entries.index(dose.request_entry_id), life.hour + hours)
    return sorted((*near[id], status, tap) for id, (status, tap) in cards.items() if id in near)


def _hours(span: timedelta) -> int:
    return round(span / timedelta(hours=1))


def _changes(order: Order) -> list[str]:
    return [version.change for version in reversed(order.versions)]


def _doses(life: Life, back: int = BACK, ahead: int = AHEAD) -> list[tuple[int, Shown]]:
    hour = life.hour
    return [
        (n, dose) for n, order in enumerate(life.orders) for dose in order_doses(life, order, hour - back, hour + ahead)
    ]


def order_doses(life: Life, order: Order, first: int, last: int) -> list[Shown]:
    return life.between(order, first, last)


def _counted(life: Life) -> dict[str, int]:
    """What the worklist counts: doses that can still be given, and those that are signed."""
    doses = [
        (order.live(dose.due), dose)
        for order in life.orders
        for dose in life.between(order, life.hour - NEAR, life.hour + NEAR)
    ]
    states = Counter(dose.status for signature, dose in doses if not signature and dose.can_sign)
    signed = sum(1 for signature, _ in doses if signature)
    return {"late": states["late"], "ready": states["ready"], "total": signed + states.total(), "signed": signed}


def _cards(life: Life) -> list[tuple[int, int, str, bool]]:
    """What is late or ready, what was signed within the hour, and what waits for a second signature."""
    shown = []
    for number, dose in _doses(life, NEAR, NEAR):
        signature = life.orders[number].live(dose.due)
        alone = signature and signature.what != "refused" and not signature.seconded
        if dose.status in ("late", "ready") or alone or (signature and signature.at == life.hour):
            shown.append((number, dose.due, dose.status, dose.can_sign))
    return sorted(shown)


def _rooms(life: Life, side: Side) -> dict[UUID, bool]:
    return {
        side.entries[number]: life.room()
        for number, order in enumerate(life.orders)
        if not order.plans and order.now_is.status == "active"
    }


def _same_list(
    life: Life, side: Side, shown: dict[UUID, tuple[bool, Counter[str]]], window: Any, drawn: Callable[[str], str]
) -> None:
    in_use = {e: o for e, o in zip(side.entries, life.orders, strict=True) if o.now_is.status != "stopped"}
    assert set(shown) == set(in_use)
    for entry, order in in_use.items():
        paused, marks = shown[entry]
        assert paused is (order.now_is.status == "on-hold")
        # A few seconds have passed: what stands at the very edge of the picture may be in it or not.
        surely, maybe = (Counter(map(drawn, _picture(life, order, window, edge))) for edge in (1, -1))
        assert surely <= marks <= maybe, (surely, marks, maybe)


def _picture(life: Life, order: Order, window: Any, edge: int) -> Iterator[str]:
    """The statuses in the picture: a signed dose stands where it was given, and is asked for by when it was due."""
    now, inside = datetime.now(UTC), timedelta(minutes=5 * edge)

    def within(hour: int) -> bool:
        at = now + timedelta(hours=hour - life.hour)
        return bool(window.start + inside <= at < window.end - inside)

    yield from (
        "given" for due, signature in order.signatures if due is None and not signature.undone and within(signature.at)
    )
    for due, plan in order.plans.items():
        signature = order.live(due)
        dose = life.shown(order, due)
        at = signature.at if signature else due
        if dose and (signature or plan.state != "cancelled") and within(due) and within(at):
            yield dose.status


@pytest.mark.timeout(7200 if LONGER else 900)
def test_a_plain_model_the_service_and_the_pages_agree_after_each_step(
    world: World, superuser: psycopg.Connection[Any], work_of: Any, client_for: Callable[..., Browser]
) -> None:
    run_state_machine_as_test(
        lambda: Lives(lambda: Place(world, superuser, work_of, client_for)),
        settings=settings(
            max_examples=LONGER or 7,
            stateful_step_count=25,
            derandomize=not LONGER,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
