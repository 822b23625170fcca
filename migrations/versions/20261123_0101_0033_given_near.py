"""Whoever signs a dose is told with it when its neighbours were given, and what is due before it.

Only adds. The version before this reads the columns of dose_to_sign by name.

Revision ID: 0033
Revises: 0032
"""

from alembic import op

from migrations.helpers import with_other_words

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SIGN = "medication.dose_to_sign(uuid[], uuid)"
COLUMNS = (
    "TABLE(patient_id uuid, ",
    "TABLE(patient_id uuid, dosage text, previous_due_at timestamp with time zone,"
    " given_near timestamp with time zone[], ",
)
# The dose that another is a new try of is no neighbour of it. Half of what is due within a week is no more than four days.
READS = (
    "SELECT d.patient_id, ",
    """SELECT d.patient_id, r.dosage::text,
                (SELECT max(e.due_at) FROM medication.dose e
                 WHERE e.patient_id = d.patient_id AND e.request_entry_id = d.request_entry_id AND e.due_at < d.due_at
                   AND e.request_version = d.request_version AND e.state <> 'cancelled' AND e.retry_of IS NULL
                   AND e.id IS DISTINCT FROM d.retry_of),
                ARRAY(SELECT g.effective_at FROM medication.dose e
                    JOIN medication.medication_administration g ON (g.patient_id, g.dose_id) = (e.patient_id, e.id)
                    WHERE e.patient_id = d.patient_id AND e.request_entry_id = d.request_entry_id AND e.id <> d.id
                      AND e.due_at BETWEEN d.due_at - interval '4 days' AND d.due_at + interval '4 days'
                      AND e.id IS DISTINCT FROM d.retry_of AND d.id IS DISTINCT FROM e.retry_of
                      AND g.in_error_at IS NULL AND g.status = 'completed' AND g.kind <> 'witness'), """,
)


def upgrade() -> None:
    _dose_to_sign(COLUMNS, READS)


def downgrade() -> None:
    _dose_to_sign(COLUMNS[::-1], READS[::-1])


def _dose_to_sign(*changes: tuple[str, str]) -> None:
    with_other_words(SIGN, "journal_owner", *changes)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SIGN} FROM journal_door, journal_finder")
