"""A dose may lie before the patient, neither given nor not given. On leave she has her medicines with her, and tells afterwards.

Only adds: the version before this shows such a dose as open, and signs it; it reads the columns of dose_to_sign by name.

Revision ID: 0037
Revises: 0036
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, erasable, stamp, stays, with_other_words

revision, down_revision, branch_labels, depends_on = "0037", "0036", None, None

LAID_OUT = "medication.dose_laid_out"
LEAVE, SENT, TOLD = "medication.leave", "medication.sent_along", "medication.leave_told"
GIVEN, ENTRY = "medication.medication_administration", "medication.ledger_entry"
LEDGER_BEFORE = "'opening', 'delivery', 'withdrawal', 'waste', 'return', 'destruction', 'count', 'correction'"
LEDGER = f"{LEDGER_BEFORE}, 'sent_along', 'came_back'"
LEDGER_KNOWS = """CASE kind
    WHEN 'opening' THEN counted IS NOT NULL AND amount = counted
    WHEN 'count' THEN counted IS NOT NULL AND balance = counted
    WHEN 'delivery' THEN amount > 0
    WHEN 'came_back' THEN amount > 0
    WHEN 'withdrawal' THEN amount < 0 AND administration_id IS NOT NULL
    WHEN 'waste' THEN amount < 0 AND reason IS NOT NULL
    WHEN 'correction' THEN corrects IS NOT NULL
    ELSE amount < 0 END"""
SIGN = "medication.dose_to_sign(uuid[], uuid)"
# At their beginning, after what stands there in every version of it.
SIGN_KNOWS = (
    ("TABLE(patient_id uuid, ", "TABLE(patient_id uuid, laid_out uuid, two_signatures boolean, given_by text, "),
    (
        "SELECT d.patient_id, ",
        "SELECT d.patient_id, (SELECT l.id FROM medication.dose_laid_out l WHERE l.patient_id = d.patient_id"
        " AND l.dose_id = d.id AND l.in_error_at IS NULL), r.two_signatures, d.given_by, ",
    ),
)


def upgrade() -> None:
    _laid_out()
    _dose_to_sign(*SIGN_KNOWS)
    _leave()
    _sent_along()
    _told()
    _kinds("'signature', 'also_given', 'given_after_stop', 'witness', 'told'")
    stays(GIVEN, "a closed list of codes", "kind")
    _of_no_dose(
        "((kind = 'signature'::text) OR (dose_id IS NOT NULL))",
        "(kind IN (''signature'', ''told'') OR dose_id IS NOT NULL)",
    )
    _ledger(LEDGER, LEDGER_KNOWS)


def _laid_out() -> None:
    op.execute(
        f"""CREATE TABLE {LAID_OUT} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            dose_id uuid NOT NULL,
            request_id uuid NOT NULL,
            request_version integer NOT NULL,
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, dose_id) REFERENCES medication.dose (patient_id, id),
            FOREIGN KEY (patient_id, request_id) REFERENCES medication.medication_request (patient_id, id))"""
    )
    op.execute(
        f"CREATE UNIQUE INDEX one_live_laying_per_dose ON {LAID_OUT} (patient_id, dose_id) WHERE in_error_at IS NULL"
    )
    chart_table(LAID_OUT)
    stamp(LAID_OUT)


def _leave() -> None:
    op.execute(
        f"""CREATE TABLE {LEAVE} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL UNIQUE,
            {RECORD},
            starts_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            handed_to text CHECK (length(handed_to) BETWEEN 1 AND 120),
            note text CHECK (length(note) BETWEEN 1 AND 500),
            returned_at timestamptz,
            settled_at timestamptz,
            PRIMARY KEY (patient_id, id),
            CHECK (handed_to IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (ends_at > starts_at),
            CHECK (settled_at IS NULL OR returned_at IS NOT NULL))"""
    )
    op.execute(
        f"CREATE UNIQUE INDEX one_open_leave ON {LEAVE} (patient_id) WHERE settled_at IS NULL AND in_error_at IS NULL"
    )
    chart_table(LEAVE, updates=("returned_at", "settled_at"))
    stamp(LEAVE)
    erasable(LEAVE, "handed_to", "note")


def _sent_along() -> None:
    op.execute(
        f"""CREATE TABLE {SENT} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            leave_id uuid NOT NULL REFERENCES {LEAVE} (id),
            request_entry_id uuid NOT NULL,
            request_id uuid NOT NULL,
            request_version integer NOT NULL,
            sent boolean NOT NULL,
            as_needed boolean NOT NULL,
            doses integer NOT NULL CHECK (doses >= 0),
            amount numeric NOT NULL CHECK (amount > 0),
            unit text CHECK (length(unit) BETWEEN 1 AND 40),
            place_id uuid,
            ledger_id uuid,
            PRIMARY KEY (patient_id, id),
            CHECK (unit IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK ((place_id IS NULL) = (ledger_id IS NULL)),
            FOREIGN KEY (patient_id, request_id) REFERENCES medication.medication_request (patient_id, id))"""
    )
    op.execute(f"CREATE INDEX sent_along_of_leave ON {SENT} (leave_id)")
    chart_table(SENT)
    stamp(SENT)
    erasable(SENT, "unit")


def _told() -> None:
    op.execute(
        f"""CREATE TABLE {TOLD} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            sent_along_id uuid NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('taken', 'not-taken', 'unknown')),
            came_back numeric NOT NULL CHECK (came_back >= 0),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, sent_along_id),
            FOREIGN KEY (patient_id, sent_along_id) REFERENCES {SENT} (patient_id, id))"""
    )
    chart_table(TOLD)
    stamp(TOLD)


def _kinds(kinds: str) -> None:
    op.execute(f"ALTER TABLE {GIVEN} DROP CONSTRAINT medication_administration_kind_check")
    op.execute(
        f"ALTER TABLE {GIVEN} ADD CONSTRAINT medication_administration_kind_check CHECK (kind IN ({kinds})) NOT VALID"
    )


def _of_no_dose(before: str, after: str) -> None:
    """What is told of a medicine as needed is of no dose, as a signature of it is."""
    op.execute(
        f"""DO $do$
        DECLARE
            held text := (SELECT k.conname FROM pg_constraint k WHERE k.conrelid = '{GIVEN}'::regclass AND k.contype = 'c'
                          AND pg_get_expr(k.conbin, k.conrelid) = $said${before}$said$);
        BEGIN
            ASSERT held IS NOT NULL;
            EXECUTE format('ALTER TABLE {GIVEN} DROP CONSTRAINT %I', held);
            EXECUTE format('ALTER TABLE {GIVEN} ADD CONSTRAINT %I CHECK {after} NOT VALID', held);
        END $do$"""
    )


def _ledger(kinds: str, explained: str) -> None:
    op.execute(f"ALTER TABLE {ENTRY} DROP CONSTRAINT ledger_entry_kind_check, DROP CONSTRAINT explained")
    op.execute(f"ALTER TABLE {ENTRY} ADD CONSTRAINT ledger_entry_kind_check CHECK (kind IN ({kinds})) NOT VALID")
    op.execute(f"ALTER TABLE {ENTRY} ADD CONSTRAINT explained CHECK ({explained}) NOT VALID")


def _dose_to_sign(*changes: tuple[str, str]) -> None:
    with_other_words(SIGN, "journal_owner", *changes)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SIGN} FROM journal_door, journal_finder")


def downgrade() -> None:
    _ledger(LEDGER_BEFORE, LEDGER_KNOWS)
    _of_no_dose(
        "((kind = ANY (ARRAY['signature'::text, 'told'::text])) OR (dose_id IS NOT NULL))",
        "(kind = ''signature'' OR dose_id IS NOT NULL)",
    )
    _kinds("'signature', 'also_given', 'given_after_stop', 'witness'")
    _dose_to_sign(*((new, old) for old, new in SIGN_KNOWS))
    for table in (TOLD, SENT, LEAVE, LAID_OUT):
        op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{table}'")
        op.execute(f"DROP TABLE {table}")
