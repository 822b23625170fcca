"""A unit's favourites: complete doses, saved from an order by its prescriber, and taken away again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import aliased

from journal.medication.fest.tables import CatalogueItem
from journal.medication.fest.words import words
from journal.medication.models import Favourite
from journal.medication.rules import Dosage, MedicationLine, Reusable, ValueRequirement, reusable
from journal.medication.rules.stored import canonical
from journal.medication.service.catalogue import CatalogueHit, hit_of, items_with
from journal.medication.service.orders import Orders
from journal.medication.service.shown import dosage_of, line_with
from journal.patients import Patients, name_words
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.service import on_patient, without_patient

_SAID = ("catalogue_item_id", "dosage", "course_days", "indication", "instruction", "required_value")


@dataclass(frozen=True)
class FavouriteDose:
    """A favourite of one's unit, or of a unit below it. `line` is what the list would show of such an order."""

    id: UUID
    version: int
    hit: CatalogueHit
    dose: Reusable
    indication: str
    instruction: str | None
    required_value: ValueRequirement | None
    line: MedicationLine
    saved_by: str
    saved_at: datetime


class Favourites(Orders):
    """What prescribers save for each other. PostgreSQL shows one's own unit's, and those of the units below it."""

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def favourites(self, text: str = "") -> tuple[FavouriteDose, ...]:
        """Those that can be prescribed today, by name: all, or where every word of `text` begins a word of the product.

        What several units have saved alike is told once.
        """
        starts = words(text)
        if text.strip() and not starts:
            return ()
        found = self._active(of=(CatalogueItem.id.in_(items_with(start)) for start in starts))
        today = local_date(self.work.now)
        told = {_said(saved): _favourite(saved, item, today) for saved, item in found}
        return tuple(sorted(told.values(), key=lambda one: (one.line.generic.lower(), str(one.line), one.id)))

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def favourite(self, favourite_id: UUID) -> FavouriteDose:
        """One of them. Raises NotFound, also for one that was taken away, or whose product is withdrawn."""
        for saved, item in self._active(Favourite.entry_id == favourite_id):
            return _favourite(saved, item, local_date(self.work.now))
        raise NotFound("Favoritten er tatt bort, eller legemidlet finnes ikke i katalogen lenger. Søk på nytt.")

    @on_patient(Permission.MEDICATION_PRESCRIBE)
    def keep_favourite(self, patient_id: UUID, request_entry_id: UUID) -> None:
        """Saves the dose of an order as a favourite of one's unit, and nothing of the patient; once, however often asked.

        Raises NotFound, and Invalid at `keep_favourite` for what only she can have: certain dates, her name in what was
        written, a medicine of no catalogue.
        """
        order = self._current_order(patient_id, request_entry_id)
        dose = reusable(dosage_of(order), local_date(order.starts_at))
        if dose is None or order.catalogue_item_id is None or not order.indication:
            raise _refused("Dette gjelder bestemte datoer eller bare denne pasienten, og kan ikke bli en favoritt.")
        banner = Patients(self.work).banner(patient_id)
        written = name_words(order.indication, order.instruction or "")
        if set(written) & set(name_words(banner.family_name, banner.given_name)):
            raise _refused(
                "Navnet til pasienten kan ikke stå i en favoritt. Skriv det om, eller la være å lagre favoritten."
            )
        said = {name: getattr(order, name) for name in _SAID if name != "course_days"}
        new = Favourite(**said | {"dosage": dose.dosage.to_json(), "course_days": dose.course_days})
        mine = self._active(Favourite.unit_id == self.work.actor.unit_id)
        if _said(new) not in {_said(saved) for saved, _ in mine}:
            self.db.add(new)

    @without_patient(Permission.MEDICATION_PRESCRIBE)
    def remove_favourite(self, favourite_id: UUID, *, version: int) -> None:
        """Takes it away for everybody in the unit. Raises NotFound, and Conflict when somebody did so first."""
        newest = sa.select(Favourite).where(Favourite.entry_id == favourite_id).order_by(Favourite.version.desc())
        saved = self.db.scalars(newest.limit(1)).one_or_none()
        if saved is None:
            raise NotFound("Favoritten finnes ikke. Last siden på nytt.")
        gone = Conflict("Noen har tatt bort favoritten allerede. Last siden på nytt.")
        if saved.version != version or not saved.active:
            raise gone
        kept = {name: getattr(saved, name) for name in ("entry_id", "unit_id", *_SAID)}
        write = insert(Favourite).values(**kept, version=version + 1, active=False).on_conflict_do_nothing()
        if self.db.scalar(write.returning(Favourite.version)) is None:
            raise gone

    def _active(self, *which: sa.ColumnElement[bool], of: Iterable[sa.ColumnElement[bool]] = ()) -> Iterable[Any]:
        """The newest version of each entry, with its product, where it is active and can be prescribed.

        `which` is said of the entry, and `of` of the product.
        """
        newest = sa.select(Favourite).where(*which).ext(distinct_on(Favourite.entry_id))
        saved = aliased(Favourite, newest.order_by(Favourite.entry_id, Favourite.version.desc()).subquery())
        item = CatalogueItem
        in_use = sa.select(saved, item).join(item, item.id == saved.catalogue_item_id)
        return self.db.execute(in_use.where(saved.active, item.active, item.prescribable, *of)).all()


def _said(saved: Favourite) -> tuple[object, ...]:
    """What it says: two that say the same are one."""
    return tuple(
        canonical(each) if isinstance(each, dict) else each for each in (getattr(saved, name) for name in _SAID)
    )


def _favourite(saved: Favourite, item: CatalogueItem, day: date) -> FavouriteDose:
    hit, dosage = hit_of(item), Dosage.from_json(saved.dosage)
    return FavouriteDose(
        id=saved.entry_id,
        version=saved.version,
        hit=hit,
        dose=Reusable(dosage, saved.course_days),
        indication=saved.indication,
        instruction=saved.instruction,
        required_value=ValueRequirement.from_json(saved.required_value) if saved.required_value else None,
        line=line_with(hit.medicine, dosage, saved.indication, day),
        saved_by=saved.recorded_by_name,
        saved_at=saved.recorded_at,
    )


def _refused(said: str) -> Invalid:
    return Invalid(errors={"keep_favourite": [said]})
