"""Runs the migrations, as the migrator alone."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

from journal.platform.db import Base


def refuse_the_wrong_role(connection: Connection) -> None:
    """Row-level security holds for the owner too: as the owner an UPDATE would touch 0 rows without a word, and
    ADD FOREIGN KEY would come out validated over an orphan. So nobody but a role with BYPASSRLS migrates."""
    row = connection.execute(
        text("SELECT current_user, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user")
    ).one()
    if not row.rolbypassrls or row.rolsuper:
        raise SystemExit(
            f"Migreringer kjøres av journal_migrator (BYPASSRLS, ikke superbruker), ikke av {row.current_user}."
        )


def run(connection: Connection) -> None:
    refuse_the_wrong_role(connection)
    context.configure(
        connection=connection, target_metadata=Base.metadata, include_schemas=True, transaction_per_migration=True
    )
    connection.execute(text("SET lock_timeout = '2s'"))
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url", "")).connect() as made:
        run(made)
