"""Unusual access: what the log and the registers say of each look, which rules a municipality uses, and its cases.

Revision ID: 0050
"""

from alembic import op

from migrations.helpers import define, guard, let_read, municipality_table

revision = "0050"
down_revision = "0042"
branch_labels = None
depends_on = None

_STAMP = """
    municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
    id uuid NOT NULL,
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_at timestamptz NOT NULL DEFAULT now()"""

# Those who hear of one look and no more: who was asked about it, and who wrote it down.
_AUDITOR = "(SELECT audit.reading_log()) AND NOT oversight.barred((SELECT audit.acting_person()), actor_id)"


def upgrade() -> None:
    op.execute("CREATE SCHEMA oversight AUTHORIZATION journal_owner")
    op.execute(
        "GRANT USAGE ON SCHEMA oversight TO journal_app, journal_door, journal_finder, journal_backup, journal_sealer"
    )
    op.execute("GRANT CREATE ON SCHEMA oversight TO journal_door")
    _barred()
    _choices()
    _cases()
    _usual_hours()
    _looks()
    _crowds()


def _barred() -> None:
    """Oneself, somebody of the same family name, and the managers of the unit one is employed in or of those above it."""
    define(
        "oversight.managers_of(reviewer uuid) RETURNS uuid[] STABLE",
        """
        BEGIN
            RETURN ARRAY(
                WITH RECURSIVE above AS (
                    SELECT r.municipality_id, r.unit_id AS id FROM municipalities.practitioner_role r
                    WHERE r.practitioner_id = reviewer AND (r.valid_until IS NULL OR r.valid_until > now())
                    UNION
                    SELECT u.municipality_id, u.parent_id FROM above
                    JOIN municipalities.unit u ON (u.municipality_id, u.id) = (above.municipality_id, above.id)
                    WHERE u.parent_id IS NOT NULL)
                SELECT m.practitioner_id FROM above
                JOIN municipalities.practitioner_role m ON (m.municipality_id, m.unit_id) = (above.municipality_id, above.id)
                WHERE m.role = 'unit_manager' AND (m.valid_until IS NULL OR m.valid_until > now()));
        END""",
        owner="journal_door",
    )
    define(
        "oversight.family_of(person uuid) RETURNS text STABLE",
        """
        BEGIN
            RETURN (SELECT lower(substring(p.name FROM '[^ ]+$')) FROM municipalities.practitioner p WHERE p.id = person);
        END""",
        owner="journal_door",
    )
    define(
        "oversight.barred(reviewer uuid, reader uuid) RETURNS boolean STABLE",
        """
        BEGIN
            RETURN reviewer = reader OR oversight.family_of(reviewer) = oversight.family_of(reader)
                OR reader = ANY (oversight.managers_of(reviewer));
        END""",
        owner="journal_door",
    )
    for function in ("managers_of(uuid)", "family_of(uuid)"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION oversight.{function} FROM journal_app")


def _choices() -> None:
    # The newest counts; the older ones say what was looked for last year.
    op.execute(
        f"""CREATE TABLE oversight.rule_choice ({_STAMP},
            rule text NOT NULL CHECK (rule ~ '^[a-z_]{{2,40}}$'), active boolean NOT NULL, threshold integer NOT NULL CHECK (threshold >= 0),
            PRIMARY KEY (municipality_id, id))"""
    )
    municipality_table("oversight.rule_choice")
    # No key to the patient: an auditor is not told which ids are somebody's.
    op.execute(
        f"""CREATE TABLE oversight.marked_record ({_STAMP},
            patient_id uuid NOT NULL, marked boolean NOT NULL,
            PRIMARY KEY (municipality_id, patient_id, id))"""
    )
    guard("oversight.marked_record")
    # That a record is marked tells something of the patient: only who reads the log in this transaction sees it.
    op.execute(
        """CREATE POLICY auditor ON oversight.marked_record TO journal_app
           USING (municipality_id = (SELECT audit.acting_for()) AND (SELECT audit.reading_log()))
           WITH CHECK (municipality_id = (SELECT audit.acting_for()) AND (SELECT audit.reading_log()))"""
    )
    op.execute("GRANT SELECT, INSERT (id, patient_id, marked) ON oversight.marked_record TO journal_app")
    let_read("journal_door", "oversight.marked_record")


def _cases() -> None:
    op.execute(
        f"""CREATE TABLE oversight.inquiry ({_STAMP},
            actor_id uuid NOT NULL, actor_name text NOT NULL, actor_role text NOT NULL, unit_name text NOT NULL,
            patient_id uuid REFERENCES patients.patient (patient_id), day date NOT NULL,
            looks jsonb NOT NULL, rules text[] NOT NULL CHECK (cardinality(rules) > 0),
            PRIMARY KEY (municipality_id, id),
            UNIQUE NULLS NOT DISTINCT (municipality_id, actor_id, patient_id, day))"""
    )
    op.execute(
        f"""CREATE TABLE oversight.step ({_STAMP},
            inquiry_id uuid NOT NULL, actor_id uuid NOT NULL,
            kind text NOT NULL CHECK (kind IN ('explained', 'asked', 'answered', 'case', 'note', 'closed')),
            text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
            asked_id uuid REFERENCES municipalities.practitioner (id), owner_name text, due_on date,
            PRIMARY KEY (municipality_id, id),
            FOREIGN KEY (municipality_id, inquiry_id) REFERENCES oversight.inquiry (municipality_id, id),
            CHECK ((kind = 'asked') = (asked_id IS NOT NULL)), CHECK ((kind IN ('asked', 'case')) = (due_on IS NOT NULL)))"""
    )
    op.execute("CREATE INDEX step_of_inquiry ON oversight.step (municipality_id, inquiry_id, recorded_at)")
    op.execute("CREATE INDEX step_asked ON oversight.step (asked_id) WHERE asked_id IS NOT NULL")
    guard("oversight.inquiry")
    guard("oversight.step")
    let_read("journal_door", "oversight.step")
    # By a function: a policy of each table that looked in the other would never end.
    define(
        "oversight.asked(inquiry uuid) RETURNS boolean STABLE",
        """
        BEGIN
            RETURN EXISTS (SELECT FROM oversight.step s WHERE s.inquiry_id = inquiry AND s.municipality_id = audit.acting_for()
                           AND s.asked_id = audit.acting_person());
        END""",
        owner="journal_door",
    )
    mine, me = "municipality_id = (SELECT audit.acting_for())", "(SELECT audit.acting_person())"
    op.execute(
        f"""CREATE POLICY reviewer ON oversight.step TO journal_app
            USING ({mine} AND (asked_id = {me} OR recorded_by = {me} AND kind = 'answered' OR {_AUDITOR}))
            WITH CHECK ({mine} AND CASE kind WHEN 'answered' THEN oversight.asked(inquiry_id)
                ELSE {_AUDITOR} AND (asked_id IS NULL OR NOT oversight.barred(asked_id, actor_id)) END)"""
    )
    op.execute(
        f"""CREATE POLICY reviewer ON oversight.inquiry TO journal_app
            USING ({mine} AND (oversight.asked(id) OR {_AUDITOR})) WITH CHECK ({mine} AND {_AUDITOR})"""
    )
    op.execute(
        """GRANT SELECT, INSERT (id, actor_id, actor_name, actor_role, unit_name, patient_id, day, looks, rules)
           ON oversight.inquiry TO journal_app"""
    )
    op.execute(
        "GRANT SELECT, INSERT (id, inquiry_id, actor_id, kind, text, asked_id, owner_name, due_on) ON oversight.step TO journal_app"
    )


# Only in a transaction whose log says that an auditor reads, and only of her own municipality.
_ONLY_AUDITOR = """
            IF mine IS NULL OR NOT audit.reading_log() THEN
                RAISE EXCEPTION 'the log is not being read' USING ERRCODE = 'insufficient_privilege';
            END IF;"""
_LOOKS_BACK = "(l.at AT TIME ZONE 'Europe/Oslo')"


def _usual_hours() -> None:
    """Who of each unit read in each hour of the day, and how many lines there are."""
    define(
        "oversight.hours(since timestamptz, until timestamptz) RETURNS TABLE (unit_id uuid, hour integer, readers uuid[], lines bigint) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            mine uuid := audit.acting_for();
        BEGIN{_ONLY_AUDITOR}
            RETURN QUERY
            SELECT h.unit_id, h.hour, array_agg(h.actor_id), sum(h.n)::bigint FROM (
                SELECT l.unit_id, extract(hour FROM {_LOOKS_BACK})::int AS hour, l.actor_id, count(*) AS n
                FROM audit.access_log l
                WHERE l.municipality_id = mine AND l.at >= since AND l.at < until AND l.patient_id IS NOT NULL
                  AND l.actor_id IS NOT NULL
                GROUP BY 1, 2, 3) h WHERE h.unit_id IS NOT NULL GROUP BY 1, 2;
        END""",
        owner="journal_door",
    )
    _plan_freely("oversight.hours(timestamptz, timestamptz)")


def _looks() -> None:
    """A row for each person, patient and day with something about it that a rule may ask for: ids, counts, times, no content."""
    let_read("journal_door", "patients.related_person")
    define(
        "oversight.looks(since timestamptz, until timestamptz, usual jsonb) RETURNS TABLE (actor_id uuid, patient_id uuid, day date,"
        " actor_name text, actor_role text, unit_id uuid, unit_name text, first_at timestamptz, last_at timestamptz, looks integer,"
        " written integer, refused integer, grounds text[], unsupported boolean, ended_days integer, away_days integer,"
        " dead_days integer, bearers integer, same_address boolean, named_kin boolean, namesake boolean, employee boolean,"
        " hour_others integer, marked boolean, others integer, standing text[]) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            mine uuid := audit.acting_for();
            me uuid := audit.acting_person();
            family text := oversight.family_of(me);
            managers uuid[] := oversight.managers_of(me);
        BEGIN{_ONLY_AUDITOR}
            RETURN QUERY
            WITH line AS MATERIALIZED (
                SELECT l.actor_id, l.patient_id, {_LOOKS_BACK}::date AS day, l.unit_id, l.action, l.ground, l.outcome,
                    l.relationship_id, extract(hour FROM {_LOOKS_BACK})::int AS hour, max(l.actor_name) AS actor_name,
                    max(l.actor_role) AS actor_role, max(l.unit_name) AS unit_name, min(l.at) AS first_at, max(l.at) AS last_at,
                    count(*) AS n
                FROM audit.access_log l
                WHERE l.municipality_id = mine AND l.at >= since AND l.at < until AND l.actor_id IS NOT NULL
                  AND l.patient_id IS NOT NULL AND l.actor_role NOT IN ('system', 'auditor')
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),
            unit_hour AS MATERIALIZED (
                SELECT (u ->> 0)::uuid AS unit_id, (u ->> 1)::int AS hour, (u ->> 2)::int AS readers FROM jsonb_array_elements(usual) u),
            look AS MATERIALIZED (
                SELECT g.actor_id, g.patient_id, g.day, max(g.actor_name) AS actor_name, max(g.actor_role) AS actor_role,
                    (array_agg(g.unit_id))[1] AS unit_id, max(g.unit_name) AS unit_name, min(g.first_at) AS first_at,
                    max(g.last_at) AS last_at, sum(g.n)::int AS looks,
                    coalesce(sum(g.n) FILTER (WHERE g.outcome = 'success' AND g.action !~ ':(read|list|print|find)$'), 0)::int AS written,
                    coalesce(sum(g.n) FILTER (WHERE g.outcome = 'refused'), 0)::int AS refused,
                    array_agg(DISTINCT g.ground) FILTER (WHERE g.ground IS NOT NULL) AS grounds,
                    array_agg(DISTINCT g.relationship_id) FILTER (WHERE g.relationship_id IS NOT NULL) AS relationships,
                    coalesce(bool_or(g.outcome = 'success' AND g.relationship_id IS NULL
                        AND g.ground IN ('stay', 'service', 'route', 'task', 'general_practitioner')), false) AS unsupported,
                    min(u.readers) - 1 AS hour_others
                FROM line g LEFT JOIN unit_hour u USING (unit_id, hour) GROUP BY g.actor_id, g.patient_id, g.day),
            reader AS MATERIALIZED (
                SELECT a.actor_id, lower(p.name) AS name, lower(substring(p.name FROM '[^ ]+$')) AS family
                FROM (SELECT DISTINCT k.actor_id FROM look k) a JOIN municipalities.practitioner p ON p.id = a.actor_id
                WHERE a.actor_id <> me AND a.actor_id <> ALL (managers) AND lower(substring(p.name FROM '[^ ]+$')) <> family),
            looked_at AS MATERIALIZED (
                SELECT p.patient_id, lower(p.family_name) AS family, lower(p.given_name || ' ' || p.family_name) AS name,
                    p.birth_date BETWEEN current_date - interval '75 years' AND current_date - interval '16 years' AS works,
                    p.died_at, p.address_line_1, p.postal_code, p.confidentiality <> 'none' OR coalesce((
                        SELECT m.marked FROM oversight.marked_record m
                        WHERE m.municipality_id = mine AND m.patient_id = p.patient_id ORDER BY m.recorded_at DESC LIMIT 1), false) AS marked
                FROM (SELECT DISTINCT k.patient_id FROM look k) d JOIN patients.patient p ON p.patient_id = d.patient_id),
            bearer AS MATERIALIZED (
                SELECT lower(p.family_name) AS family, count(DISTINCT p.patient_id)::int AS n FROM municipalities.unit u
                JOIN access.care_relationship r ON r.unit_id = u.id JOIN patients.patient p ON p.patient_id = r.patient_id
                WHERE u.municipality_id = mine GROUP BY 1),
            home AS MATERIALIZED (
                SELECT r.actor_id, p.address_line_1, p.postal_code FROM reader r
                JOIN looked_at p ON p.name = r.name AND p.works WHERE p.address_line_1 <> ''),
            kin AS MATERIALIZED (
                SELECT DISTINCT k.patient_id, lower(k.name) AS name FROM patients.related_person k
                JOIN looked_at p ON p.patient_id = k.patient_id WHERE k.in_error_at IS NULL),
            staff AS MATERIALIZED (
                SELECT DISTINCT lower(p.name) AS name FROM municipalities.practitioner_role r
                JOIN municipalities.practitioner p ON p.id = r.practitioner_id
                WHERE r.municipality_id = mine AND (r.valid_until IS NULL OR r.valid_until > since)),
            crowd AS MATERIALIZED (
                SELECT k.patient_id, k.day, k.unit_id, count(*)::int AS n FROM look k WHERE k.written > 0 GROUP BY 1, 2, 3),
            known AS MATERIALIZED (
                SELECT r.patient_id, r.id, r.unit_id, r.practitioner_id, r.ground, r.valid_from, r.valid_until
                FROM looked_at p JOIN access.care_relationship r ON r.patient_id = p.patient_id
                WHERE r.municipality_id = mine AND r.in_error_at IS NULL),
            -- Most are as simple as this: the ground that was used held when it was used.
            settled AS MATERIALIZED (
                SELECT k.actor_id, k.patient_id, k.day,
                    max(extract(day FROM k.first_at - r.valid_until)) FILTER (WHERE r.id = ANY (k.relationships)) AS ended_days,
                    count(r.id) FILTER (WHERE r.id = ANY (k.relationships)) AS used,
                    bool_or(r.id = ANY (k.relationships) AND (r.valid_until IS NULL OR r.valid_until > k.first_at)) AS in_force,
                    bool_or(r.valid_from <= k.first_at AND (r.valid_until IS NULL OR r.valid_until > k.first_at)) AS with_us,
                    min(extract(day FROM k.first_at - r.valid_until)) FILTER (WHERE r.valid_until < k.first_at) AS away_days,
                    array_agg(DISTINCT r.ground) FILTER (WHERE r.valid_from <= k.first_at
                        AND (r.valid_until IS NULL OR r.valid_until > k.first_at)
                        AND (r.unit_id = k.unit_id OR r.practitioner_id = k.actor_id)) AS standing
                FROM look k JOIN known r ON r.patient_id = k.patient_id GROUP BY k.actor_id, k.patient_id, k.day)
            SELECT k.actor_id, k.patient_id, k.day, k.actor_name, k.actor_role, k.unit_id, k.unit_name, k.first_at, k.last_at, k.looks,
                k.written, k.refused, coalesce(k.grounds, '{{}}'), k.unsupported OR k.relationships IS NOT NULL AND coalesce(s.used, 0) = 0,
                CASE WHEN s.used > 0 AND NOT s.in_force THEN s.ended_days::int END,
                CASE WHEN NOT s.with_us THEN s.away_days::int END, extract(day FROM k.first_at - p.died_at)::int,
                CASE WHEN p.family = r.family THEN coalesce(b.n, 1) END,
                EXISTS (SELECT FROM home h WHERE h.actor_id = k.actor_id AND p.name <> r.name
                        AND (h.address_line_1, h.postal_code) = (p.address_line_1, p.postal_code)),
                EXISTS (SELECT FROM kin i WHERE i.patient_id = k.patient_id AND i.name = r.name),
                coalesce(p.works AND p.name = r.name, false), coalesce(p.works AND p.name <> r.name AND f.name IS NOT NULL, false),
                k.hour_others, p.marked, coalesce(c.n, 0) - CASE WHEN k.written > 0 THEN 1 ELSE 0 END, coalesce(s.standing, '{{}}')
            FROM look k JOIN reader r ON r.actor_id = k.actor_id
            JOIN looked_at p ON p.patient_id = k.patient_id LEFT JOIN bearer b ON b.family = p.family
            LEFT JOIN settled s ON (s.actor_id, s.patient_id, s.day) = (k.actor_id, k.patient_id, k.day)
            LEFT JOIN staff f ON f.name = p.name
            LEFT JOIN crowd c ON (c.patient_id, c.day, c.unit_id) = (k.patient_id, k.day, k.unit_id)
            WHERE k.refused > 0 OR k.unsupported OR k.relationships IS NOT NULL AND coalesce(s.used, 0) = 0
               OR s.used > 0 AND NOT s.in_force OR NOT s.with_us OR k.first_at > p.died_at OR p.family = r.family
               OR EXISTS (SELECT FROM home h WHERE h.actor_id = k.actor_id
                          AND (h.address_line_1, h.postal_code) = (p.address_line_1, p.postal_code))
               OR EXISTS (SELECT FROM kin i WHERE i.patient_id = k.patient_id AND i.name = r.name)
               OR p.works AND (p.name = r.name OR f.name IS NOT NULL) OR k.written = 0 AND k.hour_others <= 5
               OR p.marked;
        END""",
        owner="journal_door",
    )
    _plan_freely("oversight.looks(timestamptz, timestamptz, jsonb)")


def _crowds() -> None:
    """How many different charts somebody opened within one hour, where they are many, and how many lines of the log there are."""
    define(
        "oversight.crowds(since timestamptz, until timestamptz, fewest integer) RETURNS TABLE (actor_id uuid, day date, actor_name text,"
        " actor_role text, unit_id uuid, unit_name text, first_at timestamptz, last_at timestamptz, looks integer, patients integer) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            mine uuid := audit.acting_for();
            me uuid := audit.acting_person();
            family text := oversight.family_of(me);
            managers uuid[] := oversight.managers_of(me);
        BEGIN{_ONLY_AUDITOR}
            RETURN QUERY
            SELECT h.actor_id, h.day, max(h.actor_name), max(h.actor_role), (array_agg(h.unit_id))[1], max(h.unit_name),
                min(h.first_at), max(h.last_at), sum(h.looks)::int, max(h.patients)::int
            FROM (
                SELECT l.actor_id, {_LOOKS_BACK}::date AS day, date_trunc('hour', l.at) AS hour, max(l.actor_name) AS actor_name,
                    max(l.actor_role) AS actor_role, (array_agg(l.unit_id))[1] AS unit_id, max(l.unit_name) AS unit_name,
                    min(l.at) AS first_at, max(l.at) AS last_at, count(*) AS looks, count(DISTINCT l.patient_id) AS patients
                FROM audit.access_log l
                WHERE l.municipality_id = mine AND l.at >= since AND l.at < until AND l.actor_id IS NOT NULL
                  AND l.patient_id IS NOT NULL AND l.actor_role NOT IN ('system', 'auditor')
                GROUP BY 1, 2, 3 HAVING count(DISTINCT l.patient_id) >= fewest) h
            JOIN municipalities.practitioner p ON p.id = h.actor_id
            WHERE h.actor_id <> me AND h.actor_id <> ALL (managers) AND lower(substring(p.name FROM '[^ ]+$')) <> family
            GROUP BY h.actor_id, h.day;
        END""",
        owner="journal_door",
    )
    _plan_freely("oversight.crowds(timestamptz, timestamptz, integer)")


def _plan_freely(function: str) -> None:
    """Whole days of the log are read by what they hold and by no index, and the joins after them are of thousands of rows."""
    for name in ("enable_seqscan", "plan_cache_mode"):
        op.execute(f"ALTER FUNCTION {function} RESET {name}")
    op.execute(f"ALTER FUNCTION {function} SET plan_cache_mode = force_custom_plan")
    op.execute(f"ALTER FUNCTION {function} SET work_mem = '64MB'")


def downgrade() -> None:
    op.execute("DROP SCHEMA oversight CASCADE")
    op.execute("DROP POLICY journal_door ON patients.related_person")
    op.execute("REVOKE SELECT ON patients.related_person FROM journal_door")
