"""The patient is told that somebody opened her chart with a reason: how, when, and by whom.

Only adds: the version before this writes what is to be told, and says of none that it was.

Revision ID: 0087
Revises: 0086
"""

from alembic import op

from migrations.helpers import opened, stays

revision, down_revision, branch_labels, depends_on = "0087", "0086", None, None

NOTICE = "access.notice"


def upgrade() -> None:
    op.execute(
        f"""ALTER TABLE {NOTICE} ADD told_how text CHECK (told_how IN ('letter', 'spoken', 'representative')),
            ADD told_by uuid, ADD told_by_name text, ADD CONSTRAINT told_whole
            CHECK (num_nulls(told_how, told_at, told_by, told_by_name) IN (0, 4))"""
    )
    stays(NOTICE, "how somebody was told, and by whom, is not of her health", "told_how", "told_by_name")
    # As the access itself (unit_table): whoever looks it over sees that somebody is to be told while the chart is closed.
    own, opens = "municipality_id = (SELECT audit.acting_for())", opened("access")
    op.execute(f"DROP POLICY chart ON {NOTICE}")
    op.execute(
        f"""CREATE POLICY unit ON {NOTICE} TO journal_app
            USING (({own} AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])) OR {opens}) WITH CHECK ({own} AND {opens})"""
    )
    op.execute(f"GRANT UPDATE (told_how) ON {NOTICE} TO journal_app")
    op.execute(
        """CREATE FUNCTION access.stamp_told() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF OLD.told_at IS NOT NULL THEN
                RAISE EXCEPTION 'the patient is told already' USING ERRCODE = 'check_violation';
            END IF;
            NEW.told_at := now();
            NEW.told_by := audit.acting_person();
            NEW.told_by_name := audit.acting_name();
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION access.stamp_told() OWNER TO journal_owner")
    op.execute(
        f"CREATE TRIGGER told BEFORE UPDATE OF told_how ON {NOTICE} FOR EACH ROW EXECUTE FUNCTION access.stamp_told()"
    )


def downgrade() -> None:
    op.execute(f"DROP TRIGGER told ON {NOTICE}")
    op.execute("DROP FUNCTION access.stamp_told()")
    op.execute(f"DROP POLICY unit ON {NOTICE}")
    op.execute(
        f"CREATE POLICY chart ON {NOTICE} TO journal_app USING ({opened('access')}) WITH CHECK ({opened('access')})"
    )
    op.execute(f"ALTER TABLE {NOTICE} DROP COLUMN told_how, DROP COLUMN told_by, DROP COLUMN told_by_name")
