"""What the tests of care ask of the database, and the patient most of them need."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from journal.care import Care


def relationships(migrator: psycopg.Connection[Any], patient_id: UUID) -> list[dict[str, Any]]:
    """The grounds to open her chart, newest first."""
    with migrator.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM access.care_relationship WHERE patient_id = %s ORDER BY recorded_at DESC, valid_from DESC",
            (patient_id,),
        ).fetchall()


def admitted(world: Any, work_of: Any) -> UUID:
    """Somebody who has lived in room 12 of Nina's ward for two days."""
    kari: UUID = world.patient(related=False)
    with work_of(world.nina) as work:
        Care(work).admit(kari, world.ward["id"], room="12", valid_from=work.now - timedelta(days=2))
    return kari
