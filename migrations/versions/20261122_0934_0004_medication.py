"""Medication: the catalogue, what a patient should take, each dose that is due, and what was given.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from migrations.helpers import ENTRY, RECORD, chart_table, define, let_read, municipality_table, reference_table

revision, down_revision, branch_labels, depends_on = "0004", "0003", None, None

# An exact amount. numeric(12,4) would silently make 0.0001 of 0.00005: twice the dose.
AMOUNT = "numeric CHECK ({0} > 0 AND {0} < 1000000000000 AND scale({0}) <= 4)"


def upgrade() -> None:
    _catalogue()
    _settings()
    _requests()
    _doses()
    _administrations()
    _plans()
    _worklist()


def _catalogue() -> None:
    op.execute(
        """CREATE TABLE medication.catalogue_item (
            id uuid PRIMARY KEY,
            fest_id uuid NOT NULL UNIQUE,
            kind text NOT NULL CHECK (kind IN ('brand', 'package', 'dose', 'virtual', 'substance')),
            active boolean NOT NULL DEFAULT true,
            prescribable boolean NOT NULL,
            withdrawn_at timestamptz,
            atc_code text,
            generic_name text NOT NULL,
            brand_name text,
            name_form_strength text NOT NULL,
            form text, form_code text,
            strength text, strength_value numeric, strength_unit text,
            route text, route_code text,
            prescription_group text,
            dose_unit text,
            item_number text,
            high_risk boolean NOT NULL DEFAULT false,
            time_critical boolean NOT NULL DEFAULT false,
            CHECK (active = (withdrawn_at IS NULL)),
            CHECK ((strength_value IS NULL) = (strength_unit IS NULL)))"""
    )
    # The start of a word is found as a range of text in byte order: LIKE reaches no index past a policy.
    op.execute(
        """CREATE TABLE medication.catalogue_word (
            word text COLLATE "C" NOT NULL,
            item_id uuid NOT NULL REFERENCES medication.catalogue_item (id),
            PRIMARY KEY (word, item_id))"""
    )
    op.execute("CREATE INDEX catalogue_word_item ON medication.catalogue_word (item_id)")
    op.execute(
        """CREATE TABLE medication.catalogue_import (
            id uuid PRIMARY KEY,
            imported_at timestamptz NOT NULL DEFAULT now(),
            source_hash text NOT NULL,
            active_count integer NOT NULL,
            withdrawn_count integer NOT NULL)"""
    )
    for table in ("catalogue_item", "catalogue_word", "catalogue_import"):
        reference_table(f"medication.{table}")


def _settings() -> None:
    """What a municipality has decided of its doses; without a row the program's own defaults hold."""
    op.execute(
        """CREATE TABLE medication.dose_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            since date NOT NULL,
            morning time NOT NULL, forenoon time NOT NULL, midday time NOT NULL,
            afternoon time NOT NULL, evening time NOT NULL, night time NOT NULL,
            ready_minutes integer NOT NULL CHECK (ready_minutes BETWEEN 0 AND 180),
            late_minutes integer NOT NULL CHECK (late_minutes BETWEEN 0 AND 180),
            critical_ready_minutes integer NOT NULL CHECK (critical_ready_minutes BETWEEN 0 AND ready_minutes),
            critical_late_minutes integer NOT NULL CHECK (critical_late_minutes BETWEEN 0 AND late_minutes),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version),
            CHECK (morning < forenoon AND forenoon < midday AND midday < afternoon AND afternoon < evening AND evening < night))"""
    )
    municipality_table("medication.dose_setting")
    # The worker plans for every municipality, each by its own choice.
    op.execute(
        """CREATE POLICY planner ON medication.dose_setting FOR SELECT TO journal_app
           USING ((SELECT audit.acting_role()) = 'system')"""
    )


def _requests() -> None:
    op.execute(
        f"""CREATE TABLE medication.medication_request (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD}, {ENTRY},
            status text NOT NULL CHECK (status IN ('active', 'on-hold', 'stopped', 'completed')),
            intent text NOT NULL DEFAULT 'order' CHECK (intent IN ('order', 'plan')),
            catalogue_item_id uuid REFERENCES medication.catalogue_item (id),
            atc_code text, generic_name text, brand_name text, form text, form_code text, strength text,
            route text, route_code text, prescription_group text,
            dosage jsonb, indication text, instruction text,
            use text NOT NULL CHECK (use IN ('1', '2', '3')),
            as_needed boolean NOT NULL,
            starts_at timestamptz NOT NULL, ends_at timestamptz,
            given_by text NOT NULL DEFAULT 'municipality_unit' CHECK (given_by IN ('municipality_unit', 'patient', 'other')),
            required_value jsonb, condition_text text,
            time_critical boolean NOT NULL DEFAULT false,
            high_risk boolean NOT NULL DEFAULT false,
            two_signatures boolean NOT NULL DEFAULT false,
            prescriber_name text,
            effective_at timestamptz NOT NULL,
            change text NOT NULL CHECK (change IN ('prescribe', 'change', 'hold', 'resume', 'stop', 'complete')),
            change_code text, change_reason text,
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, entry_id, version),
            CHECK (as_needed = (use = '3')),
            CHECK (ends_at > starts_at),
            CHECK (generic_name IS NOT NULL AND dosage IS NOT NULL AND prescriber_name IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (change IN ('prescribe', 'complete') OR change_reason IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table("medication.medication_request")


def _doses() -> None:
    # What moves with the order is copied here, so that the worklist counts without opening an order.
    op.execute(
        f"""CREATE TABLE medication.dose (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
            request_entry_id uuid NOT NULL, request_id uuid NOT NULL, request_version integer NOT NULL,
            due_at timestamptz NOT NULL, next_due_at timestamptz,
            ready_from timestamptz NOT NULL, late_after timestamptz NOT NULL, missed_from timestamptz NOT NULL,
            amount {AMOUNT.format("amount")} NOT NULL, unit text NOT NULL,
            slot text NOT NULL,
            given_by text NOT NULL,
            state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'held', 'cancelled')),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, request_entry_id, due_at),
            FOREIGN KEY (patient_id, request_id) REFERENCES medication.medication_request (patient_id, id))"""
    )
    op.execute("CREATE INDEX dose_due ON medication.dose (patient_id, due_at)")
    op.execute("CREATE INDEX dose_request ON medication.dose (patient_id, request_id)")
    # Whoever plans it (the worker acts for nobody), a dose is the business of the municipality that answers for its order.
    let_read("journal_finder", "medication.medication_request")
    define(
        "medication.answer_for_dose() RETURNS trigger VOLATILE",
        """
        BEGIN
            SELECT r.municipality_id INTO NEW.municipality_id FROM medication.medication_request r
            WHERE r.patient_id = NEW.patient_id AND r.id = NEW.request_id;
            RETURN NEW;
        END""",
        owner="journal_finder",
    )
    op.execute(
        """CREATE TRIGGER answered_for BEFORE INSERT OR UPDATE OF request_id ON medication.dose
           FOR EACH ROW EXECUTE FUNCTION medication.answer_for_dose()"""
    )
    moves = (
        "request_id",
        "request_version",
        "next_due_at",
        "ready_from",
        "late_after",
        "missed_from",
        "amount",
        "unit",
        "slot",
    )
    chart_table("medication.dose", projection=True, updates=(*moves, "given_by", "state"))


def _administrations() -> None:
    op.execute(
        f"""CREATE TABLE medication.medication_administration (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            dose_id uuid, request_id uuid NOT NULL, request_version integer NOT NULL,
            kind text NOT NULL DEFAULT 'signature' CHECK (kind IN ('signature', 'also_given', 'given_after_stop', 'witness')),
            status text NOT NULL CHECK (status IN ('completed', 'not-done')),
            result text NOT NULL CHECK (result IN ('1', '2', '3', '4')),
            reason_code text, reason_text text,
            effective_at timestamptz NOT NULL,
            amount {AMOUNT.format("amount")}, unit text,
            observation_id uuid, replaces_id uuid, witness_of_id uuid,
            PRIMARY KEY (patient_id, id),
            FOREIGN KEY (patient_id, dose_id) REFERENCES medication.dose (patient_id, id),
            FOREIGN KEY (patient_id, request_id) REFERENCES medication.medication_request (patient_id, id),
            FOREIGN KEY (patient_id, replaces_id) REFERENCES medication.medication_administration (patient_id, id),
            FOREIGN KEY (patient_id, witness_of_id) REFERENCES medication.medication_administration (patient_id, id),
            CHECK (effective_at <= recorded_at),
            CHECK ((status = 'completed') = (result IN ('1', '2'))),
            CHECK (result = '1' OR reason_code IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK (result <> '1' OR amount IS NOT NULL OR erasure_id IS NOT NULL),
            CHECK ((amount IS NULL) = (unit IS NULL)),
            CHECK (kind = 'signature' OR dose_id IS NOT NULL),
            CHECK ((kind = 'witness') = (witness_of_id IS NOT NULL)))"""
    )
    op.execute(
        """CREATE UNIQUE INDEX one_live_signature_per_dose ON medication.medication_administration (patient_id, dose_id)
           WHERE in_error_at IS NULL AND kind = 'signature'"""
    )
    op.execute("CREATE INDEX administration_of_dose ON medication.medication_administration (patient_id, dose_id)")
    op.execute(
        "CREATE INDEX administration_of_request ON medication.medication_administration (patient_id, request_id, effective_at)"
    )
    op.execute(
        """CREATE UNIQUE INDEX one_live_witness_per_signature ON medication.medication_administration (patient_id, witness_of_id)
           WHERE in_error_at IS NULL AND kind = 'witness'"""
    )
    chart_table("medication.medication_administration")
    _witnesses()


def _witnesses() -> None:
    """The second signature is another person's, of a live signature: a key can say that it exists, not whose it is."""
    op.execute(
        """CREATE FUNCTION medication.witness_is_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM medication.medication_administration s
                WHERE s.patient_id = NEW.patient_id AND s.id = NEW.witness_of_id AND s.kind = 'signature'
                  AND s.in_error_at IS NULL AND s.recorded_by <> NEW.recorded_by)
            THEN
                RAISE EXCEPTION 'the second signature is by another person, of a live signature' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION medication.witness_is_another() OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.witness_is_another() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER witness_is_another BEFORE INSERT ON medication.medication_administration FOR EACH ROW"
        " WHEN (NEW.kind = 'witness') EXECUTE FUNCTION medication.witness_is_another()"
    )


def _plans() -> None:
    """How far the doses of each order are worked out; also the row that all who move an order lock first."""
    op.execute(
        """CREATE TABLE medication.request_plan (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), request_entry_id uuid NOT NULL,
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
            planned_until timestamptz,
            PRIMARY KEY (patient_id, request_entry_id))"""
    )
    # The one index that does not begin with the patient: the worker finds whose plan runs out, chart by closed chart.
    op.execute(
        """CREATE INDEX request_plan_runs_out ON medication.request_plan (planned_until, municipality_id)
           WHERE planned_until IS NOT NULL"""
    )
    chart_table("medication.request_plan", projection=True, updates=("planned_until",))


def _worklist() -> None:
    let_read("journal_finder", "medication.dose", "medication.medication_administration", "medication.request_plan")
    define(
        "medication.worklist(since timestamptz, before timestamptz) RETURNS TABLE (patient_id uuid, room text, away_until timestamptz,"
        " slot_at timestamptz, next_due_at timestamptz, late integer, ready integer, total integer, signed integer) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
        BEGIN
            RETURN QUERY
            WITH mine AS (
                SELECT DISTINCT ON (r.patient_id) r.patient_id, r.room, r.away_from, r.away_until
                FROM access.care_relationship r
                WHERE (r.unit_id = ANY (units) OR r.practitioner_id = person)
                  AND r.ground IN ('stay', 'service', 'route', 'task')
                  AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
                ORDER BY r.patient_id, (r.ground = 'stay') DESC, r.valid_from DESC),
            linked AS (
                SELECT m.patient_id AS asked, m.patient_id AS id FROM mine m
                UNION
                SELECT m.patient_id, other.id FROM mine m
                JOIN patients.link l ON m.patient_id IN (l.patient_id, l.linked_patient_id)
                    AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
                JOIN patients.link s ON s.patient_id = l.patient_id AND s.valid_until IS NULL AND s.confirmed_at IS NOT NULL
                CROSS JOIN LATERAL (VALUES (s.patient_id), (s.linked_patient_id)) AS other (id)),
            due AS (
                SELECT k.asked, date_trunc('hour', d.due_at) AS slot_at, d.due_at, a.id IS NOT NULL AS signed,
                    a.id IS NULL AND d.late_after < now() AND d.missed_from > now() AS late,
                    a.id IS NULL AND d.ready_from <= now() AND d.late_after >= now() AND d.missed_from > now() AS ready
                FROM linked k
                JOIN mine m ON m.patient_id = k.asked
                JOIN medication.dose d ON d.patient_id = k.id AND d.due_at >= since AND d.due_at < before
                LEFT JOIN medication.medication_administration a
                    ON a.patient_id = d.patient_id AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
                WHERE a.id IS NOT NULL OR (
                    d.state = 'open' AND d.given_by = 'municipality_unit'
                    AND NOT (m.away_from IS NOT NULL AND d.due_at >= m.away_from AND d.due_at < coalesce(m.away_until, 'infinity'))))
            SELECT m.patient_id, m.room,
                CASE WHEN m.away_from <= now() AND coalesce(m.away_until, 'infinity') > now() THEN coalesce(m.away_until, '9999-12-31T00:00:00Z') END,
                d.slot_at, min(d.due_at) FILTER (WHERE NOT d.signed AND d.due_at >= now()),
                (count(*) FILTER (WHERE d.late))::integer, (count(*) FILTER (WHERE d.ready))::integer,
                count(d.asked)::integer, (count(*) FILTER (WHERE d.signed))::integer
            FROM mine m LEFT JOIN due d ON d.asked = m.patient_id
            GROUP BY m.patient_id, m.room, m.away_from, m.away_until, d.slot_at
            ORDER BY m.room NULLS LAST, m.patient_id, d.slot_at;
        END""",
        owner="journal_finder",
    )
    define(
        "medication.plans_running_out(before timestamptz, most integer) RETURNS TABLE (patient_id uuid) STABLE",
        """
        #variable_conflict use_column
        BEGIN
            IF audit.acting_role() IS DISTINCT FROM 'system' THEN
                RAISE EXCEPTION 'for the worker alone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN QUERY
            SELECT p.patient_id FROM medication.request_plan p WHERE p.planned_until < before
            GROUP BY p.patient_id ORDER BY min(p.planned_until) LIMIT most;
        END""",
        owner="journal_finder",
    )
    # A municipality has chosen other clock times: the worker plans from that day on anew. No chart is opened by this.
    op.execute("GRANT UPDATE (planned_until) ON medication.request_plan TO journal_finder")
    define(
        "medication.plan_anew_from(start timestamptz) RETURNS void VOLATILE",
        """
        BEGIN
            IF audit.acting_role() IS DISTINCT FROM 'tenant_administrator' THEN
                RAISE EXCEPTION 'for the administrator alone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            UPDATE medication.request_plan p SET planned_until = start
            WHERE p.municipality_id = audit.acting_for() AND p.planned_until > start;
        END""",
        owner="journal_finder",
    )
    # For who watches the worker: one moment, and nothing of whose.
    define(
        "medication.horizon() RETURNS timestamptz STABLE",
        "BEGIN RETURN (SELECT min(p.planned_until) FROM medication.request_plan p); END",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA medication CASCADE")
    op.execute("CREATE SCHEMA medication AUTHORIZATION journal_owner")
    op.execute(
        "GRANT USAGE ON SCHEMA medication TO journal_app, journal_door, journal_finder, journal_backup, journal_sealer"
    )
    op.execute("GRANT CREATE ON SCHEMA medication TO journal_door, journal_finder")
