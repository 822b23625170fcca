"""The doses of years cost what the doses of a day cost: rows are counted where PostgreSQL counts them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from journal.chart.service import Chart
from journal.medication import Medication
from journal.platform.work import Work
from tests import factories
from tests.conftest import World

HISTORY = (
    # A table of twenty orders is read whole, and the doses found from there; one of years is not.
    """INSERT INTO medication.medication_request SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(),
           'entry_id', gen_random_uuid(), 'status', 'stopped', 'effective_at', r.effective_at - interval '1 year'))).*
       FROM medication.medication_request r, generate_series(1, 1000) WHERE r.patient_id = %(patient)s""",
    """INSERT INTO medication.dose SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(),
           'due_at', d.due_at - at, 'ready_from', d.ready_from - at, 'late_after', d.late_after - at,
           'missed_from', d.missed_from - at))).*
       FROM medication.dose d, generate_series(3, 900) n, LATERAL (SELECT n * interval '1 day' AS at) t
       WHERE d.patient_id = %(patient)s""",
    """INSERT INTO medication.medication_administration (patient_id, id, municipality_id, unit_id, recorded_by, recorded_by_name,
           recorded_role, recorded_at, dose_id, request_id, request_version, status, result, effective_at, amount, unit)
       SELECT d.patient_id, gen_random_uuid(), r.municipality_id, r.unit_id, r.recorded_by, r.recorded_by_name, r.recorded_role,
           d.due_at, d.id, d.request_id, 1, 'completed', '1', d.due_at, d.amount, d.unit
       FROM medication.dose d JOIN medication.medication_request r ON (r.patient_id, r.id) = (d.patient_id, d.request_id)
       WHERE d.patient_id = %(patient)s AND d.due_at < now() - interval '2 days'""",
)
# The tables that grow with the years; a list of orders is read whole while it is short, whoever else is in it.
COUNT = sa.text(
    "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables"
    " WHERE schemaname = 'medication' AND relname IN ('dose', 'medication_administration')"
)


@pytest.fixture
def old(world: World, migrator: psycopg.Connection[Any]) -> tuple[UUID, UUID]:
    """A patient who has been given 900 doses, and her dose of today.

    Nobody else has any: where most have a dose or two, as after other tests, any way to a patient's doses is as good to PostgreSQL.
    """
    migrator.execute("TRUNCATE medication.dose, medication.medication_request CASCADE")
    patient_id, dose_id = factories.due_dose(world)
    for statement in HISTORY:
        migrator.execute(statement, {"patient": patient_id})
    migrator.execute("ANALYZE medication.dose, medication.medication_administration, medication.medication_request")
    return patient_id, dose_id


def _overview(work: Work, patient_id: UUID, _dose: UUID) -> None:
    Chart(work).front_page(patient_id)


def _round(work: Work, patient_id: UUID, _dose: UUID) -> None:
    hour = timedelta(hours=1)
    due = Medication(work).doses_due([patient_id], start=work.now - hour, end=work.now + hour)
    assert len(due[patient_id]) == 1


def _signature(work: Work, patient_id: UUID, dose_id: UUID) -> None:
    Medication(work).sign_given(patient_id, dose_id, request_version=1)


@pytest.mark.parametrize("act", [_overview, _round, _signature])
def test_what_is_long_ago_is_not_read_to_show_or_sign_what_is_now(
    world: World,
    work_of: Callable[[Any], AbstractContextManager[Work]],
    old: tuple[UUID, UUID],
    act: Callable[[Work, UUID, UUID], None],
) -> None:
    with work_of(world.nina) as work:
        # What the connection read lately, for others, may still be in the count.
        before = work.db.scalar(COUNT)
        act(work, *old)
        work.db.flush()
        read = work.db.scalar(COUNT) - before

    assert read < 100, f"{read} rows of doses and signatures were read"
