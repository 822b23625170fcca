"""An order's life as a plain model: dictionaries and whole hours, no database, no zone, none of the journal's rules.

Hours count from the patient's beginning. What happens at hour 5 happens a moment after it has struck, so that a dose due at 5
is past when somebody acts at 5. An order is of `amount` tablets each `every`-th hour from its start, or as needed when `every`
is None. It may end by a number of doses given, and may want a pulse of at least `LEAST_PULSE` before each dose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

MISSED_UNCHANGED = 12
"""Doses due so many hours ago are missed, and stay so whatever becomes of the order."""
MOST_A_DAY, LEAST_BETWEEN = 3, 4
"""As needed: so many times in 24 hours, and at least so many hours between."""
LEAST_PULSE, NO_PULSE = 50, 300
"""A dose of an order that wants the pulse is given from the first on; from the other on the number is no pulse."""
_AHEAD = 1000

DONE, GONE, CONFLICT, INVALID = 303, 404, 409, 422
"""What an act is answered with, as HTTP says it."""

SIGNED = {"given": "given", "partly": "partly", "refused": "not_given"}


@dataclass
class Plan:
    """What an unsigned dose is: of which version, how much, whether it may be given, and since when that is so."""

    version: int
    amount: int
    every: int
    state: str = "open"
    since: int = 0


@dataclass
class Signature:
    """`what` is given, partly or refused. `of` is the plan when it was signed: that is what it goes on saying."""

    at: int
    what: str
    of: Plan
    undone: bool = False
    seconded: bool = False


@dataclass
class Version:
    change: str
    status: str
    amount: int
    every: int | None


@dataclass(frozen=True, order=True)
class Shown:
    """A dose as everybody must show it."""

    due: int
    status: str
    amount: int
    version: int
    can_sign: bool
    beside: int
    seconded: bool


@dataclass(eq=False)
class Order:
    """One order, the doses it led to, and what was signed of them. Two that say the same are still two.

    `doses`: how many it ends by. `again`: from when the first dose of such a course that nobody signs is missed. `wants`: the
    pulse.
    """

    start: int
    versions: list[Version]
    doses: int | None = None
    wants: bool = False
    again: int | None = None
    plans: dict[int, Plan] = field(default_factory=dict)
    signatures: list[tuple[int | None, Signature]] = field(default_factory=list)
    beside: list[tuple[int, int]] = field(default_factory=list)

    @property
    def now_is(self) -> Version:
        return self.versions[-1]

    @property
    def version(self) -> int:
        return len(self.versions)

    def live(self, due: int) -> Signature | None:
        """The signature of a dose that stands."""
        return next((s for of, s in self.signatures if of == due and not s.undone), None)

    @property
    def complete(self) -> bool:
        """Whether as many were given as it ends by."""
        return self.doses is not None and len(list(self.taken())) >= self.doses

    def taken(self) -> Iterator[int]:
        """When it was given, whoever gave it and whatever else was said."""
        yield from (s.at for _, s in self.signatures if not s.undone and s.what != "refused")
        yield from (at for _, at in self.beside)


@dataclass(frozen=True)
class Pulse:
    """What was measured before a dose, None for nothing, and whether there is a reason to give it against that."""

    value: int | None = None
    against: bool = False

    def allows(self, order: Order) -> bool:
        if not order.wants:
            return True
        return self.value is not None and self.value < NO_PULSE and (self.value >= LEAST_PULSE or self.against)


class Life:
    """A patient's orders of one medicine, hour by hour. Each act answers as the journal must."""

    def __init__(self) -> None:
        self.hour = 0
        self.orders: list[Order] = []

    # What a doctor does

    def prescribe(self, amount: int, every: int | None, doses: int | None, *, wants: bool) -> int:
        order = Order(self.hour, [Version("prescribe", "active", amount, every)], doses, wants)
        self.orders.append(order)
        if doses:
            self._count(order, start=self.hour)
        elif every:
            for due in range(self.hour, self.hour + _AHEAD, every):
                order.plans[due] = Plan(1, amount, every)
        return DONE

    def change(self, order: Order, version: int, amount: int, every: int | None) -> int:
        if version != order.version or order.now_is.status == "stopped":
            return CONFLICT
        if order.complete:
            return INVALID
        held = order.now_is.status == "on-hold"
        order.versions.append(Version("change", order.now_is.status, amount, every))
        if every is None:
            return DONE
        anew = range(order.start, self.hour + _AHEAD, every)
        for due, plan in order.plans.items():
            if due > self.hour - MISSED_UNCHANGED and plan.state != "cancelled":
                kept = due in anew and due <= self.hour
                plan.version, plan.state, plan.since = order.version, "kept" if kept else "cancelled", self.hour
        for due in anew:
            known = due in order.plans and (order.live(due) or not order.doses)
            if (due > self.hour and (known or not order.doses)) or (
                due in order.plans and order.plans[due].state == "kept"
            ):
                order.plans[due] = Plan(order.version, amount, every, "held" if held else "open", self.hour)
        self._count(order)
        return DONE

    def hold(self, order: Order, version: int) -> int:
        if version != order.version or order.now_is.status != "active":
            return CONFLICT
        return self._move(order, "hold", "on-hold", "held", since=self.hour - MISSED_UNCHANGED)

    def resume(self, order: Order, version: int) -> int:
        if version != order.version or order.now_is.status != "on-hold":
            return CONFLICT
        return self._move(order, "resume", "active", "open", since=self.hour)

    def stop(self, order: Order, version: int) -> int:
        if version != order.version or order.now_is.status == "stopped":
            return CONFLICT
        return self._move(order, "stop", "stopped", "cancelled", since=self.hour - MISSED_UNCHANGED)

    def _move(self, order: Order, change: str, status: str, state: str, *, since: int) -> int:
        order.versions.append(Version(change, status, order.now_is.amount, order.now_is.every))
        for due, plan in order.plans.items():
            if due > since and plan.state != "cancelled":
                plan.version, plan.state, plan.since = order.version, state, self.hour
        self._count(order)
        return DONE

    # What a course that ends by the doses given is longer by

    def time_passes(self, hours: int) -> None:
        """And the worker counts what was missed."""
        self.hour += hours
        for order in self.orders:
            self._count(order)

    def _count(self, order: Order, *, start: float | None = None) -> None:
        """As many doses may still be given as are left: those that are due, and then others from `start` on."""
        if not order.doses or order.now_is.status == "stopped":
            return
        now_is, now = order.now_is, self.hour + 0.5
        start = start if start is not None else min(now, order.again or now)
        assert now_is.every
        left = max(order.doses - len(list(order.taken())), 0)
        unsigned = {due: plan for due, plan in sorted(order.plans.items()) if not order.live(due)}
        waits = [d for d, p in unsigned.items() if p.state == "open" and _missed(p, d) > now and d < start][:left]
        fresh = Plan(
            order.version, now_is.amount, now_is.every, "held" if now_is.status == "on-hold" else "open", self.hour
        )
        grid = (due for due in range(order.start, self.hour + _AHEAD, now_is.every) if due >= start)
        ahead = [due for due in grid if not order.live(due) and _missed(fresh, due) > now][: left - len(waits)]
        for due, plan in unsigned.items():
            to_come = _missed(plan, due) > now and (plan.state == "open" or due >= start)
            if to_come and plan.state != "cancelled" and due not in waits:
                plan.version, plan.state, plan.since = order.version, "cancelled", self.hour
        order.plans |= {due: replace(fresh) for due in ahead}
        again = min((_missed(order.plans[due], due) for due in (*waits, *ahead)), default=None)
        order.again = again if now_is.status == "active" else None

    # What a nurse does

    def sign(
        self, order: Order, due: int, version: int, what: str, pulse: Pulse, *, confirmed: bool, past_a_stop: bool
    ) -> int:
        """`past_a_stop`: the doctor went on past a stop of the safety rules, which are held elsewhere."""
        if order.live(due) or not self._ordinary(order, due, version):
            return CONFLICT
        plan = order.plans[due]
        special = self.hour < due - 1 or self.hour >= _missed(plan, due) or past_a_stop
        if what == "given" and due - self.hour > 12:
            return INVALID
        if what != "refused" and order.complete:
            return CONFLICT
        if what == "given" and ((special and not confirmed) or not pulse.allows(order)):
            return INVALID
        order.signatures.append((due, Signature(self.hour, what, replace(plan))))
        self._count(order)
        return DONE

    def also_given(self, order: Order, due: int, version: int) -> int:
        if not order.live(due) and self._ordinary(order, due, version) and not order.complete:
            return CONFLICT
        order.beside.append((due, self.hour))
        self._count(order)
        return DONE

    def give_as_needed(self, order: Order, version: int, pulse: Pulse) -> int:
        if version != order.version or order.now_is.status != "active" or not self.room():
            return CONFLICT
        if not pulse.allows(order):
            return INVALID
        now_is = Plan(order.version, order.now_is.amount, 0)
        order.signatures.append((None, Signature(self.hour, "given", now_is)))
        return DONE

    def second(self, due: int | None, signature: Signature) -> int:
        """Another nurse signs as number two what was given of a dose that was planned."""
        if due is None or signature.undone or signature.what == "refused":
            return GONE
        if signature.seconded:
            return CONFLICT
        signature.seconded = True
        return DONE

    def undo(self, order: Order, signature: Signature) -> int:
        """The dose is then what it would have been, had nobody signed it."""
        if signature.undone:
            return CONFLICT
        signature.undone = True
        self._count(order)
        return DONE

    def _ordinary(self, order: Order, due: int, version: int) -> bool:
        seen_newest = version == order.version and order.now_is.status == "active"
        return seen_newest and order.plans[due].state == "open"

    # What everybody sees

    def room(self) -> bool:
        """Whether one more may be given as needed: doses of every order of the medicine count."""
        taken = sorted(at for order in self.orders for at in order.taken())
        lately = [at for at in taken if at > self.hour - 24]
        return len(lately) < MOST_A_DAY and not (taken and self.hour - taken[-1] < LEAST_BETWEEN)

    def shown(self, order: Order, due: int) -> Shown | None:
        """The dose; None for one that was called off and that nothing was ever said about."""
        signature, plan = order.live(due), order.plans[due]
        of = signature.of if signature else plan
        beside = sum(1 for other, _ in order.beside if other == due)
        if plan.state == "cancelled" and not signature and not beside:
            return None
        status = _signed(signature, due) if signature else self._unsigned(plan, due)
        can_sign = signature is None and plan.state == "open"
        return Shown(due, status, of.amount, of.version, can_sign, beside, bool(signature and signature.seconded))

    def between(self, order: Order, first: int, last: int) -> list[Shown]:
        """The doses due from hour `first` to hour `last`, both with."""
        shown = [self.shown(order, due) for due in sorted(order.plans) if first <= due <= last]
        return [dose for dose in shown if dose]

    def _unsigned(self, plan: Plan, due: int) -> str:
        missed = _missed(plan, due)
        if plan.state != "open" and plan.since < missed:
            return "held" if plan.state == "held" else "stopped"
        if self.hour >= missed:
            return "missed"
        return "late" if self.hour >= due + 1 else "ready" if self.hour >= due - 1 else "planned"


def _missed(plan: Plan, due: int) -> int:
    return min(due + plan.every, due + max(12, plan.every // 2))


def _signed(signature: Signature, due: int) -> str:
    said = SIGNED[signature.what]
    if said != "given":
        return said
    return "given_early" if signature.at < due - 1 else "given_late" if signature.at >= due + 1 else "given"
