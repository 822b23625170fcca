"""What is laid in a dosett or a dispenser is taken out of the account of controlled drugs then.

Only adds. The version before this writes no such entry, and cannot show an account that holds one: it has no word for it.

Revision ID: 0063
Revises: 0062
"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0063", "0062", None, None

ENTRY = "medication.ledger_entry"
BEFORE = "'opening', 'delivery', 'withdrawal', 'waste', 'return', 'destruction', 'count', 'correction', 'sent_along', 'came_back'"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {ENTRY} ADD COLUMN prepared_id uuid")
    op.execute(f"GRANT INSERT (prepared_id) ON {ENTRY} TO journal_app")
    op.execute(f"CREATE INDEX ledger_entry_of_prepared ON {ENTRY} (prepared_id) WHERE prepared_id IS NOT NULL")
    op.execute(
        f"ALTER TABLE {ENTRY} ADD CONSTRAINT only_what_is_laid_in CHECK (prepared_id IS NULL OR kind = 'laid_in') NOT VALID"
    )
    _kinds(f"{BEFORE}, 'laid_in'")


def _kinds(kinds: str) -> None:
    op.execute(f"ALTER TABLE {ENTRY} DROP CONSTRAINT ledger_entry_kind_check")
    op.execute(f"ALTER TABLE {ENTRY} ADD CONSTRAINT ledger_entry_kind_check CHECK (kind IN ({kinds})) NOT VALID")


def downgrade() -> None:
    _kinds(BEFORE)
    op.execute(f"ALTER TABLE {ENTRY} DROP COLUMN prepared_id")
