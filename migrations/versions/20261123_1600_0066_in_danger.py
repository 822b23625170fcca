"""A whole record that is closed to the reader is found by its number and opened where life is in danger.

Only adds: the version before this asks for nobody in danger, and makes no such row for a whole record.

Revision ID: 0066
"""

from alembic import op

from migrations.helpers import other_words_of_check, with_other_words

revision, down_revision, branch_labels, depends_on = "0066", "0065", None, None

FIND = "patients.find(text, text)"
SHUT_OUT = "WHERE NOT EXISTS (SELECT FROM access.restriction x"
FIND_KNOWS = (
    (
        SHUT_OUT,
        "WHERE mode = 'number' AND coalesce((c ->> 'in_danger')::boolean, false)\n"
        f"                    OR {SHUT_OUT.removeprefix('WHERE ')}",
    ),
)
WEIGHED = "access.weighed(uuid[], uuid, text, uuid, timestamptz)"
WEIGHED_KNOWS = (
    ("RETURN category NOT IN ('*', 'patients') AND EXISTS (", "RETURN EXISTS ("),
    (
        "(j.reason = 'closed-life' OR",
        "(j.reason = 'closed-all' OR category NOT IN ('*', 'patients') AND j.reason = 'closed-life'\n"
        "                       OR category NOT IN ('*', 'patients') AND",
    ),
)
REASONS = ("access.justified_access", "justified_access_reason_check")
LIFE, ALL = "'closed-life'::text", "'closed-life'::text, 'closed-all'::text"


def upgrade() -> None:
    other_words_of_check(*REASONS, LIFE, ALL)
    with_other_words(FIND, "journal_door", *FIND_KNOWS)
    _weighed(*WEIGHED_KNOWS)


def _weighed(*words: tuple[str, str]) -> None:
    """What goes past a restriction is not for the application to ask (0053)."""
    with_other_words(WEIGHED, "journal_finder", *words)
    op.execute(f"REVOKE ALL ON FUNCTION {WEIGHED} FROM journal_app, journal_owner, journal_door")


def downgrade() -> None:
    _weighed(*((new, old) for old, new in reversed(WEIGHED_KNOWS)))
    with_other_words(FIND, "journal_door", *((new, old) for old, new in reversed(FIND_KNOWS)))
    # What was opened so is over within a day, and stays as what it was nearest.
    op.execute("UPDATE access.justified_access SET reason = 'closed-life' WHERE reason = 'closed-all'")
    other_words_of_check(*REASONS, ALL, LIFE)
