"""Lists that are told or copied, lists at go-live and their checks, questions of a reconciliation, medication reviews.

Only adds: the version before this reads what it knows, and writes no row of these.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

from migrations.helpers import ENTRY, RECORD, chart_table, define, let_read, municipality_table, stamp

revision, down_revision, branch_labels, depends_on = "0019", "0018", None, None

KEY = "patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL"
IMPORTED = """'medication_list', 'prescription', 'medicines', 'discharge_report', 'admission_report', 'medical_information',
              'report_to_doctor'"""
TOLD = "'told_by_patient', 'told_by_kin', 'transcribed'"
TABLES = ("source_question", "source_answer", "confirmed_line", "source_check", "medication_review")
TASKS = "'general', 'effect_follow_up', 'allergy_ask'"

# The patients of whoever asks, with every record of theirs and the unit of the ground; nobody that is kept from her (0015).
MINE = """
    mine AS (
        SELECT DISTINCT ON (r.patient_id) r.patient_id, r.unit_id FROM access.care_relationship r
        WHERE r.unit_id = ANY (units) AND r.ground IN ('stay', 'service', 'route', 'task')
          AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
        ORDER BY r.patient_id, r.ground <> 'stay', r.valid_from DESC, r.id),
    linked AS (
        SELECT m.patient_id AS asked, m.unit_id, m.patient_id AS id FROM mine m
        UNION
        SELECT m.patient_id, m.unit_id, other.id FROM mine m
        JOIN patients.link l ON m.patient_id IN (l.patient_id, l.linked_patient_id)
            AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
        JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
        CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
    kept AS (
        SELECT k.asked FROM linked k JOIN access.restriction r ON r.patient_id = k.id
        WHERE r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
          AND (r.against_person_id = person OR r.against_unit_id = ANY (units))),
    seen AS (SELECT k.asked, k.unit_id, k.id FROM linked k WHERE k.asked NOT IN (SELECT k.asked FROM kept k))"""
WHO = """
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();"""


def upgrade() -> None:
    _sources()
    _questions()
    _lines()
    _reviews()
    for table in TABLES:
        chart_table(f"medication.{table}")
        stamp(f"medication.{table}")
    _lists()


def _sources() -> None:
    """`whole`: whether it says all that the patient takes; NULL where its kind says so. `go_live`: the list one begins with."""
    _kinds(f"{IMPORTED}, {TOLD}")
    op.execute(
        """ALTER TABLE medication.source_document
           ADD COLUMN whole boolean, ADD COLUMN go_live boolean NOT NULL DEFAULT false"""
    )
    op.execute("GRANT INSERT (whole, go_live) ON medication.source_document TO journal_app")
    op.execute(
        f"""CREATE TABLE medication.source_check (
            {KEY}, {RECORD}, {ENTRY},
            match_version integer NOT NULL CHECK (match_version >= 0),
            outcome text NOT NULL CHECK (outcome IN ('right', 'wrong')),
            note text CHECK (length(note) BETWEEN 1 AND 300),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            FOREIGN KEY (patient_id, entry_id) REFERENCES medication.source_entry (patient_id, id),
            CHECK (outcome = 'right' OR note IS NOT NULL OR erasure_id IS NOT NULL))"""
    )


def _kinds(kinds: str) -> None:
    op.execute("ALTER TABLE medication.source_document DROP CONSTRAINT source_document_kind_check")
    op.execute(
        f"ALTER TABLE medication.source_document ADD CONSTRAINT source_document_kind_check CHECK (kind IN ({kinds}))"
    )


def _questions() -> None:
    op.execute(
        f"""CREATE TABLE medication.source_question (
            {KEY}, {RECORD},
            reconciliation_id uuid NOT NULL,
            medicine text CHECK (length(medicine) BETWEEN 1 AND 200),
            asked_of text NOT NULL CHECK (asked_of IN ('gp', 'hospital', 'other_doctor', 'pharmacy', 'patient', 'kin')),
            text text CHECK (length(text) BETWEEN 1 AND 200),
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, reconciliation_id) REFERENCES medication.reconciliation (patient_id, id),
            CHECK (medicine IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    op.execute("CREATE INDEX question_of_reconciliation ON medication.source_question (patient_id, reconciliation_id)")
    op.execute(
        f"""CREATE TABLE medication.source_answer (
            {KEY}, {RECORD},
            question_id uuid NOT NULL,
            text text CHECK (length(text) BETWEEN 1 AND 1000),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, question_id),
            FOREIGN KEY (patient_id, question_id) REFERENCES medication.source_question (patient_id, id),
            CHECK (text IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    op.execute("ALTER TABLE medication.reconciliation_draft ADD COLUMN questions jsonb")
    op.execute("GRANT INSERT (questions), UPDATE (questions) ON medication.reconciliation_draft TO journal_app")
    _tasks(f"{TASKS}, 'medicine_question'")


def _tasks(kinds: str) -> None:
    op.execute("ALTER TABLE care.task DROP CONSTRAINT task_kind_check")
    op.execute(f"ALTER TABLE care.task ADD CONSTRAINT task_kind_check CHECK (kind IN ({kinds}))")


def _lines() -> None:
    """A line of ours that was alike in another's list, as a nurse took it in: of that version of the order, and no other."""
    op.execute(
        f"""CREATE TABLE medication.confirmed_line (
            {KEY}, {RECORD},
            document_id uuid NOT NULL, source_entry_id uuid NOT NULL,
            request_entry_id uuid NOT NULL, request_version integer NOT NULL CHECK (request_version > 0),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, document_id, request_entry_id, request_version),
            FOREIGN KEY (patient_id, document_id) REFERENCES medication.source_document (patient_id, id),
            FOREIGN KEY (patient_id, source_entry_id) REFERENCES medication.source_entry (patient_id, id))"""
    )


def _reviews() -> None:
    op.execute(
        f"""CREATE TABLE medication.medication_review (
            {KEY}, {RECORD},
            reviewed_on date NOT NULL CHECK (reviewed_on >= '1990-01-01'),
            took_part text CHECK (length(took_part) BETWEEN 1 AND 300),
            result text CHECK (length(result) BETWEEN 1 AND 2000),
            changes text CHECK (length(changes) BETWEEN 1 AND 2000),
            PRIMARY KEY (patient_id, id),
            CHECK (result IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (took_part IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (changes IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    op.execute("CREATE INDEX review_of_patient ON medication.medication_review (patient_id, reviewed_on DESC)")
    op.execute(
        """CREATE TABLE medication.review_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            most_months integer NOT NULL CHECK (most_months BETWEEN 1 AND 36),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table("medication.review_setting")


def _lists() -> None:
    let_read("journal_finder", "medication.source_document", "medication.source_entry", "medication.source_match")
    let_read("journal_finder", "medication.source_check", "medication.reconciliation", "medication.medication_review")
    # Of each patient, her newest list of the go-live: how many medicines it has, how many a nurse has checked as they stand
    # now, and whether a doctor has signed it. `lines` is NULL for whom there is neither such a list nor an order.
    define(
        "medication.go_live_lists() RETURNS TABLE (patient_id uuid, unit_id uuid, lines integer, checked integer, signed boolean)"
        " STABLE",
        f"""
        #variable_conflict use_column
        DECLARE {WHO}
        BEGIN
            RETURN QUERY
            WITH {MINE},
            newest AS (
                SELECT DISTINCT ON (s.asked) s.asked, d.patient_id AS owner, d.id FROM seen s
                JOIN medication.source_document d ON d.patient_id = s.id AND d.go_live AND d.in_error_at IS NULL
                ORDER BY s.asked, d.recorded_at DESC, d.id),
            counted AS (
                SELECT n.asked, count(e.id)::integer AS lines, count(k.match_version)::integer AS checked
                FROM newest n
                LEFT JOIN medication.source_entry e ON e.patient_id = n.owner AND e.document_id = n.id AND NOT e.stopped
                LEFT JOIN LATERAL (
                    SELECT c.match_version FROM medication.source_check c
                    WHERE c.patient_id = e.patient_id AND c.entry_id = e.id AND c.in_error_at IS NULL
                      AND c.match_version = coalesce((
                          SELECT max(m.version) FROM medication.source_match m
                          WHERE m.patient_id = e.patient_id AND m.entry_id = e.id AND m.in_error_at IS NULL), 0)
                    ORDER BY c.version DESC LIMIT 1) k ON true
                GROUP BY n.asked)
            SELECT p.asked, p.unit_id, c.lines, coalesce(c.checked, 0), EXISTS (
                SELECT FROM newest n JOIN medication.reconciliation r ON r.patient_id = n.owner AND r.document_id = n.id
                WHERE n.asked = p.asked AND r.in_error_at IS NULL)
            FROM (SELECT DISTINCT s.asked, s.unit_id FROM seen s) p
            LEFT JOIN counted c ON c.asked = p.asked
            WHERE c.lines IS NOT NULL OR NOT EXISTS (
                SELECT FROM seen s JOIN medication.medication_request o ON o.patient_id = s.id WHERE s.asked = p.asked)
            ORDER BY p.asked;
        END""",
        owner="journal_finder",
    )
    define(
        "medication.reviews_due(before date) RETURNS TABLE (patient_id uuid, last_on date) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE {WHO}
        BEGIN
            RETURN QUERY
            WITH {MINE},
            newest AS (
                SELECT DISTINCT ON (s.asked, o.entry_id) s.asked, o.status, o.ends_at
                FROM seen s JOIN medication.medication_request o ON o.patient_id = s.id AND o.in_error_at IS NULL
                ORDER BY s.asked, o.entry_id, o.version DESC),
            reviewed AS (
                SELECT s.asked, max(v.reviewed_on) AS last_on FROM seen s
                JOIN medication.medication_review v ON v.patient_id = s.id AND v.in_error_at IS NULL GROUP BY s.asked)
            SELECT DISTINCT n.asked, r.last_on FROM newest n LEFT JOIN reviewed r ON r.asked = n.asked
            WHERE n.status IN ('active', 'on-hold') AND (n.ends_at IS NULL OR n.ends_at > now())
              AND (r.last_on IS NULL OR r.last_on < before)
            ORDER BY r.last_on NULLS FIRST, n.asked;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.reviews_due(date)")
    op.execute("DROP FUNCTION medication.go_live_lists()")
    op.execute("DROP TABLE medication.review_setting")
    op.execute("ALTER TABLE medication.reconciliation_draft DROP COLUMN questions")
    for table in ("source_answer", *(table for table in TABLES if table != "source_answer")):
        op.execute(f"DROP TABLE medication.{table}")
    op.execute("ALTER TABLE medication.source_document DROP COLUMN go_live, DROP COLUMN whole")
    for table in ("source_document", "source_entry", "source_match", "reconciliation"):
        op.execute(f"DROP POLICY journal_finder ON medication.{table}")
        op.execute(f"REVOKE SELECT ON medication.{table} FROM journal_finder")
    _kinds(IMPORTED)
    _tasks(TASKS)
