"""What somebody has signed is hers to read for thirty days after her ground has ended: that and nothing else of the chart.

Only adds: the version before this opens nothing so.

Revision ID: 0073
Revises: 0072
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0073", "0072", None, None

# Of the employment that she signed in, and of nobody else's: whoever lost it acts in another, or in none.
HERS = """%(row)s.recorded_by = (w ->> 'person_id')::uuid AND %(row)s.recorded_as = (w ->> 'role_id')::uuid
                  AND %(row)s.municipality_id = (w ->> 'municipality_id')::uuid"""
NOTE, ORDER, DOSE = "notes.note", "medication.medication_request", "medication.medication_administration"


def upgrade() -> None:
    op.execute(
        f"""GRANT SELECT (municipality_id, recorded_by, recorded_as, recorded_at, kind, title, body, effective_at,
                in_error_at, erasure_id) ON {NOTE} TO journal_finder"""
    )
    _charts()
    _whose()
    _notes()
    _medicines()


def _charts() -> None:
    """Where a ground of hers or of her unit's ended in the last thirty days, none is left, she has signed something, and the patient
    has not closed all of it to her. Ids and times, for the gate and for the page that asks for what is in them."""
    signed = " OR ".join(
        f"EXISTS (SELECT FROM {table} s WHERE s.patient_id = ANY (k.ids) AND {HERS % {'row': 's'}})"
        for table in (NOTE, ORDER, DOSE)
    )
    define(
        "access.own_charts() RETURNS TABLE (patient_id uuid, until timestamptz) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            units uuid[] := audit.acting_units();
            me uuid := (w ->> 'person_id')::uuid;
        BEGIN
            RETURN QUERY
            SELECT g.leading, g.ended + interval '30 days'
            FROM (
                SELECT h.leading, max(r.valid_until) AS ended FROM access.care_relationship r
                CROSS JOIN LATERAL (
                    SELECT coalesce((SELECT l.patient_id FROM patients.link l
                        WHERE l.linked_patient_id = r.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL),
                        r.patient_id) AS leading OFFSET 0) h
                WHERE (r.unit_id = ANY (units) OR r.practitioner_id = me) AND r.in_error_at IS NULL
                  AND r.valid_until <= now() AND r.valid_until > now() - interval '30 days'
                GROUP BY h.leading) g
            CROSS JOIN LATERAL (
                SELECT g.leading || ARRAY(SELECT l.linked_patient_id FROM patients.link l
                    WHERE l.patient_id = g.leading AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS ids OFFSET 0) k
            WHERE NOT EXISTS (SELECT FROM access.care_relationship r
                    WHERE r.patient_id = ANY (k.ids) AND r.in_error_at IS NULL AND r.valid_from <= now()
                      AND (r.unit_id = ANY (units) OR r.practitioner_id = me)
                      AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now()))
              AND NOT EXISTS (SELECT FROM access.restriction x
                    WHERE x.patient_id = ANY (k.ids) AND x.in_error_at IS NULL AND x.category IN ('*', 'patients')
                      AND x.valid_from <= now() AND (x.valid_until IS NULL OR x.valid_until > now())
                      AND (x.against_person_id = me OR x.against_unit_id = ANY (units)))
              AND ({signed})
            ORDER BY g.ended DESC LIMIT 50;
        END""",
        owner="journal_finder",
    )


def _whose() -> None:
    """Whose chart it is that she wrote in: the name and the year of birth, and nothing else of the person."""
    define(
        "access.whose_own(asked uuid[]) RETURNS TABLE (patient_id uuid, given_name text, family_name text, birth_year integer) STABLE",
        """
        #variable_conflict use_column
        BEGIN
            RETURN QUERY
            SELECT p.patient_id, p.given_name, p.family_name, extract(year FROM p.birth_date)::int FROM patients.patient p
            WHERE p.patient_id = ANY (asked) AND p.patient_id = ANY (audit.opened_charts('own'));
        END""",
        owner="journal_finder",
    )


def _notes() -> None:
    """Her own, in charts that the log says are open for that; what she laid in a drawer stays there."""
    define(
        "notes.written_by_oneself(asked uuid[]) RETURNS TABLE (patient_id uuid, recorded_at timestamptz, effective_at timestamptz,"
        " kind text, title text, body text) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            opened uuid[] := audit.opened_charts('notes:mine');
        BEGIN
            RETURN QUERY
            SELECT n.patient_id, n.recorded_at, n.effective_at, n.kind, n.title, n.body FROM {NOTE} n
            WHERE n.patient_id = ANY (asked) AND n.patient_id = ANY (opened) AND {HERS % {"row": "n"}}
              AND n.in_error_at IS NULL AND n.erasure_id IS NULL AND n.sensitive IS NULL;
        END""",
        owner="journal_finder",
    )


def _medicines() -> None:
    """The orders she signed, and the doses, with the name of what was given; no other order."""
    columns = (
        "patient_id uuid, recorded_at timestamptz, effective_at timestamptz, given boolean, generic_name text, brand_name text,"
        " strength text, change text, dosage jsonb, amount numeric, unit text, reason_code text"
    )
    define(
        f"medication.signed_by_oneself(asked uuid[]) RETURNS TABLE ({columns}) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            opened uuid[] := audit.opened_charts('medication:mine');
        BEGIN
            RETURN QUERY
            SELECT q.patient_id, q.recorded_at, q.effective_at, NULL::boolean, q.generic_name, q.brand_name, q.strength, q.change,
                q.dosage, NULL::numeric, NULL::text, NULL::text FROM {ORDER} q
            WHERE q.patient_id = ANY (asked) AND q.patient_id = ANY (opened) AND {HERS % {"row": "q"}}
              AND q.in_error_at IS NULL AND q.erasure_id IS NULL
            UNION ALL
            SELECT a.patient_id, a.recorded_at, a.effective_at, a.status = 'completed', q.generic_name, q.brand_name, q.strength,
                NULL, NULL, coalesce(a.amount, d.amount), coalesce(a.unit, d.unit), a.reason_code
            FROM {DOSE} a JOIN {ORDER} q ON (q.patient_id, q.id) = (a.patient_id, a.request_id)
            LEFT JOIN medication.dose d ON (d.patient_id, d.id) = (a.patient_id, a.dose_id)
            WHERE a.patient_id = ANY (asked) AND a.patient_id = ANY (opened) AND {HERS % {"row": "a"}}
              AND a.in_error_at IS NULL AND a.erasure_id IS NULL;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.signed_by_oneself(uuid[])")
    op.execute("DROP FUNCTION notes.written_by_oneself(uuid[])")
    op.execute("DROP FUNCTION access.whose_own(uuid[])")
    op.execute("DROP FUNCTION access.own_charts()")
    op.execute(
        f"""REVOKE SELECT (municipality_id, recorded_by, recorded_as, recorded_at, kind, title, body, effective_at,
                in_error_at, erasure_id) ON {NOTE} FROM journal_finder"""
    )
