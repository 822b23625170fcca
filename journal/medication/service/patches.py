"""Patches: what sits on the body, where the next one may be put, and one that is taken off without another."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.facts import PatchNotFound, PatchToRemove
from journal.medication.models import MedicationAdministration, MedicationRequest, PatchRemoval
from journal.medication.rules import Caution
from journal.medication.rules.patches import (
    NOT_FOUND_TEXT,
    PATCH,
    OldPatch,
    OnBody,
    PatchChange,
    Site,
    chosen_resting_text,
    of_order,
    patches_on,
    resting,
)
from journal.medication.service.in_use import IN_USE
from journal.medication.service.shown import WITNESS, medicine_key
from journal.medication.service.signing import LIVE, Signing
from journal.permissions import Permission
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.service import on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_BACK = timedelta(days=90)
"""How far back is looked: longer than any site rests, and than any patch is worn."""


class PatchesOf(NamedTuple):
    """What is known of the patches of one medicine. `resting`: sites, when each was used last, and when it may be again."""

    medicine: str
    on: tuple[OnBody, ...]
    resting: dict[Site, tuple[date, date]]


NO_PATCHES = PatchesOf("", (), {})


class PatchSigned(NamedTuple):
    """What is stored with a dose that is a patch, and what whoever signs it must have seen."""

    site: Site
    old: OldPatch
    cautions: tuple[tuple[Caution, str], ...]


class Patches(Signing):
    """Reads and stores what was done with patches."""

    @on_patient(Permission.MEDICATION_READ)
    def ask_patches(self, patient_id: UUID) -> Asked[dict[str, PatchesOf]]:
        """The patches of the patient by medicine (`medicine_key`), for together(). One statement."""
        now = self.work.now
        ids = self.work.ids(patient_id)
        return _changes().ask(self.db, lambda rows: _by_medicine(rows, now), ids=ids, since=now - _BACK)

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def remove_patches(self, patient_id: UUID, request_entry_id: UUID, *, old: OldPatch) -> UUID:
        """Stores that the patches of this order were taken off, or looked for and not found, and no new one put on.

        Raises NotFound, and Invalid when none is known to be on.
        """
        order = self._current_order(patient_id, request_entry_id)
        known = self.ask_patches(patient_id).answer().get(medicine_key(order), NO_PATCHES)
        if not of_order(known.on, request_entry_id, self.work.now):
            raise NotFound("Det er ikke skrevet at et plaster sitter på. Last siden på nytt.")
        if old is OldPatch.NONE:
            raise Invalid(errors={"old_patch": ["Skriv om plasteret er fjernet eller ikke funnet."]})
        row = PatchRemoval(
            patient_id=order.patient_id,
            id=new_id(),
            request_id=order.id,
            effective_at=self.work.now,
            old_patch=old.value,
        )
        self.db.add(row)
        about = (order.patient_id, request_entry_id, order.version)
        self.work.publish(PatchNotFound(*about) if old is OldPatch.NOT_FOUND else PatchToRemove(*about, None))
        return row.id

    def _patch(self, patient_id: UUID, dose: Any, site: Site | None, old: OldPatch | None, at: datetime) -> PatchSigned:
        """Where this patch is put, and what became of the old one. Raises Invalid: none is signed without both."""
        known = self.ask_patches(patient_id).answer().get(medicine_key(dose), NO_PATCHES)
        before = of_order(known.on, dose.request_entry_id, at)
        errors: dict[str, list[str]] = {}
        if site is None:
            errors["site"] = ["Velg hvor på kroppen plasteret er satt."]
        if old is None or (old is OldPatch.NONE and before) or (old is OldPatch.NOT_FOUND and not before):
            errors["old_patch"] = ["Skriv hva som er gjort med det gamle plasteret."]
        if errors:
            raise Invalid(errors=errors)
        assert site is not None and old is not None
        said: list[tuple[Caution, str]] = []
        if old is OldPatch.NOT_FOUND:
            said.append((Caution.PATCH_NOT_FOUND, NOT_FOUND_TEXT))
        if site in known.resting:
            said.append((Caution.SITE_RESTS, chosen_resting_text(site, known.resting[site])))
        return PatchSigned(site, old, tuple(said))


@cache
def _changes() -> Statement:
    """Each patch that was put on, and each that was taken off without a new one. Takes ids and since."""
    given, off, order, newest = MedicationAdministration, PatchRemoval, MedicationRequest, aliased(MedicationRequest)
    in_use = sa.or_(*(newest.status == status for status in IN_USE))
    ended = (
        sa.select(sa.case((sa.not_(in_use), newest.effective_at)))
        .where(newest.patient_id == order.patient_id, newest.entry_id == order.entry_id, newest.in_error_at.is_(None))
        .order_by(newest.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    of = (order.entry_id, order.atc_code, order.generic_name, ended.label("ended_at"))
    put_on = (
        sa.select(*of, given.effective_at.label("at"), given.amount, given.kind, given.site, given.old_patch)
        .join(order, sa.and_(order.patient_id == given.patient_id, order.id == given.request_id))
        .where(in_charts(given), given.unit == PATCH, given.status == "completed", given.kind != WITNESS)
        .where(given.in_error_at.is_(None), given.effective_at > sa.bindparam("since"))
    )
    none, nowhere = sa.cast(0, sa.Numeric), sa.cast(None, sa.Text)
    taken_off = (
        sa.select(*of, off.effective_at, none, sa.literal_column(f"'{LIVE}'"), nowhere, off.old_patch)
        .join(order, sa.and_(order.patient_id == off.patient_id, order.id == off.request_id))
        .where(in_charts(off), off.in_error_at.is_(None), off.effective_at > sa.bindparam("since"))
    )
    return Statement(sa.union_all(put_on, taken_off))


def _by_medicine(rows: Sequence[Any], now: datetime) -> dict[str, PatchesOf]:
    changes: dict[str, list[PatchChange]] = {}
    for row in rows:
        changes.setdefault(medicine_key(row), []).append(_change(row))
    found = {medicine_key(row): row for row in rows}
    return {
        key: PatchesOf(row.generic_name or "", patches_on(changes[key]), resting(changes[key], row.atc_code, now))
        for key, row in found.items()
    }


def _change(row: Any) -> PatchChange:
    return PatchChange(
        row.entry_id,
        row.at,
        int(row.amount),
        Site(row.site) if row.site else None,
        OldPatch(row.old_patch) if row.old_patch else None,
        keeps=row.kind != LIVE,
        ended_at=row.ended_at,
    )
