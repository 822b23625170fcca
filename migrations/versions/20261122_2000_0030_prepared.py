"""Prepared things: what was laid in a dosett or packed in a multidose roll, who controlled it, and what was taken out since.

Only adds: the version before this signs doses one by one, and says of none from what it was taken.

Revision ID: 0030
Revises: 0029
"""

from alembic import op

from migrations.helpers import ENTRY, RECORD, chart_table, erasable, let_read, stamp, stays, with_other_words

revision, down_revision, branch_labels, depends_on = "0030", "0029", None, None

GIVEN = "medication.medication_administration"
PREPARED = "medication.prepared"
LINE, CHECKED, TAKEN_OUT = "medication.prepared_line", "medication.prepared_check", "medication.prepared_take_out"
OF_PREPARED = f"FOREIGN KEY (patient_id, prepared_id) REFERENCES {PREPARED} (patient_id, id)"
WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"
# Hardly anybody has something lying ready at this time: the round asks for it where the worklist says that there is.
WORKLIST_KNOWS = (
    ("reconcile_before timestamp with time zone)", "reconcile_before timestamp with time zone, prepared boolean)"),
    (
        ", c.kind, c.reconcile_before",
        f""", c.kind, c.reconcile_before,
                EXISTS (SELECT FROM linked k JOIN {LINE} l ON l.patient_id = k.id
                        WHERE k.asked = m.patient_id AND l.due_at >= since AND l.due_at < before)""",
    ),
)
KEYS = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"


def upgrade() -> None:
    op.execute(
        f"""CREATE TABLE {PREPARED} (
            {KEYS}, {RECORD}, {ENTRY},
            kind text NOT NULL CHECK (kind IN ('dosett', 'multidose')),
            starts_on date NOT NULL,
            ends_on date NOT NULL CHECK (ends_on BETWEEN starts_on AND starts_on + 27),
            prepared_by text NOT NULL,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version))"""
    )
    # Of which version of which order a line was made; the order may stand in another record of the same person.
    op.execute(
        f"""CREATE TABLE {LINE} (
            {KEYS}, {RECORD},
            prepared_id uuid NOT NULL,
            due_at timestamptz NOT NULL,
            medicine text NOT NULL,
            amount numeric NOT NULL CHECK (amount > 0 AND scale(amount) <= 4),
            unit text NOT NULL,
            request_entry_id uuid,
            request_version integer CHECK (request_version > 0),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, prepared_id, due_at, request_entry_id),
            {OF_PREPARED},
            CHECK ((request_entry_id IS NULL) = (request_version IS NULL)))"""
    )
    op.execute(f"CREATE INDEX prepared_line_due ON {LINE} (patient_id, due_at)")
    op.execute(
        f"""CREATE TABLE {CHECKED} (
            {KEYS}, {RECORD},
            prepared_id uuid NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('controlled', 'accepted', 'sent-back')),
            reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, prepared_id),
            {OF_PREPARED},
            CHECK (outcome <> 'sent-back' OR reason IS NOT NULL))"""
    )
    # One line of one bag is taken out once; a bag that cannot be made right is not used, whatever lies in it.
    op.execute(
        f"""CREATE TABLE {TAKEN_OUT} (
            {KEYS}, {RECORD},
            prepared_id uuid NOT NULL,
            due_at timestamptz NOT NULL,
            line_id uuid,
            reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, line_id),
            {OF_PREPARED},
            FOREIGN KEY (patient_id, line_id) REFERENCES {LINE} (patient_id, id),
            CHECK ((line_id IS NULL) = (reason IS NOT NULL)))"""
    )
    op.execute(
        f"CREATE UNIQUE INDEX bag_given_up_once ON {TAKEN_OUT} (patient_id, prepared_id, due_at) WHERE line_id IS NULL"
    )
    for table in (PREPARED, LINE, CHECKED, TAKEN_OUT):
        chart_table(table)
        stamp(table)
    _another_controls()
    op.execute(f"ALTER TABLE {GIVEN} ADD COLUMN prepared_line_id uuid")
    op.execute(f"GRANT INSERT (prepared_line_id) ON {GIVEN} TO journal_app")
    let_read("journal_finder", LINE)
    with_other_words(WORKLIST, "journal_finder", *WORKLIST_KNOWS)
    _erasure()


def _another_controls() -> None:
    """A dosett is controlled by another than who laid it in, whatever the program does."""
    op.execute(
        f"""CREATE FUNCTION medication.controller_is_another() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM {PREPARED} p
                WHERE p.patient_id = NEW.patient_id AND p.id = NEW.prepared_id AND p.in_error_at IS NULL
                  AND (p.kind = 'dosett') = (NEW.outcome = 'controlled')
                  AND (p.kind <> 'dosett' OR p.recorded_by <> NEW.recorded_by))
            THEN
                RAISE EXCEPTION 'what was laid in is controlled by another person' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION medication.controller_is_another() OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.controller_is_another() FROM PUBLIC")
    op.execute(
        f"CREATE TRIGGER controller_is_another BEFORE INSERT ON {CHECKED} FOR EACH ROW"
        " EXECUTE FUNCTION medication.controller_is_another()"
    )


def _erasure() -> None:
    erasable(PREPARED, key="entry_id")
    erasable(LINE, "medicine", key="prepared_id", within=PREPARED)
    erasable(CHECKED, "reason", key="prepared_id", within=PREPARED)
    erasable(TAKEN_OUT, "reason", key="prepared_id", within=PREPARED)
    stays(PREPARED, "who laid it in or packed it, as who wrote it", "prepared_by")
    stays(LINE, "a number that without its medicine says nothing", "unit")


def downgrade() -> None:
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(WORKLIST_KNOWS)))
    op.execute(f"ALTER TABLE {GIVEN} DROP COLUMN prepared_line_id")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name IN ('{LINE}', '{CHECKED}', '{TAKEN_OUT}')")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{PREPARED}'")
    for table in (TAKEN_OUT, CHECKED, LINE, PREPARED):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION medication.controller_is_another()")
