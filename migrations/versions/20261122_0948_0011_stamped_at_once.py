"""A row is stamped by one trigger: who asks is asked once for a row, where six defaults asked once each.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

from migrations.helpers import STAMPS, stamp

revision, down_revision, branch_labels, depends_on = "0011", "0010", None, None

TABLES = """
    patients.patient patients.identifier patients.patient_history patients.link patients.allergy_intolerance patients.flag
    patients.allergy_assessment patients.related_person
    medication.medication_request medication.medication_administration
    observations.observation notes.note care.granted_service care.stay care.task care.incident
""".split()


def upgrade() -> None:
    op.execute(
        """CREATE FUNCTION audit.stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            w jsonb;
        BEGIN
            IF NEW.municipality_id IS NOT NULL AND NEW.recorded_by IS NOT NULL THEN RETURN NEW; END IF;
            w := audit.who();
            NEW.municipality_id := coalesce(NEW.municipality_id, (w ->> 'municipality_id')::uuid);
            NEW.unit_id := coalesce(NEW.unit_id, (w ->> 'unit_id')::uuid);
            NEW.recorded_by := coalesce(NEW.recorded_by, (w ->> 'person_id')::uuid);
            NEW.recorded_by_name := coalesce(NEW.recorded_by_name, w ->> 'name');
            NEW.recorded_as := coalesce(NEW.recorded_as, (w ->> 'role_id')::uuid);
            NEW.recorded_role := coalesce(NEW.recorded_role, w ->> 'role');
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION audit.stamp() OWNER TO journal_owner")
    for table in TABLES:
        stamp(table)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER a_stamp ON {table}")
        for column, function in STAMPS.items():
            op.execute(f"ALTER TABLE {table} ALTER {column} SET DEFAULT audit.{function}()")
    op.execute("DROP FUNCTION audit.stamp()")
