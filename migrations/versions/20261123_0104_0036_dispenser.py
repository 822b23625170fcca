"""Electronic dispensers: who has one, whether it suits her, what its device has told, and which doses are left to it.

Only adds: the version before this asks nobody what a dispenser has told, and shows its doses as those of any other supply.

Revision ID: 0036
Revises: 0035
"""

from alembic import op

from migrations.helpers import (
    ENTRY,
    RECORD,
    chart_table,
    define,
    erasable,
    let_read,
    stamp,
    stays,
    task_kinds,
    with_other_words,
)

revision, down_revision, branch_labels, depends_on = "0036", "0035", None, None

DISPENSER, EVENT = "medication.dispenser", "medication.dispenser_event"
PREPARED, LINE, TAKEN_OUT = "medication.prepared", "medication.prepared_line", "medication.prepared_take_out"
TOLD = "medication.told_by_dispenser(uuid, uuid, timestamptz)"
KEYS = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"
CONTROLLER = "medication.controller_is_another()"
WORKLIST = "medication.worklist_by_patient(timestamptz, timestamptz)"

# A task of a kind is passed on by its kind: what nobody has answered in time goes to the next.
TASKS = ("dispenser", "dispenser-not-taken", "dispenser-no-contact", "dispenser-fault")
MORE_TASKS = ("'general'::text", ", ".join(["'general'::text", *(f"'{kind}'::text" for kind in TASKS)]))

# What lies in a dispenser, and is right, is expected of nobody's hands, unless the device itself says that it was not taken.
# Asked only of a patient who has a load: everybody else costs one look in an index.
WORKLIST_KNOWS = (
    (
        "FROM linked k\n                -- OFFSET 0: the doses",
        f"""FROM (SELECT o.*, EXISTS (
                        SELECT FROM linked s JOIN {PREPARED} p ON p.patient_id = s.id
                        WHERE s.asked = o.asked AND p.kind = 'dispenser') AS loaded
                    FROM linked o OFFSET 0) k
                -- OFFSET 0: the doses""",
    ),
    (
        "d.state = 'open' AND d.given_by = 'municipality_unit'",
        """d.state = 'open' AND d.given_by = 'municipality_unit'
                    AND NOT (k.loaded AND coalesce((
                        SELECT t.kind = 'taken-out' OR t.is_right AND t.kind IS NULL
                        FROM medication.told_by_dispenser(d.patient_id, d.request_entry_id, d.due_at) t), false))""",
    ),
)


def upgrade() -> None:
    _tables()
    _loads()
    _told()
    with_other_words(WORKLIST, "journal_finder", *WORKLIST_KNOWS)
    task_kinds(*MORE_TASKS)
    _list()


def _tables() -> None:
    op.execute(
        f"""CREATE TABLE {DISPENSER} (
            {KEYS}, {RECORD}, {ENTRY},
            device text NOT NULL,
            serial text NOT NULL,
            starts_on date NOT NULL,
            ends_on date CHECK (ends_on >= starts_on),
            suitability text NOT NULL CHECK (suitability IN ('suitable', 'with-help', 'unsuitable')),
            assessed_by text NOT NULL,
            assessed_on date NOT NULL,
            trained_by text,
            trained_on date,
            evaluate_on date,
            change_reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            CHECK ((trained_by IS NULL) = (trained_on IS NULL)),
            CHECK (ends_on IS NOT NULL OR suitability <> 'unsuitable' AND evaluate_on IS NOT NULL))"""
    )
    # The device's own id of what it told: told anew, it is the same row.
    op.execute(
        f"""CREATE TABLE {EVENT} (
            {KEYS}, {RECORD},
            dispenser_entry_id uuid NOT NULL,
            event_id text NOT NULL,
            kind text NOT NULL CHECK (kind IN ('taken-out', 'not-taken', 'no-contact', 'fault', 'battery')),
            device_at timestamptz NOT NULL CHECK (device_at <= recorded_at),
            due_at timestamptz,
            note text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, dispenser_entry_id, event_id),
            CHECK ((due_at IS NOT NULL) = (kind IN ('taken-out', 'not-taken'))))"""
    )
    op.execute(f"CREATE INDEX dispenser_event_due ON {EVENT} (patient_id, due_at) WHERE due_at IS NOT NULL")
    op.execute(f"CREATE INDEX dispenser_event_at ON {EVENT} (patient_id, device_at)")
    for table in (DISPENSER, EVENT):
        chart_table(table)
        stamp(table)
    erasable(DISPENSER, "device", "serial", "change_reason", key="entry_id")
    erasable(EVENT, "note", key="dispenser_entry_id", within=DISPENSER)
    stays(DISPENSER, "who answered for it, as who wrote it", "assessed_by", "trained_by")
    stays(EVENT, "the number of what a device told, and no words", "event_id")


def _loads() -> None:
    """A load is laid in and controlled as a dosett is."""
    op.execute(f"ALTER TABLE {PREPARED} DROP CONSTRAINT prepared_kind_check")
    kinds = "kind IN ('dosett', 'multidose', 'dispenser')"
    op.execute(f"ALTER TABLE {PREPARED} ADD CONSTRAINT prepared_kind_check CHECK ({kinds})")
    op.execute(f"CREATE INDEX prepared_line_order ON {LINE} (request_entry_id, due_at)")
    _controlled(("p.kind = 'dosett'", "p.kind <> 'multidose'"), ("p.kind <> 'dosett'", "p.kind = 'multidose'"))


def _controlled(*changes: tuple[str, str]) -> None:
    said = "told"
    for old, new in changes:
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old, _ in changes)
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{CONTROLLER}'::regprocedure);
        BEGIN
            {checks}
            EXECUTE {said};
        END $do$"""
    )


def _told() -> None:
    """What a dispenser has to do with a dose: none where it lies in no load, or comes from elsewhere by now.

    With the rights of whoever asks. A load that was laid in anew answers for what was due after that, the one before it for
    what was due before. `is_right`: what lies in it is what is to be taken. `outdated`: it was not when the device gave it out.
    """
    op.execute(
        f"""CREATE FUNCTION medication.told_by_dispenser(patient uuid, entry uuid, due timestamptz)
        RETURNS TABLE (is_right boolean, kind text, device_at timestamptz, outdated boolean)
        LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
            WITH lies AS (
                SELECT l.patient_id, l.due_at, o.recorded_at AS decided_at,
                    d.state = 'open' AND (l.amount, l.unit) = (d.amount, d.unit)
                        AND NOT EXISTS (SELECT FROM {TAKEN_OUT} t WHERE (t.patient_id, t.line_id) = (l.patient_id, l.id))
                        AND (l.request_version = d.request_version OR EXISTS (
                            SELECT FROM medication.medication_request m
                            WHERE (m.patient_id, m.entry_id, m.version) = (d.patient_id, d.request_entry_id, l.request_version)
                              AND (m.atc_code, m.generic_name, m.form, m.strength)
                                  IS NOT DISTINCT FROM (o.atc_code, o.generic_name, o.form, o.strength))) AS is_right
                FROM {LINE} l
                JOIN {PREPARED} p ON (p.patient_id, p.id) = (l.patient_id, l.prepared_id)
                    AND p.kind = 'dispenser' AND p.in_error_at IS NULL
                JOIN medication.dose d ON (d.patient_id, d.request_entry_id, d.due_at) = (patient, entry, due)
                JOIN medication.medication_request o
                    ON (o.patient_id, o.id) = (d.patient_id, d.request_id) AND o.supply = 'dispenser'
                WHERE l.request_entry_id = entry AND l.due_at = due AND l.in_error_at IS NULL
                  AND NOT EXISTS (
                      SELECT FROM {PREPARED} later
                      WHERE (later.patient_id, later.entry_id) = (p.patient_id, p.entry_id)
                        AND later.version > p.version AND later.in_error_at IS NULL AND later.recorded_at <= due)
                ORDER BY p.recorded_at DESC LIMIT 1)
            SELECT lies.is_right, e.kind, e.device_at, NOT lies.is_right AND lies.decided_at <= e.device_at
            FROM lies LEFT JOIN LATERAL (
                SELECT e.kind, e.device_at FROM {EVENT} e
                WHERE e.patient_id = lies.patient_id AND e.due_at = lies.due_at AND e.in_error_at IS NULL
                -- What was taken out late was taken out, whatever the device said before.
                ORDER BY e.kind = 'taken-out' DESC, e.device_at LIMIT 1) e ON true
        $$"""
    )
    op.execute(f"ALTER FUNCTION {TOLD} OWNER TO journal_owner")
    op.execute(f"REVOKE ALL ON FUNCTION {TOLD} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {TOLD} TO journal_app, journal_finder")
    let_read("journal_finder", PREPARED, TAKEN_OUT, EVENT, DISPENSER)


def _list() -> None:
    """Whose they are is not said before their charts are opened."""
    define(
        "medication.patients_with_dispenser() RETURNS TABLE (patient_id uuid) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
        BEGIN
            RETURN QUERY
            SELECT DISTINCT r.patient_id FROM access.care_relationship r
            WHERE (r.unit_id = ANY (units) OR r.practitioner_id = person)
              AND r.ground IN ('stay', 'service', 'route', 'task')
              AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
              AND NOT EXISTS (
                  SELECT FROM access.restriction k
                  WHERE k.patient_id = r.patient_id AND k.valid_from <= now() AND (k.valid_until IS NULL OR k.valid_until > now())
                    AND (k.against_person_id = person OR k.against_unit_id = ANY (units)))
              AND EXISTS (
                  SELECT FROM {DISPENSER} s
                  WHERE s.patient_id = r.patient_id AND s.in_error_at IS NULL
                    AND (s.ends_on IS NULL OR s.ends_on >= current_date)
                    AND NOT EXISTS (
                        SELECT FROM {DISPENSER} later
                        WHERE (later.patient_id, later.entry_id) = (s.patient_id, s.entry_id) AND later.version > s.version));
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.patients_with_dispenser()")
    task_kinds(MORE_TASKS[1], MORE_TASKS[0])
    with_other_words(WORKLIST, "journal_finder", *((new, old) for old, new in reversed(WORKLIST_KNOWS)))
    op.execute(f"DROP FUNCTION {TOLD}")
    for table in (PREPARED, TAKEN_OUT):
        op.execute(f"DROP POLICY journal_finder ON {table}")
        op.execute(f"REVOKE SELECT ON {table} FROM journal_finder")
    _controlled(("p.kind <> 'multidose'", "p.kind = 'dosett'"), ("p.kind = 'multidose'", "p.kind <> 'dosett'"))
    op.execute("DROP INDEX medication.prepared_line_order")
    op.execute(f"ALTER TABLE {PREPARED} DROP CONSTRAINT prepared_kind_check")
    op.execute(f"ALTER TABLE {PREPARED} ADD CONSTRAINT prepared_kind_check CHECK (kind IN ('dosett', 'multidose'))")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{EVENT}'")
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{DISPENSER}'")
    for table in (EVENT, DISPENSER):
        op.execute(f"DROP TABLE {table}")
