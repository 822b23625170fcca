"""A course may end by the doses given: each dose says which of how many it is, and each plan when they are to be counted again.

The version before this knows no such course: it reads and writes what it knows by name, and a course cannot be ordered by it.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0020", "0019", None, None

SIGN = "medication.dose_to_sign(uuid[], uuid)"
FINDS = "medication.plans_running_out(timestamptz, integer)"

# At their beginning: whoever changes the same function changes its end.
COLUMNS = "TABLE(patient_id uuid, ", "TABLE(patient_id uuid, request_entry_id uuid, course_of integer, "
READS = "SELECT d.patient_id, d.id,", "SELECT d.patient_id, d.request_entry_id, d.course_of, d.id,"
# Who moves an order holds its plan before its doses, and so does who signs a dose that others are counted by.
LOCKS = (
    "PERFORM FROM medication.dose d WHERE d.patient_id = ANY (charts) AND d.id = dose FOR NO KEY UPDATE;",
    """PERFORM FROM medication.request_plan p JOIN medication.dose d
                ON d.patient_id = p.patient_id AND d.request_entry_id = p.request_entry_id
            WHERE d.patient_id = ANY (charts) AND d.id = dose AND d.course_of IS NOT NULL FOR NO KEY UPDATE OF p;
            PERFORM FROM medication.dose d WHERE d.patient_id = ANY (charts) AND d.id = dose FOR NO KEY UPDATE;""",
)
DUE = "WHERE p.planned_until < before", "WHERE (p.planned_until < before OR p.count_again_at <= now())"
FIRST = "ORDER BY min(p.planned_until)", "ORDER BY min(least(p.planned_until, p.count_again_at))"


def upgrade() -> None:
    op.execute(
        """ALTER TABLE medication.dose ADD course_number integer, ADD course_of integer,
           ADD CHECK (course_number BETWEEN 1 AND course_of), ADD CHECK ((course_number IS NULL) = (course_of IS NULL))"""
    )
    op.execute(
        "GRANT INSERT (course_number, course_of), UPDATE (course_number, course_of) ON medication.dose TO journal_app"
    )
    op.execute("ALTER TABLE medication.request_plan ADD count_again_at timestamptz, ADD ended_at timestamptz")
    op.execute(
        """CREATE INDEX request_plan_counted_again ON medication.request_plan (count_again_at)
           WHERE count_again_at IS NOT NULL"""
    )
    op.execute(
        """GRANT INSERT (count_again_at, ended_at), UPDATE (count_again_at, ended_at)
           ON medication.request_plan TO journal_app"""
    )
    _dose_to_sign(COLUMNS, READS, LOCKS)
    _say(FINDS, DUE, FIRST)


def downgrade() -> None:
    _say(FINDS, DUE[::-1], FIRST[::-1])
    _dose_to_sign(COLUMNS[::-1], READS[::-1], LOCKS[::-1])
    op.execute("ALTER TABLE medication.request_plan DROP count_again_at, DROP ended_at")
    op.execute("ALTER TABLE medication.dose DROP course_number, DROP course_of")


def _dose_to_sign(*changes: tuple[str, str]) -> None:
    """Made anew, since what it answers with changes."""
    _say(SIGN, *changes, first=f"DROP FUNCTION {SIGN};")
    op.execute(f"ALTER FUNCTION {SIGN} OWNER TO journal_owner")
    op.execute(f"REVOKE ALL ON FUNCTION {SIGN} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGN} TO journal_app")


def _say(function: str, *changes: tuple[str, str], first: str = "") -> None:
    """The same function, with some words of it changed."""
    said = "told"
    for old, new in changes:
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in changes)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            {checks}
            {first}
            EXECUTE {said};
        END $do$"""
    )
