"""Roles that need no authorisation: assistants, case officers and kitchens; and what a kitchen must know of whoever eats there.

Only adds: the version before this gives nobody these roles, and knows no permission of them.

Revision ID: 0077
Revises: 0076
"""

from alembic import op

from migrations.helpers import define, in_place, let_read, other_words_of_check

revision, down_revision, branch_labels, depends_on = "0077", "0076", None, None

ROLES = ("municipalities.practitioner_role", "practitioner_role_role_check")
UNITS = ("municipalities.unit", "unit_kind_check")
LENT = ("municipalities.shift_person", "shift_person_role_check")
KNOWN, MORE = "'student'::text", "'student'::text, 'assistant'::text, 'case_officer'::text, 'kitchen'::text"
CARERS, MORE_CARERS = "'health_assistant'::text", "'health_assistant'::text, 'assistant'::text"
WAYS = (
    "municipalities.check_way_to_a_role()",
    "granter = 'tenant_administrator' AND NEW.role IN ('nurse', 'health_assistant', 'doctor')",
    "granter = 'tenant_administrator'\n"
    "                    AND NEW.role IN ('nurse', 'health_assistant', 'doctor', 'assistant', 'case_officer', 'kitchen')",
)
# Notes that a ground leaves in a drawer all together: 'notes:shut' opens none, and says that there are some.
REST = (
    "notes.rest_holds(uuid[])",
    "RETURN ids <@ audit.opened_charts('notes:own') AND EXISTS (",
    """IF ids <@ audit.opened_charts('notes:shut') THEN
                RETURN EXISTS (SELECT FROM notes.note n WHERE n.patient_id = ANY (ids) AND n.sensitive IS NULL);
            END IF;
            RETURN ids <@ audit.opened_charts('notes:own') AND EXISTS (""",
)


def upgrade() -> None:
    other_words_of_check(*ROLES, KNOWN, MORE)
    other_words_of_check(*LENT, CARERS, MORE_CARERS)
    other_words_of_check(*UNITS, "'doctors'::text", "'doctors'::text, 'office'::text")
    in_place(*WAYS)
    in_place(*REST)
    let_read("journal_finder", "patients.allergy_intolerance", "patients.allergy_assessment", "patients.flag")
    _who_eats()
    _diets()


def _who_eats() -> None:
    """Who stays in the units of whoever asks and is not away; without those whose whole record is closed to her."""
    define(
        "access.staying_here() RETURNS TABLE (patient_id uuid, unit_name text, room text) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            units uuid[] := audit.acting_units();
            hidden uuid[] := access.closed_to(audit.acting_person(), audit.acting_units(), '{*,patients}');
        BEGIN
            RETURN QUERY
            SELECT DISTINCT ON (r.patient_id) r.patient_id, u.name, r.room FROM access.care_relationship r
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
            JOIN patients.patient p ON p.patient_id = r.patient_id AND p.died_at IS NULL
            WHERE r.unit_id = ANY (units) AND r.ground = 'stay' AND r.in_error_at IS NULL AND r.patient_id <> ALL (hidden)
              AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
              AND NOT (r.away_from IS NOT NULL AND r.away_from <= now() AND coalesce(r.away_until, 'infinity') > now())
            ORDER BY r.patient_id, r.valid_from DESC;
        END""",
        owner="journal_finder",
    )


def _diets() -> None:
    """Of charts that are open for that alone: the name, what must not be eaten, and how. What is coded as a medicine is no food;
    what is written in words may be. A protected person has a room and no name."""
    define(
        "patients.diets(asked uuid[]) RETURNS TABLE (patient_id uuid, name text, avoids jsonb, none_known boolean, swallowing text[])"
        " STABLE",
        """
        #variable_conflict use_column
        BEGIN
            RETURN QUERY
            SELECT a.id, CASE WHEN p.confidentiality = 'none' THEN p.family_name || ', ' || p.given_name END,
                (SELECT jsonb_agg(jsonb_build_object('substance', v.substance, 'kind', v.kind,
                        'severe', coalesce(v.severity = 'severe' OR v.criticality = 'high', false)) ORDER BY v.substance)
                 FROM (SELECT DISTINCT ON (e.entry_id) e.* FROM patients.allergy_intolerance e
                       WHERE e.patient_id = ANY (k.ids) AND e.in_error_at IS NULL ORDER BY e.entry_id, e.version DESC) v
                 WHERE v.verification_status <> 'refuted' AND v.erasure_id IS NULL AND v.code_system IS DISTINCT FROM 'ATC'),
                EXISTS (SELECT FROM patients.allergy_assessment s WHERE s.patient_id = ANY (k.ids) AND s.in_error_at IS NULL)
                    OR EXISTS (SELECT FROM patients.allergy_intolerance e WHERE e.patient_id = ANY (k.ids) AND e.in_error_at IS NULL),
                ARRAY(SELECT concat_ws(': ', v.text, v.sub)
                      FROM (SELECT DISTINCT ON (f.entry_id) f.* FROM patients.flag f
                            WHERE f.patient_id = ANY (k.ids) AND f.in_error_at IS NULL ORDER BY f.entry_id, f.version DESC) v
                      WHERE v.kind = 'swallowing' AND v.status = 'active' AND v.erasure_id IS NULL ORDER BY v.recorded_at)
            FROM unnest(asked) AS a (id)
            JOIN patients.patient p ON p.patient_id = a.id
            CROSS JOIN LATERAL (
                SELECT h.leading || ARRAY(SELECT l.linked_patient_id FROM patients.link l
                    WHERE l.patient_id = h.leading AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS ids
                FROM (SELECT coalesce((SELECT l.patient_id FROM patients.link l
                    WHERE l.linked_patient_id = a.id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL), a.id) AS leading) h) k
            WHERE a.id = ANY (audit.opened_charts('diet'));
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION patients.diets(uuid[])")
    op.execute("DROP FUNCTION access.staying_here()")
    for table in ("allergy_intolerance", "allergy_assessment", "flag"):
        op.execute(f"DROP POLICY journal_finder ON patients.{table}")
        op.execute(f"REVOKE SELECT ON patients.{table} FROM journal_finder")
    for function, old, new in (REST, WAYS):
        in_place(function, new, old)
    op.execute("DELETE FROM municipalities.shift_person WHERE role = 'assistant'")
    op.execute(
        """DELETE FROM access.session s USING municipalities.practitioner_role r
           WHERE r.id = s.role_id AND r.role IN ('assistant', 'case_officer', 'kitchen')"""
    )
    op.execute("DELETE FROM municipalities.practitioner_role WHERE role IN ('assistant', 'case_officer', 'kitchen')")
    # An office that stays is a place that gives no care by itself, as the one that was nearest.
    op.execute("UPDATE municipalities.unit SET kind = 'doctors' WHERE kind = 'office'")
    other_words_of_check(*UNITS, "'doctors'::text, 'office'::text", "'doctors'::text")
    other_words_of_check(*LENT, MORE_CARERS, CARERS)
    other_words_of_check(*ROLES, MORE, KNOWN)
