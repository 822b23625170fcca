"""A municipality's procedure list: written and signed by doctors, and given by those it lets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.fest.tables import CatalogueItem
from journal.medication.models import MedicationRequest, ProcedureListVersion
from journal.medication.rules import Dosage, once
from journal.medication.rules.dosage import More
from journal.medication.rules.procedures import (
    COUNTED_OVER,
    LONGEST_VALID,
    ListStatus,
    ProcedureLine,
    hinder,
    in_force,
    may_give,
)
from journal.medication.service.catalogue import Catalogue, CatalogueHit, hit_of
from journal.medication.service.judging import Answers, Judging
from journal.medication.service.prescribing import Prescribing
from journal.permissions import Permission
from journal.platform.clock import local, local_date
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import Phrase, phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient, without_patient

_FOR_WHOM = "Prosedyrelisten lar ikke din rolle gi dette legemidlet. Ring lege."
_CHANGED = "En annen har endret prosedyrelisten etter at du åpnet siden. Se hva som gjelder nå."


@dataclass(frozen=True)
class ProcedureList:
    """A version of the list. `in_force`: it may be used today."""

    id: UUID
    version: int
    status: ListStatus
    lines: tuple[ProcedureLine, ...]
    valid_until: date | None
    by: str
    at: datetime
    in_force: bool


@dataclass(frozen=True)
class OfProcedure:
    """A line of the list for one patient, with its product and the one dose it would be now (None: in no catalogue).

    `hinder`: why it may not be given now without a doctor.
    """

    line: ProcedureLine
    hit: CatalogueHit | None
    dosage: Dosage | None
    hinder: Phrase | None


class Procedures(Prescribing, Catalogue):
    """Every change of the list is a version of it. What a nurse gives is an order with the signed version as its source."""

    judge_procedure = on_patient(Permission.MEDICATION_ADMINISTER)(Judging._judge)

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def procedure_lists(self) -> list[ProcedureList]:
        """Every version of the municipality's list that was signed or withdrawn, newest first; before them a newer draft."""
        rows = self._versions()
        return [row for n, row in enumerate(rows) if n == 0 or row.status is not ListStatus.DRAFT]

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def procedure_list(self, list_id: UUID) -> ProcedureList | None:
        """The version that an order is given by; None for another municipality's."""
        return next((row for row in self._versions() if row.id == list_id), None)

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def write_procedure(self, line: ProcedureLine, *, version: int) -> None:
        """A draft with one line more. `version` is the newest that was seen, 0 for none. Raises Conflict."""
        self._add(version, ListStatus.DRAFT, (*self._lines(version), line))

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def strike_procedure(self, line_id: UUID, *, version: int) -> None:
        """A draft without this line. Raises Conflict, NotFound."""
        lines = self._lines(version)
        left = tuple(line for line in lines if line.id != line_id)
        if len(left) == len(lines):
            raise NotFound("Legemidlet står ikke i prosedyrelisten lenger.")
        self._add(version, ListStatus.DRAFT, left)

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def sign_procedures(self, *, version: int, valid_until: date) -> None:
        """Signs what is written, from now: the signature is the doctor's for every line. Raises Conflict, Invalid."""
        today = local_date(self.work.now)
        if not today <= valid_until <= today + LONGEST_VALID:
            raise Invalid(errors={"valid_until": ["Skriv en dag fra i dag og høyst to år fram."]})
        if not (lines := self._lines(version)):
            raise Invalid(errors={"valid_until": ["Listen er tom. Skriv inn minst ett legemiddel."]})
        self._add(version, ListStatus.SIGNED, lines, valid_until)

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def withdraw_procedures(self, *, version: int) -> None:
        """Nothing is given by the list from now, until it is signed anew. Raises Conflict."""
        self._add(version, ListStatus.WITHDRAWN, self._lines(version))

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def procedures_for(self, patient_id: UUID) -> tuple[ProcedureList | None, list[OfProcedure]]:
        """The list in force, and those of its medicines that the actor's role may give. None: no list may be used."""
        found = self._in_force()
        if found is None:
            return None, []
        mine = [line for line in found.lines if may_give(line, self.work.actor.role)]
        return found, self._with_hinders(patient_id, mine)

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def give_by_procedure(self, patient_id: UUID, line_id: UUID, *, version: int, answers: Answers) -> UUID:
        """An order of one dose now, by the list; answers with its entry_id. The dose is then signed as any other.

        `version` is the list's that was seen. The safety rules judge it as any order, but who gives by procedure has no
        reason of her own to go past a stop: then a doctor must be asked. Raises Conflict when the list is another now, has
        expired or is withdrawn, or a limit is reached, Denied for a role it does not let, NotFound, AlertsFound.
        """
        found = self._in_force()
        if found is None:
            raise Conflict("Prosedyrelisten er utløpt eller trukket tilbake. Ring lege.")
        if found.version != version:
            raise Conflict(_CHANGED)
        line = next((line for line in found.lines if line.id == line_id), None)
        if line is None:
            raise NotFound("Legemidlet står ikke i prosedyrelisten lenger.")
        if not may_give(line, self.work.actor.role):
            raise Denied(_FOR_WHOM)
        # Of two who give at once the second is counted beside the first.
        self._wait_for_other_prescribers(patient_id)
        (asked,) = self._with_hinders(patient_id, [line])
        if asked.hinder is not None or asked.hit is None or asked.dosage is None:
            raise Conflict(asked.hinder or "")
        return self._order(
            patient_id,
            medicine=asked.hit.medicine,
            dosage=asked.dosage,
            use="2",
            indication=line.indication,
            prescriber_name=found.by,
            answers=Answers(answers.seen),
            procedure_list_id=found.id,
        )

    def _with_hinders(self, patient_id: UUID, lines: Sequence[ProcedureLine]) -> list[OfProcedure]:
        """Each with its product, and with why not. Two statements, whatever the number of lines."""
        item, order = CatalogueItem, MedicationRequest
        ids = [line.catalogue_item_id for line in lines]
        known = sa.select(item).where(item.id.in_(ids), item.active, item.prescribable)
        hits = {row.id: hit_of(row) for row in self.db.scalars(known)}
        by_procedure = sa.select(sa.func.coalesce(order.atc_code, order.generic_name), order.starts_at).where(
            self.work.chart(patient_id, order),
            order.procedure_list_id.is_not(None),
            order.version == 1,
            order.in_error_at.is_(None),
            order.starts_at > self.work.now - COUNTED_OVER,
        )
        given: dict[str, list[datetime]] = defaultdict(list)
        for substance, at in self.db.execute(by_procedure):
            given[substance].append(at)
        return [self._with_hinder(line, hits.get(line.catalogue_item_id), given) for line in lines]

    def _with_hinder(
        self, line: ProcedureLine, hit: CatalogueHit | None, given: Mapping[str, Sequence[datetime]]
    ) -> OfProcedure:
        if hit is None:
            return OfProcedure(line, None, None, phrase("Legemidlet finnes ikke i katalogen lenger. Ring lege."))
        substance = hit.medicine.atc_code or hit.medicine.generic_name
        return OfProcedure(
            line, hit, _now(line, hit, self.work.now), hinder(line, given.get(substance, ()), self.work.now)
        )

    def _in_force(self) -> ProcedureList | None:
        holds = next((row for row in self._versions() if row.status is not ListStatus.DRAFT), None)
        return holds if holds is not None and holds.in_force else None

    def _versions(self) -> list[ProcedureList]:
        row = ProcedureListVersion
        mine = sa.select(row).where(row.municipality_id == self.work.actor.municipality_id)
        today = local_date(self.work.now)
        return [_list(each, today) for each in self.db.scalars(mine.order_by(row.version.desc()))]

    def _lines(self, version: int) -> tuple[ProcedureLine, ...]:
        """What is written now. Raises Conflict when that is not the version that was seen."""
        newest = next(iter(self._versions()), None)
        if version != (newest.version if newest else 0):
            raise Conflict(_CHANGED)
        return newest.lines if newest else ()

    def _add(
        self, version: int, status: ListStatus, lines: Sequence[ProcedureLine], valid_until: date | None = None
    ) -> None:
        values = {"id": new_id(), "version": version + 1, "status": status.value, "valid_until": valid_until}
        write = insert(ProcedureListVersion).values(**values, lines=[line.to_json() for line in lines])
        if self.db.scalar(write.on_conflict_do_nothing().returning(ProcedureListVersion.version)) is None:
            raise Conflict(_CHANGED)


def _now(line: ProcedureLine, hit: CatalogueHit, now: datetime) -> Dosage:
    """One dose now, in the line's amount, with what one unit holds where the catalogue says."""
    more: More = {}
    if hit.strength_value is not None and hit.strength_unit is not None and hit.dose_unit == line.amount.unit:
        more["strength_per_unit"] = Quantity(hit.strength_value, hit.strength_unit)
    at = local(now)
    return once(line.amount, at.date(), at.time().replace(second=0, microsecond=0), **more)


def _list(row: ProcedureListVersion, today: date) -> ProcedureList:
    status = ListStatus(row.status)
    lines = tuple(ProcedureLine.from_json(line) for line in row.lines)
    told = row.recorded_by_name, row.recorded_at, in_force(status, row.valid_until, today)
    return ProcedureList(row.id, row.version, status, lines, row.valid_until, *told)
