"""Patients in a list: who, and whether there is an allergy. One statement however many, and far less of each than a banner."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.patients import rules
from journal.patients.rules import AllergyState
from journal.platform.clock import age, local_date
from journal.platform.errors import NotFound
from journal.platform.statement import Asked, Statement


class Listed(NamedTuple):
    """A patient as one line. `age` in whole years: at death, for who has died; None where the birth is not known."""

    patient_id: UUID
    family_name: str
    given_name: str
    age: int | None
    allergy_state: AllergyState


# The current version of an allergy is the highest that is not entered in error, as in the banner.
_LISTED = Statement(
    sa.text(
        """
    SELECT p.patient_id, p.family_name, p.given_name, p.birth_date, p.died_at, a.holds, a.latest,
        EXISTS (SELECT FROM patients.link l
                WHERE l.linked_patient_id = p.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS follows,
        (SELECT max(s.recorded_at) FROM patients.allergy_assessment s
         WHERE s.patient_id = p.patient_id AND s.in_error_at IS NULL
           AND (a.erased IS NULL OR a.erased <= s.recorded_at)) AS none_known_at
    FROM patients.patient p
    CROSS JOIN LATERAL (
        SELECT bool_or(v.verification_status <> 'refuted') FILTER (WHERE v.erasure_id IS NULL AND v.kind = 'allergy') AS holds,
            max(v.recorded_at) FILTER (WHERE v.erasure_id IS NULL AND v.kind = 'allergy') AS latest,
            (SELECT max(e.recorded_at) FROM patients.allergy_intolerance e
             WHERE e.patient_id = p.patient_id AND e.erasure_id IS NOT NULL) AS erased
        FROM (SELECT DISTINCT ON (e.entry_id) e.* FROM patients.allergy_intolerance e
              WHERE e.patient_id = p.patient_id AND e.in_error_at IS NULL ORDER BY e.entry_id, e.version DESC) v) a
    WHERE p.patient_id = ANY (:ids)
    """
    ).bindparams(sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
)


def ask(db: Session, records: Mapping[UUID, Collection[UUID]], today: date) -> Asked[dict[UUID, Listed]]:
    """A line for each patient, from all her *records*. The answer raises NotFound for one that is not there.

    The name is the leading record's; an allergy counts on whichever record it stands.
    """

    def read(rows: list[Any]) -> dict[UUID, Listed]:
        found = {row.patient_id: row for row in rows}
        if not found.keys() >= records.keys():
            raise NotFound()
        return {
            patient_id: _line(patient_id, [found[i] for i in ids if i in found], today)
            for patient_id, ids in records.items()
        }

    return _LISTED.ask(db, read, ids=list({i for ids in records.values() for i in ids}))


def _line(patient_id: UUID, records: list[Any], today: date) -> Listed:
    leading = min(records, key=lambda r: (r.follows, r.patient_id != patient_id)) if len(records) > 1 else records[0]
    latest = max((r.latest for r in records if r.latest), default=None)
    none_known_at = max((r.none_known_at for r in records if r.none_known_at), default=None)
    until = local_date(leading.died_at) if leading.died_at else today
    return Listed(
        patient_id,
        leading.family_name,
        leading.given_name,
        age(leading.birth_date, until) if leading.birth_date and leading.birth_date <= until else None,
        rules.state_in_a_list(any(r.holds for r in records), latest, none_known_at),
    )
