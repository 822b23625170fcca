"""The worklist with one row for each patient: what the round asks on every page. It takes the place of medication.worklist,
which the version before this one still asks, and which goes in the version after it.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0010", "0009", None, None


def upgrade() -> None:
    define(
        "medication.worklist_by_patient(since timestamptz, before timestamptz) RETURNS TABLE (patient_id uuid, room text,"
        " away_until timestamptz, next_due_at timestamptz, late integer, ready integer, total integer, signed integer,"
        " hours timestamptz[], hour_ready integer[], hour_total integer[], hour_signed integer[]) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            units uuid[] := translate(w ->> 'units', '[]" ', '{}')::uuid[];
            person uuid := (w ->> 'person_id')::uuid;
        BEGIN
            RETURN QUERY
            WITH mine AS (
                SELECT DISTINCT ON (r.patient_id) r.patient_id, r.room, r.away_from, coalesce(r.away_until, 'infinity') AS away_until
                FROM access.care_relationship r
                WHERE (r.unit_id = ANY (units) OR r.practitioner_id = person)
                  AND r.ground IN ('stay', 'service', 'route', 'task')
                  AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
                ORDER BY r.patient_id, (r.ground = 'stay') DESC, r.valid_from DESC),
            linked AS (
                SELECT m.patient_id AS asked, m.patient_id AS id, m.away_from, m.away_until FROM mine m
                UNION
                SELECT m.patient_id, other.id, m.away_from, m.away_until FROM mine m
                JOIN patients.link l ON m.patient_id IN (l.patient_id, l.linked_patient_id)
                    AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
                JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
                CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
            hours AS (
                SELECT k.asked, date_trunc('hour', d.due_at) AS hour, count(*)::integer AS total, count(a.id)::integer AS signed,
                    min(d.due_at) FILTER (WHERE a.id IS NULL AND d.due_at >= now()) AS next_due_at,
                    (count(*) FILTER (WHERE a.id IS NULL AND d.late_after < now() AND d.missed_from > now()))::integer AS late,
                    (count(*) FILTER (WHERE a.id IS NULL AND d.ready_from <= now() AND d.late_after >= now()
                        AND d.missed_from > now()))::integer AS ready
                FROM linked k
                -- OFFSET 0: the doses of one patient at a time. Joined, they would be found by their time, in all the country.
                CROSS JOIN LATERAL (
                    SELECT d.* FROM medication.dose d WHERE d.patient_id = k.id AND d.due_at >= since AND d.due_at < before
                    OFFSET 0) d
                LEFT JOIN medication.medication_administration a
                    ON a.patient_id = d.patient_id AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
                WHERE a.id IS NOT NULL OR (
                    d.state = 'open' AND d.given_by = 'municipality_unit'
                    AND NOT (k.away_from IS NOT NULL AND d.due_at >= k.away_from AND d.due_at < k.away_until))
                GROUP BY k.asked, hour),
            due AS (
                SELECT h.asked, min(h.next_due_at) AS next_due_at, sum(h.late)::integer AS late, sum(h.ready)::integer AS ready,
                    sum(h.total)::integer AS total, sum(h.signed)::integer AS signed, array_agg(h.hour) AS hours,
                    array_agg(h.ready) AS hour_ready, array_agg(h.total) AS hour_total, array_agg(h.signed) AS hour_signed
                FROM hours h GROUP BY h.asked)
            SELECT m.patient_id, m.room,
                CASE WHEN m.away_from <= now() AND m.away_until > now() THEN least(m.away_until, '9999-12-31T00:00:00Z') END,
                d.next_due_at, coalesce(d.late, 0), coalesce(d.ready, 0), coalesce(d.total, 0), coalesce(d.signed, 0),
                coalesce(d.hours, '{}'), coalesce(d.hour_ready, '{}'), coalesce(d.hour_total, '{}'), coalesce(d.hour_signed, '{}')
            FROM mine m LEFT JOIN due d ON d.asked = m.patient_id
            ORDER BY m.room NULLS LAST, m.patient_id;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.worklist_by_patient(timestamptz, timestamptz)")
