"""A unit's favourites: complete doses that its prescribers have saved, with nothing of a patient.

Only adds. Append-only: what is taken away is a new version of the entry that is not active.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

from migrations.helpers import grant_insert, grant_unit, guard

revision, down_revision, branch_labels, depends_on = "0014", "0013", None, None

_OWN = """municipality_id = (SELECT audit.acting_for()) AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])"""


def upgrade() -> None:
    op.execute(
        """CREATE TABLE medication.favourite (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            entry_id uuid NOT NULL,
            version integer NOT NULL CHECK (version > 0),
            unit_id uuid NOT NULL DEFAULT audit.acting_unit(),
            active boolean NOT NULL,
            catalogue_item_id uuid NOT NULL REFERENCES medication.catalogue_item (id),
            dosage jsonb NOT NULL CHECK (jsonb_typeof(dosage) = 'object'),
            course_days integer CHECK (course_days BETWEEN 1 AND 365),
            indication text NOT NULL CHECK (length(indication) BETWEEN 1 AND 120),
            instruction text CHECK (length(instruction) BETWEEN 1 AND 120),
            required_value jsonb CHECK (jsonb_typeof(required_value) = 'object'),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, entry_id, version),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            -- Days that count from a date are one patient's; a course is so many days from when it is ordered.
            CHECK (NOT dosage ?| ARRAY['course', 'cycle'] AND NOT (dosage -> 'every') ? 'anchor'),
            CHECK (active OR version > 1))"""
    )
    op.execute("CREATE INDEX favourite_of_unit ON medication.favourite (unit_id)")
    guard("medication.favourite")
    op.execute(f"CREATE POLICY unit ON medication.favourite TO journal_app USING ({_OWN}) WITH CHECK ({_OWN})")
    op.execute("GRANT SELECT ON medication.favourite TO journal_app")
    grant_insert("medication.favourite")
    # Whoever acts above a ward takes away a favourite of the ward: the row stays the ward's.
    grant_unit("medication.favourite")


def downgrade() -> None:
    op.execute("DROP TABLE medication.favourite")
