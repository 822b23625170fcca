"""Whoever signs is told of a stop that was overridden, and of a dose that counts as missed.

The function answers with two columns more, at its end; the version before this reads those it knows by name.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0017", "0016", None, None

COLUMNS = "result text)", "result text, next_due_at timestamp with time zone, detected_issues jsonb)"
READS = "a.recorded_at, a.result\n", "a.recorded_at, a.result, d.next_due_at, r.detected_issues\n"


def upgrade() -> None:
    _say(COLUMNS, READS)


def downgrade() -> None:
    _say(COLUMNS[::-1], READS[::-1])


def _say(*changes: tuple[str, str]) -> None:
    """The same function, owner and grants, with some words of it changed; made anew, since what it answers with changes."""
    said = "told"
    for old, new in changes:
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in changes)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('medication.dose_to_sign(uuid[], uuid)'::regprocedure);
        BEGIN
            {checks}
            DROP FUNCTION medication.dose_to_sign(uuid[], uuid);
            EXECUTE {said};
        END $do$"""
    )
    op.execute("ALTER FUNCTION medication.dose_to_sign(uuid[], uuid) OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.dose_to_sign(uuid[], uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION medication.dose_to_sign(uuid[], uuid) TO journal_app")
