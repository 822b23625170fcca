"""A patient closes a part of her record, or some of the notes, to everyone.

Only adds: the version before this writes no such row, and the functions that it calls leave out what is closed so.

Revision ID: 0076
Revises: 0075
"""

from alembic import op

from migrations.helpers import define, in_place

revision, down_revision, branch_labels, depends_on = "0076", "0075", None, None

PART, NOTES = "access.restriction", "access.note_restriction"
TO_WHOM = "access.notes_closed_to(uuid[], uuid, uuid[], timestamptz)"
THEN = "oversight.notes_closed_then(uuid[], uuid, timestamptz)"
GIVES = "access.gives_to(uuid, uuid, uuid[], timestamptz)"


def against(row: str, person: str, units: str, moment: str = "now()") -> tuple[str, str]:
    """A part that is closed to everyone is so to whoever does not give the care."""
    asked = f"{row}.against_person_id = {person} OR {row}.against_unit_id = ANY ({units})"
    spared = f"access.gives_to({row}.patient_id, {person}, {units}, {moment})"
    return f"({asked})", f"({asked}\n                         OR {row}.against_everyone AND NOT {spared})"


# What a whole record is closed to is asked elsewhere: it is not closed to everyone, since nobody could take the patient in.
FUNCTIONS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("access.closed_to(uuid, uuid[], text[])", against("r", "reader", "her_units")),
    ("access.standing_of(uuid[], uuid, uuid[], timestamptz)", against("r", "person", "units", "moment")),
    ("medication.go_live_lists()", against("r", "person", "units")),
    ("medication.orders_ending(timestamptz)", against("r", "person", "units")),
    ("medication.reviews_due(date)", against("r", "person", "units")),
    ("medication.verbal_orders()", against("r", "person", "units")),
    ("medication.patients_with_dispenser()", against("k", "person", "units")),
    # Of the notes that are closed one by one, those to everyone are closed to whoever gives the care too.
    (
        "notes.kept_back()",
        ("r.against_unit_id = ANY (units))", "r.against_unit_id = ANY (units) OR r.against_everyone)"),
    ),
    (
        "access.end_restriction()",
        (
            "OLD.against_unit_id = ANY (audit.acting_units()) THEN",
            "OLD.against_unit_id = ANY (audit.acting_units())\n"
            "                OR OLD.against_everyone AND NOT access.gives(OLD.patient_id) THEN",
        ),
    ),
)


def upgrade() -> None:
    for table in (PART, NOTES):
        op.execute(f"ALTER TABLE {table} ADD COLUMN against_everyone boolean NOT NULL DEFAULT false")
        op.execute(f"GRANT INSERT (against_everyone) ON {table} TO journal_app")
    op.execute(
        f"""ALTER TABLE {PART}
            ADD CONSTRAINT against_somebody CHECK (num_nonnulls(against_unit_id, against_person_id) + against_everyone::int = 1),
            ADD CONSTRAINT parts_for_everyone CHECK (NOT against_everyone OR category IN ('notes', 'medication', 'observations'))"""
    )
    op.execute(
        f"""ALTER TABLE {NOTES} DROP CONSTRAINT note_restriction_check2,
            ADD CONSTRAINT against_somebody CHECK (num_nonnulls(against_unit_id, against_person_id) + against_everyone::int = 1)"""
    )
    op.execute(f"CREATE INDEX restriction_everyone ON {PART} (patient_id) WHERE against_everyone")
    _gives_to()
    _then()
    for function, words in FUNCTIONS:
        in_place(function, *words)
    # When and where single notes were written, so that those that are closed can be told apart, by whomever they are not closed to.
    define(
        "notes.written(ids uuid[], entries uuid[]) RETURNS TABLE (entry_id uuid, effective_at timestamptz, unit_id uuid) STABLE",
        """
        #variable_conflict use_column
        BEGIN
            IF NOT ids <@ audit.opened_charts('patients') THEN RETURN; END IF;
            RETURN QUERY
            SELECT DISTINCT ON (n.entry_id) n.entry_id, n.effective_at, n.unit_id FROM notes.note n
            WHERE n.patient_id = ANY (ids) AND n.entry_id = ANY (entries) AND n.entry_id <> ALL (notes.kept_back())
            ORDER BY n.entry_id, n.effective_at DESC;
        END""",
        owner="journal_finder",
    )


def _then() -> None:
    """Whether some notes were closed to an employee, which the simulator says: asked as her standing is, while the log is read."""
    define(
        "access.notes_closed_to(ids uuid[], person uuid, units uuid[], moment timestamptz) RETURNS boolean STABLE",
        f"""
        BEGIN
            RETURN EXISTS (
                SELECT FROM {NOTES} r
                WHERE r.patient_id = ANY (ids) AND r.in_error_at IS NULL AND r.valid_from <= moment
                  AND (r.valid_until IS NULL OR r.valid_until > moment)
                  AND (r.against_person_id = person OR r.against_unit_id = ANY (units) OR r.against_everyone)
                  AND NOT access.weighed(ids, person, 'notes', r.against_person_id, moment));
        END""",
        owner="journal_finder",
    )
    op.execute(f"REVOKE ALL ON FUNCTION {TO_WHOM} FROM journal_app, journal_owner")
    op.execute(
        """DO $do$
        DECLARE told text := pg_get_functiondef('oversight.standing_then(uuid[], uuid, timestamptz)'::regprocedure);
        BEGIN
            told := replace(told, 'FUNCTION oversight.standing_then(', 'FUNCTION oversight.notes_closed_then(');
            told := regexp_replace(told, 'RETURNS TABLE\\([^)]*\\)', 'RETURNS TABLE(closed boolean)');
            EXECUTE replace(told, 'SELECT * FROM access.standing_of(', 'SELECT access.notes_closed_to(');
        END $do$"""
    )
    op.execute(f"ALTER FUNCTION {THEN} OWNER TO journal_door")
    op.execute(f"REVOKE ALL ON FUNCTION {THEN} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {THEN} TO journal_app, journal_owner, journal_finder")


def _gives_to() -> None:
    """Who gives the care, as access.rules.gives_care says it; also while what was done is written up."""
    define(
        "access.gives_to(patient uuid, person uuid, units uuid[], moment timestamptz) RETURNS boolean STABLE",
        """
        DECLARE
            first uuid := coalesce((SELECT l.patient_id FROM patients.link l
                WHERE l.linked_patient_id = patient AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL), patient);
        BEGIN
            RETURN EXISTS (
                SELECT FROM access.care_relationship g
                WHERE g.patient_id = ANY (first || ARRAY(SELECT l.linked_patient_id FROM patients.link l
                        WHERE l.patient_id = first AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL))
                  AND g.ground IN ('stay', 'service', 'route') AND g.in_error_at IS NULL AND g.valid_from <= moment
                  AND (g.valid_until IS NULL OR g.valid_until > moment OR g.grace_until > moment)
                  AND (g.unit_id = ANY (units) OR g.practitioner_id = person));
        END""",
        owner="journal_finder",
    )
    # Whether another gives care to somebody is not for the application to ask; whether who acts does so, is.
    op.execute(f"REVOKE ALL ON FUNCTION {GIVES} FROM journal_app, journal_owner, journal_door")
    define(
        "access.gives(patient uuid) RETURNS boolean STABLE",
        "BEGIN RETURN access.gives_to(patient, audit.acting_person(), audit.acting_units(), now()); END",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION notes.written(uuid[], uuid[])")
    for function, words in FUNCTIONS:
        in_place(function, *words[::-1])
    for function in ("access.gives(uuid)", THEN, TO_WHOM):
        op.execute(f"DROP FUNCTION {function}")
    op.execute(f"DROP FUNCTION {GIVES}")
    # The version before has no way to keep it.
    for table in (PART, NOTES):
        op.execute(f"DELETE FROM {table} WHERE against_everyone")
        op.execute(f"ALTER TABLE {table} DROP COLUMN against_everyone")
    op.execute(
        f"ALTER TABLE {NOTES} ADD CONSTRAINT note_restriction_check2 CHECK (num_nonnulls(against_unit_id, against_person_id) = 1)"
    )
