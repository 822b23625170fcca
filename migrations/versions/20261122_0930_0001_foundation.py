"""The foundation: the access log that opens charts, who asks, commands and the outbox.

Revision ID: 0001
Revises:
"""

from alembic import op

from migrations.helpers import define, guard, let_read

revision, down_revision, branch_labels, depends_on = "0001", None, None, None

SCHEMAS = ("platform", "audit", "municipalities", "access", "patients", "medication", "observations", "notes", "care")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"CREATE SCHEMA {schema} AUTHORIZATION journal_owner")
        op.execute(
            f"GRANT USAGE ON SCHEMA {schema} TO journal_app, journal_door, journal_finder, journal_backup, journal_sealer"
        )
        op.execute(f"GRANT CREATE ON SCHEMA {schema} TO journal_door, journal_finder")
    _who_asks()
    _access_log()
    _open_charts()
    _platform()


def _who_asks() -> None:
    """journal.who is "<json><64 hex digits>": the identity and its HMAC. A forged one is an error, none is nobody."""
    op.execute(
        """CREATE TABLE audit.mac_key (
            single boolean PRIMARY KEY DEFAULT true CHECK (single), inner_pad bytea NOT NULL, outer_pad bytea NOT NULL)"""
    )
    guard("audit.mac_key")
    let_read("journal_door", "audit.mac_key")
    op.execute(
        """CREATE FUNCTION audit.mac(message text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
            SELECT encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(message, 'UTF8'))), 'hex')
            FROM audit.mac_key k $$"""
    )
    op.execute("ALTER FUNCTION audit.mac(text) OWNER TO journal_door")
    op.execute("REVOKE ALL ON FUNCTION audit.mac(text) FROM PUBLIC")
    define(
        "audit.who() RETURNS jsonb STABLE",
        """
        DECLARE told text := nullif(current_setting('journal.who', true), '');
        BEGIN
            IF told IS NULL THEN RETURN NULL; END IF;
            IF right(told, 64) IS DISTINCT FROM audit.mac(left(told, -64)) THEN
                RAISE EXCEPTION 'forged identity' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN left(told, -64)::jsonb;
        END""",
        owner="journal_door",
    )
    for name, returns, value in (
        ("acting_for", "uuid", "(audit.who() ->> 'municipality_id')::uuid"),
        ("acting_unit", "uuid", "(audit.who() ->> 'unit_id')::uuid"),
        # An expression and no query, so that it is part of the statement that asks: ["a", "b"] is written {a,b}.
        ("acting_units", "uuid[]", """translate(audit.who() ->> 'units', '[]" ', '{}')::uuid[]"""),
        ("acting_person", "uuid", "(audit.who() ->> 'person_id')::uuid"),
        ("acting_name", "text", "audit.who() ->> 'name'"),
        ("acting_as", "uuid", "(audit.who() ->> 'role_id')::uuid"),
        ("acting_role", "text", "audit.who() ->> 'role'"),
    ):
        op.execute(f"CREATE FUNCTION audit.{name}() RETURNS {returns} LANGUAGE sql STABLE AS $$ SELECT {value} $$")
        op.execute(f"ALTER FUNCTION audit.{name}() OWNER TO journal_owner")


def _access_log() -> None:
    op.execute(
        """CREATE TABLE audit.access_log (
            at timestamptz NOT NULL DEFAULT now(),
            xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            id uuid NOT NULL DEFAULT gen_random_uuid(),
            municipality_id uuid, unit_id uuid, unit_name text,
            actor_id uuid, actor_name text, actor_role text, acting_as uuid,
            patient_id uuid,
            action text NOT NULL,
            categories text[] NOT NULL DEFAULT '{}',
            object_id uuid,
            ground text, purpose text, relationship_id uuid, decision_ref jsonb,
            origin text, session_id uuid, request_id text,
            outcome text NOT NULL CHECK (outcome IN ('success', 'refused', 'failed', 'search-hit')),
            CHECK (outcome <> 'success' OR patient_id IS NULL OR ground IS NOT NULL),
            PRIMARY KEY (at, id)
        ) PARTITION BY RANGE (at)"""
    )
    op.execute("CREATE INDEX access_log_patient ON audit.access_log (patient_id, at DESC)")
    op.execute("CREATE INDEX access_log_actor ON audit.access_log (actor_id, at DESC)")
    op.execute("CREATE TABLE audit.access_log_default PARTITION OF audit.access_log DEFAULT")
    for table in ("audit.access_log", "audit.access_log_default"):
        guard(table)
    let_read("journal_door", "audit.access_log")
    op.execute("GRANT INSERT ON audit.access_log TO journal_door")
    # A month is made as a table of its own and attached: CREATE ... PARTITION OF would lock out every reader in the country.
    op.execute(
        """CREATE FUNCTION audit.add_month(month date) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            name text := 'access_log_' || to_char(month, 'YYYYMM');
            first timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
            last timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
        BEGIN
            IF to_regclass('audit.' || name) IS NOT NULL THEN RETURN; END IF;
            EXECUTE format('CREATE TABLE audit.%I (LIKE audit.access_log INCLUDING ALL)', name);
            EXECUTE format('ALTER TABLE audit.%I ADD CHECK (at >= %L AND at < %L)', name, first, last);
            EXECUTE format('ALTER TABLE audit.%I OWNER TO journal_owner', name);
            EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE audit.access_log ATTACH PARTITION audit.%I FOR VALUES FROM (%L) TO (%L)', name, first, last);
        END $$"""
    )
    op.execute("ALTER FUNCTION audit.add_month(date) OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION audit.add_month(date) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION audit.add_month(date) TO journal_migrator")
    op.execute("SELECT audit.add_month((now() + n * interval '1 month')::date) FROM generate_series(-1, 3) n")
    op.execute(
        """CREATE TABLE audit.erasure (
            id uuid PRIMARY KEY, patient_id uuid NOT NULL, table_name text NOT NULL, row_id uuid NOT NULL,
            paragraph text NOT NULL CHECK (paragraph IN ('hpl. § 43', 'hpl. § 44')), decision text NOT NULL,
            municipality_id uuid NOT NULL, decided_by uuid NOT NULL, decided_by_name text NOT NULL,
            confirmed_by uuid NOT NULL, confirmed_by_name text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
            CHECK (decided_by <> confirmed_by))"""
    )
    guard("audit.erasure")
    op.execute(
        """CREATE FUNCTION audit.stamp_error() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.in_error_at IS NOT NULL AND NEW.in_error_reason IS DISTINCT FROM OLD.in_error_reason AND NEW.erasure_id IS NULL THEN
                RAISE EXCEPTION 'already entered in error' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            NEW.in_error_at := coalesce(NEW.in_error_at, now());
            NEW.in_error_by := coalesce(NEW.in_error_by, audit.acting_person());
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION audit.stamp_error() OWNER TO journal_owner")


def _open_charts() -> None:
    define(
        "audit.open_charts(call text, mac text) RETURNS void VOLATILE",
        """
        DECLARE
            c jsonb;
            w jsonb := audit.who();
            in_savepoint boolean;
            opened integer;
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF w IS NULL OR (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO audit.access_log (
                municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, acting_as, origin, session_id, request_id,
                action, categories, object_id, outcome, patient_id, ground, purpose, relationship_id, decision_ref)
            SELECT (w ->> 'municipality_id')::uuid, (w ->> 'unit_id')::uuid, w ->> 'unit_name', (w ->> 'person_id')::uuid,
                w ->> 'name', w ->> 'role', (w ->> 'role_id')::uuid, w ->> 'origin', (w ->> 'session_id')::uuid, c ->> 'request_id',
                c ->> 'action', ARRAY(SELECT jsonb_array_elements_text(c -> 'categories')), (c ->> 'object_id')::uuid, c ->> 'outcome',
                (p ->> 'patient_id')::uuid, p ->> 'ground', p ->> 'purpose', (p ->> 'relationship_id')::uuid, p -> 'decision_ref'
            FROM jsonb_array_elements(c -> 'patients') p;
            -- ROLLBACK TO would take the log row and leave what was read, so a row written inside a savepoint opens nothing.
            SELECT bool_or(l.xmin::text::bigint <> (pg_current_xact_id()::text::bigint & 4294967295)),
                count(*) FILTER (WHERE l.outcome = 'success')
            INTO in_savepoint, opened FROM audit.access_log l WHERE l.at = now() AND l.xid = pg_current_xact_id();
            IF in_savepoint THEN
                RAISE EXCEPTION 'a chart is never opened inside a savepoint' USING ERRCODE = 'insufficient_privilege';
            ELSIF opened > 500 THEN
                RAISE EXCEPTION 'at most 500 charts in a transaction' USING ERRCODE = 'program_limit_exceeded';
            END IF;
        END""",
        owner="journal_door",
    )
    define(
        "audit.opened_charts(category text) RETURNS uuid[] STABLE",
        """
        BEGIN
            RETURN ARRAY(SELECT l.patient_id FROM audit.access_log l
                WHERE l.at = now() AND l.xid = pg_current_xact_id_if_assigned()
                  AND l.outcome = 'success' AND category = ANY (l.categories));
        END""",
        owner="journal_door",
    )
    # An auditor reads the rows of her own municipality, in a transaction that says so in the log.
    define(
        "audit.reading_log() RETURNS boolean STABLE",
        """
        BEGIN
            RETURN EXISTS (SELECT FROM audit.access_log l
                WHERE l.at = now() AND l.xid = pg_current_xact_id_if_assigned() AND l.outcome = 'success' AND l.categories = '{audit}');
        END""",
        owner="journal_door",
    )
    op.execute("GRANT SELECT ON audit.access_log TO journal_app")
    op.execute(
        """CREATE POLICY auditor ON audit.access_log FOR SELECT TO journal_app
           USING (municipality_id = (SELECT audit.acting_for()) AND (SELECT audit.reading_log()))"""
    )


def _platform() -> None:
    op.execute(
        """CREATE TABLE platform.command (
            person_id uuid NOT NULL DEFAULT audit.acting_person(),
            id uuid NOT NULL,
            body_hash text NOT NULL,
            at timestamptz NOT NULL DEFAULT now(),
            answer jsonb,
            PRIMARY KEY (person_id, id))"""
    )
    guard("platform.command")
    op.execute(
        """CREATE POLICY own ON platform.command TO journal_app
           USING (person_id = (SELECT audit.acting_person())) WITH CHECK (person_id = (SELECT audit.acting_person()))"""
    )
    op.execute("GRANT SELECT, INSERT (id, body_hash), UPDATE (answer) ON platform.command TO journal_app")
    op.execute(
        """CREATE TABLE platform.outbox (
            id uuid PRIMARY KEY,
            at timestamptz NOT NULL DEFAULT now(),
            kind text NOT NULL,
            patient_id uuid,
            body jsonb NOT NULL,
            sent_at timestamptz)"""
    )
    op.execute("CREATE INDEX outbox_unsent ON platform.outbox (at) WHERE sent_at IS NULL")
    guard("platform.outbox")
    # Ids and times only, no clinical content; the relay is a process without a person.
    op.execute("CREATE POLICY relay ON platform.outbox TO journal_app USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT (id, kind, patient_id, body), UPDATE (sent_at) ON platform.outbox TO journal_app")
    op.execute(
        """CREATE TABLE platform.installation (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            environment text NOT NULL CHECK (environment IN ('production', 'demo', 'test')), made_at timestamptz NOT NULL DEFAULT now())"""
    )
    guard("platform.installation")
    op.execute("CREATE POLICY everybody ON platform.installation TO journal_app USING (true)")
    op.execute("GRANT SELECT ON platform.installation TO journal_app")
    let_read("journal_finder", "platform.installation")
    op.execute(
        """CREATE TABLE platform.heartbeat (
            single boolean PRIMARY KEY DEFAULT true CHECK (single), at timestamptz NOT NULL DEFAULT now())"""
    )
    guard("platform.heartbeat")
    op.execute("CREATE POLICY everybody ON platform.heartbeat TO journal_app USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT, UPDATE (at) ON platform.heartbeat TO journal_app")


def downgrade() -> None:
    for schema in reversed(SCHEMAS):
        op.execute(f"DROP SCHEMA {schema} CASCADE")
