"""Every column with words about a patient goes at an erasure, or says in the catalogue why it stays: also of tables yet to come."""

from typing import Any

import psycopg

from tests.architecture.charts import CHART_SCHEMAS

Connection = psycopg.Connection[Any]

TOLD = """
These columns hold words about a patient, and nothing says what becomes of them at an erasure: {columns}.
In the migration that makes the column, after chart_table(...) and stamp(...), say of each (migrations/helpers.py):
    erasable("medication.table", "column", ...)                   it is emptied; within="medication.parent", key="parent_id"
                                                                   when the row goes with another
    stays("medication.table", "why it must stand", "column", ...)  it is no content: a code, a number, who did it
Then let marked_chart (tests/architecture/charts.py) write the table's token in it.
"""


def forgotten(connection: Connection) -> set[str]:
    """Columns of words in tables with patients that are neither emptied, nor a closed list of codes, nor said to stay.

    Who wrote a row and why it was a mistake are every table's own (RECORD); a computed column goes with what it is made of.
    """
    found = connection.execute(
        """SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
           JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY (%s)
           WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
             AND a.atttypid = ANY ('{text,varchar,json,jsonb,xml,bytea,text[]}'::regtype[])
             AND EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = c.oid AND p.attname = 'patient_id')
             AND a.attname NOT IN ('recorded_by_name', 'recorded_role', 'in_error_reason')
             AND NOT has_column_privilege('journal_eraser', c.oid, a.attnum, 'UPDATE')
             AND coalesce(col_description(c.oid, a.attnum), '') !~ '^stays when erased: .{10}'
             AND NOT EXISTS (
                 SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
                   AND pg_get_constraintdef(k.oid) ~ '^CHECK \\(\\([a-z_"]+ = (ANY \\(ARRAY\\[.*\\]\\)|''[^'']*''::text)\\)\\)$')
           ORDER BY 1""",
        [list(CHART_SCHEMAS)],
    ).fetchall()
    return {column for (column,) in found}


def test_every_column_with_words_about_a_patient_is_emptied_at_an_erasure_or_says_why_it_stays(
    migrator: Connection,
) -> None:
    columns = forgotten(migrator)

    assert columns == set(), TOLD.format(columns=", ".join(sorted(columns)))


def test_a_new_column_with_words_is_found_until_it_says_what_becomes_of_it(migrator: Connection) -> None:
    with migrator.transaction(force_rollback=True):
        migrator.execute("ALTER TABLE care.task ADD COLUMN careless text, ADD COLUMN also jsonb")
        migrator.execute("ALTER TABLE care.task ADD COLUMN how text CHECK (how IN ('phone', 'letter'))")
        migrator.execute("ALTER TABLE care.task ADD COLUMN number integer")
        assert forgotten(migrator) == {"care.task.careless", "care.task.also"}

        migrator.execute("COMMENT ON COLUMN care.task.careless IS 'stays when erased: a code of a closed list'")
        migrator.execute("GRANT UPDATE (also) ON care.task TO journal_eraser")
        assert forgotten(migrator) == set()


def test_the_list_and_the_rights_of_the_eraser_say_the_same(migrator: Connection) -> None:
    listed = set(
        migrator.execute("SELECT table_name || '.' || c FROM audit.erasable, unnest(columns) c").fetchall()
    ) | set(
        migrator.execute(
            """SELECT table_name || '.' || c FROM audit.erasable e, unnest(ARRAY['erasure_id', 'in_error_reason']) c
               WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = e.table_name::regclass AND a.attname = c)"""
        ).fetchall()
    )
    allowed = set(
        migrator.execute(
            """SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a
               JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
               JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY (%s)
               WHERE a.attnum > 0 AND NOT a.attisdropped
                 AND has_column_privilege('journal_eraser', a.attrelid, a.attnum, 'UPDATE')""",
            [list(CHART_SCHEMAS)],
        ).fetchall()
    )

    assert allowed - listed == {("notes.draft.signed_at",)}, "a draft of what is erased is never signed"
    assert listed <= allowed


def test_the_application_reads_the_list_and_does_not_write_it(migrator: Connection) -> None:
    rights = migrator.execute(
        """SELECT r.role, p FROM unnest(ARRAY['journal_app', 'journal_eraser', 'journal_door', 'journal_finder']) r (role),
               unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
           WHERE has_table_privilege(r.role, 'audit.erasable', p)"""
    ).fetchall()

    assert set(rights) == {("journal_app", "SELECT"), ("journal_eraser", "SELECT")}
