"""Seals of the access log: what was signed of it, by a process of its own with a key that is not in the database.

Revision ID: 0041
"""

from alembic import op

from migrations.helpers import guard, let_read

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # After a restore the transactions count anew: the next epoch, which the default says, so that no function need know.
    op.execute("ALTER TABLE audit.access_log ADD COLUMN epoch integer NOT NULL DEFAULT 1")
    # By transaction: what is over and not sealed. The newest come last, so a new line costs its index next to nothing.
    op.execute("CREATE INDEX access_log_xid ON audit.access_log (epoch, xid)")
    op.execute(
        """CREATE TABLE audit.log_epoch (
            epoch integer PRIMARY KEY CHECK (epoch > 1),
            reason text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
            names text[] NOT NULL CHECK (cardinality(names) = 2 AND names[1] <> names[2]),
            at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute(
        """CREATE TABLE audit.log_seal (
            number bigint PRIMARY KEY CHECK (number > 0),
            from_epoch integer NOT NULL,
            from_xid xid8 NOT NULL,
            to_epoch integer NOT NULL,
            to_xid xid8 NOT NULL,
            lines bigint NOT NULL CHECK (lines >= 0),
            root bytea NOT NULL CHECK (length(root) = 32),
            previous bytea NOT NULL UNIQUE CHECK (length(previous) = 32),
            sealed_at timestamptz NOT NULL,
            key text NOT NULL CHECK (key ~ '^[0-9a-f]{16}$'),
            renewed jsonb,
            signature bytea NOT NULL CHECK (length(signature) = 64),
            CHECK ((to_epoch, to_xid) > (from_epoch, from_xid)))"""
    )
    op.execute(
        """CREATE TABLE audit.log_seal_part (
            number bigint NOT NULL REFERENCES audit.log_seal (number),
            municipality_id uuid NOT NULL,
            lines bigint NOT NULL CHECK (lines > 0),
            root bytea NOT NULL CHECK (length(root) = 32),
            PRIMARY KEY (number, municipality_id))"""
    )
    for table in ("audit.log_epoch", "audit.log_seal", "audit.log_seal_part"):
        guard(table)
        let_read("journal_sealer", table)
    op.execute("GRANT INSERT ON audit.log_seal, audit.log_seal_part TO journal_sealer")
    let_read("journal_sealer", "audit.access_log", "municipalities.municipality")
    # A seal tells nothing of anybody: counts and hashes.
    for table in ("audit.log_seal", "audit.log_seal_part"):
        op.execute(f"GRANT SELECT ON {table} TO journal_app")
        op.execute(f"CREATE POLICY anybody ON {table} FOR SELECT TO journal_app USING (true)")


def downgrade() -> None:
    op.execute("DROP TABLE audit.log_seal_part")
    op.execute("DROP TABLE audit.log_seal")
    for table in ("audit.access_log", "municipalities.municipality"):
        op.execute(f"DROP POLICY journal_sealer ON {table}")
        op.execute(f"REVOKE SELECT ON {table} FROM journal_sealer")
    op.execute("DROP TABLE audit.log_epoch")
    op.execute("DROP INDEX audit.access_log_xid")
    op.execute("ALTER TABLE audit.access_log DROP COLUMN epoch")
