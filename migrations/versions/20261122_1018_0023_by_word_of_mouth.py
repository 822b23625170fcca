"""What was said by word of mouth of an order in use: a change, a pause or a stop, and the version of the order that it made.

Only adds: the version before this receives new orders alone, which is what the new columns say when they are left out.

Revision ID: 0023
Revises: 0017
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0023", "0017", None, None


def upgrade() -> None:
    op.execute(
        """ALTER TABLE medication.verbal_order
           ADD COLUMN act text NOT NULL DEFAULT 'prescribe' CHECK (act IN ('prescribe', 'change', 'hold', 'stop')),
           ADD COLUMN request_version integer NOT NULL DEFAULT 1 CHECK (request_version > 0),
           ADD CHECK ((act = 'prescribe') = (request_version = 1))"""
    )
    op.execute("GRANT INSERT (act, request_version) ON medication.verbal_order TO journal_app")


def downgrade() -> None:
    op.execute("ALTER TABLE medication.verbal_order DROP COLUMN act, DROP COLUMN request_version")
