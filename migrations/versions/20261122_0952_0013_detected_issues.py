"""What a prescriber was told and went on with is kept with the version of the order.

Only adds: the version before this goes on prescribing, and stores none.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0013", "0012", None, None


def upgrade() -> None:
    op.execute(
        """ALTER TABLE medication.medication_request
           ADD COLUMN detected_issues jsonb CHECK (jsonb_typeof(detected_issues) = 'array')"""
    )
    op.execute("GRANT INSERT (detected_issues) ON medication.medication_request TO journal_app")


def downgrade() -> None:
    op.execute("ALTER TABLE medication.medication_request DROP COLUMN detected_issues")
