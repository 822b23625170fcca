"""A ground of a person holds where it was made: one who works in two municipalities opens a chart in each by that one's own grounds.

Only adds: the version before this asks the same functions.

Revision ID: 0082
Revises: 0081
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0082", "0081", None, None

# Each that asks for the grounds of whoever acts. Where one is told of whom it is asked, her units say which municipality.
OF_WHO_ACTS = (
    "access.own_charts()",
    "care.patients_with_tasks()",
    "medication.lacking_for_registry(timestamptz, text[])",
    "medication.orders_ending(timestamptz)",
    "medication.patients_with_dispenser()",
    "medication.verbal_orders()",
    "medication.worklist(timestamptz, timestamptz)",
    "medication.worklist_by_patient(timestamptz, timestamptz)",
    "patients.find(text, text)",
)
TOLD_OF_WHOM = (
    "access.gives_to(uuid, uuid, uuid[], timestamptz)",
    "access.standing_of(uuid[], uuid, uuid[], timestamptz)",
)
PERSONAL = r"(\w+)\.practitioner_id = (person|me)\)"
HERE = r"\1.practitioner_id = \2 AND \1.municipality_id = (SELECT audit.acting_for()))"
OF_UNITS = (
    r"\1.practitioner_id = \2 AND EXISTS (SELECT FROM municipalities.unit home"
    r" WHERE home.id = ANY (units) AND home.municipality_id = \1.municipality_id))"
)


def upgrade() -> None:
    for functions, new in ((OF_WHO_ACTS, HERE), (TOLD_OF_WHOM, OF_UNITS)):
        for function in functions:
            _rewritten(function, PERSONAL, new)


def downgrade() -> None:
    here = r"practitioner_id = (person|me) AND (\w+)\.municipality_id = \(SELECT audit\.acting_for\(\)\)\)"
    of_units = (
        r"practitioner_id = (person|me) AND EXISTS \(SELECT FROM municipalities\.unit home"
        r" WHERE home\.id = ANY \(units\) AND home\.municipality_id = (\w+)\.municipality_id\)\)"
    )
    for functions, old in ((OF_WHO_ACTS, here), (TOLD_OF_WHOM, of_units)):
        for function in functions:
            _rewritten(function, old, r"practitioner_id = \1)")


def _rewritten(function: str, old: str, new: str) -> None:
    """Every place in the function, without dropping it. Fails where there is none."""
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            ASSERT told ~ $old${old}$old$, '{function}';
            EXECUTE regexp_replace(told, $old${old}$old$, $new${new}$new$, 'g');
        END $do$"""
    )
