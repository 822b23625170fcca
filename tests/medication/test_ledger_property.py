"""No path through a ledger makes a balance that is negative or unexplained: the model, the pages' service and PostgreSQL agree."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.medication import Medication
from journal.medication.rules.ledger import BY_HAND, TAKES_OUT, EntryKind, WasteReason
from journal.platform.errors import Conflict, NotFound
from tests.conftest import World
from tests.medication.test_ledger import WorkOf, due, entries, give, keep

AMOUNTS = st.decimals(min_value="0.25", max_value="6", places=2)
STEPS = st.one_of(
    st.tuples(st.sampled_from(BY_HAND), AMOUNTS),
    st.tuples(st.just(EntryKind.COUNT), st.decimals(min_value=0, max_value=6, places=2)),
    st.tuples(st.just(EntryKind.CORRECTION), st.integers(1, 12)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12), there=st.integers(0, 5))
def test_every_balance_is_what_its_entries_say_and_never_less_than_nothing(
    world: World, work_of: WorkOf, steps: list[tuple[EntryKind, Any]], there: int
) -> None:
    place, ledger = keep(world, work_of, there)
    model = [Decimal(there)]
    kinds, taken_back = [EntryKind.OPENING], set[int]()
    for kind, said in steps:
        balance = sum(model, Decimal(0))
        change = moved(kind, said, balance, model, kinds, taken_back)
        with suppress(Conflict, NotFound), work_of(world.nina) as work:
            act(Medication(work), place, ledger, kind, said)
            assert change is not None and balance + change >= 0, "the service did what it should have refused"
            model.append(change)
            kinds.append(kind)
            if kind is EntryKind.CORRECTION:
                taken_back.add(said)
            change = None
        assert change is None or balance + change < 0, "the service refused what it should have done"

    stored = world.migrator.execute(
        "SELECT number, amount, balance FROM medication.ledger_entry WHERE ledger_id = %s ORDER BY number", (ledger,)
    ).fetchall()
    running = [sum(model[: n + 1], Decimal(0)) for n in range(len(model))]
    assert stored == [(n + 1, change, left) for n, (change, left) in enumerate(zip(model, running, strict=True))]
    assert all(left >= 0 for left in running)


def moved(
    kind: EntryKind,
    said: Any,
    balance: Decimal,
    model: list[Decimal],
    kinds: list[EntryKind],
    taken_back: set[int],
) -> Decimal | None:
    """By how much the step should move the balance; None when it should be refused whatever the balance is."""
    if kind is EntryKind.COUNT:
        return Decimal(said) - balance
    if kind is EntryKind.CORRECTION:
        there = said <= len(kinds) and kinds[said - 1] in BY_HAND and said not in taken_back
        return -model[said - 1] if there else None
    return -said if kind in TAKES_OUT else Decimal(said)


def act(medication: Medication, place: Any, ledger: Any, kind: EntryKind, said: Any) -> None:
    if kind is EntryKind.COUNT:
        medication.count(place, {ledger: said})
    elif kind is EntryKind.CORRECTION:
        medication.take_back(place, said)
    else:
        medication.enter(place, ledger, kind, said, WasteReason.OTHER if kind is EntryKind.WASTE else None)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(["give", "undo"]), max_size=6))
def test_doses_given_and_undone_leave_an_account_that_agrees_with_those_that_stand(
    world: World, work_of: WorkOf, acts: list[str]
) -> None:
    place, ledger = keep(world, work_of, 2)
    standing: list[tuple[Any, Any]] = []
    for act_ in acts:
        if act_ == "give":
            dose = due(world, work_of)
            standing.append((dose.patient_id, give(world, work_of, dose, ledger=ledger)))
        elif act_ == "undo" and standing:
            patient_id, signed = standing.pop()
            with work_of(world.nina) as work:
                Medication(work).correct(patient_id, signed, reason="Angret")
    with work_of(world.nina) as work:
        missing = {dose.administration_id for dose in Medication(work).doses_without_withdrawal()}
        assert Medication(work).withdrawals_without_dose() == []
    withdrawn = [signed for _patient, signed in standing if signed not in missing]

    assert entries(world, work_of, place, ledger)[-1][2] == 2 - len(withdrawn)
