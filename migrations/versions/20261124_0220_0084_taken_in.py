"""Taking somebody in whom nobody said was coming is looked over, like a reason at the door: a code more.

Only adds: the version before this makes no such row.

Revision ID: 0084
Revises: 0083
"""

from alembic import op

from migrations.helpers import other_words_of_check

revision, down_revision, branch_labels, depends_on = "0084", "0083", None, None

REASON = ("access.justified_access", "justified_access_reason_check")
WORDS = ("'same-name'::text", "'same-name'::text, 'taken-in'::text")


def upgrade() -> None:
    other_words_of_check(*REASON, *WORDS)


def downgrade() -> None:
    op.execute("UPDATE access.justified_access SET reason = 'other' WHERE reason = 'taken-in'")
    other_words_of_check(*REASON, *WORDS[::-1])
