"""A note that is marked sensitive lies in a drawer: PostgreSQL shows it where the log says that the drawer is open, and not with the chart.

Only adds: the version before this marks nothing, and reads what is unmarked as before.

Revision ID: 0057
Revises: 0056
"""

from alembic import op

from migrations.helpers import STAMPS, define, erasable, grant_insert, guard, opened, stamp, stays

revision, down_revision, branch_labels, depends_on = "0057", "0056", None, None

NOTE, DRAFT, OPENING = "notes.note", "notes.draft", "access.drawer_opening"
MARKS = "('violence', 'substance-use', 'sexual-health', 'third-person')"
REASONS = "('care-now', 'planning', 'danger', 'patient-asks', 'own-note')"
STAMPED = ", ".join(
    f"{name} {'text' if name in ('recorded_by_name', 'recorded_role') else 'uuid'} NOT NULL" for name in STAMPS
)


def upgrade() -> None:
    _marks()
    _held_together()
    _openings()


def _marks() -> None:
    for table in (NOTE, DRAFT):
        op.execute(f"ALTER TABLE {table} ADD COLUMN sensitive text CHECK (sensitive IN {MARKS})")
        op.execute(f"GRANT INSERT (sensitive) ON {table} TO journal_app")
    op.execute(f"GRANT UPDATE (sensitive) ON {DRAFT} TO journal_app")
    stays(NOTE, "a code, which keeps the row in its drawer", "sensitive")
    erasable(DRAFT, "sensitive", key="entry_id", within=NOTE)
    op.execute(f"CREATE INDEX note_in_drawer ON {NOTE} (patient_id) WHERE sensitive IS NOT NULL")
    # What is written needs the chart alone: whoever lays a note in the drawer does not read what else is in it.
    op.execute(
        f"ALTER POLICY chart ON {NOTE} USING ({opened('notes')} AND (sensitive IS NULL OR {opened('notes:sensitive')}))"
    )


def _held_together() -> None:
    """A mark holds for the whole entry: it neither falls off with a correction nor leaves an older version outside."""
    op.execute("GRANT USAGE ON SCHEMA notes TO journal_finder")
    op.execute(
        f"GRANT SELECT (patient_id, entry_id, version, sensitive), UPDATE (sensitive) ON {NOTE} TO journal_finder"
    )
    op.execute(f"CREATE POLICY journal_finder ON {NOTE} TO journal_finder USING (true) WITH CHECK (true)")
    define(
        "notes.keep_mark() RETURNS trigger",
        f"""
        BEGIN
            UPDATE {NOTE} n SET sensitive = marked.mark
            FROM (SELECT o.sensitive AS mark FROM {NOTE} o
                  WHERE o.patient_id = NEW.patient_id AND o.entry_id = NEW.entry_id AND o.sensitive IS NOT NULL
                  ORDER BY o.version DESC LIMIT 1) marked
            WHERE n.patient_id = NEW.patient_id AND n.entry_id = NEW.entry_id AND n.sensitive IS NULL;
            RETURN NULL;
        END""",
        owner="journal_finder",
    )
    op.execute(
        f"CREATE TRIGGER keep_mark AFTER INSERT ON {NOTE} FOR EACH ROW WHEN (NEW.version > 1) EXECUTE FUNCTION notes.keep_mark()"
    )
    # Whether there is anything in the drawer, of charts whose notes are open: not how much, nor of what kind.
    define(
        "notes.drawer_holds(ids uuid[]) RETURNS boolean STABLE",
        f"""
        BEGIN
            RETURN ids <@ audit.opened_charts('notes')
                AND EXISTS (SELECT FROM {NOTE} n WHERE n.patient_id = ANY (ids) AND n.sensitive IS NOT NULL);
        END""",
        owner="journal_finder",
    )


def _openings() -> None:
    """Who opened a drawer, why and until when; seen by herself, as a draft is. What she read by it stands in the log."""
    op.execute(
        f"""CREATE TABLE {OPENING} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {STAMPED},
            recorded_at timestamptz NOT NULL DEFAULT now(),
            reason text NOT NULL CHECK (reason IN {REASONS}),
            valid_until timestamptz NOT NULL,
            PRIMARY KEY (patient_id, id),
            CONSTRAINT for_a_shift CHECK (valid_until > recorded_at AND valid_until <= recorded_at + interval '12 hours'))"""
    )
    guard(OPENING)
    mine = "recorded_by = (SELECT audit.acting_person()) AND municipality_id = (SELECT audit.acting_for())"
    op.execute(
        f"CREATE POLICY author ON {OPENING} TO journal_app USING ({mine}) WITH CHECK ({mine} AND {opened('notes')})"
    )
    op.execute(f"GRANT SELECT ON {OPENING} TO journal_app")
    grant_insert(OPENING)
    stamp(OPENING)
    stays(OPENING, "a code, and whose reading it was", "reason")


def downgrade() -> None:
    op.execute(f"DROP TABLE {OPENING}")
    # Without the drawer what lies in it would lie in the chart: it is not for a migration to decide.
    op.execute(
        f"""DO $$ BEGIN
            ASSERT NOT EXISTS (SELECT FROM {NOTE} WHERE sensitive IS NOT NULL), 'notes are marked sensitive';
        END $$"""
    )
    op.execute("DROP FUNCTION notes.drawer_holds(uuid[])")
    op.execute(f"DROP TRIGGER keep_mark ON {NOTE}")
    op.execute("DROP FUNCTION notes.keep_mark()")
    op.execute(f"DROP POLICY journal_finder ON {NOTE}")
    op.execute(f"REVOKE ALL (patient_id, entry_id, version, sensitive) ON {NOTE} FROM journal_finder")
    op.execute("REVOKE USAGE ON SCHEMA notes FROM journal_finder")
    op.execute(f"ALTER POLICY chart ON {NOTE} USING ({opened('notes')})")
    op.execute(f"UPDATE audit.erasable SET columns = array_remove(columns, 'sensitive') WHERE table_name = '{DRAFT}'")
    for table in (NOTE, DRAFT):
        op.execute(f"ALTER TABLE {table} DROP COLUMN sensitive")
