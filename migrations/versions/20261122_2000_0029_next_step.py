"""A dose that was not given has a next step, and another try is a dose of its own. What was given without an order is stored, and
a dose that is neither is handed on by name.

Only adds: the version before this signs without a next step, and reads a second try as a dose like any other.

Revision ID: 0029
Revises: 0024
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, erasable, municipality_table, stamp, stays

revision, down_revision, branch_labels, depends_on = "0029", "0028", None, None

GIVEN = "medication.medication_administration"
UNORDERED = "medication.given_without_order"
TASKS = "'general', 'clearing', 'effect_follow_up', 'allergy_ask', 'medicine_question'"


def upgrade() -> None:
    _next_step()
    _another_try()
    _critical()
    _unordered()
    _handed_on()
    _tasks(f"{TASKS}, 'next_step', 'prescriber'")
    _severities("'none', 'mild', 'moderate', 'severe', 'unassessed'")


def _next_step() -> None:
    op.execute(f"ALTER TABLE {GIVEN} ADD COLUMN next_step text, ADD COLUMN try_at timestamptz")
    op.execute(
        f"""ALTER TABLE {GIVEN} ADD CONSTRAINT next_step_known
            CHECK (next_step IN ('none', 'try-again', 'tell-nurse', 'call-doctor'))"""
    )
    op.execute(
        f"""ALTER TABLE {GIVEN} ADD CONSTRAINT try_at_said
            CHECK ((try_at IS NOT NULL) = (next_step IS NOT DISTINCT FROM 'try-again')) NOT VALID"""
    )
    op.execute(f"GRANT INSERT (next_step, try_at) ON {GIVEN} TO journal_app")


def _another_try() -> None:
    op.execute("ALTER TABLE medication.dose ADD COLUMN retry_of uuid")
    op.execute(
        """ALTER TABLE medication.dose ADD CONSTRAINT retry_of_a_dose
           FOREIGN KEY (patient_id, retry_of) REFERENCES medication.dose (patient_id, id)"""
    )
    op.execute(
        "CREATE UNIQUE INDEX one_try_more ON medication.dose (patient_id, retry_of)"
        " WHERE retry_of IS NOT NULL AND state <> 'cancelled'"
    )
    op.execute("GRANT INSERT (retry_of) ON medication.dose TO journal_app")


def _critical() -> None:
    op.execute(
        """CREATE TABLE medication.critical_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            atc_codes text[] NOT NULL CHECK (cardinality(atc_codes) <= 100),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table("medication.critical_setting")


def _unordered() -> None:
    op.execute(
        f"""CREATE TABLE {UNORDERED} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            cause text NOT NULL CHECK (cause IN ('emergency', 'wrong-patient', 'other')),
            catalogue_item_id uuid REFERENCES medication.catalogue_item (id),
            atc_code text,
            medicine text CHECK (length(medicine) BETWEEN 1 AND 200),
            amount numeric NOT NULL CHECK (amount > 0 AND amount < 1000000),
            unit text CHECK (length(unit) BETWEEN 1 AND 40),
            reason text CHECK (length(reason) BETWEEN 1 AND 500),
            effective_at timestamptz NOT NULL,
            PRIMARY KEY (patient_id, id),
            CHECK (medicine IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (unit IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (reason IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (effective_at <= recorded_at))"""
    )
    op.execute(f"CREATE INDEX given_without_order_time ON {UNORDERED} (patient_id, effective_at DESC)")
    chart_table(UNORDERED)
    stamp(UNORDERED)
    erasable(UNORDERED, "atc_code", "medicine", "unit", "reason")


def _handed_on() -> None:
    op.execute(
        f"""CREATE TABLE medication.dose_handover (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            dose_id uuid NOT NULL,
            to_person_id uuid NOT NULL,
            to_name text NOT NULL,
            note text CHECK (length(note) BETWEEN 1 AND 300),
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, dose_id) REFERENCES medication.dose (patient_id, id))"""
    )
    op.execute("CREATE INDEX handover_of_dose ON medication.dose_handover (patient_id, dose_id, recorded_at DESC)")
    chart_table("medication.dose_handover")
    stamp("medication.dose_handover")
    erasable("medication.dose_handover", "note")
    stays("medication.dose_handover", "who was to do it, as who wrote it", "to_name")


def _tasks(kinds: str) -> None:
    op.execute("ALTER TABLE care.task DROP CONSTRAINT task_kind_check")
    op.execute(f"ALTER TABLE care.task ADD CONSTRAINT task_kind_check CHECK (kind IN ({kinds}))")


def _severities(codes: str) -> None:
    op.execute("ALTER TABLE care.incident DROP CONSTRAINT incident_severity_check")
    op.execute(f"ALTER TABLE care.incident ADD CONSTRAINT incident_severity_check CHECK (severity IN ({codes}))")


def downgrade() -> None:
    _severities("'none', 'mild', 'moderate', 'severe'")
    _tasks(TASKS)
    for table in (UNORDERED, "medication.dose_handover"):
        op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{table}'")
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP TABLE medication.critical_setting")
    op.execute("ALTER TABLE medication.dose DROP COLUMN retry_of")
    op.execute(f"ALTER TABLE {GIVEN} DROP COLUMN next_step, DROP COLUMN try_at")
