"""Patches: where each was put, what became of the old one, and a removal that puts no new one on. How awake somebody is.
The worklist says how many medicines wait for an INR before any dose is decided.

Only adds: the version before this goes on signing, says neither of a patch, and reads the columns of the worklist by name.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, stamp

revision, down_revision, branch_labels, depends_on = "0021", "0020", None, None

GIVEN = "medication.medication_administration"
CODES = "'pulse', 'blood_pressure', 'temperature', 'weight', 'glucose', 'spo2', 'respiration', 'symptom'"
COLUMNS = "hour_signed integer[], crossing text", "hour_signed integer[], undecided integer, crossing text"
# From the day of INR nobody has decided a dose, and none is planned; the newest version holds.
READS = (
    "coalesce(d.hour_signed, '{}'), c.kind",
    """coalesce(d.hour_signed, '{}'),
                (SELECT count(*)::integer FROM linked k
                 JOIN medication.medication_request r ON r.patient_id = k.id AND r.dosage ? 'inr'
                 WHERE k.asked = m.patient_id AND r.status = 'active' AND r.in_error_at IS NULL
                   AND (r.dosage #>> '{inr,next_on}')::date <= (now() AT TIME ZONE 'Europe/Oslo')::date
                   AND NOT (m.away_from <= now() AND m.away_until > now() AND m.away_from IS NOT NULL)
                   AND NOT EXISTS (SELECT FROM medication.medication_request newer
                       WHERE newer.patient_id = r.patient_id AND newer.entry_id = r.entry_id
                         AND newer.version > r.version AND newer.in_error_at IS NULL)), c.kind""",
)
WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"


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
    op.execute(
        "CREATE INDEX request_by_inr ON medication.medication_request (patient_id, entry_id) WHERE dosage ? 'inr'"
    )
    _worklist(COLUMNS, READS)


def downgrade() -> None:
    _worklist(COLUMNS[::-1], READS[::-1])
    op.execute("DROP INDEX medication.request_by_inr")
    _codes(CODES)
    op.execute("DROP TABLE medication.patch_removal")
    op.execute(f"ALTER TABLE {GIVEN} DROP COLUMN site, DROP COLUMN old_patch")


def _codes(codes: str) -> None:
    op.execute(
        f"""ALTER TABLE observations.observation DROP CONSTRAINT observation_code_check,
            ADD CONSTRAINT observation_code_check CHECK (code IN ({codes})) NOT VALID"""
    )


def _worklist(*changes: tuple[str, str]) -> None:
    """The same function, owner and grants, with some words of it changed; made anew, since what it answers with changes."""
    said = "told"
    for old, new in changes:
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in changes)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{WORKLIST}'::regprocedure);
        BEGIN
            {checks}
            DROP FUNCTION {WORKLIST};
            EXECUTE {said};
        END $do$"""
    )
    op.execute(f"ALTER FUNCTION {WORKLIST} OWNER TO journal_finder")
    op.execute(f"REVOKE ALL ON FUNCTION {WORKLIST} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {WORKLIST} TO journal_app, journal_owner, journal_door, journal_finder")
