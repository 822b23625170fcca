"""From what supply a medicine comes and who gives it: what is likely, and a change of it."""

from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.errors import refusing
from journal.medication.models import Dose
from journal.medication.rules import GivenBy, OrderStatus, Supply, usual_supply
from journal.medication.rules.supply import check_supply
from journal.medication.service.prescribing import MAY_STILL_BE_GIVEN, Prescribing
from journal.medication.service.shown import dosage_of
from journal.permissions import Permission
from journal.platform.errors import Invalid
from journal.platform.service import on_patient


class Supplying(Prescribing):
    """The dosage stays as it is, and so do the doses; they follow the new version."""

    @on_patient(Permission.MEDICATION_READ)
    def usual_supply(self, patient_id: UUID) -> Supply:
        """What an order of this patient most likely comes from, by why one sees her."""
        return usual_supply(self.work.ground(patient_id).code)

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def change_supply(
        self,
        patient_id: UUID,
        request_entry_id: UUID,
        *,
        version: int,
        supply: Supply,
        given_by: GivenBy,
        reason: str,
    ) -> int:
        """A new version with another supply, or another who gives; answers with it.

        Not of a paused order: its newest version says why it is paused. One that waits at the hospital door waits on. Raises
        NotFound, OrderChanged, and Invalid for the same as before and for what cannot lie ready in what it is to come from.
        """
        order = self._lock(patient_id, request_entry_id, version, {OrderStatus.ACTIVE}, decides=False)
        if (order.supply, order.given_by) == (supply.value, given_by.value):
            raise Invalid(errors={"supply": ["Dette er det samme som før. Endre det, eller gå tilbake."]})
        with refusing("supply", Invalid):
            check_supply(supply, dosage_of(order).unit, order.form)
        was = order.supply
        told = {"supply": supply.value, "given_by": given_by.value}
        new = self._next(order, change="change", reason=reason, **told)
        # A dose that was paused when its order was resumed stays with that version; one that waits at the door does not.
        unsigned = self._unsigned(patient_id, new, self.work.now - MAY_STILL_BE_GIVEN)
        follows = sa.or_(Dose.state == "open", sa.and_(Dose.state == "held", Dose.due_at > self.work.now))
        values = {"request_id": new.id, "request_version": new.version, "given_by": given_by.value}
        write = sa.update(Dose).where(unsigned, follows).values(values)
        self.db.execute(write.execution_options(synchronize_session=False))
        left = was == Supply.DISPENSER.value != supply.value
        self._tell(facts.MedicineChanged, new, *((facts.DispenserOrderChanged(new.patient_id),) if left else ()))
        return new.version
