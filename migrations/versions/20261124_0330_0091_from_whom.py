"""From whom what was read is: the units that had written in each part of the chart, for whoever reads the log.

Only adds: the version before this does not ask.

Revision ID: 0091
Revises: 0090
"""

from alembic import op

from migrations.helpers import define

revision, down_revision, branch_labels, depends_on = "0091", "0090", None, None

# What each part of the chart is mostly made of. Doses that were given follow from the orders, and are as many as days.
PARTS = {
    "notes": ("notes.note",),
    "medication": ("medication.medication_request",),
    "observations": ("observations.observation",),
    "care": ("care.stay", "care.granted_service"),
    "patients": ("patients.allergy_intolerance", "patients.flag"),
}
TABLES = [table for tables in PARTS.values() for table in tables]
COLUMNS = "patient_id, municipality_id, unit_id, recorded_at"
ROWS = " UNION ALL ".join(
    f"SELECT '{part}' AS part, t.municipality_id, t.unit_id, t.recorded_at FROM {table} t WHERE t.patient_id = ANY (a.records)"
    for part, tables in PARTS.items()
    for table in tables
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"GRANT USAGE ON SCHEMA {table.split('.')[0]} TO journal_door")
        op.execute(f"GRANT SELECT ({COLUMNS}) ON {table} TO journal_door")
        op.execute(
            f"""DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'journal_door') THEN
                    CREATE POLICY journal_door ON {table} TO journal_door USING (true) WITH CHECK (true);
                END IF;
            END $$"""
        )
    # Of all the records of a person. Where somebody with a protected address is cared for is told to nobody who reads the log.
    define(
        "audit.written_by(asked uuid[]) RETURNS TABLE (patient_id uuid, part text, place text, since timestamptz) STABLE",
        f"""
        #variable_conflict use_column
        BEGIN
            IF NOT audit.reading_log() THEN RETURN; END IF;
            RETURN QUERY
            SELECT a.id, r.part, coalesce(u.name, m.name), min(r.recorded_at)
            FROM (SELECT x.id, audit.records_of(x.id) AS records FROM unnest(asked) x (id)
                  WHERE x.id <> ALL (audit.shielded(asked))) a
            CROSS JOIN LATERAL ({ROWS}) r
            JOIN municipalities.municipality m ON m.id = r.municipality_id
            LEFT JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
            GROUP BY 1, 2, 3;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION audit.written_by(uuid[])")
    for table in TABLES:
        op.execute(f"REVOKE SELECT ({COLUMNS}) ON {table} FROM journal_door")
