"""Some notes of a chart are closed to a person or a unit: one, those of a unit, those of a time. PostgreSQL leaves them out.

Only adds: the version before this closes parts alone, and is shown nothing that is closed here.

Revision ID: 0075
Revises: 0074
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, define, let_read, stamp, stays, with_other_words

revision, down_revision, branch_labels, depends_on = "0075", "0074", None, None

CLOSED, NOTE = "access.note_restriction", "notes.note"
# What somebody has signed herself, read when her ground is over (0073), is read past the policy: it leaves them out too.
MINE, MINE_KNOWS = (
    "notes.written_by_oneself(uuid[])",
    ("n.sensitive IS NULL", "n.sensitive IS NULL AND n.entry_id <> ALL ((SELECT notes.kept_back())::uuid[])"),
)
HELD = "entry_id <> ALL ((SELECT notes.kept_back())::uuid[])"
ONE_PERSON = """coalesce((SELECT l.patient_id FROM patients.link l
                    WHERE l.linked_patient_id = {0}.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL), {0}.patient_id)"""


def upgrade() -> None:
    # A table of its own: whoever asks access.restriction asks of whole parts, and would take such a row for more than it is.
    op.execute(
        f"""CREATE TABLE {CLOSED} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL, {RECORD},
            against_unit_id uuid, against_person_id uuid,
            note_id uuid, written_by uuid, since timestamptz, until timestamptz,
            decided_by text NOT NULL, asked_by text NOT NULL, asked_on date NOT NULL,
            valid_from timestamptz NOT NULL, valid_until timestamptz,
            ended_at timestamptz, ended_by uuid, ended_by_name text,
            PRIMARY KEY (patient_id, id),
            CHECK (num_nonnulls(against_unit_id, against_person_id) = 1),
            CONSTRAINT of_some_notes CHECK ((note_id IS NULL) = (num_nonnulls(written_by, since, until) > 0)),
            CHECK (since < until),
            CHECK ((ended_at IS NULL) = (ended_by IS NULL)))"""
    )
    chart_table(CLOSED, updates=("valid_until",))
    stamp(CLOSED)
    stays(CLOSED, "why the notes were closed, which belongs to the log", "decided_by", "asked_by", "ended_by_name")
    op.execute(
        f"CREATE TRIGGER end_restriction BEFORE UPDATE OF valid_until ON {CLOSED} FOR EACH ROW EXECUTE FUNCTION access.end_restriction()"
    )
    let_read("journal_finder", CLOSED)
    op.execute(f"GRANT SELECT (unit_id, effective_at) ON {NOTE} TO journal_finder")
    _kept_back()
    with_other_words(MINE, "journal_finder", MINE_KNOWS)
    op.execute(
        f"""DO $do$ BEGIN EXECUTE (SELECT format('ALTER POLICY chart ON {NOTE} USING ((%s) AND {HELD})', pg_get_expr(polqual, polrelid))
            FROM pg_policy WHERE polrelid = '{NOTE}'::regclass AND polname = 'chart'); END $do$"""
    )


def _kept_back() -> None:
    """The entries that are closed to who acts, of the charts that are open: an entry goes whole. Hardly anybody has any."""
    define(
        "notes.kept_back() RETURNS uuid[] STABLE",
        f"""
        DECLARE
            open uuid[] := audit.opened_charts('patients') || audit.opened_charts('own');
            person uuid;
            units uuid[];
        BEGIN
            IF NOT EXISTS (SELECT FROM {CLOSED} r WHERE r.patient_id = ANY (open)) THEN RETURN '{{}}'; END IF;
            person := audit.acting_person();
            units := audit.acting_units();
            RETURN ARRAY(
                SELECT DISTINCT n.entry_id FROM {CLOSED} r
                JOIN {NOTE} n ON n.patient_id = ANY (open) AND {ONE_PERSON.format("n")} = {ONE_PERSON.format("r")}
                    AND (n.entry_id = r.note_id OR r.note_id IS NULL AND (r.written_by IS NULL OR n.unit_id = r.written_by)
                         AND (r.since IS NULL OR n.effective_at >= r.since) AND (r.until IS NULL OR n.effective_at < r.until))
                WHERE r.patient_id = ANY (open) AND (r.against_person_id = person OR r.against_unit_id = ANY (units))
                  AND r.in_error_at IS NULL AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
                  AND NOT access.weighed(open, person, 'notes', r.against_person_id, now()));
        END""",
        owner="journal_finder",
    )
    # Whether there is such a note: what closes none would be told to the patient as closed.
    define(
        "notes.is_there(ids uuid[], note uuid) RETURNS boolean STABLE",
        f"""
        BEGIN
            RETURN ids <@ audit.opened_charts('patients')
                AND EXISTS (SELECT FROM {NOTE} n WHERE n.patient_id = ANY (ids) AND n.entry_id = note);
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute(
        f"""DO $do$ BEGIN EXECUTE (SELECT format('ALTER POLICY chart ON {NOTE} USING (%s)',
                regexp_replace(pg_get_expr(polqual, polrelid), ' AND \\(entry_id <> ALL.*$', ')'))
            FROM pg_policy WHERE polrelid = '{NOTE}'::regclass AND polname = 'chart'); END $do$"""
    )
    with_other_words(MINE, "journal_finder", MINE_KNOWS[::-1])
    op.execute("DROP FUNCTION notes.is_there(uuid[], uuid)")
    op.execute("DROP FUNCTION notes.kept_back()")
    op.execute(f"DROP TABLE {CLOSED}")
