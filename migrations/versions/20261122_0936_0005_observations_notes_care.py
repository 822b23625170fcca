"""Measurements; notes and their drafts; services granted, stays, tasks and incidents.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from migrations.helpers import ENTRY, RECORD, chart_table, grant_insert, guard, opened

revision, down_revision, branch_labels, depends_on = "0005", "0004", None, None

KEY = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"


def upgrade() -> None:
    _observations()
    _notes()
    _drafts()
    _services_and_stays()
    _tasks_and_incidents()


def _observations() -> None:
    op.execute(
        f"""CREATE TABLE observations.observation (
            {KEY}, {RECORD},
            code text NOT NULL CHECK (code IN ('pulse', 'blood_pressure', 'temperature', 'weight', 'glucose', 'spo2', 'respiration', 'symptom')),
            loinc text NOT NULL CHECK (loinc ~ '^[0-9]+-[0-9]$'),
            display text NOT NULL,
            value numeric(12, 4), value2 numeric(12, 4), unit text NOT NULL,
            effective_at timestamptz NOT NULL,
            dose_id uuid,
            PRIMARY KEY (patient_id, id),
            CHECK (value IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (value2 IS NULL OR code = 'blood_pressure'),
            CHECK (value2 IS NOT NULL OR code <> 'blood_pressure' OR erasure_id IS NOT NULL),
            CHECK (effective_at <= recorded_at))"""
    )
    op.execute(
        "CREATE INDEX observation_latest ON observations.observation (patient_id, code, effective_at DESC) WHERE in_error_at IS NULL"
    )
    op.execute("CREATE INDEX observation_time ON observations.observation (patient_id, effective_at DESC)")
    chart_table("observations.observation")


def _notes() -> None:
    # 'norwegian' stems bokmål and nynorsk alike. No GIN: @@ is not leakproof, so no index of it is reached past the policy.
    op.execute(
        f"""CREATE TABLE notes.note (
            {KEY}, {RECORD}, {ENTRY},
            kind text NOT NULL CHECK (kind IN ('general', 'supervision', 'fall', 'pain', 'wound', 'next_of_kin', 'doctor_call')),
            title text, body text,
            effective_at timestamptz NOT NULL,
            change_reason text,
            search tsvector GENERATED ALWAYS AS
                (to_tsvector('pg_catalog.norwegian', coalesce(title, '') || ' ' || coalesce(body, ''))) STORED,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            CHECK (length(title) BETWEEN 1 AND 120), CHECK (title IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (length(body) BETWEEN 1 AND 20000), CHECK (body IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK ((version = 1) = (change_reason IS NULL) OR erasure_id IS NOT NULL),
            CHECK (effective_at <= recorded_at))"""
    )
    op.execute("CREATE INDEX note_time ON notes.note (patient_id, effective_at DESC)")
    chart_table("notes.note")


def _drafts() -> None:
    """Work in progress is its author's alone, in the employment she wrote it for; signed, it is emptied and kept as a mark."""
    op.execute(
        """CREATE TABLE notes.draft (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), unit_id uuid DEFAULT audit.acting_unit(),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(), recorded_at timestamptz NOT NULL DEFAULT now(),
            entry_id uuid, version integer,
            kind text, title text, body text, effective_at timestamptz, change_reason text,
            saved_at timestamptz NOT NULL DEFAULT now(), signed_at timestamptz,
            PRIMARY KEY (patient_id, id),
            CHECK (signed_at IS NULL OR body IS NULL AND title IS NULL AND change_reason IS NULL),
            CHECK ((entry_id IS NULL) = (version IS NULL)),
            CHECK (length(body) <= 20000))"""
    )
    op.execute(
        "CREATE UNIQUE INDEX one_open_draft ON notes.draft (patient_id, recorded_by, municipality_id, entry_id)"
        " NULLS NOT DISTINCT WHERE signed_at IS NULL"
    )
    guard("notes.draft")
    mine = "recorded_by = (SELECT audit.acting_person()) AND municipality_id = (SELECT audit.acting_for())"
    op.execute(
        f"CREATE POLICY author ON notes.draft TO journal_app USING ({mine}) WITH CHECK ({mine} AND {opened('notes')})"
    )
    op.execute("GRANT SELECT ON notes.draft TO journal_app")
    grant_insert("notes.draft")
    op.execute(
        "GRANT UPDATE (kind, title, body, effective_at, change_reason, version, saved_at, signed_at) ON notes.draft TO journal_app"
    )


def _services_and_stays() -> None:
    op.execute(
        f"""CREATE TABLE care.granted_service (
            {KEY}, {RECORD}, {ENTRY},
            service_system text NOT NULL CHECK (service_system IN ('9151', '8663')),
            service_code text NOT NULL, service_text text NOT NULL,
            decision_number text, decision_on date NOT NULL,
            provider_unit_id uuid NOT NULL, provider_name text NOT NULL,
            valid_from timestamptz NOT NULL, valid_until timestamptz, ended_by_name text,
            relationship_id uuid NOT NULL, change_reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            FOREIGN KEY (patient_id, relationship_id) REFERENCES access.care_relationship (patient_id, id),
            FOREIGN KEY (municipality_id, provider_unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK ((version = 1) = (change_reason IS NULL)),
            CHECK ((valid_until IS NULL) = (ended_by_name IS NULL)),
            CHECK (valid_until >= valid_from))"""
    )
    chart_table("care.granted_service", updates=("valid_until", "ended_by_name"))
    op.execute(
        f"""CREATE TABLE care.stay (
            {KEY}, {RECORD},
            kind text NOT NULL CHECK (kind IN ('long_term', 'short_term', 'leave', 'hospital')),
            part_of_id uuid,
            ward_id uuid NOT NULL, ward_name text NOT NULL,
            room text, place text,
            relationship_id uuid NOT NULL,
            valid_from timestamptz NOT NULL, expected_until timestamptz, valid_until timestamptz, ended_by_name text,
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, part_of_id) REFERENCES care.stay (patient_id, id),
            FOREIGN KEY (patient_id, relationship_id) REFERENCES access.care_relationship (patient_id, id),
            FOREIGN KEY (municipality_id, ward_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK ((kind IN ('leave', 'hospital')) = (part_of_id IS NOT NULL)),
            CHECK ((valid_until IS NULL) = (ended_by_name IS NULL)),
            CHECK (valid_until >= valid_from), CHECK (expected_until > valid_from))"""
    )
    # Two nurses who admit, or send home, the same patient at once meet here.
    op.execute(
        "CREATE UNIQUE INDEX one_stay_at_a_time ON care.stay (patient_id)"
        " WHERE part_of_id IS NULL AND valid_until IS NULL AND in_error_at IS NULL"
    )
    op.execute(
        "CREATE UNIQUE INDEX one_absence_at_a_time ON care.stay (patient_id, part_of_id)"
        " WHERE part_of_id IS NOT NULL AND valid_until IS NULL AND in_error_at IS NULL"
    )
    chart_table("care.stay", updates=("valid_until", "ended_by_name"))


def _tasks_and_incidents() -> None:
    op.execute(
        f"""CREATE TABLE care.task (
            {KEY}, {RECORD}, {ENTRY},
            kind text NOT NULL CHECK (kind IN ('general', 'effect_follow_up', 'allergy_ask')),
            for_unit_id uuid NOT NULL,
            what text, outcome text, about_id uuid,
            due_at timestamptz, done_at timestamptz,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            FOREIGN KEY (municipality_id, for_unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (length(what) BETWEEN 1 AND 500), CHECK (what IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (outcome IS NULL OR done_at IS NOT NULL),
            CHECK (done_at <= recorded_at))"""
    )
    chart_table("care.task")
    op.execute(
        f"""CREATE TABLE care.incident (
            {KEY}, {RECORD}, {ENTRY},
            kind text NOT NULL CHECK (kind IN ('fall', 'medication', 'double_registered', 'given_after_stop', 'mix_up',
                'pressure_injury', 'violence', 'missing', 'equipment', 'other')),
            severity text NOT NULL CHECK (severity IN ('none', 'mild', 'moderate', 'severe')),
            text text, measures text, about_id uuid,
            effective_at timestamptz NOT NULL,
            change_reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            CHECK (length(text) BETWEEN 1 AND 4000), CHECK (text IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (length(measures) BETWEEN 1 AND 4000),
            CHECK ((version = 1) = (change_reason IS NULL) OR erasure_id IS NOT NULL),
            CHECK (effective_at <= recorded_at))"""
    )
    op.execute("CREATE INDEX incident_time ON care.incident (patient_id, effective_at DESC)")
    chart_table("care.incident")


def downgrade() -> None:
    for table in (
        "care.incident", "care.task", "care.stay", "care.granted_service", "notes.draft", "notes.note", "observations.observation"
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
