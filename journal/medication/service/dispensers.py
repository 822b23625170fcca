"""Electronic dispensers: whose they are and whether they suit, what lies in them, and what their devices tell.

No method here signs a dose: what a device tells is stored beside it, and a person signs what she has seen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.dispenser_tables import Dispenser, DispenserEvent
from journal.medication.errors import DispenserChanged
from journal.medication.rules.dispenser import (
    ALARMS,
    OF_A_DOSE,
    RUNS_OUT,
    Event,
    Heard,
    Suitability,
    answer_by,
    needs,
)
from journal.medication.rules.next_step import critical_group
from journal.medication.rules.prepared import PreparedKind
from journal.medication.service.dispenser_shown import (
    DeviceTold,
    DispenserSaid,
    PatientDispenser,
    events_since,
    newest_dispensers,
    said_of,
)
from journal.medication.service.prepared_shown import LINES, PreparedThing, things_of
from journal.medication.service.preparing import Preparing
from journal.permissions import Permission
from journal.platform.clock import day_bounds, local_date
from journal.platform.entries import lock_entry
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import on_patient, on_patients, without_patient
from journal.platform.statement import Statement

_BACK, _AHEAD = timedelta(days=14), timedelta(days=42)
MOST_DAYS = timedelta(days=27)
_ALARMED: dict[Event, type[facts.DispenserToSee]] = {
    Event.NOT_TAKEN: facts.DispenserNotEmptied,
    Event.NO_CONTACT: facts.DispenserSilent,
    Event.FAULT: facts.DispenserFailed,
}

_PATIENTS = Statement(sa.text("SELECT patient_id FROM medication.patients_with_dispenser()"))
# Which medicines lie in a compartment, or in those of this day and the next; and what the municipality counts as critical.
_LIES = Statement(
    sa.text(
        """
    SELECT l.due_at, r.atc_code,
        (SELECT c.atc_codes FROM medication.critical_setting c
         WHERE c.municipality_id = audit.acting_for() ORDER BY c.version DESC LIMIT 1) AS added
    FROM medication.prepared_line l
    JOIN medication.prepared p ON (p.patient_id, p.id) = (l.patient_id, l.prepared_id) AND p.in_error_at IS NULL
    LEFT JOIN medication.medication_request r
        ON r.patient_id = ANY (:ids) AND (r.entry_id, r.version) = (l.request_entry_id, l.request_version)
    WHERE l.patient_id = ANY (:ids) AND p.kind = 'dispenser' AND l.in_error_at IS NULL
      AND l.due_at >= :start AND l.due_at < :end
    """
    )
)
_OUTDATED_THEN = Statement(
    sa.text(
        """
    SELECT 1 FROM medication.dose d
    CROSS JOIN LATERAL medication.told_by_dispenser(d.patient_id, d.request_entry_id, d.due_at) t
    WHERE d.patient_id = ANY (:ids) AND d.due_at = :due_at AND t.outdated LIMIT 1
    """
    )
)


class Dispensers(Preparing):
    """A load is a prepared thing of its own kind, laid in and controlled as a dosett is."""

    @without_patient(Permission.CHART_LIST)
    def patients_with_dispenser(self) -> list[UUID]:
        """The patients of whoever asks who have a dispenser in use: ids, and nothing of them."""
        return [row.patient_id for row in _PATIENTS.rows(self.db)]

    @on_patients(Permission.MEDICATION_READ)
    def dispensers(self, patient_ids: Collection[UUID]) -> dict[UUID, PatientDispenser]:
        """The dispenser of each of these patients who has or had one, the last that was written of. Three statements."""
        linked, now = self.work.linked(patient_ids), self.work.now
        rows = {linked[row.patient_id]: row for row in newest_dispensers().rows(self.db, ids=list(linked))}
        if not rows:
            return {}
        around = {"start": now - _BACK, "end": now + _AHEAD}
        things = things_of(LINES.rows(self.db, ids=list(linked), **around), now)
        told = events_since().rows(self.db, ids=list(linked), since=now - _BACK)
        return {
            patient_id: self._of_patient(
                patient_id,
                row,
                [one for one in things if linked[one.patient_id] == patient_id],
                [one for one in told if one.dispenser_entry_id == row.entry_id],
            )
            for patient_id, row in rows.items()
        }

    @on_patient(Permission.MEDICATION_READ)
    def loaded_dispenser(self, patient_id: UUID) -> UUID | None:
        """The dispenser in use that something lies in from now on; None where there is none."""
        row = next(iter(newest_dispensers().rows(self.db, ids=self.work.ids(patient_id))), None)
        if row is None or (row.ends_on is not None and row.ends_on < local_date(self.work.now)):
            return None
        found = self._lying(patient_id, self.work.now, self.work.now + _AHEAD)
        return row.entry_id if found else None

    @on_patient(Permission.MEDICATION_RECEIVE)
    def set_dispenser(
        self, patient_id: UUID, said: DispenserSaid, *, entry_id: UUID | None = None, version: int = 0, reason: str = ""
    ) -> UUID:
        """Stores a patient's dispenser, or what is written of it anew; answers with its entry_id. Its evaluation is a task then.

        `version`: the newest that was seen. Raises DispenserChanged when another wrote since, or she has one already, and Invalid
        for one in use that does not suit, or that nobody is to evaluate.
        """
        _check(said)
        if entry_id is None and any(self._dispensers_in_use(patient_id)):
            raise DispenserChanged("Pasienten har alt en dispenser. Endre den, eller avslutt den først.")
        if entry_id is not None:
            found = lock_entry(self.work, patient_id, Dispenser, entry_id)
            if not found or found[0].version != version:
                raise DispenserChanged(
                    "Noen har skrevet om dispenseren etter at du åpnet siden. Se hva som gjelder nå."
                )
            patient_id = found[0].patient_id
        id = new_id()
        told = asdict(said) | {"suitability": said.suitability.value, "change_reason": reason or None}
        row = Dispenser(patient_id=patient_id, id=id, entry_id=entry_id or id, version=version + 1, **told)
        self.db.add(row)
        self.db.flush()
        ended = said.ends_on is not None
        evaluate = None if ended or said.evaluate_on is None else day_bounds(said.evaluate_on)[0]
        self._see_to(row, facts.DispenserToEvaluate, evaluate)
        for what in (facts.DispenserToFill, facts.DispenserToReload) if ended else ():
            self._see_to(row, what, None)
        return row.entry_id

    @on_patient(Permission.MEDICATION_RECEIVE)
    def load_dispenser(
        self,
        patient_id: UUID,
        starts_on: date,
        ends_on: date,
        *,
        seen: Mapping[UUID, int],
        left_out: Collection[UUID] = (),
    ) -> UUID:
        """Stores what was laid in the dispenser for these days, as lay_in; answers with its id. The next load is a task in time.

        Raises as lay_in, and Invalid for days that cannot be and for a patient without a dispenser in use that she is trained for.
        """
        dispenser = next(iter(self._dispensers_in_use(patient_id)), None)
        if dispenser is None or dispenser.trained_on is None:
            raise Invalid("Skriv først at dispenseren er vurdert som egnet, og at opplæring er gitt.")
        if not starts_on <= ends_on <= starts_on + MOST_DAYS:
            raise Invalid(errors={"ends_on": ["Siste dag må være etter første dag, og høyst fire uker etter."]})
        days = ends_on - starts_on
        made = self.lay_in(patient_id, starts_on, seen=seen, left_out=left_out, kind=PreparedKind.DISPENSER, days=days)
        self._see_to(dispenser, facts.DispenserToFill, day_bounds(ends_on - RUNS_OUT)[0])
        self._see_to(dispenser, facts.DispenserToReload, None)
        return made

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def device_told(
        self,
        patient_id: UUID,
        dispenser_id: UUID,
        kind: Event,
        *,
        device_at: datetime,
        due_at: datetime | None = None,
        event_id: str = "",
        note: str = "",
    ) -> UUID:
        """Stores what the device told, beside the doses; answers with its id, the same for what was told before.

        `due_at`: the compartment, of what is taken out or not. `event_id`: the device's own; what was told by telephone has none,
        and is known by what it says. What somebody must answer is a task. No dose is signed by it. Raises NotFound and Invalid.
        """
        dispenser = self._hold_dispenser(patient_id, dispenser_id)
        due_at = due_at if kind in OF_A_DOSE else None
        told_as = event_id or f"{kind.value} {due_at.isoformat() if due_at else '-'} {device_at.isoformat()}"
        if (before := self._told_before(dispenser, told_as)) is not None:
            return before
        if device_at > self.work.now:
            raise Invalid(
                errors={"device_at": ["Tidspunktet er ikke kommet ennå. Skriv når dispenseren meldte dette."]}
            )
        lies = self._lies(patient_id, due_at)
        if kind in OF_A_DOSE and (due_at is None or not lies):
            raise Invalid(errors={"due_at": ["Det ligger ingen dose i dispenseren til dette tidspunktet."]})
        row = DispenserEvent(patient_id=dispenser.patient_id, id=new_id(), dispenser_entry_id=dispenser_id)
        row.event_id, row.kind, row.device_at, row.due_at, row.note = (
            told_as,
            kind.value,
            device_at,
            due_at,
            note or None,
        )
        self.db.add(row)
        self.db.flush()
        self._tell_of(
            dispenser, kind, due_at, critical=any(critical_group(one.atc_code, one.added or ()) for one in lies)
        )
        return row.id

    def _tell_of(self, dispenser: Any, kind: Event, due_at: datetime | None, *, critical: bool) -> None:
        now = self.work.now
        if kind in ALARMS:
            self._see_to(dispenser, _ALARMED[kind], answer_by(ALARMS[kind], now, critical=critical), due_at)
        if kind is Event.BATTERY:
            self._see_to(dispenser, facts.DispenserLowOnPower, now + timedelta(days=1))
        if kind is not Event.NO_CONTACT:
            self._see_to(dispenser, _ALARMED[Event.NO_CONTACT], None)
        if kind is Event.TAKEN_OUT:
            self._see_to(dispenser, _ALARMED[Event.NOT_TAKEN], None, due_at)
            if _OUTDATED_THEN.rows(self.db, ids=self.work.ids(dispenser.patient_id), due_at=due_at):
                self._see_to(dispenser, facts.DispenserGaveOutdated, now, due_at)

    def _see_to(
        self,
        dispenser: Any,
        what: type[facts.DispenserToSee],
        due_at: datetime | None,
        dose_at: datetime | None = None,
    ) -> None:
        self.work.publish(what(dispenser.patient_id, dispenser.entry_id, due_at, dose_at))

    def _dispensers_in_use(self, patient_id: UUID) -> list[Any]:
        """Her dispensers that have not ended, and suit."""
        today = local_date(self.work.now)
        found = newest_dispensers().rows(self.db, ids=self.work.ids(patient_id))
        return [row for row in found if row.ends_on is None or row.ends_on >= today]

    def _hold_dispenser(self, patient_id: UUID, dispenser_id: UUID) -> Any:
        """The dispenser, held until commit: what its device tells at once comes one after the other."""
        found = lock_entry(self.work, patient_id, Dispenser, dispenser_id)
        if not found:
            raise NotFound("Dispenseren finnes ikke hos denne pasienten.")
        return found[0]

    def _told_before(self, dispenser: Any, event_id: str) -> UUID | None:
        event = DispenserEvent
        same = event.dispenser_entry_id == dispenser.entry_id, event.event_id == event_id
        of_patient = self.work.chart(dispenser.patient_id, event)
        found: UUID | None = self.db.scalar(sa.select(event.id).where(of_patient, *same))
        return found

    def _lies(self, patient_id: UUID, due_at: datetime | None) -> Sequence[Any]:
        """What lies in the compartment; in those around now where none is said."""
        if due_at is not None:
            return self._lying(patient_id, due_at, due_at + timedelta(microseconds=1))
        return self._lying(patient_id, self.work.now - timedelta(hours=12), self.work.now + timedelta(hours=24))

    def _lying(self, patient_id: UUID, start: datetime, end: datetime) -> Sequence[Any]:
        return _LIES.rows(self.db, ids=self.work.ids(patient_id), start=start, end=end)

    def _of_patient(
        self, patient_id: UUID, row: Any, things: Sequence[PreparedThing], told: Sequence[Any]
    ) -> PatientDispenser:
        now, today = self.work.now, local_date(self.work.now)
        loads = tuple(one for one in things if one.kind is PreparedKind.DISPENSER)
        loaded_until = max((one.ends_on for one in loads), default=None)
        heard = [Heard(Event(one.kind), one.device_at, one.due_at) for one in told]
        bags = [bag for one in loads for bag in one.bags]
        found = needs(
            now,
            loaded_until=loaded_until,
            outdated=any(bag.outdated for bag in bags if bag.due_at > now),
            uncontrolled=any(one.outcome is None and one.ends_on >= today for one in loads),
            trained=row.trained_on is not None,
            evaluate_on=row.evaluate_on,
            heard=heard,
            settled={bag.due_at for bag in bags if all(line.used for line in bag.lines)},
        )
        ended = row.ends_on is not None and row.ends_on < today
        return PatientDispenser(
            patient_id=patient_id,
            entry_id=row.entry_id,
            version=row.version,
            said=said_of(row),
            written_by=row.recorded_by_name,
            loads=loads,
            told=tuple(
                DeviceTold(each, one.note or "", one.recorded_at, one.recorded_by_name)
                for each, one in zip(heard, told, strict=True)
            ),
            needs=() if ended else found,
            loaded_until=loaded_until,
        )


def _check(said: DispenserSaid) -> None:
    errors: dict[str, list[str]] = {}
    if said.ends_on is None and said.suitability is Suitability.UNSUITABLE:
        errors["ends_on"] = ["En dispenser som ikke er egnet, kan ikke være i bruk. Skriv siste dag."]
    if said.ends_on is None and said.evaluate_on is None:
        errors["evaluate_on"] = ["Skriv når bruken skal evalueres."]
    if said.ends_on is not None and said.ends_on < said.starts_on:
        errors["ends_on"] = ["Siste dag kan ikke være før første dag."]
    if (said.trained_by is None) != (said.trained_on is None):
        errors["trained_on"] = ["Skriv både hvem som ga opplæring og når, eller ingen av delene."]
    if errors:
        raise Invalid(errors=errors)
