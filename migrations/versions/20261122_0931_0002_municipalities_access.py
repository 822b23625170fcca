"""The tenants with their units, staff and roles; sessions; care relationships, and what the gate may know of a closed chart.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

from migrations.helpers import RECORD, define, guard, let_read, municipality_table, reference_table, unit_table

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade() -> None:
    _municipalities()
    _sessions()
    _care_relationships()


def _municipalities() -> None:
    op.execute(
        """CREATE TABLE municipalities.municipality (
            id uuid PRIMARY KEY, number text NOT NULL CHECK (number ~ '^[0-9]{4}$'), name text NOT NULL, county text NOT NULL,
            population integer NOT NULL CHECK (population >= 0), latitude numeric(7, 4) NOT NULL, longitude numeric(7, 4) NOT NULL,
            valid_from date NOT NULL, valid_until date, successor_id uuid REFERENCES municipalities.municipality (id),
            joined_at timestamptz)"""
    )
    op.execute(
        "CREATE UNIQUE INDEX municipality_number ON municipalities.municipality (number) WHERE valid_until IS NULL"
    )
    reference_table("municipalities.municipality")
    op.execute(
        """CREATE TABLE municipalities.unit (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            id uuid NOT NULL, parent_id uuid, name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
            kind text NOT NULL CHECK (kind IN ('municipality', 'nursing_home', 'ward', 'home_care', 'district', 'doctors')),
            organisation_number text CHECK (organisation_number ~ '^[89][0-9]{8}$'),
            valid_from timestamptz NOT NULL DEFAULT now(), valid_until timestamptz,
            PRIMARY KEY (municipality_id, id), UNIQUE (id),
            FOREIGN KEY (municipality_id, parent_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (parent_id <> id))"""
    )
    op.execute("CREATE INDEX unit_parent ON municipalities.unit (municipality_id, parent_id)")
    municipality_table("municipalities.unit", updates=("name", "valid_until", "organisation_number"))
    # One human is one practitioner in the whole country; the municipality owns the role, not the person. So her row is
    # seen by those who employ her, by herself, and by the functions below.
    op.execute(
        """CREATE TABLE municipalities.practitioner (
            id uuid PRIMARY KEY, name text NOT NULL CHECK (length(name) BETWEEN 2 AND 120),
            hpr_number text UNIQUE CHECK (hpr_number ~ '^[0-9]{4,9}$'),
            registered_for uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            registered_at timestamptz NOT NULL DEFAULT now())"""
    )
    guard("municipalities.practitioner")
    op.execute(
        """CREATE TABLE municipalities.practitioner_role (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), id uuid NOT NULL,
            practitioner_id uuid NOT NULL REFERENCES municipalities.practitioner (id), unit_id uuid NOT NULL,
            role text NOT NULL CHECK (role IN
                ('nurse', 'health_assistant', 'doctor', 'unit_manager', 'tenant_administrator', 'auditor')),
            valid_from timestamptz NOT NULL DEFAULT now(), valid_until timestamptz,
            recorded_at timestamptz NOT NULL DEFAULT now(), recorded_by uuid DEFAULT audit.acting_person(), ended_by uuid,
            PRIMARY KEY (municipality_id, id), UNIQUE (id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (recorded_by IS NULL OR recorded_by <> practitioner_id))"""
    )
    op.execute("CREATE INDEX role_of_practitioner ON municipalities.practitioner_role (practitioner_id)")
    municipality_table("municipalities.practitioner_role", updates=("valid_until", "ended_by"))
    op.execute(
        """CREATE POLICY employer ON municipalities.practitioner TO journal_app
           USING (registered_for = (SELECT audit.acting_for()) OR id = (SELECT audit.acting_person())
                  OR EXISTS (SELECT FROM municipalities.practitioner_role r WHERE r.practitioner_id = practitioner.id))
           WITH CHECK (registered_for = (SELECT audit.acting_for()))"""
    )
    op.execute(
        "GRANT SELECT, INSERT (id, name, hpr_number), UPDATE (name) ON municipalities.practitioner TO journal_app"
    )
    tables = ("municipality", "unit", "practitioner", "practitioner_role")
    let_read("journal_door", *(f"municipalities.{table}" for table in tables))
    let_read("journal_finder", *(f"municipalities.{table}" for table in tables))
    # One human, one practitioner: hired by a second municipality she is found by her number, and by nothing else.
    define(
        "municipalities.practitioner_by_hpr(hpr text) RETURNS TABLE (id uuid, name text) STABLE",
        "BEGIN RETURN QUERY SELECT p.id, p.name FROM municipalities.practitioner p WHERE p.hpr_number = hpr; END",
        owner="journal_finder",
    )


def _sessions() -> None:
    op.execute(
        """CREATE TABLE access.session (
            token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32), id uuid NOT NULL UNIQUE,
            person_id uuid NOT NULL, role_id uuid NOT NULL REFERENCES municipalities.practitioner_role (id),
            color_scheme text NOT NULL DEFAULT 'auto' CHECK (color_scheme IN ('auto', 'light', 'dark')),
            language text NOT NULL DEFAULT 'nb' CHECK (language IN ('nb', 'nn', 'en')),
            created_at timestamptz NOT NULL DEFAULT now(), seen_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz)"""
    )
    # What somebody chose last is what her next session begins with.
    op.execute("CREATE INDEX session_of_person ON access.session (person_id, created_at)")
    guard("access.session")
    let_read("journal_door", "access.session")
    op.execute("GRANT INSERT, UPDATE (seen_at, ended_at, color_scheme, language) ON access.session TO journal_door")
    # The identity of a role, as PostgreSQL itself knows it: nothing that the browser sent stands in it.
    define(
        "access.identity(employment uuid, session uuid, scheme text, spoken text) RETURNS jsonb STABLE",
        """
        BEGIN
            RETURN (
                WITH RECURSIVE below AS (
                    SELECT u.municipality_id, u.id FROM municipalities.unit u
                    JOIN municipalities.practitioner_role r ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
                    WHERE r.id = employment
                    UNION ALL
                    -- LATERAL with OFFSET 0: by the index of each parent, never a scan of the country's units.
                    SELECT c.municipality_id, c.id FROM below b CROSS JOIN LATERAL (
                        SELECT u.municipality_id, u.id FROM municipalities.unit u
                        WHERE u.municipality_id = b.municipality_id AND u.parent_id = b.id AND u.valid_until IS NULL OFFSET 0) c)
                SELECT jsonb_build_object(
                    'person_id', p.id, 'name', p.name, 'role', r.role, 'role_id', r.id,
                    'municipality_id', m.id, 'municipality_name', m.name, 'unit_id', u.id, 'unit_name', u.name,
                    'parent_unit_name', coalesce(parent.name, ''), 'units', (SELECT jsonb_agg(b.id) FROM below b),
                    'session_id', session, 'origin', 'web', 'color_scheme', scheme, 'language', spoken)
                FROM municipalities.practitioner_role r
                JOIN municipalities.practitioner p ON p.id = r.practitioner_id
                JOIN municipalities.municipality m ON m.id = r.municipality_id
                JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
                LEFT JOIN municipalities.unit parent ON (parent.municipality_id, parent.id) = (u.municipality_id, u.parent_id)
                WHERE r.id = employment AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()));
        END""",
        owner="journal_door",
    )
    op.execute("REVOKE EXECUTE ON FUNCTION access.identity(uuid, uuid, text, text) FROM journal_app")
    define(
        "access.start_session(call text, mac text) RETURNS void VOLATILE",
        """
        DECLARE
            c jsonb;
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO access.session (token_hash, id, person_id, role_id, color_scheme, language)
            SELECT decode(c ->> 'token_hash', 'hex'), (c ->> 'id')::uuid, r.practitioner_id, r.id,
                coalesce(last.color_scheme, 'auto'), coalesce(c ->> 'language', last.language, 'nb')
            FROM municipalities.practitioner_role r
            LEFT JOIN LATERAL (SELECT s.color_scheme, s.language FROM access.session s WHERE s.person_id = r.practitioner_id
                               ORDER BY s.created_at DESC LIMIT 1) last ON true
            WHERE r.id = (c ->> 'role_id')::uuid AND (r.valid_until IS NULL OR r.valid_until > now());
            IF NOT FOUND THEN
                RAISE EXCEPTION 'no such role' USING ERRCODE = 'no_data_found';
            END IF;
        END""",
        owner="journal_door",
    )
    # Looks up the session by its secret, tells this transaction who asks, and answers with the same: the first statement
    # of every request. A role that ended, an idle or an old session is nobody.
    define(
        "access.resume(token bytea, idle interval, longest interval) RETURNS jsonb VOLATILE",
        """
        DECLARE
            s access.session;
            told text;
        BEGIN
            SELECT * INTO s FROM access.session x
            WHERE x.token_hash = sha256(token) AND x.ended_at IS NULL AND x.seen_at > now() - idle AND x.created_at > now() - longest;
            IF NOT FOUND THEN RETURN NULL; END IF;
            IF s.seen_at < now() - interval '1 minute' THEN
                UPDATE access.session x SET seen_at = now() WHERE x.token_hash = s.token_hash;
            END IF;
            told := access.identity(s.role_id, s.id, s.color_scheme, s.language)::text;
            PERFORM set_config('journal.who', told || audit.mac(told), true);
            RETURN told::jsonb;
        END""",
        owner="journal_door",
    )
    define(
        "access.end_session(token bytea) RETURNS void VOLATILE",
        "BEGIN UPDATE access.session SET ended_at = now() WHERE session.token_hash = sha256(token); END",
        owner="journal_door",
    )
    define(
        "access.set_color_scheme(token bytea, scheme text) RETURNS void VOLATILE",
        "BEGIN UPDATE access.session SET color_scheme = scheme WHERE session.token_hash = sha256(token); END",
        owner="journal_door",
    )
    define(
        "access.set_language(token bytea, spoken text) RETURNS void VOLATILE",
        "BEGIN UPDATE access.session SET language = spoken WHERE session.token_hash = sha256(token); END",
        owner="journal_door",
    )
    define(
        "access.demo_people() RETURNS TABLE (municipality text, role_id uuid, name text, role text, unit text) STABLE",
        """
        BEGIN
            RETURN QUERY SELECT m.name, r.id, p.name, r.role,
                coalesce(parent.name || ' · ', '') || u.name
            FROM municipalities.practitioner_role r
            JOIN municipalities.practitioner p ON p.id = r.practitioner_id
            JOIN municipalities.municipality m ON m.id = r.municipality_id
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
            LEFT JOIN municipalities.unit parent ON (parent.municipality_id, parent.id) = (u.municipality_id, u.parent_id)
                AND parent.kind <> 'municipality'
            WHERE EXISTS (SELECT FROM platform.installation WHERE environment IN ('demo', 'test'))
              AND (r.valid_until IS NULL OR r.valid_until > now())
            ORDER BY m.name, 5, r.role, p.name;
        END""",
        owner="journal_finder",
    )


def _care_relationships() -> None:
    op.execute(
        f"""CREATE TABLE access.care_relationship (
            patient_id uuid NOT NULL, id uuid NOT NULL,
            {RECORD},
            practitioner_id uuid,
            ground text NOT NULL CHECK (ground IN ('stay', 'service', 'route', 'task', 'general_practitioner', 'referral',
                'patient_request', 'registration', 'emergency')),
            service_code text, purpose text NOT NULL DEFAULT 'TREAT' CHECK (purpose IN ('TREAT', 'ETREAT', 'COC', 'BTG')),
            decision_ref jsonb, room text,
            valid_from timestamptz NOT NULL, valid_until timestamptz, grace_until timestamptz,
            away_from timestamptz, away_until timestamptz,
            PRIMARY KEY (patient_id, id),
            CHECK (unit_id IS NOT NULL OR practitioner_id IS NOT NULL),
            CHECK (valid_until >= valid_from), CHECK (grace_until >= valid_until))"""
    )
    op.execute("CREATE INDEX care_relationship_unit ON access.care_relationship (unit_id, patient_id)")
    op.execute(
        "CREATE INDEX care_relationship_practitioner ON access.care_relationship (practitioner_id) WHERE practitioner_id IS NOT NULL"
    )
    unit_table("access.care_relationship", updates=("valid_until", "grace_until", "away_from", "away_until", "room"))
    # A relationship is begun for a unit of the municipality that acts, not only for the unit one sits in.
    op.execute("GRANT INSERT (unit_id) ON access.care_relationship TO journal_app")
    op.execute(
        f"""CREATE TABLE access.restriction (
            patient_id uuid NOT NULL, id uuid NOT NULL,
            {RECORD},
            category text NOT NULL, against_unit_id uuid, against_person_id uuid,
            decided_by text NOT NULL, valid_from timestamptz NOT NULL, valid_until timestamptz,
            PRIMARY KEY (patient_id, id))"""
    )
    unit_table("access.restriction", updates=("valid_until",))
    let_read("journal_finder", "access.care_relationship", "access.restriction")
    let_read("journal_door", "access.care_relationship")


def downgrade() -> None:
    for schema in ("access", "municipalities"):
        op.execute(f"DROP SCHEMA {schema} CASCADE")
        op.execute(f"CREATE SCHEMA {schema} AUTHORIZATION journal_owner")
        op.execute(
            f"GRANT USAGE ON SCHEMA {schema} TO journal_app, journal_door, journal_finder, journal_backup, journal_sealer"
        )
        op.execute(f"GRANT CREATE ON SCHEMA {schema} TO journal_door, journal_finder")
