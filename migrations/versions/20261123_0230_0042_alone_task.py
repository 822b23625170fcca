"""The task of a dose that was signed alone has a kind of its own: it is answered by another person, and not ticked away.

Revision ID: 0042
Revises: 0041
"""

from migrations.helpers import task_kinds

revision, down_revision, branch_labels, depends_on = "0042", "0041", None, None

KINDS = ("'general'::text", "'general'::text, 'alone'::text")


def upgrade() -> None:
    task_kinds(*KINDS)


def downgrade() -> None:
    task_kinds(*reversed(KINDS))
