"""A dose's life as a plain model: what is said of each dose, by whom, and what stands; no database, no clock, no rules.

A patient has two orders from their own packs, of which one wants two signatures, and two that lie in one compartment of her
dosett. Each has one dose now. All of it happens within the hour: nothing is late, early or missed. (order_life.py lives with the
clock.) The journal may turn out to have been away before she was asked: what was due then, and is not signed, is unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DONE, GONE, CONFLICT, INVALID = 303, 404, 409, 422
"""What an act is answered with, as HTTP says it."""

PACK, FIRST, SECOND, PLAIN = range(4)
LAID = (FIRST, SECOND)
"""The orders: the one that wants two signatures, those in the compartment, one tablet of each, and the one like most."""
OWN_PACK = (PACK, PLAIN)

BESIDE = ("also_given", "given_after_stop")
RESULTS = {"given": "1", "partly": "2", "refused": "3"}
STATUSES = {"given": "given", "partly": "partly", "refused": "not_given"}


@dataclass(eq=False)
class Row:
    """Something that was said of a dose, and that is never lost. `kind` is signature, also_given, given_after_stop or witness.

    `version` and `amount` are the order's as it was seen, and go on saying so. `of`: the signature that a witness stands beside.
    """

    kind: str
    dose: "Dose"
    what: str
    by: str
    version: int
    amount: int | None
    from_bag: bool = False
    in_error: bool = False
    tried_again: bool = False
    of: "Row | None" = None


@dataclass(eq=False)
class Dose:
    """`number`: the order, and how many tries came before it. `of`: the dose that it is another try of. `lies`: before the
    patient, until it is taken away. `unknown`: the journal was away when it was to be given."""

    number: tuple[int, int]
    version: int = 1
    amount: int = 1
    state: str = "open"
    of: "Dose | None" = None
    layings: int = 0
    lies: bool = False
    unknown: bool = False


@dataclass(frozen=True, order=True)
class Shown:
    """A dose as everybody must show it."""

    number: tuple[int, int]
    status: str
    amount: int
    version: int
    can_sign: bool
    beside: int
    seconded: bool


@dataclass
class Order:
    """`amounts`: of each version, the newest last; a stop repeats it."""

    doses: list[Dose]
    amounts: list[int] = field(default_factory=lambda: [1])
    stopped: bool = False

    @property
    def version(self) -> int:
        return len(self.amounts)


class Life:
    """What four orders lead to. Each act answers as the journal must."""

    def __init__(self) -> None:
        self.orders = [Order([Dose((number, 0))]) for number in range(4)]
        self.rows: list[Row] = []
        self.incidents: list[str] = []
        self.taken_out: set[int] = set()

    # What a doctor does

    def change(self, number: int, seen: int, amount: int) -> int:
        order = self.orders[number]
        if order.stopped or seen != order.version:
            return CONFLICT
        order.amounts.append(amount)
        for dose in self._unsigned(order):
            # Another try is of the dose as it was ordered then: of the new order it is not.
            dose.version, dose.state = order.version, "cancelled" if dose.of else "open"
            dose.amount = dose.amount if dose.of else amount
        return DONE

    def stop(self, number: int, seen: int) -> int:
        order = self.orders[number]
        if order.stopped or seen != order.version:
            return CONFLICT
        order.amounts.append(order.amounts[-1])
        order.stopped = True
        for dose in self._unsigned(order):
            dose.version, dose.state = order.version, "cancelled"
        return DONE

    def _unsigned(self, order: Order) -> list[Dose]:
        return [dose for dose in order.doses if dose.state == "open" and not self.live(dose)]

    # What a nurse does

    def sign(self, dose: Dose, seen: int, what: str, by: str, looked: bool) -> int:
        """`looked`: on the paper list, before it is given where nobody knows whether it was."""
        if self.live(dose) or not self._unchanged(dose, seen):
            return CONFLICT
        if what == "given" and not looked and self._maybe_given(dose):
            return INVALID
        self._sign(dose, what, by, from_bag=False)
        return DONE

    def _maybe_given(self, dose: Dose) -> bool:
        """Whether nobody knows it of this dose, or of another of its order."""
        return any(other.unknown and not self.live(other) for other in self.orders[dose.number[0]].doses)

    def also_given(self, dose: Dose, seen: int, by: str) -> int:
        signature = self.live(dose)
        if signature is None and self._unchanged(dose, seen):
            return CONFLICT
        if signature and signature.what == "refused" and (again := self._try_of(dose)) and not self.live(again):
            again.state = "cancelled"
        kind = "also_given" if signature else "given_after_stop"
        # Beside a signature stands what was signed of; else what the order says now.
        self.rows.append(Row(kind, dose, "given", by, dose.version, dose.amount))
        self.incidents.append("double_registered" if signature else "given_after_stop")
        return DONE

    def lay_out(self, dose: Dose, seen: int) -> int:
        """It lies before the patient, and is open still: nobody has said that it was taken."""
        if self.live(dose) or not self._unchanged(dose, seen) or dose.lies:
            return CONFLICT
        if dose.number[0] == PACK:
            return INVALID
        dose.lies, dose.layings = True, dose.layings + 1
        return DONE

    def take_away(self, dose: Dose) -> int:
        """The one that was laid out last."""
        if not dose.lies:
            return CONFLICT
        dose.lies = False
        return DONE

    def was_away(self) -> int:
        """The journal was, when the doses from their own packs were to be given."""
        for dose in (self.orders[number].doses[0] for number in OWN_PACK):
            dose.unknown = dose.unknown or (dose.state == "open" and not self.live(dose))
        return DONE

    def write_in(self, dose: Dose, what: str, by: str) -> int:
        """From the paper list: a fact, also of an order that has been changed or stopped since."""
        if self.live(dose):
            return CONFLICT
        if not dose.unknown:
            return GONE
        if what == "given" and not self._unchanged(dose, dose.version):
            self.rows.append(Row("given_after_stop", dose, "given", by, dose.version, dose.amount))
            self.incidents.append("given_after_stop")
            dose.unknown = False
        else:
            self._sign(dose, what, by, from_bag=False)
        return DONE

    def second(self, row: Row, by: str) -> int:
        """Another signs as number two: of what was given, of the order that wants it."""
        if row.in_error or row.what == "refused" or row.kind != "signature" or row.dose.number[0] != PACK:
            return GONE
        if any(other.of is row for other in self.rows):
            return CONFLICT
        if row.by == by:
            return INVALID
        self.rows.append(Row("witness", row.dose, row.what, by, row.version, row.amount, of=row))
        return DONE

    def undo(self, row: Row) -> int:
        """The dose is then what it would have been, had nobody signed it."""
        if row.in_error or self._tried_and_signed(row):
            return CONFLICT
        row.in_error = True
        if row.kind == "signature":
            self._reopen(row)
        return DONE

    def sign_bag(self, seen: Mapping[int, int], refused: frozenset[int], by: str) -> int:
        """`seen`: the orders with their versions on the card; `refused`: those of them that were not given."""
        doses = {number: self.orders[number].doses[0] for number in seen}
        if self.outdated() or set(seen) != set(self.together()):
            return CONFLICT
        if any(not self._unchanged(dose, seen[number]) for number, dose in doses.items()):
            return CONFLICT
        for number, dose in doses.items():
            self._sign(dose, "refused" if number in refused else "given", by, from_bag=True)
        return DONE

    def undo_bag(self, by: str) -> int:
        rows = [row for row in self.rows if row.from_bag and row.by == by and not row.in_error]
        if not rows:
            return GONE
        if any(self._tried_and_signed(row) for row in rows):
            return CONFLICT
        for row in rows:
            self.undo(row)
        return DONE

    def take_out(self, numbers: frozenset[int]) -> int:
        if not numbers or numbers != frozenset(self.outdated()):
            return CONFLICT
        self.taken_out |= numbers
        return DONE

    def _sign(self, dose: Dose, what: str, by: str, *, from_bag: bool) -> None:
        again = what == "refused" and dose.of is None
        amount = dose.amount if what == "given" else None
        self.rows.append(Row("signature", dose, what, by, dose.version, amount, from_bag, tried_again=again))
        if again:
            doses = self.orders[dose.number[0]].doses
            doses.append(Dose((dose.number[0], len(doses)), dose.version, dose.amount, of=dose))

    def _reopen(self, row: Row) -> None:
        dose, order = row.dose, self.orders[row.dose.number[0]]
        if row.tried_again and (again := self._try_of(dose)):
            again.state = "cancelled"
        if dose.version == order.version:
            return
        dose.version = order.version
        if dose.of or order.stopped:
            dose.state = "cancelled"
        dose.amount = dose.amount if dose.of else order.amounts[-1]

    def _tried_and_signed(self, row: Row) -> bool:
        """A try that was signed must be put right before what it is a try of."""
        again = self._try_of(row.dose) if row.tried_again and row.kind == "signature" else None
        return bool(again and self.live(again))

    def _try_of(self, dose: Dose) -> Dose | None:
        doses = self.orders[dose.number[0]].doses
        return next((other for other in doses if other.of is dose and other.state != "cancelled"), None)

    def _unchanged(self, dose: Dose, seen: int) -> bool:
        order = self.orders[dose.number[0]]
        return dose.state == "open" and not order.stopped and seen == order.version

    # What everybody sees

    def live(self, dose: Dose) -> Row | None:
        """The signature of a dose that stands."""
        return next((r for r in self.rows if r.dose is dose and r.kind == "signature" and not r.in_error), None)

    def outdated(self) -> list[int]:
        """What must be taken out of the compartment before the rest is given."""
        firsts = {number: self.orders[number].doses[0] for number in LAID if number not in self.taken_out}
        return [n for n, dose in firsts.items() if not self.live(dose) and (dose.state != "open" or dose.amount != 1)]

    def together(self) -> list[int]:
        """What is given and signed of the compartment as one."""
        gone = {*self.outdated(), *self.taken_out}
        return [number for number in LAID if number not in gone and not self.live(self.orders[number].doses[0])]

    def doses(self) -> Iterator[Dose]:
        for order in self.orders:
            yield from order.doses

    def shown(self) -> list[Shown]:
        return sorted(shown for dose in self.doses() if (shown := self._shown(dose)))

    def _shown(self, dose: Dose) -> Shown | None:
        """None for what was called off, and that nothing stands of."""
        signature = self.live(dose)
        facts = [row for row in self.rows if row.dose is dose and not row.in_error and row.kind in BESIDE]
        if dose.state == "cancelled" and not (signature or facts or dose.lies or dose.unknown):
            return None
        unsigned = "unknown" if dose.unknown else "stopped"
        if dose.state == "open" and not dose.unknown:
            unsigned = "laid_out" if dose.lies and not facts else "ready"
        status = STATUSES[signature.what] if signature else unsigned
        can_sign = signature is None and dose.state == "open"
        seconded = any(row.of is signature for row in self.rows) if signature else False
        return Shown(dose.number, status, dose.amount, dose.version, can_sign, len(facts), seconded)
