"""What was said by word of mouth of an order in use: a change, a pause or a stop, and the version of the order that it made.
A stand-in who is named later takes over what waits already. How often a stop was gone past, counted.

Only adds: the version before this receives new orders alone, which is what the new columns say when they are left out.

Revision ID: 0023
Revises: 0022
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0023", "0022", None, None


def upgrade() -> None:
    op.execute(
        """ALTER TABLE medication.verbal_order
           ADD COLUMN act text NOT NULL DEFAULT 'prescribe' CHECK (act IN ('prescribe', 'change', 'hold', 'stop')),
           ADD COLUMN request_version integer NOT NULL DEFAULT 1 CHECK (request_version > 0),
           ADD CHECK ((act = 'prescribe') = (request_version = 1))"""
    )
    op.execute("GRANT INSERT (act, request_version) ON medication.verbal_order TO journal_app")
    _stand_in()
    _counted()


def _stand_in() -> None:
    """A ground for each order that waits, from its limit or from now: of the acting unit and those below that follow its choice.

    Whoever names a stand-in opens no chart, and sees no row: it is the ground that says which order it is for.
    """
    define(
        "medication.entrust_waiting(stand_in uuid) RETURNS integer VOLATILE",
        """
        DECLARE taken integer;
        BEGIN
            -- A way into the charts is given to nobody but whom this unit has named.
            IF stand_in IS DISTINCT FROM (SELECT s.stand_in_id FROM medication.signing_setting s
                                          WHERE s.municipality_id = audit.acting_for() AND s.unit_id = audit.acting_unit()
                                          ORDER BY s.version DESC LIMIT 1) THEN
                RAISE EXCEPTION 'nobody has named this stand-in' USING ERRCODE = 'insufficient_privilege';
            END IF;
            WITH RECURSIVE follows AS (
                SELECT u.id FROM municipalities.unit u WHERE u.id = audit.acting_unit()
                UNION ALL
                SELECT u.id FROM municipalities.unit u JOIN follows f ON u.parent_id = f.id
                WHERE NOT EXISTS (SELECT FROM medication.signing_setting s WHERE s.unit_id = u.id)),
            waiting AS (
                SELECT v.patient_id, v.id, greatest(v.sign_before, now()) AS since
                FROM medication.verbal_order v
                WHERE v.unit_id IN (SELECT f.id FROM follows f) AND v.municipality_id = audit.acting_for()
                  AND v.in_error_at IS NULL
                  AND NOT EXISTS (SELECT FROM medication.verbal_answer a
                                  WHERE a.patient_id = v.patient_id AND a.verbal_order_id = v.id)
                  AND NOT EXISTS (SELECT FROM access.care_relationship r
                                  WHERE r.patient_id = v.patient_id AND r.practitioner_id = stand_in
                                    AND r.valid_until IS NULL AND r.in_error_at IS NULL
                                    AND (r.id = v.relationship_id OR r.decision_ref ->> 'verbal_order_id' = v.id::text))),
            entrusted AS (
                INSERT INTO access.care_relationship (patient_id, id, unit_id, practitioner_id, ground, valid_from, decision_ref)
                SELECT w.patient_id, gen_random_uuid(), NULL, stand_in, 'task', w.since,
                       jsonb_build_object('verbal_order_id', w.id)
                FROM waiting w
                RETURNING 1)
            SELECT count(*)::integer INTO taken FROM entrusted;
            RETURN taken;
        END""",
        owner="journal_finder",
    )


def _counted() -> None:
    """By month (Oslo) of the municipality that asks: for each rule how many of its stops were gone past, and without a rule how
    many prescriptions there were, and how many of them went past any. Counts alone: no chart is opened, and nobody is named."""
    define(
        "medication.overridden_stops(since timestamptz) RETURNS TABLE (month date, rule text, times integer, orders integer) STABLE",
        """
        #variable_conflict use_column
        BEGIN
            RETURN QUERY
            WITH signed AS (
                SELECT date_trunc('month', r.recorded_at AT TIME ZONE 'Europe/Oslo')::date AS month, r.detected_issues
                FROM medication.medication_request r
                WHERE r.municipality_id = audit.acting_for() AND r.recorded_at >= since
                  AND r.change IN ('prescribe', 'change') AND r.in_error_at IS NULL),
            stops AS (
                SELECT s.month, i.issue ->> 'rule' AS rule FROM signed s
                CROSS JOIN LATERAL jsonb_array_elements(s.detected_issues) AS i (issue)
                WHERE i.issue ->> 'tier' = '3')
            SELECT s.month, NULL, (count(*) FILTER (WHERE s.detected_issues @> '[{"tier": 3}]'))::integer, count(*)::integer
            FROM signed s GROUP BY s.month
            UNION ALL
            SELECT t.month, t.rule, count(*)::integer, NULL FROM stops t GROUP BY t.month, t.rule
            ORDER BY 1 DESC, 3 DESC, 2;
        END""",
        owner="journal_finder",
    )
    # A month is a large part of the table: to walk an index would read more.
    op.execute("ALTER FUNCTION medication.overridden_stops(timestamptz) RESET enable_seqscan")


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.overridden_stops(timestamptz)")
    op.execute("DROP FUNCTION medication.entrust_waiting(uuid)")
    op.execute("REVOKE SELECT ON medication.signing_setting FROM journal_finder")
    op.execute("ALTER TABLE medication.verbal_order DROP COLUMN act, DROP COLUMN request_version")
