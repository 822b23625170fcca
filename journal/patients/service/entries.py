"""What holds for every entry of this context: found with its versions, changed by a new one, marked when it was a mistake."""

from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select

from journal.patients.errors import Changed
from journal.platform.db import Entry
from journal.platform.errors import Denied, NotFound
from journal.platform.language import as_phrase, joined, phrase
from journal.platform.service import Service

E = TypeVar("E", bound=Entry)


class Entries(Service):
    def _current(self, patient_id: UUID, model: type[E], entry_id: UUID, version: int) -> E:
        """The newest version, which must be the one that was seen. Raises NotFound or Changed."""
        row = self._versions(patient_id, model, entry_id)[-1]
        if row.version != version:
            raise Changed("Se over det som står nå, og prøv igjen.")
        return row

    def _mark_in_error(self, patient_id: UUID, model: type[E], entry_id: UUID, reason: str, instead: str) -> None:
        """Marks every version. Raises NotFound, or Denied with what to do *instead* when it is another municipality's."""
        rows = self._versions(patient_id, model, entry_id)
        if any(row.municipality_id != self.work.actor.municipality_id for row in rows):
            raise Denied(
                joined(" ", (phrase("En annen kommune har skrevet dette og må rette det."), as_phrase(instead)))
            )
        mark = sa.update(model).where(self.work.chart(patient_id, model), model.id.in_([row.id for row in rows]))
        self.db.execute(mark.values(in_error_reason=reason), execution_options={"synchronize_session": False})

    def _versions(self, patient_id: UUID, model: type[E], entry_id: UUID) -> list[E]:
        """The versions that stand, oldest first, locked.

        Lock first, look after: what was waited for is seen only by a new statement.
        """
        versions = (
            select(model)
            .where(self.work.chart(patient_id, model), model.entry_id == entry_id, model.in_error_at.is_(None))
            .order_by(model.version)
            .execution_options(populate_existing=True)
        )
        self.db.scalars(versions.with_for_update(key_share=True)).all()
        rows = list(self.db.scalars(versions))
        if not rows:
            raise NotFound()
        return rows
