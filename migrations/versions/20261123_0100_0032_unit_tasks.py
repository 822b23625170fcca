"""Which of the unit's patients somebody is to do something for, without opening a chart: the page opens those it shows.

Revision ID: 0032
"""

from alembic import op

from migrations.helpers import define, let_read

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_FUNCTION = "care.patients_with_tasks()"


def upgrade() -> None:
    let_read("journal_finder", "care.task")
    # Kept, as in medication: whoever restores a backup makes the function anew, and hands it over.
    op.execute("GRANT CREATE ON SCHEMA care TO journal_finder")
    define(
        f"{_FUNCTION} RETURNS TABLE (patient_id uuid, room text, first_due_at timestamptz) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            units uuid[] := translate(w ->> 'units', '[]" ', '{}')::uuid[];
            person uuid := (w ->> 'person_id')::uuid;
        BEGIN
            RETURN QUERY
            WITH mine AS (
                SELECT DISTINCT ON (r.patient_id) r.patient_id, r.room
                FROM access.care_relationship r
                WHERE (r.unit_id = ANY (units) OR r.practitioner_id = person)
                  AND r.ground IN ('stay', 'service', 'route', 'task')
                  AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
                ORDER BY r.patient_id, (r.ground = 'stay') DESC, r.valid_from DESC),
            linked AS (
                SELECT m.patient_id AS asked, m.patient_id AS id FROM mine m
                UNION
                SELECT m.patient_id, other.id FROM mine m
                JOIN patients.link l ON m.patient_id IN (l.patient_id, l.linked_patient_id)
                    AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
                JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
                CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
            waiting AS (
                SELECT k.asked, min(coalesce(t.due_at, 'infinity')) AS first_due_at
                FROM linked k
                -- OFFSET 0: the tasks of one patient at a time, by the key.
                CROSS JOIN LATERAL (
                    SELECT DISTINCT ON (t.entry_id) t.due_at, t.done_at, t.in_error_at, t.erasure_id FROM care.task t
                    WHERE t.patient_id = k.id
                    ORDER BY t.entry_id, t.in_error_at IS NOT NULL, t.version DESC OFFSET 0) t
                WHERE t.done_at IS NULL AND t.in_error_at IS NULL AND t.erasure_id IS NULL
                GROUP BY k.asked)
            SELECT m.patient_id, m.room, w.first_due_at FROM mine m JOIN waiting w ON w.asked = m.patient_id
            ORDER BY w.first_due_at, m.room NULLS LAST, m.patient_id;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_FUNCTION}")
    op.execute("DROP POLICY journal_finder ON care.task")
    op.execute("REVOKE SELECT ON care.task FROM journal_finder")
    op.execute("REVOKE CREATE ON SCHEMA care FROM journal_finder")
