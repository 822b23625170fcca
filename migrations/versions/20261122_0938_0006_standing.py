"""What the gate may know of closed charts: grounds, restrictions, linked records, protection. Its only way to ask.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0006", "0005", None, None


def upgrade() -> None:
    define(
        "access.standing(asked uuid[]) RETURNS TABLE (asked_id uuid, ids uuid[], relationship_id uuid, ground text, purpose text,"
        " decision_ref jsonb, service_code text, unit_id uuid, until timestamptz, blocked text[]) STABLE",
        """
        DECLARE
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
        BEGIN
            RETURN QUERY
            SELECT a.id, k.ids, g.id, g.ground, g.purpose, g.decision_ref, g.service_code, g.unit_id, g.valid_until,
                ARRAY(SELECT r.category FROM access.restriction r
                      WHERE r.patient_id = ANY (k.ids) AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
                        AND (r.against_person_id = person OR r.against_unit_id = ANY (units)))
            FROM unnest(asked) AS a (id)
            JOIN patients.patient p ON p.patient_id = a.id
            -- OFFSET 0: worked out once for a patient, and not in each place that it is used.
            CROSS JOIN LATERAL (
                SELECT coalesce((SELECT l.patient_id FROM patients.link l
                    WHERE l.linked_patient_id = a.id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL), a.id) AS leading
                OFFSET 0) h
            CROSS JOIN LATERAL (
                SELECT h.leading || ARRAY(SELECT l.linked_patient_id FROM patients.link l
                    WHERE l.patient_id = h.leading AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) AS ids
                OFFSET 0) k
            LEFT JOIN LATERAL (
                SELECT r.id, r.ground, r.purpose, r.decision_ref, r.service_code, r.unit_id, r.valid_until
                FROM access.care_relationship r
                WHERE r.patient_id = ANY (k.ids) AND r.valid_from <= now() AND r.in_error_at IS NULL
                  AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now())
                  AND (r.unit_id = ANY (units) OR r.practitioner_id = person)
                ORDER BY r.valid_until IS NULL DESC, r.valid_from DESC LIMIT 1) g ON true;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION access.standing(uuid[])")
