"""When a list from outside was last read, and what came of it: also where nothing was changed, which no ground tells.

Only adds: the version before this reads the same list and says nothing.

Revision ID: 0086
Revises: 0085
"""

from alembic import op

from migrations.helpers import municipality_table

revision, down_revision, branch_labels, depends_on = "0086", "0085", None, None


def upgrade() -> None:
    """Written by who imports, in the transaction of what it began and ended; no person in it."""
    op.execute(
        """CREATE TABLE access.source_read (
            municipality_id uuid NOT NULL REFERENCES municipalities.municipality (id),
            id uuid NOT NULL DEFAULT gen_random_uuid(),
            ground text NOT NULL CHECK (ground IN ('general_practitioner')),
            read_at timestamptz NOT NULL DEFAULT now(),
            lines integer NOT NULL CHECK (lines >= 0), begun integer NOT NULL CHECK (begun >= 0),
            kept integer NOT NULL CHECK (kept >= 0), ended integer NOT NULL CHECK (ended >= 0),
            unknown integer NOT NULL CHECK (unknown BETWEEN 0 AND lines),
            PRIMARY KEY (municipality_id, id))"""
    )
    municipality_table("access.source_read", inserts=False)


def downgrade() -> None:
    op.execute("DROP TABLE access.source_read")
