"""A student gives medicines with her supervisor beside: what the supervisor said she stands beside for, and both in each dose.

Only adds: the version before this lets no student sign a dose.

Revision ID: 0079
Revises: 0078
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, stamp, stays

revision, down_revision, branch_labels, depends_on = "0079", "0078", None, None

BESIDE, GIVEN = "medication.supervision", "medication.medication_administration"
UNORDERED = "medication.given_without_order"
NAMED = "(supervision_id IS NULL) = (supervised_by IS NULL) AND (supervision_id IS NULL) = (supervised_by_name IS NULL)"


def upgrade() -> None:
    _beside()
    _given()


def _beside() -> None:
    """One row for a patient's doses that stood on the student's screen when the supervisor proved who she is: each with the
    version of its order. Nobody changes it, and it ends by itself.
    """
    op.execute(
        f"""CREATE TABLE {BESIDE} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            student_id uuid NOT NULL,
            student_role_id uuid NOT NULL,
            student_session_id uuid NOT NULL,
            dose_ids uuid[] NOT NULL,
            versions integer[] NOT NULL,
            until timestamptz NOT NULL,
            PRIMARY KEY (patient_id, id),
            CHECK (cardinality(dose_ids) BETWEEN 1 AND 200 AND cardinality(dose_ids) = cardinality(versions)),
            CHECK (until > recorded_at AND until <= recorded_at + interval '15 minutes'),
            CHECK (student_id <> recorded_by))"""
    )
    chart_table(BESIDE)
    stamp(BESIDE)
    op.execute(
        f"""CREATE POLICY of_her_student ON {BESIDE} AS RESTRICTIVE FOR INSERT TO journal_app WITH CHECK (EXISTS (
            SELECT FROM municipalities.practitioner_role r
            WHERE r.id = supervision.student_role_id AND r.practitioner_id = supervision.student_id AND r.role = 'student'
              AND r.supervisor_id = supervision.recorded_by
              AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())))"""
    )


def _given() -> None:
    """A student's row has a supervisor, whoever writes it: PostgreSQL says who asks, and so does her role in the row."""
    op.execute(
        f"""ALTER TABLE {GIVEN}
            ADD COLUMN supervision_id uuid,
            ADD COLUMN supervised_by uuid,
            ADD COLUMN supervised_by_name text,
            ADD CONSTRAINT student_beside_her_supervisor CHECK ((recorded_role = 'student') = (supervision_id IS NOT NULL)),
            ADD CONSTRAINT supervisor_has_a_name CHECK ({NAMED}),
            ADD FOREIGN KEY (patient_id, supervision_id) REFERENCES {BESIDE} (patient_id, id)"""
    )
    op.execute(f"GRANT INSERT (supervision_id, supervised_by, supervised_by_name) ON {GIVEN} TO journal_app")
    stays(GIVEN, "who answers for what a student gave, as who gave it", "supervised_by_name")
    op.execute(
        f"""CREATE POLICY as_supervised ON {GIVEN} AS RESTRICTIVE FOR INSERT TO journal_app WITH CHECK (
            supervision_id IS NULL OR (kind = 'signature' AND performer_id IS NULL AND EXISTS (
                SELECT FROM {BESIDE} s, unnest(s.dose_ids, s.versions) AS seen (dose_id, version)
                WHERE s.patient_id = medication_administration.patient_id AND s.id = medication_administration.supervision_id
                  AND s.student_id = medication_administration.recorded_by
                  AND s.student_role_id = medication_administration.recorded_as
                  AND s.student_session_id::text = audit.who() ->> 'session_id'
                  AND s.recorded_by = medication_administration.supervised_by
                  AND s.recorded_by_name = medication_administration.supervised_by_name
                  AND s.until > now() AND s.in_error_at IS NULL
                  AND seen.dose_id = medication_administration.dose_id
                  AND seen.version = medication_administration.request_version)
            AND NOT EXISTS (
                SELECT FROM medication.medication_request r
                WHERE r.patient_id = medication_administration.patient_id AND r.id = medication_administration.request_id
                  AND r.two_signatures)))"""
    )
    op.execute(f"ALTER TABLE {UNORDERED} ADD CONSTRAINT not_by_a_student CHECK (recorded_role <> 'student')")


def downgrade() -> None:
    op.execute(f"ALTER TABLE {UNORDERED} DROP CONSTRAINT not_by_a_student")
    op.execute(f"DROP POLICY as_supervised ON {GIVEN}")
    columns = ("supervision_id", "supervised_by", "supervised_by_name")
    op.execute(f"ALTER TABLE {GIVEN} {', '.join(f'DROP COLUMN {column}' for column in columns)}")
    op.execute(f"DROP TABLE {BESIDE}")
