"""What a device tells of the list's use is written once, also when it is told again before the first telling is answered.

The two looked at the same time for what neither had written yet. Each now waits for the other of the same event. Only the function's
body changes: the version before this asks it the same.

Revision ID: 0040
Revises: 0039
"""

from migrations.helpers import with_other_words

revision, down_revision, branch_labels, depends_on = "0040", "0039", None, None

REPORT = "chart.report_downtime(bytea, text, timestamptz, text, uuid, uuid[])"
LOOKS = "IF what NOT IN ('opened', 'printed')"
WAITS = f"PERFORM pg_advisory_xact_lock(hashtextextended(event::text, 0));\n            {LOOKS}"


def upgrade() -> None:
    with_other_words(REPORT, "journal_door", (LOOKS, WAITS))


def downgrade() -> None:
    with_other_words(REPORT, "journal_door", (WAITS, LOOKS))
