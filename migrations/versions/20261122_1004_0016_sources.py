"""Lists of medicines from elsewhere, what a person understood of them, and how they were reconciled with our own.

Only adds: the version before this never looks here.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

from migrations.helpers import ENTRY, RECORD, chart_table, stamp

revision, down_revision, branch_labels, depends_on = "0016", "0015", None, None

KEY = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"
KINDS = """'medication_list', 'prescription', 'medicines', 'discharge_report', 'admission_report', 'medical_information',
           'report_to_doctor'"""
TABLES = ("source_document", "source_entry", "source_match", "reconciliation")


def upgrade() -> None:
    _documents()
    _matches()
    _reconciliations()
    for table in TABLES:
        chart_table(f"medication.{table}")
        stamp(f"medication.{table}")
    _drafts()


def _documents() -> None:
    op.execute(
        f"""CREATE TABLE medication.source_document (
            {KEY}, {RECORD},
            kind text NOT NULL CHECK (kind IN ({KINDS})),
            message_id text NOT NULL CHECK (length(message_id) <= 200),
            sent_at timestamptz NOT NULL,
            sender text,
            PRIMARY KEY (patient_id, id),
            CHECK (sender IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    op.execute(
        """CREATE UNIQUE INDEX source_document_once ON medication.source_document (patient_id, message_id)
           WHERE in_error_at IS NULL"""
    )
    op.execute(
        f"""CREATE TABLE medication.source_entry (
            {KEY}, {RECORD},
            document_id uuid NOT NULL, position integer NOT NULL CHECK (position >= 0),
            source_entry_id text NOT NULL,
            name text, substance text, atc_code text, form text, form_code text, strength text,
            fest_id uuid, item_number text,
            catalogue_item_id uuid REFERENCES medication.catalogue_item (id),
            dosage_text text, dosage jsonb CHECK (jsonb_typeof(dosage) = 'object'),
            "use" text CHECK ("use" IN ('1', '2', '3', '4', '5')),
            starts_on date, ends_on date, indication text, note text,
            prescriber_name text, prescriber_hpr text, changed_at timestamptz,
            stopped boolean NOT NULL, stop_code text, multidose boolean NOT NULL,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, document_id, position),
            FOREIGN KEY (patient_id, document_id) REFERENCES medication.source_document (patient_id, id),
            CHECK (name IS NOT NULL OR erasure_id IS NOT NULL))"""
    )


def _matches() -> None:
    """A match is of a source's entry, which its entry_id names: its versions are what people have understood of it."""
    op.execute(
        f"""CREATE TABLE medication.source_match (
            {KEY}, {RECORD}, {ENTRY},
            catalogue_item_id uuid NOT NULL REFERENCES medication.catalogue_item (id),
            dosage jsonb NOT NULL CHECK (jsonb_typeof(dosage) = 'object'),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            FOREIGN KEY (patient_id, entry_id) REFERENCES medication.source_entry (patient_id, id))"""
    )


def _reconciliations() -> None:
    op.execute(
        f"""CREATE TABLE medication.reconciliation (
            {KEY}, {RECORD},
            document_id uuid NOT NULL,
            choices jsonb NOT NULL CHECK (jsonb_typeof(choices) = 'array'),
            questions integer NOT NULL CHECK (questions >= 0),
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, document_id) REFERENCES medication.source_document (patient_id, id))"""
    )
    op.execute("CREATE INDEX reconciliation_of_document ON medication.reconciliation (patient_id, document_id)")


def _drafts() -> None:
    """What somebody has chosen so far, each her own: it decides nothing until she signs."""
    op.execute(
        """CREATE TABLE medication.reconciliation_draft (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), document_id uuid NOT NULL,
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            choices jsonb NOT NULL CHECK (jsonb_typeof(choices) = 'object'),
            saved_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (patient_id, document_id, recorded_by),
            FOREIGN KEY (patient_id, document_id) REFERENCES medication.source_document (patient_id, id))"""
    )
    chart_table("medication.reconciliation_draft", projection=True, updates=("choices", "saved_at"))


def downgrade() -> None:
    for table in ("reconciliation_draft", *reversed(TABLES)):
        op.execute(f"DROP TABLE medication.{table}")
