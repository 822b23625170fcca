"""Making and moving the database: its roles, its migrations, the key and the kind of installation it belongs to."""

from importlib.resources import files
from typing import LiteralString

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from journal.platform.caller import Keys

# For a database administrator to read and run, once per cluster; the embedded database runs the same text itself.
ROLES: LiteralString = """\
DO $$ BEGIN
    -- Owns the tables and logs in nowhere: row-level security is forced, so it holds for the owner too.
    IF to_regrole('journal_owner') IS NULL THEN CREATE ROLE journal_owner NOLOGIN; END IF;
    -- Own the functions that may look past a closed chart; each has policies of its own on just the tables it needs.
    IF to_regrole('journal_door') IS NULL THEN CREATE ROLE journal_door NOLOGIN; END IF;
    IF to_regrole('journal_finder') IS NULL THEN CREATE ROLE journal_finder NOLOGIN; END IF;
    -- Owns the one function that erases content after a decision; may empty just the columns that hold it.
    IF to_regrole('journal_eraser') IS NULL THEN CREATE ROLE journal_eraser NOLOGIN; END IF;
    -- Runs migrations, and nothing else.
    IF to_regrole('journal_migrator') IS NULL THEN CREATE ROLE journal_migrator LOGIN BYPASSRLS; END IF;
    -- Runs the program: akson serve and akson worker.
    IF to_regrole('journal_app') IS NULL THEN CREATE ROLE journal_app LOGIN; END IF;
    -- Adds seals to the access log; reads everything for the backup.
    IF to_regrole('journal_sealer') IS NULL THEN CREATE ROLE journal_sealer LOGIN; END IF;
    IF to_regrole('journal_backup') IS NULL THEN CREATE ROLE journal_backup LOGIN BYPASSRLS; END IF;
END $$;
GRANT journal_owner, journal_door, journal_finder, journal_eraser TO journal_migrator;
GRANT pg_read_all_data TO journal_backup;
"""


def database_sql(name: str) -> list[str]:
    """The statements that make a database of this name, after ROLES. CREATE DATABASE stands alone, outside a transaction."""
    return [
        f"CREATE DATABASE {name} OWNER journal_owner",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO journal_app, journal_migrator, journal_sealer, journal_backup",
        f"GRANT CREATE ON DATABASE {name} TO journal_owner, journal_migrator",
    ]


def make_database(superuser_url: str, name: str) -> bool:
    """Makes roles and database on the embedded server. False when it was there already."""
    engine = sa.create_engine(superuser_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(ROLES))
        if connection.scalar(sa.text("SELECT count(*) FROM pg_database WHERE datname = :name"), {"name": name}):
            return False
        for statement in database_sql(name):
            connection.execute(sa.text(statement))
    return True


def migrate(migrator_url: str, revision: str = "head", *, down: bool = False) -> None:
    """Runs the migrations up (or *down*) to *revision*."""
    engine = sa.create_engine(migrator_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(files("migrations")))
        config.set_main_option("path_separator", "os")
        (command.downgrade if down else command.upgrade)(config, revision)


def hand_over_key(migrator_url: str, keys: Keys, environment: str) -> None:
    """Stores the key by which PostgreSQL knows the program, and what kind of installation this is.

    A database of one kind never becomes another: a demo cannot be turned into production, nor the reverse. Raises ValueError.
    """
    inner, outer = keys.pads()
    engine = sa.create_engine(migrator_url, poolclass=sa.NullPool, hide_parameters=True)
    with engine.begin() as connection:
        store = sa.text(
            "INSERT INTO audit.mac_key (inner_pad, outer_pad) VALUES (:inner, :outer)"
            " ON CONFLICT (single) DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad"
        )
        connection.execute(store, {"inner": inner, "outer": outer})
        connection.execute(
            sa.text("INSERT INTO platform.installation (environment) VALUES (:environment) ON CONFLICT DO NOTHING"),
            {"environment": environment},
        )
        found = connection.scalar(sa.text("SELECT environment FROM platform.installation"))
        if found != environment:
            raise ValueError(f"Databasen er en {found}-installasjon og kan ikke brukes som {environment}.")
