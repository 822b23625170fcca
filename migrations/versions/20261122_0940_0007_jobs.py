"""The job queue's own tables, in a schema of their own, and the months of the access log that the worker makes ahead.

Revision ID: 0007
Revises: 0006
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision, down_revision, branch_labels, depends_on = "0007", "0006", None, None


def upgrade() -> None:
    op.execute("CREATE SCHEMA jobs AUTHORIZATION journal_owner")
    op.execute("SET LOCAL search_path = jobs")
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"), {})
    op.execute("SET LOCAL search_path = public")
    # The queue holds ids of facts; whoever runs jobs is a process without a person.
    op.execute("GRANT USAGE ON SCHEMA jobs TO journal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO journal_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO journal_app")
    op.execute(
        """CREATE FUNCTION audit.keep_months_ahead() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
           SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            PERFORM audit.add_month((now() + n * interval '1 month')::date) FROM generate_series(0, 3) n;
        END $$"""
    )
    op.execute("ALTER FUNCTION audit.keep_months_ahead() OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION audit.keep_months_ahead() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION audit.keep_months_ahead() TO journal_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION audit.keep_months_ahead()")
    op.execute("DROP SCHEMA jobs CASCADE")
