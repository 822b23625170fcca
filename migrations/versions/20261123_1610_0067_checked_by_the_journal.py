"""A check over all entries, also over those that are closed to who asks, is opened by the journal itself alone.

Only adds: the version before this opens no chart so.

Revision ID: 0067
Revises: 0066
"""

from migrations.helpers import with_other_words

revision, down_revision, branch_labels, depends_on = "0067", "0066", None, None

OPEN = "audit.open_charts(text, text)"
OTHERS = """RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;"""
# Whoever signs in is never the system, and the system never without saying for whom: restrictions hold for every person.
ALONE = f"""{OTHERS}
            IF c ->> 'action' = 'medication:check' AND (w ->> 'role' IS DISTINCT FROM 'system' OR w ->> 'supervised_by' IS NULL) THEN
                RAISE EXCEPTION 'a check over all is the journal''s own' USING ERRCODE = 'insufficient_privilege';
            END IF;"""


def upgrade() -> None:
    with_other_words(OPEN, "journal_door", (OTHERS, ALONE))


def downgrade() -> None:
    with_other_words(OPEN, "journal_door", (ALONE, OTHERS))
