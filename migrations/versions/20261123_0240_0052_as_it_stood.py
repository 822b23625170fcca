"""How somebody stands to a patient at any moment, by the same function that the gate asks; and what the log would say by other hours.

The body of access.standing moves to access.standing_of, which is told who and when; access.standing asks it of who acts, now.

Revision ID: 0052
Revises: 0051
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0052", "0051", None, None

STANDING = "access.standing(uuid[])"
BY_GRACE = "oversight.by_grace(timestamptz, timestamptz, integer)"
STANDING_OF = "access.standing_of(uuid[], uuid, uuid[], timestamptz)"
WHO = """        DECLARE
            w jsonb := audit.who();
            units uuid[] := translate(w ->> 'units', '[]" ', '{}')::uuid[];
            person uuid := (w ->> 'person_id')::uuid;
        BEGIN"""
# In the order in which they are said: the name is there once, with the type of the moment.
CHANGES = (
    (
        "FUNCTION access.standing(asked uuid[])",
        "FUNCTION access.standing_of(asked uuid[], person uuid, units uuid[], moment timestamp with time zone)",
    ),
    (WHO, "        BEGIN"),
    ("now()", "moment"),
)
ASKS = f"{WHO}\n            RETURN QUERY SELECT * FROM access.standing_of(asked, person, units, now());\n        END"

# Only in a transaction whose log says that an auditor reads, and only of her own municipality's employments.
OF_EMPLOYMENT = """
            IF mine IS NULL OR NOT audit.reading_log() THEN
                RAISE EXCEPTION 'the log is not being read' USING ERRCODE = 'insufficient_privilege';
            END IF;
            SELECT r.practitioner_id, r.unit_id INTO person, at_unit FROM municipalities.practitioner_role r
            WHERE r.id = employment AND r.municipality_id = mine;
            IF person IS NULL THEN RETURN; END IF;
            units := ARRAY(
                WITH RECURSIVE below AS (
                    SELECT at_unit AS id
                    UNION ALL
                    SELECT u.id FROM below b JOIN municipalities.unit u ON u.municipality_id = mine AND u.parent_id = b.id
                        AND (u.valid_until IS NULL OR u.valid_until > moment))
                SELECT b.id FROM below b);"""
DECLARED = """
        #variable_conflict use_column
        DECLARE
            mine uuid := audit.acting_for();
            person uuid;
            at_unit uuid;
            units uuid[];
        BEGIN"""


def upgrade() -> None:
    told = "told"
    for old, new in CHANGES:
        told = f"replace({told}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in CHANGES)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{STANDING}'::regprocedure);
        BEGIN
            {checks}
            EXECUTE {told};
            EXECUTE regexp_replace(told, 'AS \\$function\\$.*$', $new$AS $function$
{ASKS}$function$$new$);
        END $do$"""
    )
    op.execute(f"ALTER FUNCTION {STANDING_OF} OWNER TO journal_finder")
    # Of whom, and when, is not for the application to ask: it asks of who acts, or while the log is read.
    op.execute(f"REVOKE ALL ON FUNCTION {STANDING_OF} FROM PUBLIC, journal_app")
    op.execute(f"GRANT EXECUTE ON FUNCTION {STANDING_OF} TO journal_door")
    answer = op.get_bind().exec_driver_sql(f"SELECT pg_get_function_result('{STANDING}'::regprocedure)").scalar_one()
    define(
        f"oversight.standing_then(asked uuid[], employment uuid, moment timestamptz) RETURNS {answer} STABLE",
        f"""{DECLARED}{OF_EMPLOYMENT}
            RETURN QUERY SELECT * FROM access.standing_of(asked, person, units, moment);
        END""",
        owner="journal_door",
    )
    define(
        "oversight.grounds_then(charts uuid[], employment uuid, moment timestamptz) RETURNS TABLE (relationship_id uuid, ground text,"
        " unit_name text, valid_from timestamptz, valid_until timestamptz, grace_until timestamptz) STABLE",
        f"""{DECLARED}{OF_EMPLOYMENT}
            RETURN QUERY
            SELECT r.id, r.ground, u.name, r.valid_from, r.valid_until, r.grace_until FROM access.care_relationship r
            LEFT JOIN municipalities.unit u ON u.municipality_id = mine AND u.id = r.unit_id
            WHERE r.patient_id = ANY (charts) AND r.municipality_id = mine AND r.in_error_at IS NULL
              AND (r.unit_id = ANY (units) OR r.practitioner_id = person)
            ORDER BY r.valid_from DESC, r.id LIMIT 50;
        END""",
        owner="journal_door",
    )
    define(
        "oversight.by_grace(since timestamptz, until timestamptz, hours integer) RETURNS TABLE (unit_name text, actor_role text,"
        " lines integer, in_grace integer, refused integer, untold integer, examples jsonb) STABLE",
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
                SELECT l.unit_name, l.actor_role, l.actor_id, l.actor_name, l.patient_id, l.at, l.action, l.ground, r.id, r.unit_id,
                    r.valid_until
                FROM audit.access_log l
                LEFT JOIN access.care_relationship r ON (r.patient_id, r.id) = (l.patient_id, l.relationship_id)
                WHERE l.municipality_id = mine AND l.at >= since AND l.at < until AND l.outcome = 'success'
                  AND l.patient_id IS NOT NULL AND l.actor_id IS NOT NULL AND l.actor_role NOT IN ('system', 'auditor')),
            late AS MATERIALIZED (
                SELECT l.* FROM line l WHERE l.at >= l.valid_until + make_interval(hours => hours)
                  -- Another ground of the unit or the person would have let her in.
                  AND NOT EXISTS (SELECT FROM access.care_relationship o
                      WHERE o.patient_id = l.patient_id AND o.id <> l.id AND o.in_error_at IS NULL AND o.valid_from <= l.at
                        AND (o.valid_until IS NULL OR o.valid_until + make_interval(hours => hours) > l.at)
                        AND (o.unit_id = l.unit_id OR o.practitioner_id = l.actor_id))),
            told AS (
                SELECT a.actor_id FROM (SELECT DISTINCT t.actor_id FROM late t) a WHERE NOT oversight.barred(me, a.actor_id)),
            shown AS (
                SELECT t.* FROM late t JOIN told USING (actor_id) ORDER BY t.at DESC LIMIT 10)
            SELECT l.unit_name, l.actor_role, count(*)::int, (count(*) FILTER (WHERE l.at >= l.valid_until))::int,
                (SELECT count(*) FROM late t WHERE (t.unit_name, t.actor_role) = (l.unit_name, l.actor_role))::int,
                (count(*) FILTER (WHERE l.id IS NULL))::int,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('at', s.at, 'actor_name', s.actor_name, 'patient_id', s.patient_id,
                    'action', s.action, 'ground', s.ground, 'ended_at', s.valid_until) ORDER BY s.at DESC), '[]')
                 FROM shown s WHERE (s.unit_name, s.actor_role) = (l.unit_name, l.actor_role))
            FROM line l GROUP BY l.unit_name, l.actor_role ORDER BY 5 DESC, 1, 2 LIMIT 500;
        END""",
        owner="journal_door",
    )
    # As the other questions of a month: read by what the days hold and by no index.
    for name in ("enable_seqscan", "plan_cache_mode"):
        op.execute(f"ALTER FUNCTION {BY_GRACE} RESET {name}")
    op.execute(f"ALTER FUNCTION {BY_GRACE} SET plan_cache_mode = force_custom_plan")
    op.execute(f"ALTER FUNCTION {BY_GRACE} SET work_mem = '64MB'")


def downgrade() -> None:
    for function in (
        BY_GRACE,
        "oversight.grounds_then(uuid[], uuid, timestamptz)",
        "oversight.standing_then(uuid[], uuid, timestamptz)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    told = "told"
    for old, new in CHANGES:
        told = f"replace({told}, $old${new}$old$, $new${old}$new$)"
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{STANDING_OF}'::regprocedure);
        BEGIN
            EXECUTE {told};
            DROP FUNCTION {STANDING_OF};
        END $do$"""
    )
