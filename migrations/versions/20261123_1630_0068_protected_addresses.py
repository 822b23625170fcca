"""What tells where somebody with a protected address is, for whoever opens her chart without giving her care.

Only adds. The version before this takes nothing out.

Revision ID: 0068
Revises: 0067
"""

from alembic import op

from migrations.helpers import define, let_read

revision, down_revision, branch_labels, depends_on = "0068", "0067", None, None

WORDS, SHIELDED = "access.words_of_protected(uuid[])", "audit.shielded(uuid[])"
HISTORY = "patients.patient_history"


def upgrade() -> None:
    let_read("journal_door", HISTORY)
    # Of charts that stand opened in the log of this transaction, and of nobody else: a word tells where somebody is.
    # Addresses of today and of before; the units with a ground, now or ever, with those above and below them, their
    # municipalities and who works or has worked there; and all who have opened the chart. Her own name is never one of them.
    define(
        "access.words_of_protected(asked uuid[]) RETURNS SETOF text STABLE",
        f"""
        DECLARE ids uuid[];
        BEGIN
            ids := ARRAY(SELECT p.patient_id FROM patients.patient p
                WHERE p.patient_id = ANY (asked) AND p.confidentiality <> 'none' AND EXISTS (SELECT FROM audit.access_log l
                    WHERE l.at = now() AND l.xid = pg_current_xact_id_if_assigned() AND l.outcome = 'success'
                      AND l.patient_id = p.patient_id));
            IF ids = '{{}}' THEN RETURN; END IF;
            RETURN QUERY
            WITH RECURSIVE looked AS MATERIALIZED (
                SELECT DISTINCT l.unit_id, l.unit_name, l.actor_name FROM audit.access_log l WHERE l.patient_id = ANY (ids)),
            place AS (
                SELECT r.unit_id AS id, r.municipality_id FROM access.care_relationship r WHERE r.patient_id = ANY (ids)
                UNION
                SELECT u.parent_id, u.municipality_id FROM place b
                JOIN municipalities.unit u ON (u.municipality_id, u.id) = (b.municipality_id, b.id) AND u.parent_id IS NOT NULL),
            below AS (
                SELECT r.unit_id AS id, r.municipality_id FROM access.care_relationship r WHERE r.patient_id = ANY (ids)
                UNION
                SELECT u.id, u.municipality_id FROM below b
                JOIN municipalities.unit u ON (u.municipality_id, u.parent_id) = (b.municipality_id, b.id)),
            around AS MATERIALIZED (SELECT * FROM place UNION SELECT * FROM below),
            told AS (
                SELECT v.word FROM patients.patient p CROSS JOIN LATERAL (VALUES (p.address_line_1), (p.address_line_2), (p.city),
                    (p.phone), (p.general_practitioner_name)) v (word) WHERE p.patient_id = ANY (ids)
                UNION SELECT h.was ->> v.name FROM {HISTORY} h CROSS JOIN (VALUES ('address_line_1'), ('address_line_2'), ('city'),
                    ('phone'), ('general_practitioner_name')) v (name) WHERE h.patient_id = ANY (ids)
                UNION SELECT u.name FROM around b
                    JOIN municipalities.unit u ON (u.municipality_id, u.id) = (b.municipality_id, b.id)
                UNION SELECT m.name FROM around b JOIN municipalities.municipality m ON m.id = b.municipality_id
                UNION SELECT a.name FROM around b
                    JOIN municipalities.practitioner_role e ON (e.municipality_id, e.unit_id) = (b.municipality_id, b.id)
                    JOIN municipalities.practitioner a ON a.id = e.practitioner_id
                UNION SELECT l.unit_name FROM looked l
                UNION SELECT l.actor_name FROM looked l)
            SELECT t.word FROM told t WHERE t.word IS NOT NULL AND NOT EXISTS (SELECT FROM patients.patient p
                WHERE p.patient_id = ANY (ids) AND t.word IN (p.given_name || ' ' || p.family_name, p.family_name, p.given_name));
        END""",
        owner="journal_door",
    )
    # For whoever reads the log in this transaction: of which of these patients the units are left out of what leaves the house.
    define(
        "audit.shielded(asked uuid[]) RETURNS uuid[] STABLE",
        """
        BEGIN
            IF NOT audit.reading_log() THEN RETURN '{}'; END IF;
            RETURN ARRAY(SELECT p.patient_id FROM patients.patient p WHERE p.patient_id = ANY (asked) AND p.confidentiality <> 'none');
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    for function in (SHIELDED, WORDS):
        op.execute(f"DROP FUNCTION {function}")
    op.execute(f"DROP POLICY journal_door ON {HISTORY}")
    op.execute(f"REVOKE SELECT ON {HISTORY} FROM journal_door")
