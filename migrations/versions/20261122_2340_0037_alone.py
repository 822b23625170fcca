"""A dose that wants two signatures may be signed alone, with a reason: another person counts, or looks it over, afterwards. What was
given without an order has its withdrawal in the account of controlled drugs.

Only adds: the version before this lets such a dose wait for its second signature.

Revision ID: 0037
Revises: 0031
"""

from alembic import op

from migrations.helpers import RECORD, STAMPS, chart_table, erasable, stamp, unit_table

revision, down_revision, branch_labels, depends_on = "0037", "0031", None, None

GIVEN = "medication.medication_administration"
DOSE = "medication.controlled_dose"
ALONE, WORDS, CHECK = "medication.signed_alone", "medication.alone_words", "medication.alone_check"
OF_CHART = f"""
    patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
    {", ".join(f"{name} {'text' if name in ('recorded_by_name', 'recorded_role') else 'uuid'} NOT NULL" for name in STAMPS)},
    recorded_at timestamptz NOT NULL DEFAULT now()
"""


def upgrade() -> None:
    _alone()
    _check()
    _without_order()


def _alone() -> None:
    op.execute(
        f"""CREATE TABLE {ALONE} (
            {OF_CHART},
            administration_id uuid NOT NULL,
            reason text NOT NULL CHECK (reason IN ('night', 'home', 'nobody', 'urgent', 'other')),
            undone_at timestamptz,
            PRIMARY KEY (patient_id, administration_id),
            UNIQUE (patient_id, administration_id, recorded_by),
            FOREIGN KEY (patient_id, administration_id) REFERENCES {GIVEN} (patient_id, id))"""
    )
    op.execute(f"CREATE INDEX signed_alone_of_unit ON {ALONE} (unit_id, recorded_at)")
    unit_table(ALONE, category="medication", updates=("undone_at",))
    stamp(ALONE)
    op.execute(
        f"""CREATE TABLE {WORDS} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            administration_id uuid NOT NULL,
            text text NOT NULL CHECK (length(text) BETWEEN 1 AND 200),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id) REFERENCES {ALONE} (patient_id, administration_id))"""
    )
    chart_table(WORDS)
    stamp(WORDS)
    erasable(WORDS, "text")


def _check() -> None:
    op.execute(
        f"""CREATE TABLE {CHECK} (
            {OF_CHART},
            administration_id uuid NOT NULL,
            signed_by uuid NOT NULL,
            place_id uuid, number integer,
            PRIMARY KEY (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id, signed_by)
                REFERENCES {ALONE} (patient_id, administration_id, recorded_by),
            FOREIGN KEY (place_id, number) REFERENCES medication.ledger_entry (place_id, number),
            CHECK ((place_id IS NULL) = (number IS NULL)),
            CONSTRAINT alone_checked_by_another CHECK (recorded_by <> signed_by))"""
    )
    unit_table(CHECK, category="medication")
    stamp(CHECK)


def _without_order() -> None:
    """A controlled dose is an administration, or one that nobody had ordered: the key that holds says which."""
    op.execute(
        f"""ALTER TABLE {DOSE}
            ADD COLUMN unordered boolean NOT NULL DEFAULT false,
            ADD COLUMN given_id uuid GENERATED ALWAYS AS (CASE WHEN NOT unordered THEN administration_id END) STORED,
            ADD COLUMN unordered_id uuid GENERATED ALWAYS AS (CASE WHEN unordered THEN administration_id END) STORED"""
    )
    op.execute(f"ALTER TABLE {DOSE} DROP CONSTRAINT controlled_dose_patient_id_administration_id_fkey")
    op.execute(
        f"""ALTER TABLE {DOSE}
            ADD FOREIGN KEY (patient_id, given_id) REFERENCES {GIVEN} (patient_id, id),
            ADD FOREIGN KEY (patient_id, unordered_id) REFERENCES medication.given_without_order (patient_id, id)"""
    )
    op.execute(f"GRANT INSERT (unordered) ON {DOSE} TO journal_app")


def downgrade() -> None:
    op.execute(f"DELETE FROM {DOSE} WHERE unordered")
    op.execute(f"ALTER TABLE {DOSE} DROP COLUMN given_id, DROP COLUMN unordered_id, DROP COLUMN unordered")
    op.execute(
        f"ALTER TABLE {DOSE} ADD FOREIGN KEY (patient_id, administration_id) REFERENCES {GIVEN} (patient_id, id)"
    )
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{WORDS}'")
    for table in (CHECK, WORDS, ALONE):
        op.execute(f"DROP TABLE {table}")
