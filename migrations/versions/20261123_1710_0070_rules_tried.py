"""What a change of the rules would have done to the reads that were: a role without a part of the record, a ground that opens nothing.

Only adds: the version before this asks for neither.

Revision ID: 0070
Revises: 0069
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0070", "0069", None, None

WITHOUT = "oversight.without(timestamptz, timestamptz, text, text, text, text[])"


def upgrade() -> None:
    # standing: what is opened in part where a part is closed; any other look is refused whole.
    define(
        "oversight.without(since timestamptz, until timestamptz, role text, part text, kind text, standing text[])"
        " RETURNS TABLE (unit_name text, actor_role text, lines integer, refused integer, partly integer, examples jsonb) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            mine uuid := audit.acting_for();
            me uuid := audit.acting_person();
        BEGIN
            IF mine IS NULL OR NOT audit.reading_log() THEN
                RAISE EXCEPTION 'the log is not being read' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN QUERY
            WITH line AS MATERIALIZED (
                SELECT l.unit_name, l.actor_role, l.actor_id, l.actor_name, l.patient_id, l.at, l.action, l.ground, l.unit_id,
                    CASE WHEN kind IS NULL THEN l.actor_role = role AND part = ANY (l.categories)
                         ELSE l.ground = kind
                           -- Another kind of ground of the unit or the person would have let her in.
                           AND NOT EXISTS (SELECT FROM access.care_relationship o
                               WHERE o.patient_id = l.patient_id AND o.ground <> kind AND o.in_error_at IS NULL AND o.valid_from <= l.at
                                 AND (o.valid_until IS NULL OR coalesce(o.grace_until, o.valid_until) > l.at)
                                 AND (o.unit_id = l.unit_id OR o.practitioner_id = l.actor_id)) END AS struck,
                    kind IS NULL AND l.action = ANY (standing) AS stands
                FROM audit.access_log l
                WHERE l.municipality_id = mine AND l.at >= since AND l.at < until AND l.outcome = 'success'
                  AND l.patient_id IS NOT NULL AND l.actor_id IS NOT NULL AND l.actor_role NOT IN ('system', 'auditor')),
            refused AS MATERIALIZED (SELECT l.* FROM line l WHERE l.struck AND NOT l.stands),
            told AS (
                SELECT a.actor_id FROM (SELECT DISTINCT t.actor_id FROM refused t) a WHERE NOT oversight.barred(me, a.actor_id)),
            shown AS (
                SELECT t.* FROM refused t JOIN told USING (actor_id) ORDER BY t.at DESC LIMIT 10)
            SELECT l.unit_name, l.actor_role, count(*)::int, (count(*) FILTER (WHERE l.struck AND NOT l.stands))::int,
                (count(*) FILTER (WHERE l.struck AND l.stands))::int,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('at', s.at, 'actor_name', s.actor_name, 'patient_id', s.patient_id,
                    'action', s.action, 'ground', s.ground) ORDER BY s.at DESC), '[]')
                 FROM shown s WHERE (s.unit_name, s.actor_role) = (l.unit_name, l.actor_role))
            FROM line l GROUP BY l.unit_name, l.actor_role ORDER BY 4 DESC, 1, 2 LIMIT 500;
        END""",
        owner="journal_door",
    )
    # As the other questions of a month: read by what the days hold and by no index.
    for name in ("enable_seqscan", "plan_cache_mode"):
        op.execute(f"ALTER FUNCTION {WITHOUT} RESET {name}")
    op.execute(f"ALTER FUNCTION {WITHOUT} SET plan_cache_mode = force_custom_plan")
    op.execute(f"ALTER FUNCTION {WITHOUT} SET work_mem = '64MB'")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {WITHOUT}")
