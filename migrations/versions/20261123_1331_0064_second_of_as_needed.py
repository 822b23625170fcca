"""A dose as needed, which is no planned dose, may have its second signature too.

Only adds: the version before this asks nobody for one.

Revision ID: 0064
Revises: 0063
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0064", "0063", None, None

GIVEN = "medication.medication_administration"
BEFORE = "((kind = ANY (ARRAY['signature'::text, 'told'::text])) OR (dose_id IS NOT NULL))"
AFTER = "((kind = ANY (ARRAY['signature'::text, 'told'::text, 'witness'::text])) OR (dose_id IS NOT NULL))"


def upgrade() -> None:
    _of_no_dose(BEFORE, AFTER)


def _of_no_dose(before: str, after: str) -> None:
    """The constraint was named by PostgreSQL, and is found by what it says."""
    op.execute(
        f"""DO $do$
        DECLARE
            held text := (SELECT k.conname FROM pg_constraint k WHERE k.conrelid = '{GIVEN}'::regclass AND k.contype = 'c'
                          AND pg_get_expr(k.conbin, k.conrelid) = $said${before}$said$);
        BEGIN
            ASSERT held IS NOT NULL;
            EXECUTE format('ALTER TABLE {GIVEN} DROP CONSTRAINT %I', held);
            EXECUTE format($said$ALTER TABLE {GIVEN} ADD CONSTRAINT %I CHECK {after} NOT VALID$said$, held);
        END $do$"""
    )


def downgrade() -> None:
    _of_no_dose(AFTER, BEFORE)
