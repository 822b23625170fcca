"""Which version of the catalogue is in use, and how old a municipality lets it be."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.medication.fest.tables import CatalogueImport
from journal.medication.models import CatalogueSetting
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

USUAL_DAYS = 30
"""FEST comes every second week: at this age at least one has been missed."""


@dataclass(frozen=True)
class CatalogueVersion:
    """The catalogue in use. `fetched_on` is the day its file was taken from FEST, None for no catalogue, or one that does not say.

    `checked_at`: when somebody last made sure that it was the newest. `most_days`: how old the municipality lets it be.
    """

    fetched_on: date | None
    imported_at: datetime | None
    checked_at: datetime | None
    most_days: int
    is_old: bool


@dataclass(frozen=True)
class AgeChoice:
    """What the municipality has chosen last: days, by whom and when; version 0 and nobody while the usual limit holds."""

    version: int
    most_days: int
    chosen_by: str | None = None
    chosen_at: datetime | None = None


class Version(Service):
    """The version of the catalogue. Its age counts from the day the file was taken from FEST: an old file imported anew is old."""

    @without_patient(Permission.MEDICATION_CATALOGUE)
    def catalogue_version(self) -> CatalogueVersion:
        """The catalogue in use, and whether it is older than the municipality allows. What does not say its age is old."""
        found = _version().one(self.db, municipality_id=self.work.actor.municipality_id)
        most_days = found.most_days or USUAL_DAYS
        old = found.source_date is None or self.work.now - found.source_date > timedelta(days=most_days)
        fetched_on = local_date(found.source_date) if found.source_date else None
        return CatalogueVersion(fetched_on, found.imported_at, found.checked_at, most_days, old)

    @without_patient(Permission.MUNICIPALITIES_READ)
    def catalogue_age(self) -> AgeChoice:
        """How old one's own municipality lets the catalogue be."""
        row = self.db.scalar(_choices().where(CatalogueSetting.municipality_id == self.work.actor.municipality_id))
        if row is None:
            return AgeChoice(0, USUAL_DAYS)
        return AgeChoice(row.version, row.most_days, row.recorded_by_name, row.recorded_at)

    @without_patient(Permission.MUNICIPALITIES_MANAGE)
    def choose_catalogue_age(self, most_days: int, *, version: int) -> None:
        """A new limit, from now. `version` is the newest that was seen, 0 for none. Raises Conflict when another chose since."""
        write = insert(CatalogueSetting).values(version=version + 1, most_days=most_days).on_conflict_do_nothing()
        if self.db.scalar(write.returning(CatalogueSetting.version)) is None:
            raise Conflict("En annen har endret innstillingene etter at du åpnet siden. Se hva som gjelder nå.")


def _choices() -> sa.Select[CatalogueSetting]:
    return sa.select(CatalogueSetting).order_by(CatalogueSetting.version.desc()).limit(1)


@cache
def _version() -> Statement:
    mine = CatalogueSetting.municipality_id == sa.bindparam("municipality_id", type_=sa.Uuid)
    chosen = _choices().with_only_columns(CatalogueSetting.most_days).where(mine).scalar_subquery()
    made = CatalogueImport
    newest = made.imported_at.desc(), made.id.desc()
    in_use = sa.select(made.source_date, made.imported_at, made.checked_at).order_by(*newest).limit(1).subquery()
    limit = sa.select(chosen.label("most_days")).subquery()
    return Statement(sa.select(*limit.c, *in_use.c).select_from(limit.join(in_use, sa.true(), isouter=True)))
