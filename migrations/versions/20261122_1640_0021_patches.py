"""Patches: where each was put, what became of the old one, and a removal that puts no new one on. How awake somebody is.

Only adds: the version before this goes on signing, and says neither of a patch.

Revision ID: 0021
Revises: 0017
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, stamp

revision, down_revision, branch_labels, depends_on = "0021", "0017", None, None

GIVEN = "medication.medication_administration"
CODES = "'pulse', 'blood_pressure', 'temperature', 'weight', 'glucose', 'spo2', 'respiration', 'symptom'"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {GIVEN} ADD COLUMN site text, ADD COLUMN old_patch text")
    op.execute(
        f"""ALTER TABLE {GIVEN} ADD CONSTRAINT old_patch_said
            CHECK (old_patch IN ('none', 'removed', 'not-found') AND (site IS NULL) = (old_patch IS NULL)) NOT VALID"""
    )
    op.execute(f"GRANT INSERT (site, old_patch) ON {GIVEN} TO journal_app")
    op.execute(
        f"""CREATE TABLE medication.patch_removal (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            request_id uuid NOT NULL,
            effective_at timestamptz NOT NULL,
            old_patch text NOT NULL CHECK (old_patch IN ('removed', 'not-found')),
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, request_id) REFERENCES medication.medication_request (patient_id, id),
            CHECK (effective_at <= recorded_at))"""
    )
    chart_table("medication.patch_removal")
    stamp("medication.patch_removal")
    _codes(f"{CODES}, 'sedation'")


def downgrade() -> None:
    _codes(CODES)
    op.execute("DROP TABLE medication.patch_removal")
    op.execute(f"ALTER TABLE {GIVEN} DROP COLUMN site, DROP COLUMN old_patch")


def _codes(codes: str) -> None:
    op.execute(
        f"""ALTER TABLE observations.observation DROP CONSTRAINT observation_code_check,
            ADD CONSTRAINT observation_code_check CHECK (code IN ({codes})) NOT VALID"""
    )
