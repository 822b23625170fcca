"""From what supply an order's medicine comes; orders by a municipality's signed procedure list; what replaces what is paused.

Only adds. The version before this goes on prescribing: an order that says no supply is one of its own, and who else gives
(next of kin) it reads as somebody who is neither the patient nor the unit.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

from migrations.helpers import municipality_table

revision, down_revision, branch_labels, depends_on = "0022", "0021", None, None

ORDER = "medication.medication_request"
SUPPLIES = "'ward_stock', 'own_packs', 'dosett', 'multidose', 'dispenser', 'brought_along'"
GIVES = "'municipality_unit', 'patient', 'next_of_kin', 'other'"
GAVE = "'municipality_unit', 'patient', 'other'"
COLUMNS = ("supply", "procedure_list_id", "paused_until", "replaced_by")


def upgrade() -> None:
    _list()
    op.execute(
        f"""ALTER TABLE {ORDER}
            ADD COLUMN supply text CHECK (supply IN ({SUPPLIES})),
            ADD COLUMN procedure_list_id uuid REFERENCES medication.procedure_list (id),
            ADD COLUMN paused_until timestamptz,
            ADD COLUMN replaced_by uuid,
            ADD CONSTRAINT medication_request_paused_check
                CHECK (status = 'on-hold' OR paused_until IS NULL AND replaced_by IS NULL)"""
    )
    op.execute(f"GRANT INSERT ({', '.join(COLUMNS)}) ON {ORDER} TO journal_app")
    _may_be_given_by(GIVES)


def _list() -> None:
    """Each change is a version, drafts too: what was signed stands, whatever is written after it."""
    op.execute(
        """CREATE TABLE medication.procedure_list (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            id uuid NOT NULL UNIQUE,
            status text NOT NULL CHECK (status IN ('draft', 'signed', 'withdrawn')),
            lines jsonb NOT NULL CHECK (jsonb_typeof(lines) = 'array'),
            valid_until date,
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_role text NOT NULL DEFAULT audit.acting_role(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version),
            CHECK ((status = 'signed') = (valid_until IS NOT NULL)),
            CHECK (status <> 'signed' OR jsonb_array_length(lines) > 0),
            -- Who signs takes the doctor's responsibility: nobody else's signature is one.
            CHECK (status = 'draft' OR recorded_role = 'doctor'))"""
    )
    municipality_table("medication.procedure_list")


def _may_be_given_by(who: str) -> None:
    name = "medication_request_given_by_check"
    op.execute(f"ALTER TABLE {ORDER} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {ORDER} ADD CONSTRAINT {name} CHECK (given_by IN ({who})) NOT VALID")
    op.execute(f"ALTER TABLE {ORDER} VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    _may_be_given_by(GAVE)
    op.execute(f"ALTER TABLE {ORDER} {', '.join(f'DROP COLUMN {name}' for name in COLUMNS)}")
    op.execute("DROP TABLE medication.procedure_list")
