"""The patient's restrictions: who asked for one and when, and who ended it; and lists without what is closed to the reader.

Only adds: the version before this reads the columns of the worklist by name, and writes restrictions nowhere.

Revision ID: 0048
Revises: 0047
"""

from alembic import op

from migrations.helpers import define, stays, with_other_words

revision, down_revision, branch_labels, depends_on = "0048", "0047", None, None

RESTRICTION = "access.restriction"
WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"
CLOSED = "access.closed_to(uuid, uuid[], text[])"
PERSON = "person uuid := (w ->> 'person_id')::uuid;"
# Hardly anybody is shut out of anything: three looks in an index of those who are, once for the list.
WORKLIST_KNOWS = (
    ("unknown integer)", "unknown integer, withheld boolean)"),
    (
        PERSON,
        f"""{PERSON}
            hidden uuid[] := access.closed_to(person, units, '{{*,patients}}');
            no_doses uuid[] := access.closed_to(person, units, '{{medication,observations}}');
            no_tasks uuid[] := access.closed_to(person, units, '{{care}}');""",
    ),
    (
        "FROM access.care_relationship r\n                WHERE (r.unit_id",
        "FROM access.care_relationship r\n                WHERE r.patient_id <> ALL (hidden) AND (r.unit_id",
    ),
    ("linked AS (", "of_person AS ("),
    (
        "(VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),",
        """(VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
            linked AS (SELECT o.* FROM of_person o WHERE o.asked <> ALL (no_doses)),
            with_tasks AS (SELECT o.* FROM of_person o WHERE o.asked <> ALL (no_tasks)),""",
    ),
    ("FROM linked k JOIN care.no_answer", "FROM with_tasks k JOIN care.no_answer"),
    ("FROM linked k JOIN care.task_raise", "FROM with_tasks k JOIN care.task_raise"),
    (
        "AND g.in_error_at IS NULL AND g.kind = 'signature'))",
        "AND g.in_error_at IS NULL AND g.kind = 'signature')), m.patient_id = ANY (no_doses || no_tasks)",
    ),
)

TASKS = "care.patients_with_tasks()"
TASKS_KNOW = (
    (PERSON, f"{PERSON}\n            closed uuid[] := access.closed_to(person, units, '{{*,patients,care}}');"),
    ("WHERE (r.unit_id = ANY (units)", "WHERE r.patient_id <> ALL (closed) AND (r.unit_id = ANY (units)"),
)


def upgrade() -> None:
    op.execute(
        f"""ALTER TABLE {RESTRICTION}
            ADD COLUMN asked_by text CHECK (length(asked_by) BETWEEN 1 AND 120),
            ADD COLUMN asked_on date,
            ADD COLUMN ended_at timestamptz,
            ADD COLUMN ended_by uuid,
            ADD COLUMN ended_by_name text,
            ADD CHECK (category IN ('*', 'patients', 'medication', 'observations', 'notes', 'care')),
            ADD CHECK ((ended_at IS NULL) = (ended_by IS NULL))"""
    )
    op.execute(f"GRANT INSERT (asked_by, asked_on) ON {RESTRICTION} TO journal_app")
    stays(RESTRICTION, "why the chart was closed, which belongs to the log", "asked_by", "ended_by_name")
    op.execute(f"CREATE INDEX restriction_person ON {RESTRICTION} (against_person_id)")
    op.execute(f"CREATE INDEX restriction_unit ON {RESTRICTION} (against_unit_id)")
    _ending()
    _closed_to()
    with_other_words(WORKLIST, "journal_finder", *WORKLIST_KNOWS)
    with_other_words(TASKS, "journal_finder", *TASKS_KNOW)


def _ending() -> None:
    """A restriction is ended once, by somebody it does not keep out, and who that was is not for the application to say."""
    op.execute(
        """CREATE FUNCTION access.end_restriction() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF OLD.ended_at IS NOT NULL THEN
                RAISE EXCEPTION 'the restriction is ended' USING ERRCODE = 'restrict_violation';
            END IF;
            IF OLD.against_person_id = audit.acting_person() OR OLD.against_unit_id = ANY (audit.acting_units()) THEN
                RAISE EXCEPTION 'it is against whoever ends it' USING ERRCODE = 'insufficient_privilege';
            END IF;
            NEW.valid_until := now();
            NEW.ended_at := now();
            NEW.ended_by := audit.acting_person();
            NEW.ended_by_name := audit.acting_name();
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION access.end_restriction() OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION access.end_restriction() FROM PUBLIC")
    op.execute(
        f"""CREATE TRIGGER end_restriction BEFORE UPDATE OF valid_until ON {RESTRICTION}
            FOR EACH ROW EXECUTE FUNCTION access.end_restriction()"""
    )


def _closed_to() -> None:
    define(
        "access.closed_to(reader uuid, her_units uuid[], categories text[]) RETURNS uuid[] STABLE",
        """
        BEGIN
            RETURN ARRAY(
                SELECT DISTINCT k.id FROM access.restriction r
                CROSS JOIN LATERAL (
                    SELECT coalesce((SELECT l.patient_id FROM patients.link l
                        WHERE l.linked_patient_id = r.patient_id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL),
                        r.patient_id) AS leading) h
                CROSS JOIN LATERAL (
                    SELECT h.leading AS id UNION ALL SELECT l.linked_patient_id FROM patients.link l
                    WHERE l.patient_id = h.leading AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL) k
                WHERE (r.against_person_id = reader OR r.against_unit_id = ANY (her_units)) AND r.category = ANY (categories)
                  AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()));
        END""",
        owner="journal_finder",
    )
    # What is closed to whom is not for the application to ask: the worklist does, of whoever it is for.
    op.execute(f"REVOKE ALL ON FUNCTION {CLOSED} FROM journal_app, journal_owner, journal_door")


def downgrade() -> None:
    with_other_words(TASKS, "journal_finder", *((new, old) for old, new in reversed(TASKS_KNOW)))
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(WORKLIST_KNOWS)))
    op.execute(f"DROP FUNCTION {CLOSED}")
    op.execute(f"DROP TRIGGER end_restriction ON {RESTRICTION}")
    op.execute("DROP FUNCTION access.end_restriction()")
    op.execute("DROP INDEX access.restriction_unit, access.restriction_person")
    op.execute(f"REVOKE INSERT (asked_by, asked_on) ON {RESTRICTION} FROM journal_app")
    op.execute(
        f"""ALTER TABLE {RESTRICTION} DROP COLUMN asked_by, DROP COLUMN asked_on, DROP COLUMN ended_at, DROP COLUMN ended_by,
            DROP COLUMN ended_by_name, DROP CONSTRAINT restriction_category_check"""
    )
