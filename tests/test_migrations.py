"""The migrations: up, down and up again, by the migrator alone, and the tables that the models speak of."""

import psycopg
import pytest

from journal.platform import database
from journal.platform.db import Base

SCRATCH = "journal_migrations"


@pytest.fixture(scope="module")
def scratch(server):
    database.make_database(server.dsn(), SCRATCH)
    return server


def test_every_revision_goes_up_down_and_up_again(scratch):
    url = scratch.dsn("journal_migrator", SCRATCH)
    database.migrate(url)
    database.migrate(url, "base", down=True)
    database.migrate(url)
    with psycopg.connect(scratch.conninfo("journal_migrator", SCRATCH)) as connection:
        assert connection.execute("SELECT count(*) FROM medication.dose").fetchone() == (0,)


def test_nobody_but_the_migrator_may_migrate(scratch):
    for role in ("journal_app", "postgres"):
        with pytest.raises(SystemExit, match="journal_migrator"):
            database.migrate(scratch.dsn(role, SCRATCH))


def test_the_models_say_the_same_as_the_tables(app, migrator):
    """A column that a model names and no table has would be found at the first use, in a ward."""
    stored = set(
        migrator.execute("SELECT table_schema, table_name, column_name FROM information_schema.columns").fetchall()
    )
    told = {(t.schema, t.name, column.name) for t in Base.metadata.tables.values() for column in t.columns}
    assert told - stored == set()


def test_a_column_must_be_filled_just_where_the_model_says_so(app, migrator):
    """But what an erasure empties: the application sees no erased row of a model that says nothing of one."""
    query = "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE is_nullable = 'YES'"
    may_be_empty = set(migrator.execute(query).fetchall())
    emptied = """SELECT split_part(table_name, '.', 1), split_part(table_name, '.', 2), c FROM audit.erasable, unnest(columns) c
                 WHERE (within IS NOT NULL AND table_name ~ 'draft$') OR EXISTS (
                     SELECT FROM pg_policy p WHERE p.polrelid = table_name::regclass AND p.polname = 'chart'
                       AND pg_get_expr(p.polqual, p.polrelid) ~ 'erasure_id IS NULL')"""
    unseen = set(migrator.execute(emptied).fetchall())
    differ = {
        (t.schema, t.name, column.name)
        for t in Base.metadata.tables.values()
        for column in t.columns
        if not column.primary_key
        and column.computed is None
        and column.nullable != ((t.schema, t.name, column.name) in may_be_empty)
    }
    assert differ <= unseen
