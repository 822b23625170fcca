"""Who only opened a form, or the drawer, has written nothing: a look wrote when its transaction was a command, too.

A page that shows a form is logged by the permission that the form needs, as what is sent by it is. So whether something was written
is asked of the commands: each has the person and the instant of its transaction, as the line of the log has.

Only adds: the version before this asks the same of oversight.looks, and hears of fewer who wrote.

Revision ID: 0086
Revises: 0082
"""

from alembic import op

from migrations.helpers import let_read, with_other_words

revision, down_revision, branch_labels, depends_on = "0086", "0082", None, None

LOOKS = "oversight.looks(timestamptz, timestamptz, jsonb)"
LOOKS_KNOW = (
    (
        "WITH line AS MATERIALIZED (",
        "WITH sent AS MATERIALIZED ("
        "SELECT DISTINCT c.person_id, c.at FROM platform.command c WHERE c.at >= since AND c.at < until), line AS MATERIALIZED (",
    ),
    ("count(*) AS n\n", "count(*) AS n, count(sent.at) AS sent\n"),
    (
        "FROM audit.access_log l\n",
        "FROM audit.access_log l LEFT JOIN sent ON sent.person_id = l.actor_id AND sent.at = l.at\n",
    ),
    (
        "sum(g.n) FILTER (WHERE g.outcome = 'success' AND g.action !~ '(:(read|list|print|find)|^access:justify)$')",
        "sum(g.sent) FILTER (WHERE g.outcome = 'success'"
        " AND g.action !~ '(:(read|list|print|find|drawer)|^access:(justify|rescue|reason|review))$')",
    ),
)


def upgrade() -> None:
    let_read("journal_door", "platform.command")
    # Rows come in the order of their time: a thousandth of what a tree would take, and next to nothing to keep.
    op.execute("CREATE INDEX command_at ON platform.command USING brin (at)")
    with_other_words(LOOKS, "journal_door", *LOOKS_KNOW)
