"""Who may give: what each role carries, what is delegated by name, when shifts end, and as needed that is cleared with a nurse.

Only adds. The version before this asks nobody for an authority, and reads the columns of dose_to_sign by name.

Revision ID: 0028
Revises: 0024
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, define, guard, let_read, municipality_table, stamp, stays

revision, down_revision, branch_labels, depends_on = "0028", "0027", None, None

ACTS = "'ready', 'pack', 'prepare', 'control', 'as-needed', 'insulin', 'injection', 'controlled', 'patch', 'take-out', 'delegate'"
CHOSEN = """
    version integer NOT NULL CHECK (version > 0),
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_at timestamptz NOT NULL DEFAULT now()"""
SIGN = "medication.dose_to_sign(uuid[], uuid)"
# At their beginning, after what stands there in every version of it: whoever changes the same function changes it elsewhere.
COLUMNS = "TABLE(patient_id uuid, ", "TABLE(patient_id uuid, authority text, form text, route text, supply text, "
READS = "SELECT d.patient_id, ", "SELECT d.patient_id, (SELECT medication.own_authority()), r.form, r.route, r.supply, "


def upgrade() -> None:
    _register()
    _settings()
    _own()
    _clearing()
    _dose_to_sign(COLUMNS, READS)


def downgrade() -> None:
    _dose_to_sign(COLUMNS[::-1], READS[::-1])
    op.execute("DROP FUNCTION medication.own_authority()")
    _tasks("'general'::text, 'clearing'::text", "'general'::text")
    for table in ("clearing", "authority", "authority_setting", "unit_setting"):
        op.execute(f"DROP TABLE medication.{table}")


def _register() -> None:
    """Seen and written in the unit and those above it. Of a patient there is an id and nothing more."""
    op.execute(
        f"""CREATE TABLE medication.authority (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), id uuid NOT NULL,
            unit_id uuid NOT NULL,
            entry_id uuid NOT NULL, {CHOSEN},
            practitioner_id uuid NOT NULL REFERENCES municipalities.practitioner (id),
            acts text[] NOT NULL CHECK (cardinality(acts) > 0 AND acts <@ ARRAY[{ACTS}]),
            patient_ids uuid[] CHECK (cardinality(patient_ids) > 0),
            course_on date NOT NULL, tested_on date,
            valid_from timestamptz NOT NULL, valid_until timestamptz NOT NULL,
            status text NOT NULL CHECK (status IN ('active', 'withdrawn')),
            reason text CHECK (length(reason) BETWEEN 1 AND 200),
            PRIMARY KEY (municipality_id, id), UNIQUE (municipality_id, entry_id, version),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (recorded_by <> practitioner_id), CHECK (valid_from < valid_until),
            CHECK ((status = 'withdrawn') = (reason IS NOT NULL)))"""
    )
    op.execute("CREATE INDEX authority_of_person ON medication.authority (practitioner_id, unit_id)")
    op.execute("CREATE INDEX authority_of_unit ON medication.authority (unit_id)")
    guard("medication.authority")
    own = "municipality_id = (SELECT audit.acting_for()) AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])"
    op.execute(f"CREATE POLICY unit ON medication.authority TO journal_app USING ({own}) WITH CHECK ({own})")
    op.execute("GRANT SELECT ON medication.authority TO journal_app")
    op.execute(
        """GRANT INSERT (id, unit_id, entry_id, version, practitioner_id, acts, patient_ids, course_on, tested_on, valid_from,
           valid_until, status, reason) ON medication.authority TO journal_app"""
    )


def _settings() -> None:
    """What each role carries in the municipality (acts by role), and what a unit has chosen for its shifts."""
    op.execute(
        f"""CREATE TABLE medication.authority_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id), {CHOSEN},
            carried jsonb NOT NULL CHECK (jsonb_typeof(carried) = 'object'),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table("medication.authority_setting")
    op.execute(
        f"""CREATE TABLE medication.unit_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), unit_id uuid NOT NULL, {CHOSEN},
            shift_changes time[] NOT NULL CHECK (cardinality(shift_changes) BETWEEN 1 AND 6 AND '00:00' <> ALL (shift_changes)),
            cleared_with_nurse boolean NOT NULL,
            PRIMARY KEY (municipality_id, unit_id, version),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    municipality_table("medication.unit_setting")


def _own() -> None:
    """What whoever asks may do now, as far as the tables say: NULL where they say nothing, so that her role decides alone.

    Read with what is signed and what is shown, so that it costs no question of its own.
    """
    let_read("journal_finder", "medication.authority", "medication.authority_setting", "medication.unit_setting")
    define(
        "medication.own_authority() RETURNS text STABLE",
        """
        DECLARE
            w jsonb := audit.who();
            municipality uuid := (w ->> 'municipality_id')::uuid;
            unit uuid := (w ->> 'unit_id')::uuid;
            told jsonb := jsonb_strip_nulls(jsonb_build_object(
                'carried', (SELECT s.carried FROM medication.authority_setting s WHERE s.municipality_id = municipality
                            ORDER BY s.version DESC LIMIT 1),
                'clear', (SELECT nullif(s.cleared_with_nurse, false) FROM medication.unit_setting s
                          WHERE (s.municipality_id, s.unit_id) = (municipality, unit) ORDER BY s.version DESC LIMIT 1),
                'delegated', (
                    SELECT jsonb_agg(jsonb_build_object('acts', a.acts, 'patients', a.patient_ids))
                    FROM medication.authority a
                    WHERE a.practitioner_id = (w ->> 'person_id')::uuid AND a.unit_id = unit
                      AND a.municipality_id = municipality AND a.status = 'active'
                      AND a.valid_from <= now() AND a.valid_until > now()
                      AND NOT EXISTS (SELECT FROM medication.authority newer
                          WHERE (newer.municipality_id, newer.entry_id) = (a.municipality_id, a.entry_id)
                            AND newer.version > a.version))));
        BEGIN
            RETURN nullif(told, '{}')::text;
        END""",
        owner="journal_finder",
    )


def _clearing() -> None:
    """As needed that was given after it was cleared with a nurse: with whom and when, and that she confirms it herself."""
    op.execute(
        f"""CREATE TABLE medication.clearing (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            administration_id uuid NOT NULL,
            nurse_id uuid NOT NULL, nurse_name text NOT NULL,
            cleared_at timestamptz NOT NULL,
            confirms_id uuid,
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, administration_id) REFERENCES medication.medication_administration (patient_id, id),
            FOREIGN KEY (patient_id, confirms_id) REFERENCES medication.clearing (patient_id, id),
            CHECK ((recorded_by = nurse_id) = (confirms_id IS NOT NULL)))"""
    )
    op.execute(
        """CREATE UNIQUE INDEX cleared_once ON medication.clearing (patient_id, administration_id, (confirms_id IS NULL))
           WHERE in_error_at IS NULL"""
    )
    chart_table("medication.clearing")
    stamp("medication.clearing")
    stays("medication.clearing", "who answers for the dose, not what it was", "nurse_name")
    _tasks("'general'::text", "'general'::text, 'clearing'::text")


def _tasks(old: str, new: str) -> None:
    """One kind more or less among those that there are, whichever they are by now."""
    op.execute(
        f"""DO $do$
        DECLARE told text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                              WHERE conrelid = 'care.task'::regclass AND conname = 'task_kind_check');
        BEGIN
            ASSERT position($old${old}$old$ IN told) > 0;
            ALTER TABLE care.task DROP CONSTRAINT task_kind_check;
            EXECUTE 'ALTER TABLE care.task ADD CONSTRAINT task_kind_check ' || replace(told, $old${old}$old$, $new${new}$new$);
        END $do$"""
    )


def _dose_to_sign(*changes: tuple[str, str]) -> None:
    """The same function, with some words of it changed; made anew, since what it answers with changes."""
    said = "told"
    for old, new in changes:
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in changes)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{SIGN}'::regprocedure);
        BEGIN
            {checks}
            DROP FUNCTION {SIGN};
            EXECUTE {said};
        END $do$"""
    )
    op.execute(f"ALTER FUNCTION {SIGN} OWNER TO journal_owner")
    op.execute(f"REVOKE ALL ON FUNCTION {SIGN} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGN} TO journal_app")
