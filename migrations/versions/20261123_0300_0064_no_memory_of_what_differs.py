"""The worklist and the gate look each patient up once: to remember what was found costs more than it spares.

PostgreSQL keeps what it found for one patient or dose, in case the same is asked again (Memoize). Here it never is.
"""

from alembic import op

revision = "0064"
down_revision = "0056"
branch_labels = None
depends_on = None

FUNCTIONS = (
    "medication.worklist_by_patient(timestamptz, timestamptz)",
    "access.standing_of(uuid[], uuid, uuid[], timestamptz)",
)


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET enable_memoize TO off")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} RESET enable_memoize")
