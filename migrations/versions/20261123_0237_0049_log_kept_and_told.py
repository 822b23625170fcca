"""The access log: a code over each line, months that may go and those that are held, checks, and what the patient is told.

Revision ID: 0049
"""

from alembic import op

from migrations.helpers import define, guard, let_read, with_other_words

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

OWN = "municipality_id = (SELECT audit.acting_for())"
# What is said of a patient's log is seen like the log: in a transaction that says so in it.
READ = f"{OWN} AND (SELECT audit.reading_log())"
TWO = "cardinality(names) = 2 AND names[1] <> names[2]"
WRITTEN = """
    municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_at timestamptz NOT NULL DEFAULT now()"""


def upgrade() -> None:
    op.execute("ALTER TABLE audit.access_log ADD COLUMN code text")
    _code("purpose, relationship_id, decision_ref)", "purpose, relationship_id, decision_ref, code)")
    _code("p -> 'decision_ref'\n", "p -> 'decision_ref', p ->> 'code'\n")
    _lag()
    _checks()
    _retention()
    _report()


def _code(old: str, new: str) -> None:
    with_other_words("audit.open_charts(text,text)", "journal_door", (old, new))


def _lag() -> None:
    """How long the oldest line has waited for its seal: an age, for whoever watches."""
    let_read("journal_door", "audit.log_seal")
    define(
        "audit.seal_lag() RETURNS double precision STABLE",
        """
        DECLARE
            last audit.log_seal := (SELECT s FROM audit.log_seal s ORDER BY s.number DESC LIMIT 1);
        BEGIN
            RETURN coalesce((
                SELECT extract(epoch FROM clock_timestamp() - l.at) FROM audit.access_log l
                WHERE (l.epoch, l.xid) >= (coalesce(last.to_epoch, 1), coalesce(last.to_xid, '0'::xid8))
                ORDER BY l.epoch, l.xid LIMIT 1), 0);
        END""",
        owner="journal_door",
    )


def _checks() -> None:
    """What an auditor asks the sealer to look through, and what it found: counts and sentences, nobody's line."""
    op.execute(
        """CREATE TABLE audit.log_check (
            id uuid PRIMARY KEY,
            municipality_id uuid DEFAULT audit.acting_for(),
            asked_by uuid DEFAULT audit.acting_person(),
            asked_by_name text DEFAULT audit.acting_name(),
            asked_at timestamptz NOT NULL DEFAULT now(),
            begun_at timestamptz,
            lines bigint NOT NULL DEFAULT 0,
            of_lines bigint,
            unsealed bigint,
            ended_at timestamptz,
            first_at timestamptz,
            last_at timestamptz,
            findings jsonb,
            CHECK ((municipality_id IS NULL) = (asked_by IS NULL)),
            CHECK ((ended_at IS NULL) = (findings IS NULL)))"""
    )
    op.execute("CREATE INDEX log_check_asked ON audit.log_check (municipality_id, asked_at DESC)")
    op.execute("CREATE UNIQUE INDEX log_check_waiting ON audit.log_check (municipality_id) WHERE ended_at IS NULL")
    guard("audit.log_check")
    op.execute(f"CREATE POLICY asks ON audit.log_check FOR INSERT TO journal_app WITH CHECK ({OWN})")
    op.execute(
        f"CREATE POLICY reads ON audit.log_check FOR SELECT TO journal_app"
        f" USING ({OWN} OR municipality_id IS NULL AND (SELECT audit.acting_for()) IS NOT NULL)"
    )
    op.execute("GRANT SELECT, INSERT (id) ON audit.log_check TO journal_app")
    let_read("journal_sealer", "audit.log_check")
    op.execute(
        "GRANT INSERT (id, municipality_id, asked_by, asked_by_name),"
        " UPDATE (begun_at, lines, of_lines, unsealed, ended_at, first_at, last_at, findings) ON audit.log_check TO journal_sealer"
    )


def _retention() -> None:
    """Whole months go, by two, when nothing holds them; who did it is sealed with the next head."""
    op.execute(
        f"""CREATE TABLE audit.log_retention (
            at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
            years integer NOT NULL CHECK (years BETWEEN 3 AND 100),
            names text[] NOT NULL CHECK ({TWO}))"""
    )
    op.execute(
        f"""CREATE TABLE audit.log_hold (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            municipality_id uuid NOT NULL, patient_id uuid,
            since date NOT NULL, until date CHECK (until >= since),
            reason text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
            names text[] NOT NULL CHECK ({TWO}), at timestamptz NOT NULL DEFAULT now(),
            lifted_names text[] CHECK (cardinality(lifted_names) = 2 AND lifted_names[1] <> lifted_names[2]),
            lifted_at timestamptz, CHECK ((lifted_at IS NULL) = (lifted_names IS NULL)))"""
    )
    op.execute(
        f"""CREATE TABLE audit.log_dropped (
            month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
            lines bigint NOT NULL, years integer NOT NULL CHECK (years >= 3),
            names text[] NOT NULL CHECK ({TWO}), at timestamptz NOT NULL DEFAULT now(),
            epoch integer NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id())"""
    )
    for table in ("audit.log_retention", "audit.log_hold", "audit.log_dropped"):
        guard(table)
    let_read("journal_sealer", "audit.log_dropped")
    op.execute(
        """CREATE FUNCTION audit.drop_month(month date, by_names text[]) RETURNS bigint LANGUAGE plpgsql
           SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            first date := date_trunc('month', month::timestamp)::date;
            last date := (first + interval '1 month')::date;
            part text := 'access_log_' || to_char(first, 'YYYYMM');
            kept integer := coalesce((SELECT r.years FROM audit.log_retention r ORDER BY r.at DESC LIMIT 1), 5);
            gone bigint;
        BEGIN
            IF to_regclass('audit.' || part) IS NULL THEN
                RAISE EXCEPTION 'no such month' USING ERRCODE = 'undefined_table';
            ELSIF (last + make_interval(years => kept)) AT TIME ZONE 'UTC' > now() THEN
                RAISE EXCEPTION 'kept for % years', kept USING ERRCODE = 'object_in_use';
            END IF;
            -- A line is of the month by UTC, a hold by the calendar: a day on each side is held too. Nobody adds a hold meanwhile.
            LOCK TABLE audit.log_hold IN SHARE MODE;
            IF EXISTS (SELECT FROM audit.log_hold h
                WHERE h.lifted_at IS NULL AND h.since <= last AND coalesce(h.until, 'infinity') >= first - 1
                  AND EXISTS (SELECT FROM audit.access_log l WHERE l.at >= first::timestamp AT TIME ZONE 'UTC'
                      AND l.at < last::timestamp AT TIME ZONE 'UTC' AND l.municipality_id = h.municipality_id
                      AND (h.patient_id IS NULL OR l.patient_id = h.patient_id))) THEN
                RAISE EXCEPTION 'held' USING ERRCODE = 'object_in_use';
            END IF;
            EXECUTE format('SELECT count(*) FROM audit.%I', part) INTO gone;
            INSERT INTO audit.log_dropped (month, lines, years, names, epoch)
            VALUES (first, gone, kept, by_names, (SELECT coalesce(max(e.epoch), 1) FROM audit.log_epoch e));
            EXECUTE format('ALTER TABLE audit.access_log DETACH PARTITION audit.%I', part);
            EXECUTE format('DROP TABLE audit.%I', part);
            RETURN gone;
        END $$"""
    )
    op.execute("ALTER FUNCTION audit.drop_month(date, text[]) OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION audit.drop_month(date, text[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION audit.drop_month(date, text[]) TO journal_migrator")


def _report() -> None:
    """The patient's own report: that it was made and what was held back; a question to one line, and what was answered."""
    op.execute(
        f"""CREATE TABLE audit.log_report (
            id uuid PRIMARY KEY, patient_id uuid NOT NULL,
            since timestamptz NOT NULL, until timestamptz NOT NULL,
            language text NOT NULL CHECK (language IN ('nb', 'nn', 'en')),
            looks integer NOT NULL, withheld jsonb NOT NULL DEFAULT '[]', law text, reason text,
            {WRITTEN},
            CHECK ((withheld = '[]') = (law IS NULL) AND (law IS NULL) = (reason IS NULL)))"""
    )
    op.execute(
        f"""CREATE TABLE audit.log_question (
            id uuid PRIMARY KEY, patient_id uuid NOT NULL,
            look_at timestamptz NOT NULL, look_id uuid NOT NULL,
            reader_id uuid, reader_name text NOT NULL, reader_role text NOT NULL, unit_name text NOT NULL,
            action text NOT NULL, ground text,
            question text NOT NULL CHECK (length(question) BETWEEN 1 AND 1000),
            deadline date NOT NULL,
            owner_id uuid NOT NULL DEFAULT audit.acting_person(), owner_name text NOT NULL DEFAULT audit.acting_name(),
            {WRITTEN})"""
    )
    op.execute(
        f"""CREATE TABLE audit.log_answer (
            question_id uuid NOT NULL REFERENCES audit.log_question (id), version integer NOT NULL CHECK (version > 0),
            text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
            {WRITTEN},
            PRIMARY KEY (question_id, version))"""
    )
    op.execute("CREATE INDEX log_question_open ON audit.log_question (municipality_id, deadline)")
    given = {
        "log_report": "id, patient_id, since, until, language, looks, withheld, law, reason",
        "log_question": "id, patient_id, look_at, look_id, reader_id, reader_name, reader_role, unit_name, action, ground, question, deadline",
        "log_answer": "question_id, version, text",
    }
    for table, columns in given.items():
        guard(f"audit.{table}")
        op.execute(f"CREATE POLICY auditor ON audit.{table} TO journal_app USING ({READ}) WITH CHECK ({READ})")
        op.execute(f"GRANT SELECT, INSERT ({columns}) ON audit.{table} TO journal_app")


def downgrade() -> None:
    for table in ("log_answer", "log_question", "log_report", "log_check", "log_retention", "log_hold"):
        op.execute(f"DROP TABLE audit.{table}")
    op.execute("DROP FUNCTION audit.drop_month(date, text[])")
    op.execute("DROP FUNCTION audit.seal_lag()")
    op.execute("DROP POLICY journal_door ON audit.log_seal")
    op.execute("REVOKE SELECT ON audit.log_seal FROM journal_door")
    op.execute("DROP TABLE audit.log_dropped")
    _code("p -> 'decision_ref', p ->> 'code'\n", "p -> 'decision_ref'\n")
    _code("decision_ref, code)", "decision_ref)")
    op.execute("ALTER TABLE audit.access_log DROP COLUMN code")
