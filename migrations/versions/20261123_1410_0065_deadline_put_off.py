"""The deadline of a patient's request can be put off once, with a reason that she is told.

Only adds: the version before this puts none off.

Revision ID: 0065
Revises: 0064
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0065", "0064", None, None

STEP = "oversight.request_step"
BEFORE = "'taken', 'granted', 'partly', 'refused', 'letter', 'appealed', 'forwarded', 'closed', 'note'"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {STEP} ADD COLUMN due_on date")
    op.execute(f"GRANT INSERT (due_on) ON {STEP} TO journal_app")
    _steps(f"{BEFORE}, 'extended'", "kind IN ('letter', 'extended')")
    op.execute(
        f"ALTER TABLE {STEP} ADD CONSTRAINT new_deadline CHECK ((kind = 'extended') = (due_on IS NOT NULL)) NOT VALID"
    )
    op.execute(f"CREATE UNIQUE INDEX put_off_once ON {STEP} (municipality_id, request_id) WHERE kind = 'extended'")


def _steps(kinds: str, in_a_language: str) -> None:
    op.execute(f"ALTER TABLE {STEP} DROP CONSTRAINT request_step_kind_check, DROP CONSTRAINT request_step_check")
    op.execute(f"ALTER TABLE {STEP} ADD CONSTRAINT request_step_kind_check CHECK (kind IN ({kinds})) NOT VALID")
    told = f"({in_a_language}) = (language IS NOT NULL)"
    op.execute(f"ALTER TABLE {STEP} ADD CONSTRAINT request_step_check CHECK ({told}) NOT VALID")


def downgrade() -> None:
    op.execute("DROP INDEX oversight.put_off_once")
    op.execute(f"ALTER TABLE {STEP} DROP CONSTRAINT new_deadline")
    _steps(BEFORE, "kind = 'letter'")
    op.execute(f"ALTER TABLE {STEP} DROP COLUMN due_on")
