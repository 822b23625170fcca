"""Across the hospital door: the patient goes, comes or is taken in, and no order goes on by itself.

Only adds. A dose that waits for its order to be confirmed is held, and its order is not: the version before this one shows it as
paused, and lets nobody sign it. The worklist answers with two columns more, at its end.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, define, let_read, municipality_table, stamp

revision, down_revision, branch_labels, depends_on = "0018", "0017", None, None

KEY = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"
# The newest crossing that has begun, and is no mistake, says how the list stands.
STANDS = """
            LEFT JOIN LATERAL (
                SELECT c.kind, c.reconcile_before, c.patient_id, c.id
                FROM linked k JOIN medication.crossing c ON c.patient_id = k.id
                WHERE k.asked = m.patient_id AND c.in_error_at IS NULL AND c.since <= now()
                ORDER BY c.since DESC, c.recorded_at DESC LIMIT 1) c
                ON NOT EXISTS (SELECT FROM medication.crossing_act a
                    WHERE (a.patient_id, a.crossing_id) = (c.patient_id, c.id) AND a.act = 'reconciled' AND a.in_error_at IS NULL)"""
WORKLIST = {
    "hour_signed integer[])": "hour_signed integer[], crossing text, reconcile_before timestamp with time zone)",
    "coalesce(d.hour_signed, '{}')": "coalesce(d.hour_signed, '{}'), c.kind, c.reconcile_before",
    "LEFT JOIN due d ON d.asked = m.patient_id": f"LEFT JOIN due d ON d.asked = m.patient_id{STANDS}",
}


def upgrade() -> None:
    _crossings()
    _acts()
    _settings()
    _plans()
    _cross()
    _worklist(WORKLIST)


def _crossings() -> None:
    """`since`: from when no order goes on by itself. `reconcile_before`: the clock, which does not run while she is away."""
    op.execute(
        f"""CREATE TABLE medication.crossing (
            {KEY}, {RECORD},
            kind text NOT NULL CHECK (kind IN ('hospital', 'return', 'long_term', 'short_term', 'home')),
            stay_id uuid, place text CHECK (length(place) <= 120),
            since timestamptz NOT NULL, reconcile_before timestamptz,
            stand_in_name text, relationship_id uuid,
            PRIMARY KEY (patient_id, id),
            CHECK ((kind = 'hospital') = (reconcile_before IS NULL)),
            CHECK ((stand_in_name IS NULL) = (relationship_id IS NULL)))"""
    )
    chart_table("medication.crossing")
    stamp("medication.crossing")


def _acts() -> None:
    """What is done with the list after a crossing: somebody takes it on, confirms lines as they were, and signs it as a whole."""
    op.execute(
        f"""CREATE TABLE medication.crossing_act (
            {KEY}, {RECORD},
            crossing_id uuid NOT NULL,
            act text NOT NULL CHECK (act IN ('taken_over', 'confirmed', 'reconciled')),
            said_by text CHECK (length(said_by) <= 200), document_id uuid,
            lines jsonb CHECK (jsonb_typeof(lines) = 'array'),
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, document_id) REFERENCES medication.source_document (patient_id, id),
            CHECK ((act = 'confirmed') = (lines IS NOT NULL)),
            CHECK (act <> 'confirmed' OR said_by IS NOT NULL OR document_id IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    # Two who sign the same list at once meet here.
    op.execute(
        """CREATE UNIQUE INDEX reconciled_once ON medication.crossing_act (patient_id, crossing_id)
           WHERE act = 'reconciled' AND in_error_at IS NULL"""
    )
    chart_table("medication.crossing_act")
    stamp("medication.crossing_act")


def _settings() -> None:
    op.execute(
        """CREATE TABLE medication.door_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            within_hours integer NOT NULL CHECK (within_hours BETWEEN 1 AND 168),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table("medication.door_setting")


def _plans() -> None:
    """An order waits for somebody to confirm it, from then on, on the row that all who move the order lock."""
    op.execute("ALTER TABLE medication.request_plan ADD COLUMN unconfirmed_since timestamptz")
    op.execute("GRANT UPDATE (unconfirmed_since) ON medication.request_plan TO journal_app, journal_finder")
    op.execute("GRANT INSERT (unconfirmed_since) ON medication.request_plan TO journal_app")
    op.execute("GRANT UPDATE (state) ON medication.dose TO journal_finder")


def _cross() -> None:
    """Whoever moves the patient need not see her medicines, and may be kept from them: nothing of them is answered.

    The door is for a chart whose care is open, and only makes orders wait; an open chart alone lets anybody confirm one.
    """
    let_read("journal_finder", "medication.crossing", "medication.crossing_act", "medication.signing_setting")
    op.execute("GRANT INSERT ON medication.crossing, access.care_relationship TO journal_finder")
    define(
        "medication.cross_door(charts uuid[], crossing uuid, how text, stay uuid, whereto text, held_from timestamptz,"
        " before timestamptz, stand_in uuid, stand_in_said text) RETURNS void VOLATILE",
        """
        #variable_conflict use_column
        DECLARE
            relationship uuid := CASE WHEN stand_in IS NOT NULL THEN gen_random_uuid() END;
            -- What was decided while she was in hospital is not made to wait when she is back.
            decided timestamptz := held_from;
        BEGIN
            IF NOT charts <@ audit.opened_charts('care')::uuid[] THEN
                RAISE EXCEPTION 'the chart is not open' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF stand_in IS NOT NULL THEN
                -- A way into the chart is given to nobody but whom the municipality has named.
                IF NOT EXISTS (SELECT FROM medication.signing_setting s
                               WHERE s.municipality_id = audit.acting_for() AND s.stand_in_id = stand_in) THEN
                    RAISE EXCEPTION 'nobody has named this stand-in' USING ERRCODE = 'insufficient_privilege';
                END IF;
                INSERT INTO access.care_relationship (patient_id, id, practitioner_id, unit_id, ground, valid_from)
                VALUES (charts[1], relationship, stand_in, NULL, 'task', before);
            END IF;
            INSERT INTO medication.crossing (patient_id, id, kind, stay_id, place, since, reconcile_before, stand_in_name, relationship_id)
            VALUES (charts[1], crossing, how, stay, whereto, held_from, before, stand_in_said, relationship);
            IF how = 'return' THEN
                decided := coalesce((SELECT max(c.since) FROM medication.crossing c
                    WHERE c.patient_id = ANY (charts) AND c.kind = 'hospital' AND c.in_error_at IS NULL), held_from);
            END IF;
            PERFORM FROM medication.request_plan p WHERE p.patient_id = ANY (charts)
            ORDER BY p.patient_id, p.request_entry_id FOR NO KEY UPDATE;
            UPDATE medication.request_plan p SET unconfirmed_since = held_from
            WHERE p.patient_id = ANY (charts) AND p.unconfirmed_since IS NULL AND EXISTS (
                SELECT FROM (
                    SELECT r.status, r.effective_at FROM medication.medication_request r
                    WHERE r.patient_id = p.patient_id AND r.entry_id = p.request_entry_id AND r.in_error_at IS NULL
                    ORDER BY r.version DESC LIMIT 1) o
                WHERE o.status IN ('active', 'on-hold') AND o.effective_at < decided);
            UPDATE medication.dose d SET state = 'held' FROM medication.request_plan p
            WHERE p.patient_id = ANY (charts) AND p.unconfirmed_since IS NOT NULL
              AND d.patient_id = p.patient_id AND d.request_entry_id = p.request_entry_id
              -- What was late when she left is not to be given when she is back: somebody else may have given it.
              AND d.due_at > p.unconfirmed_since - interval '35 days' AND d.state = 'open'
              AND (d.due_at >= p.unconfirmed_since OR p.unconfirmed_since <= now() AND d.missed_from > p.unconfirmed_since);
        END""",
        owner="journal_finder",
    )


def _worklist(changed: dict[str, str]) -> None:
    """The same function, owner and grants, with some words of it changed; made anew, since what it answers with changes."""
    said = "told"
    for old, new in changed.items():
        said = f"replace({said}, $old${old}$old$, $new${new}$new$)"
    checks = "".join(f"ASSERT position($old${old}$old$ IN told) > 0;\n" for old in changed)
    function = "medication.worklist_by_patient(timestamptz, timestamptz)"
    op.execute(
        f"""DO $do$
        DECLARE told text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            {checks}
            DROP FUNCTION {function};
            EXECUTE {said};
        END $do$"""
    )
    op.execute(f"ALTER FUNCTION {function} OWNER TO journal_finder")
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO journal_app, journal_owner, journal_door, journal_finder")


def downgrade() -> None:
    _worklist({new: old for old, new in reversed(WORKLIST.items())})
    op.execute(
        "DROP FUNCTION medication.cross_door(uuid[], uuid, text, uuid, text, timestamptz, timestamptz, uuid, text)"
    )
    op.execute("DROP POLICY journal_finder ON medication.signing_setting")
    op.execute("REVOKE INSERT ON access.care_relationship FROM journal_finder")
    op.execute("REVOKE UPDATE (state) ON medication.dose FROM journal_finder")
    op.execute("ALTER TABLE medication.request_plan DROP COLUMN unconfirmed_since")
    for table in ("door_setting", "crossing_act", "crossing"):
        op.execute(f"DROP TABLE medication.{table}")
