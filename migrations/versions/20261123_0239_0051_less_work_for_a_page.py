"""The worklist asks for the charts of one person at a time, and a line in the log reads who asks once.

What was asked of all the patients of a list at once was found by going through the list for each of them, and now and then, when
PostgreSQL reckoned so, through every signature of the country. And each line of a round worked out anew, from the text that
says who asks, whose student she is.
"""

from migrations.helpers import with_other_words

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"
OPEN = "audit.open_charts(text, text)"

BY_CHART = (
    (
        """            of_person AS (
                SELECT m.patient_id AS asked, m.patient_id AS id, m.away_from, m.away_until FROM mine m
                UNION
                SELECT m.patient_id, other.id, m.away_from, m.away_until FROM mine m
                JOIN patients.link l ON m.patient_id IN (l.patient_id, l.linked_patient_id)
                    AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
                JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
                CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
            linked AS (SELECT o.* FROM of_person o WHERE o.asked <> ALL (no_doses)),
            with_tasks AS (SELECT o.* FROM of_person o WHERE o.asked <> ALL (no_tasks)),
""",
        """            -- Her charts, as in access.standing: her own and those linked to it; none of them where the part is closed.
            people AS MATERIALIZED (
                SELECT m.*, CASE WHEN m.patient_id = ANY (no_doses) THEN '{}' ELSE k.ids END AS dosed,
                    CASE WHEN m.patient_id = ANY (no_tasks) THEN '{}' ELSE k.ids END AS tasked
                FROM mine m
                CROSS JOIN LATERAL (
                    SELECT coalesce((SELECT l.patient_id FROM patients.link l
                        WHERE l.linked_patient_id = m.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL),
                        m.patient_id) AS leading OFFSET 0) h
                CROSS JOIN LATERAL (
                    SELECT h.leading || ARRAY(SELECT l.linked_patient_id FROM patients.link l
                        WHERE l.patient_id = h.leading AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS ids
                    OFFSET 0) k),
""",
    ),
    ("SELECT k.asked, date_trunc('hour', d.due_at)", "SELECT k.patient_id, date_trunc('hour', d.due_at)"),
    (
        """                FROM (SELECT o.*, EXISTS (
                        SELECT FROM linked s JOIN medication.prepared p ON p.patient_id = s.id
                        WHERE s.asked = o.asked AND p.kind = 'dispenser') AS loaded
                    FROM linked o OFFSET 0) k
""",
        """                FROM (SELECT m.*, EXISTS (
                        SELECT FROM medication.prepared p WHERE p.patient_id = ANY (m.dosed) AND p.kind = 'dispenser') AS loaded
                    FROM people m OFFSET 0) k
""",
    ),
    (
        """                    SELECT d.* FROM medication.dose d WHERE d.patient_id = k.id AND d.due_at >= since AND d.due_at < before
                    OFFSET 0) d
                LEFT JOIN medication.medication_administration a
                    ON a.patient_id = d.patient_id AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
""",
        """                    SELECT d.* FROM medication.dose d
                    WHERE d.patient_id = ANY (k.dosed) AND d.due_at >= since AND d.due_at < before OFFSET 0) d
                LEFT JOIN LATERAL (
                    SELECT a.id FROM medication.medication_administration a
                    WHERE a.patient_id = d.patient_id AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
                    OFFSET 0) a ON true
""",
    ),
    ("GROUP BY k.asked, hour)", "GROUP BY k.patient_id, hour)"),
    ("SELECT h.asked, min(h.next_due_at)", "SELECT h.patient_id, min(h.next_due_at)"),
    ("FROM hours h GROUP BY h.asked)", "FROM hours h GROUP BY h.patient_id)"),
    (
        """FROM linked k
                 JOIN medication.medication_request r ON r.patient_id = k.id AND r.dosage ? 'inr'
                 WHERE k.asked = m.patient_id AND r.status""",
        """FROM medication.medication_request r
                 WHERE r.patient_id = ANY (m.dosed) AND r.dosage ? 'inr' AND r.status""",
    ),
    (
        """FROM with_tasks k JOIN care.no_answer n ON n.patient_id = k.id
                 WHERE k.asked = m.patient_id AND""",
        """FROM care.no_answer n
                 WHERE n.patient_id = ANY (m.tasked) AND""",
    ),
    ("FROM with_tasks k JOIN care.task_raise w ON w.patient_id = k.id", "FROM care.task_raise w"),
    ("WHERE k.asked = m.patient_id AND t.in_error_at", "WHERE w.patient_id = ANY (m.tasked) AND t.in_error_at"),
    (
        """FROM linked k JOIN medication.prepared_line l ON l.patient_id = k.id
                        WHERE k.asked = m.patient_id AND""",
        """FROM medication.prepared_line l
                        WHERE l.patient_id = ANY (m.dosed) AND""",
    ),
    (
        """FROM linked k JOIN medication.dose u ON u.patient_id = k.id
                    AND u.downtime_id IS NOT NULL AND u.due_at >= since AND u.due_at < before
                 WHERE k.asked = m.patient_id AND NOT EXISTS (""",
        """FROM medication.dose u
                 WHERE u.patient_id = ANY (m.dosed) AND u.downtime_id IS NOT NULL AND u.due_at >= since AND u.due_at < before
                   AND NOT EXISTS (""",
    ),
    (
        "FROM mine m LEFT JOIN due d ON d.asked = m.patient_id",
        "FROM people m LEFT JOIN due d ON d.patient_id = m.patient_id",
    ),
    (
        """
                FROM linked k JOIN medication.crossing c ON c.patient_id = k.id
                WHERE k.asked = m.patient_id AND""",
        """
                FROM medication.crossing c
                WHERE c.patient_id = ANY (m.dosed) AND""",
    ),
)
READ_ONCE = (
    (
        "in_savepoint boolean;",
        "in_savepoint boolean;\n            mine xid := (pg_current_xact_id()::text::bigint & 4294967295)::text::xid;",
    ),
    ("bool_or(l.xmin::text::bigint <> (pg_current_xact_id()::text::bigint & 4294967295))", "bool_or(l.xmin <> mine)"),
    (
        "acting_as, origin, session_id, request_id,\n",
        "acting_as, origin, session_id,\n                supervised_by, supervised_by_name, request_id,\n",
    ),
    (
        """            SELECT (w ->> 'municipality_id')::uuid, (w ->> 'unit_id')::uuid, w ->> 'unit_name', (w ->> 'person_id')::uuid,
                w ->> 'name', w ->> 'role', (w ->> 'role_id')::uuid, w ->> 'origin', (w ->> 'session_id')::uuid, c ->> 'request_id',
                c ->> 'action', ARRAY(SELECT jsonb_array_elements_text(c -> 'categories')), (c ->> 'object_id')::uuid, c ->> 'outcome',
                (p ->> 'patient_id')::uuid, p ->> 'ground', p ->> 'purpose', (p ->> 'relationship_id')::uuid, p -> 'decision_ref', p ->> 'code'
            FROM jsonb_array_elements(c -> 'patients') p;
""",
        """            SELECT who.municipality_id, who.unit_id, who.unit_name, who.person_id, who.name, who.role, who.role_id, who.origin,
                who.session_id, who.supervised_by, who.supervised_by_name, o.request_id, o.action, coalesce(o.categories, '{}'),
                o.object_id, o.outcome, p.patient_id, p.ground, p.purpose, p.relationship_id, p.decision_ref, p.code
            FROM jsonb_to_record(w) AS who (municipality_id uuid, unit_id uuid, unit_name text, person_id uuid, name text,
                    role text, role_id uuid, origin text, session_id uuid, supervised_by uuid, supervised_by_name text),
                jsonb_to_record(c) AS o (request_id text, action text, categories text[], object_id uuid, outcome text,
                    patients jsonb),
                jsonb_to_recordset(o.patients) AS p (patient_id uuid, ground text, purpose text, relationship_id uuid,
                    decision_ref jsonb, code text);
""",
    ),
)


def upgrade() -> None:
    with_other_words(WORKLIST, "journal_finder", *BY_CHART)
    with_other_words(OPEN, "journal_door", *READ_ONCE)


def downgrade() -> None:
    with_other_words(OPEN, "journal_door", *((new, old) for old, new in reversed(READ_ONCE)))
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(BY_CHART)))
