"""The pack that a dose was given from, stored with its signature.

Only adds: the version before this signs without one.

Revision ID: 0034
Revises: 0033
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, erasable, stamp, stays

revision, down_revision, branch_labels, depends_on = "0034", "0033", None, None

USED = "medication.product_used"


def upgrade() -> None:
    op.execute(
        f"""CREATE TABLE {USED} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            administration_id uuid NOT NULL,
            catalogue_item_id uuid NOT NULL REFERENCES medication.catalogue_item (id),
            exchange smallint NOT NULL CHECK (exchange BETWEEN 0 AND 2),
            ordered_name text CHECK (length(ordered_name) BETWEEN 1 AND 500),
            given_name text CHECK (length(given_name) BETWEEN 1 AND 500),
            said text CHECK (length(said) BETWEEN 1 AND 500),
            amount numeric NOT NULL CHECK (amount > 0 AND amount < 1000000),
            unit text NOT NULL CHECK (length(unit) BETWEEN 1 AND 40),
            batch text CHECK (length(batch) BETWEEN 1 AND 20),
            expires_on date,
            second boolean NOT NULL,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id) REFERENCES medication.medication_administration (patient_id, id),
            CHECK (given_name IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (ordered_name IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (said IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table(USED)
    stamp(USED)
    own = {"key": "administration_id", "within": "medication.medication_administration"}
    erasable(USED, "ordered_name", "given_name", "said", "batch", **own)
    stays(USED, "a number that without its medicine says nothing", "unit")
    op.execute(
        "CREATE INDEX catalogue_item_brand_atc ON medication.catalogue_item (atc_code, form_code) WHERE kind = 'brand'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX medication.catalogue_item_brand_atc")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{USED}'")
    op.execute(f"DROP TABLE {USED}")
