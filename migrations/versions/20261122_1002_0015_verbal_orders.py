"""Orders by word of mouth: who said what, who wrote it down, until when it is to be signed, and the answer.

Only adds: the version before this goes on prescribing, and no order of its own was by word of mouth.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

from migrations.helpers import RECORD, chart_table, define, let_read, municipality_table, stamp

revision, down_revision, branch_labels, depends_on = "0015", "0014", None, None

# The patients of whoever asks, with every record of theirs; nobody that is kept from her.
MINE = """
    mine AS (
        SELECT DISTINCT r.patient_id FROM access.care_relationship r
        WHERE (r.unit_id = ANY (units) OR r.practitioner_id = person)
          AND r.ground IN ('stay', 'service', 'route', 'task')
          AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL),
    linked AS (
        SELECT m.patient_id AS asked, m.patient_id AS id FROM mine m
        UNION
        SELECT m.patient_id, other.id FROM mine m
        JOIN patients.link l ON m.patient_id IN (l.patient_id, l.linked_patient_id)
            AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
        JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
        CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
    kept AS (
        SELECT k.asked FROM linked k JOIN access.restriction r ON r.patient_id = k.id
        WHERE r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
          AND (r.against_person_id = person OR r.against_unit_id = ANY (units))),
    seen AS (SELECT k.asked, k.id FROM linked k WHERE k.asked NOT IN (SELECT k.asked FROM kept k))"""
WHO = """
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();"""


def upgrade() -> None:
    _orders()
    _answers()
    _settings()
    _lists()


def _orders() -> None:
    op.execute(
        f"""CREATE TABLE medication.verbal_order (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            request_entry_id uuid NOT NULL,
            prescriber_name text NOT NULL CHECK (length(prescriber_name) BETWEEN 2 AND 120),
            prescriber_hpr text NOT NULL CHECK (prescriber_hpr ~ '^[0-9]{{4,9}}$'),
            prescriber_service text NOT NULL CHECK (length(prescriber_service) BETWEEN 2 AND 120),
            read_back boolean NOT NULL CHECK (read_back),
            sign_before timestamptz NOT NULL,
            stand_in_name text, relationship_id uuid,
            PRIMARY KEY (patient_id, id),
            CHECK (sign_before > recorded_at),
            CHECK ((stand_in_name IS NULL) = (relationship_id IS NULL)))"""
    )
    chart_table("medication.verbal_order")
    stamp("medication.verbal_order")
    op.execute("ALTER TABLE medication.medication_request ADD COLUMN verbal_order_id uuid")
    op.execute(
        """ALTER TABLE medication.medication_request ADD FOREIGN KEY (patient_id, verbal_order_id)
           REFERENCES medication.verbal_order (patient_id, id)"""
    )
    op.execute("GRANT INSERT (verbal_order_id) ON medication.medication_request TO journal_app")


def _answers() -> None:
    op.execute(
        f"""CREATE TABLE medication.verbal_answer (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            verbal_order_id uuid NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('signed', 'refused')),
            reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, verbal_order_id),
            FOREIGN KEY (patient_id, verbal_order_id) REFERENCES medication.verbal_order (patient_id, id),
            CHECK (outcome = 'signed' OR reason IS NOT NULL))"""
    )
    chart_table("medication.verbal_answer")
    stamp("medication.verbal_answer")
    # A key can say that it was received, not by whom.
    op.execute(
        """CREATE FUNCTION medication.answered_by_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM medication.verbal_order v
                WHERE v.patient_id = NEW.patient_id AND v.id = NEW.verbal_order_id AND v.recorded_by <> NEW.recorded_by)
            THEN
                RAISE EXCEPTION 'an order by word of mouth is answered by another than who received it'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION medication.answered_by_another() OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.answered_by_another() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER answered_by_another BEFORE INSERT ON medication.verbal_answer FOR EACH ROW"
        " EXECUTE FUNCTION medication.answered_by_another()"
    )


def _settings() -> None:
    op.execute(
        """CREATE TABLE medication.signing_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), unit_id uuid NOT NULL,
            version integer NOT NULL CHECK (version > 0),
            within_hours integer NOT NULL CHECK (within_hours BETWEEN 1 AND 168),
            stand_in_id uuid REFERENCES municipalities.practitioner (id),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, unit_id, version),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    municipality_table("medication.signing_setting")


def _lists() -> None:
    let_read("journal_finder", "medication.verbal_order", "medication.verbal_answer")
    define(
        "medication.verbal_orders() RETURNS TABLE (patient_id uuid, id uuid, sign_before timestamptz, received_by uuid,"
        " answered_at timestamptz) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE {WHO}
        BEGIN
            RETURN QUERY
            WITH {MINE}
            SELECT s.asked, v.id, v.sign_before, v.recorded_by, a.recorded_at
            FROM seen s
            JOIN medication.verbal_order v ON v.patient_id = s.id AND v.in_error_at IS NULL
            LEFT JOIN medication.verbal_answer a ON a.patient_id = v.patient_id AND a.verbal_order_id = v.id
            WHERE a.id IS NULL OR (v.recorded_by = person AND a.recorded_at > now() - interval '7 days')
            ORDER BY v.sign_before, v.id;
        END""",
        owner="journal_finder",
    )
    # The end of an order is its own, or that of the course its dosage says. What is given for one day is not renewed.
    define(
        "medication.orders_ending(before timestamptz) RETURNS TABLE (patient_id uuid, orders integer, first_end timestamptz) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE {WHO}
        BEGIN
            RETURN QUERY
            WITH {MINE},
            newest AS (
                SELECT DISTINCT ON (s.asked, r.entry_id) s.asked, r.status,
                    (r.dosage #>> '{{course,starts_at}}')::timestamptz AS starts, (r.dosage #>> '{{course,ends_at}}')::timestamptz AS stops,
                    least(r.ends_at, (r.dosage #>> '{{course,ends_at}}')::timestamptz) AS ends
                FROM seen s JOIN medication.medication_request r ON r.patient_id = s.id AND r.in_error_at IS NULL
                ORDER BY s.asked, r.entry_id, r.version DESC)
            SELECT n.asked, count(*)::integer, min(n.ends) FROM newest n
            WHERE n.status IN ('active', 'on-hold') AND n.ends > now() AND n.ends <= before
              AND coalesce(n.stops - n.starts > interval '25 hours', true)
            GROUP BY n.asked ORDER BY min(n.ends), n.asked;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.orders_ending(timestamptz)")
    op.execute("DROP FUNCTION medication.verbal_orders()")
    op.execute("DROP TABLE medication.signing_setting")
    op.execute("DROP TABLE medication.verbal_answer")
    op.execute("DROP FUNCTION medication.answered_by_another()")
    op.execute("ALTER TABLE medication.medication_request DROP COLUMN verbal_order_id")
    op.execute("DROP TABLE medication.verbal_order")
