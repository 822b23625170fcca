"""The catalogue whole: substances, interactions, warnings and substitution beside the products, and each import a version.

Only adds: the version before this goes on finding and prescribing, and may still import (it takes less from the file, so
the same file is read again by this one).

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from migrations.helpers import municipality_table, reference_table

revision, down_revision, branch_labels, depends_on = "0012", "0011", None, None

_TABLES = (
    "catalogue_ingredient",
    "catalogue_reference",
    "catalogue_interaction",
    "catalogue_interaction_substance",
    "catalogue_not_assessed",
    "catalogue_warning",
    "catalogue_warning_about",
    "catalogue_substitution_group",
)
_ITEM = (
    "product_type text",
    "routes jsonb NOT NULL DEFAULT '[]'",
    "dose_units jsonb NOT NULL DEFAULT '[]'",
    "crushable boolean",
    "openable boolean",
    "division_code text",
    "division text",
    "driving_warning boolean",
    "black_triangle boolean NOT NULL DEFAULT false",
    "opioid_application boolean NOT NULL DEFAULT false",
    "package text",
    "amount numeric",
    "amount_unit text",
    "barcodes text[] NOT NULL DEFAULT '{}'",
    "storage_code text",
    "storage text",
    "lmr_number text",
    "substitution_group uuid",
    "substitution_until date",
)
_VERSION = (
    "source_date timestamptz",
    "checked_at timestamptz",
    "reader integer NOT NULL DEFAULT 1",
    "interaction_count integer",
    "changed_count integer",
)
_LASTING = "active boolean NOT NULL DEFAULT true, withdrawn_at timestamptz, CHECK (active = (withdrawn_at IS NULL))"


def upgrade() -> None:
    op.execute(f"ALTER TABLE medication.catalogue_item {', '.join(f'ADD COLUMN {each}' for each in _ITEM)}")
    op.execute(f"ALTER TABLE medication.catalogue_import {', '.join(f'ADD COLUMN {each}' for each in _VERSION)}")
    _contents()
    _interactions()
    _warnings()
    for table in _TABLES:
        reference_table(f"medication.{table}")
    _age()


def _contents() -> None:
    op.execute(
        """CREATE TABLE medication.catalogue_ingredient (
            fest_id uuid NOT NULL REFERENCES medication.catalogue_item (fest_id),
            position smallint NOT NULL,
            substance_id uuid NOT NULL,
            value numeric, unit text, per_value numeric, per_unit text,
            PRIMARY KEY (fest_id, position),
            CHECK ((value IS NULL) = (unit IS NULL)),
            CHECK ((per_value IS NULL) = (per_unit IS NULL)))"""
    )
    op.execute("CREATE INDEX catalogue_ingredient_substance ON medication.catalogue_ingredient (substance_id)")
    op.execute(
        """CREATE TABLE medication.catalogue_reference (
            fest_id uuid NOT NULL REFERENCES medication.catalogue_item (fest_id),
            kind text NOT NULL CHECK (kind IN ('brand', 'package', 'substance')),
            target_id uuid NOT NULL,
            PRIMARY KEY (fest_id, kind, target_id))"""
    )
    op.execute("CREATE INDEX catalogue_reference_target ON medication.catalogue_reference (target_id, kind)")
    op.execute(
        f"""CREATE TABLE medication.catalogue_substitution_group (
            fest_id uuid PRIMARY KEY, {_LASTING},
            code text NOT NULL, text text NOT NULL, remark boolean NOT NULL, description text NOT NULL,
            valid_from date, valid_until date)"""
    )


def _interactions() -> None:
    op.execute(
        f"""CREATE TABLE medication.catalogue_interaction (
            fest_id uuid PRIMARY KEY, {_LASTING},
            relevance text NOT NULL, relevance_text text NOT NULL,
            situation text NOT NULL, consequence text NOT NULL, mechanism text NOT NULL, handling text NOT NULL,
            evidence text NOT NULL, audiences text[] NOT NULL)"""
    )
    op.execute(
        """CREATE TABLE medication.catalogue_interaction_substance (
            fest_id uuid NOT NULL REFERENCES medication.catalogue_interaction (fest_id),
            side smallint NOT NULL, position smallint NOT NULL,
            group_name text NOT NULL, name text NOT NULL,
            atc_code text, substance_id uuid,
            PRIMARY KEY (fest_id, side, position),
            CHECK (num_nonnulls(atc_code, substance_id) = 1))"""
    )
    for index, column in (("atc", "atc_code"), ("substance_id", "substance_id")):
        op.execute(
            f"""CREATE INDEX catalogue_interaction_{index} ON medication.catalogue_interaction_substance ({column})
                WHERE {column} IS NOT NULL"""
        )
    op.execute(
        f"CREATE TABLE medication.catalogue_not_assessed (atc_code text PRIMARY KEY, {_LASTING}, name text NOT NULL)"
    )


def _warnings() -> None:
    op.execute(
        f"""CREATE TABLE medication.catalogue_warning (
            fest_id uuid PRIMARY KEY, {_LASTING},
            kind_code text NOT NULL, kind text NOT NULL, heading text NOT NULL, text text NOT NULL, link text NOT NULL,
            valid_from date, audiences text[] NOT NULL)"""
    )
    op.execute(
        """CREATE TABLE medication.catalogue_warning_about (
            fest_id uuid NOT NULL REFERENCES medication.catalogue_warning (fest_id),
            target_id uuid NOT NULL,
            PRIMARY KEY (fest_id, target_id))"""
    )
    op.execute("CREATE INDEX catalogue_warning_about_target ON medication.catalogue_warning_about (target_id)")


def _age() -> None:
    """How old a municipality lets the catalogue be before it is told; without a row the program's own limit holds."""
    op.execute(
        """CREATE TABLE medication.catalogue_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            most_days integer NOT NULL CHECK (most_days BETWEEN 1 AND 365),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table("medication.catalogue_setting")


def downgrade() -> None:
    op.execute("DROP TABLE medication.catalogue_setting")
    for table in reversed(_TABLES):
        op.execute(f"DROP TABLE medication.{table} CASCADE")
    for table, columns in (("catalogue_item", _ITEM), ("catalogue_import", _VERSION)):
        drops = ", ".join(f"DROP COLUMN {column.split()[0]}" for column in columns)
        op.execute(f"ALTER TABLE medication.{table} {drops}")
