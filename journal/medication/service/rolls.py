"""A multidose roll: taken in as the pharmacy packed it, compared with the list, and accepted or sent back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.rules import OrderStatus
from journal.medication.rules.prepared import Outcome, Packed, PreparedKind, differences
from journal.medication.rules.roll import RollLine, matching
from journal.medication.service.prepared_shown import PreparedThing
from journal.medication.service.preparing import Preparing
from journal.permissions import Permission
from journal.platform.clock import instant, moment
from journal.platform.errors import Invalid
from journal.platform.service import on_patient


class Rolls(Preparing):
    """None of its bags is given from before somebody has compared it with the list."""

    @on_patient(Permission.MEDICATION_RECEIVE)
    def receive_roll(
        self, patient_id: UUID, starts_on: date, ends_on: date, *, pharmacy: str, lines: Sequence[RollLine]
    ) -> UUID:
        """Stores what a roll holds, as the pharmacy packed it; answers with its id. None of its bags is given from before it is
        accepted.

        Each line is known again in the list by its name and strength, or stands without an order. Raises AlreadyPrepared, and
        Invalid for a period that cannot be or with nothing in it.
        """
        if not starts_on <= ends_on <= starts_on + timedelta(days=27):
            raise Invalid(errors={"ends_on": ["Rullen må slutte etter den begynner, og vare høyst fire uker."]})
        self._hold_orders(patient_id)
        order = self._orders(patient_id)
        in_use = sa.select(order).where(order.status == OrderStatus.ACTIVE.value, ~order.as_needed)
        orders = self.db.scalars(in_use).all()
        days = [starts_on + timedelta(days=n) for n in range((ends_on - starts_on).days + 1)]
        rows, taken = [], set()
        for line in lines:
            order = matching(line.medicine, orders)
            for at in _times(line, days):
                known = order if order is not None and (at, order.entry_id) not in taken else None
                if known is not None:
                    taken.add((at, known.entry_id))
                of_order = (known.entry_id, known.version) if known is not None else (None, None)
                rows.append((at, line.medicine, line.amount, *of_order))
        if not rows:
            raise Invalid(errors={"lines": ["Ingen av linjene gis i disse dagene. Skriv hva som ligger i posene."]})
        return self._lay(self._prepare(patient_id, PreparedKind.MULTIDOSE, starts_on, ends_on, pharmacy), rows)

    @on_patient(Permission.MEDICATION_READ)
    def roll_differences(self, patient_id: UUID, thing: PreparedThing) -> tuple[tuple[str, ...], int]:
        """How a roll differs from the list for its days, in sentences, and how many of its lines are alike."""
        now = self.work.now
        packed = [
            Packed(line.request_entry_id, line.medicine, moment(bag.due_at), line.amount)
            for bag in thing.bags
            for line in bag.lines
            if bag.due_at >= now
        ]
        days = thing.ends_on - thing.starts_on
        wanted = self.to_lay_in(patient_id, thing.starts_on, kind=PreparedKind.MULTIDOSE, days=days)
        listed = [Packed(one.request_entry_id, one.medicine, moment(one.due_at), one.amount) for one in wanted]
        ours = {(one.order, one.at, one.amount) for one in listed}
        return differences(packed, listed), sum(1 for one in packed if (one.order, one.at, one.amount) in ours)

    @on_patient(Permission.MEDICATION_RECEIVE)
    def accept_roll(self, patient_id: UUID, prepared_id: UUID, *, reason: str = "") -> None:
        """Accepts a roll: its bags may be given from. Raises NotFound, PreparedChecked, and Invalid where it differs from the
        list and no reason is said."""
        thing = self._unchecked(patient_id, prepared_id, PreparedKind.MULTIDOSE)
        if self.roll_differences(patient_id, thing)[0] and not reason.strip():
            raise Invalid(
                errors={"reason": ["Rullen er ulik listen. Skriv hvorfor den kan brukes, eller send den tilbake."]}
            )
        self._store_check(thing, Outcome.ACCEPTED, reason.strip() or None)

    @on_patient(Permission.MEDICATION_RECEIVE)
    def send_roll_back(self, patient_id: UUID, prepared_id: UUID, *, reason: str) -> None:
        """Sends a roll back: nothing of it is given. Raises NotFound and PreparedChecked."""
        thing = self._unchecked(patient_id, prepared_id, PreparedKind.MULTIDOSE)
        self._store_check(thing, Outcome.SENT_BACK, reason)
        self.work.publish(facts.BagGivenUp(thing.patient_id, thing.id))


def _times(line: RollLine, days: Iterable[date]) -> list[datetime]:
    return [
        instant(day, at) for day in days if not line.weekdays or day.isoweekday() in line.weekdays for at in line.times
    ]
