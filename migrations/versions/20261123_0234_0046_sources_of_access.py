"""Where grounds come from and how they end: the municipality's hours of grace, who is at work, a visit that a colleague takes,
the grounds of those who have left, and the check that finds what is open and should not be.

Revision ID: 0046
"""

from alembic import op

from migrations.helpers import define, guard, let_read, municipality_table

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# A ground that is open today: what the gate would open a chart by, but for the hours of grace.
OPEN = "r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL"
# Also whose employment has yet to begin: until then she cannot sign in.
EMPLOYED = """EXISTS (SELECT FROM municipalities.practitioner_role e
    WHERE e.practitioner_id = r.practitioner_id AND e.municipality_id = r.municipality_id
      AND (e.valid_until IS NULL OR e.valid_until > now()))"""
# What follows from no stay and no service ends with the person: they end with what they rest on, by whoever ends that.
OF_THEMSELVES = "('route', 'task', 'general_practitioner', 'referral', 'patient_request')"
ASKED = "('general_practitioner', 'referral', 'patient_request')"
VISITS = "access.visits_to_take()"
TAKE = "access.take_visit(uuid, uuid)"
TAKEN = "access.visits_taken()"
END = "access.end_grounds()"
AMISS = "access.grounds_amiss()"
SOURCES = "access.sources()"
GRACE = "access.grace(uuid)"


def upgrade() -> None:
    let_read("journal_finder", "care.stay", "care.granted_service", "patients.patient_history")
    op.execute(
        "CREATE INDEX care_relationship_source ON access.care_relationship (municipality_id, ground, recorded_at)"
    )
    op.execute("CREATE INDEX patient_died ON patients.patient (died_at) WHERE died_at IS NOT NULL")
    # Who asks that somebody may see a chart is never the one who is to see it.
    op.execute(
        f"""ALTER TABLE access.care_relationship ADD CONSTRAINT never_for_oneself
            CHECK (ground NOT IN {ASKED} OR practitioner_id IS DISTINCT FROM recorded_by) NOT VALID"""
    )
    _grace()
    _shift()
    _visits()
    _check()
    _sources()


def _grace() -> None:
    op.execute(
        """CREATE TABLE access.grace_setting (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            hours smallint NOT NULL CHECK (hours BETWEEN 1 AND 72),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table("access.grace_setting")
    let_read("journal_finder", "access.grace_setting")
    op.execute(
        """CREATE FUNCTION access.grace(municipality uuid) RETURNS interval LANGUAGE sql STABLE AS $$
            SELECT make_interval(hours => coalesce(
                (SELECT s.hours FROM access.grace_setting s WHERE s.municipality_id = municipality
                 ORDER BY s.version DESC LIMIT 1), 12)) $$"""
    )
    op.execute(f"ALTER FUNCTION {GRACE} OWNER TO journal_owner")


def _shift() -> None:
    op.execute(
        """CREATE TABLE access.shift (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), id uuid NOT NULL,
            practitioner_id uuid NOT NULL DEFAULT audit.acting_person() REFERENCES municipalities.practitioner (id),
            unit_id uuid NOT NULL DEFAULT audit.acting_unit(), role text NOT NULL DEFAULT audit.acting_role(),
            started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz,
            PRIMARY KEY (municipality_id, id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (ended_at >= started_at))"""
    )
    op.execute("CREATE INDEX shift_of_unit ON access.shift (municipality_id, unit_id, started_at)")
    op.execute("CREATE UNIQUE INDEX one_shift_at_a_time ON access.shift (practitioner_id) WHERE ended_at IS NULL")
    guard("access.shift")
    own = "practitioner_id = (SELECT audit.acting_person())"
    here = "municipality_id = (SELECT audit.acting_for())"
    op.execute(
        f"CREATE POLICY own ON access.shift TO journal_app USING ({own}) WITH CHECK ({own} AND ({here} OR ended_at IS NOT NULL))"
    )
    op.execute(f"CREATE POLICY municipality ON access.shift FOR SELECT TO journal_app USING ({here})")
    op.execute("GRANT SELECT, INSERT (id), UPDATE (ended_at) ON access.shift TO journal_app")


def _visits() -> None:
    """A visit of the day is a patient at home with a dose that the unit is to give. Nothing says who she is before it is taken."""
    define(
        f"{VISITS} RETURNS TABLE (relationship_id uuid, patient_id uuid, unit_id uuid, unit_name text, area text,"
        " due timestamptz[]) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            units uuid[] := translate(w ->> 'units', '[]" ', '{{}}')::uuid[];
            person uuid := (w ->> 'person_id')::uuid;
            -- A visit that is two hours late is still to be made; the day ends at midnight in Norway.
            first timestamptz := now() - interval '2 hours';
            last timestamptz := (date_trunc('day', now() AT TIME ZONE 'Europe/Oslo') + interval '1 day') AT TIME ZONE 'Europe/Oslo';
        BEGIN
            RETURN QUERY
            SELECT DISTINCT ON (r.patient_id) r.id, r.patient_id, u.id, u.name, p.postal_code, d.due
            FROM municipalities.unit u
            JOIN access.care_relationship r ON r.unit_id = u.id AND r.ground = 'service' AND {OPEN}
                AND NOT (r.away_from IS NOT NULL AND r.away_from <= now() AND coalesce(r.away_until, 'infinity') > now())
            JOIN patients.patient p ON p.patient_id = r.patient_id AND p.confidentiality = 'none' AND p.died_at IS NULL
            CROSS JOIN LATERAL (
                SELECT array_agg(DISTINCT d.due_at ORDER BY d.due_at) AS due FROM medication.dose d
                LEFT JOIN medication.medication_administration a
                    ON a.patient_id = d.patient_id AND a.dose_id = d.id AND a.in_error_at IS NULL AND a.kind = 'signature'
                WHERE d.patient_id = r.patient_id AND d.due_at >= first AND d.due_at < last AND d.state = 'open'
                  AND d.given_by = 'municipality_unit' AND a.id IS NULL) d
            WHERE u.municipality_id = (w ->> 'municipality_id')::uuid AND u.kind IN ('home_care', 'district')
              AND u.valid_until IS NULL AND NOT u.id = ANY (units) AND d.due IS NOT NULL
              AND NOT EXISTS (SELECT FROM access.restriction x WHERE x.patient_id = r.patient_id AND x.valid_from <= now()
                AND (x.valid_until IS NULL OR x.valid_until > now())
                AND (x.against_person_id = person OR x.against_unit_id = ANY (units)))
              -- Hers already, or taken by somebody today.
              AND NOT EXISTS (SELECT FROM access.care_relationship m WHERE m.patient_id = r.patient_id
                AND m.valid_from <= now() AND (m.valid_until IS NULL OR m.valid_until > now()) AND m.in_error_at IS NULL
                AND (m.unit_id = ANY (units) OR m.practitioner_id = person OR m.ground = 'route'))
            ORDER BY r.patient_id, r.valid_from;
        END""",
        owner="journal_finder",
    )
    define(
        "access.take_visit(relationship uuid, ground_id uuid) RETURNS uuid VOLATILE",
        """
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            v record;
            ends timestamptz := greatest(now() + interval '2 hours',
                (date_trunc('day', now() AT TIME ZONE 'Europe/Oslo') + interval '1 day') AT TIME ZONE 'Europe/Oslo');
        BEGIN
            SELECT * INTO v FROM access.visits_to_take() t WHERE t.relationship_id = relationship;
            IF NOT FOUND THEN RETURN NULL; END IF;
            -- Two who take it at once wait here for one another, and the second looks again.
            PERFORM FROM access.care_relationship r WHERE r.patient_id = v.patient_id AND r.id = relationship FOR NO KEY UPDATE;
            IF NOT EXISTS (SELECT FROM access.visits_to_take() t WHERE t.relationship_id = relationship) THEN RETURN NULL; END IF;
            INSERT INTO access.care_relationship (patient_id, id, unit_id, practitioner_id, ground, valid_from, valid_until,
                grace_until, decision_ref)
            VALUES (v.patient_id, ground_id, NULL, (w ->> 'person_id')::uuid, 'route', now(), ends,
                ends + access.grace((w ->> 'municipality_id')::uuid),
                jsonb_build_object('id', relationship, 'description', 'Tok besøket fra ' || v.unit_name, 'user_selected', true,
                    'from_unit', v.unit_id));
            RETURN v.patient_id;
        END""",
        owner="journal_finder",
    )
    define(
        f"{TAKEN} RETURNS TABLE (patient_id uuid, unit_name text, taken_by_name text, taken_at timestamptz) STABLE",
        """
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            units uuid[] := translate(w ->> 'units', '[]" ', '{}')::uuid[];
        BEGIN
            RETURN QUERY
            SELECT r.patient_id, u.name, r.recorded_by_name, r.recorded_at
            FROM access.care_relationship r
            JOIN municipalities.unit u ON u.id = (r.decision_ref ->> 'from_unit')::uuid
            WHERE r.municipality_id = (w ->> 'municipality_id')::uuid AND r.ground = 'route'
              AND r.recorded_at > now() - interval '7 days' AND u.id = ANY (units)
            ORDER BY r.recorded_at DESC;
        END""",
        owner="journal_finder",
    )


def _check() -> None:
    op.execute(
        """CREATE TABLE access.ground_check (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            checked_at timestamptz NOT NULL DEFAULT now(), found integer NOT NULL CHECK (found >= 0))"""
    )
    guard("access.ground_check")
    # A count and a time of the whole installation; the worker writes it, and whoever watches the figures has no identity.
    op.execute("CREATE POLICY everybody ON access.ground_check TO journal_app USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT (found), UPDATE (checked_at, found) ON access.ground_check TO journal_app")
    # Nobody asks for this one: the worker ends what a person had by herself when she has left or the patient has died.
    define(
        f"{END} RETURNS integer VOLATILE",
        f"""
        DECLARE
            ended integer;
        BEGIN
            IF audit.acting_role() IS DISTINCT FROM 'system' THEN
                RAISE EXCEPTION 'the worker ends grounds' USING ERRCODE = 'insufficient_privilege';
            END IF;
            WITH over AS (
                SELECT r.patient_id, r.id, interval '0' AS grace
                FROM access.care_relationship r
                WHERE r.practitioner_id IS NOT NULL AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now())
                  AND r.in_error_at IS NULL AND NOT {EMPLOYED}
                UNION ALL
                SELECT r.patient_id, r.id, access.grace(r.municipality_id)
                FROM patients.patient p JOIN access.care_relationship r ON r.patient_id = p.patient_id
                WHERE p.died_at IS NOT NULL AND (r.valid_until IS NULL OR r.valid_until > now()) AND r.in_error_at IS NULL
                  AND r.ground IN {OF_THEMSELVES}),
            -- Of a leaver who had a dead patient: the shorter.
            each AS (SELECT o.patient_id, o.id, min(o.grace) AS grace FROM over o GROUP BY o.patient_id, o.id)
            UPDATE access.care_relationship r
            SET valid_until = greatest(r.valid_from, least(r.valid_until, now())),
                grace_until = greatest(r.valid_from, least(r.valid_until, now()), now()) + o.grace
            FROM each o WHERE (r.patient_id, r.id) = (o.patient_id, o.id);
            GET DIAGNOSTICS ended = ROW_COUNT;
            RETURN ended;
        END""",
        owner="journal_finder",
    )
    # The worker and whoever runs the journal see all of it; others what their own municipality answers for, and the patient
    # only of their own units.
    define(
        f"{AMISS} RETURNS TABLE (kind text, municipality_id uuid, municipality_name text, unit_id uuid, unit_name text,"
        " relationship_id uuid, patient_id uuid, person_name text, ground text, since timestamptz) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            w jsonb := audit.who();
            units uuid[] := translate(w ->> 'units', '[]" ', '{{}}')::uuid[];
            everywhere boolean := coalesce(w ->> 'role' = 'system', false);
        BEGIN
            RETURN QUERY
            WITH amiss AS (
                SELECT 'left' AS kind, r.patient_id, r.id FROM access.care_relationship r
                WHERE r.practitioner_id IS NOT NULL AND r.valid_from <= now() AND r.in_error_at IS NULL
                  AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now()) AND NOT {EMPLOYED}
                UNION ALL
                SELECT 'closed_unit', r.patient_id, r.id FROM municipalities.unit u
                JOIN access.care_relationship r ON r.unit_id = u.id AND {OPEN}
                WHERE u.valid_until <= now()
                UNION ALL
                SELECT 'dead', r.patient_id, r.id FROM patients.patient p
                JOIN access.care_relationship r ON r.patient_id = p.patient_id AND {OPEN}
                WHERE p.died_at < now() - interval '3 days'
                UNION ALL
                SELECT 'moved', r.patient_id, r.id FROM patients.patient_history h
                JOIN patients.patient p ON p.patient_id = h.patient_id
                JOIN access.care_relationship r ON r.patient_id = h.patient_id AND r.recorded_at < h.recorded_at
                    AND r.ground <> 'stay' AND {OPEN}
                JOIN municipalities.municipality m ON m.id = r.municipality_id
                WHERE h.was ->> 'home_municipality_number' = m.number AND p.home_municipality_number <> m.number
                UNION ALL
                SELECT 'source_ended', r.patient_id, r.id FROM care.stay s
                JOIN access.care_relationship r ON (r.patient_id, r.id) = (s.patient_id, s.relationship_id) AND {OPEN}
                WHERE s.part_of_id IS NULL AND (s.valid_until <= now() OR s.in_error_at IS NOT NULL)
                UNION ALL
                SELECT 'source_ended', r.patient_id, r.id FROM care.granted_service g
                JOIN access.care_relationship r ON (r.patient_id, r.id) = (g.patient_id, g.relationship_id) AND {OPEN}
                WHERE g.valid_until <= now() OR g.in_error_at IS NOT NULL)
            SELECT a.kind, r.municipality_id, m.name, r.unit_id, u.name, r.id,
                CASE WHEN everywhere OR r.unit_id = ANY (units) THEN r.patient_id END, e.name, r.ground, r.valid_from
            FROM (SELECT DISTINCT x.kind, x.patient_id, x.id FROM amiss x) a
            JOIN access.care_relationship r ON (r.patient_id, r.id) = (a.patient_id, a.id)
            JOIN municipalities.municipality m ON m.id = r.municipality_id
            LEFT JOIN municipalities.unit u ON u.id = r.unit_id
            LEFT JOIN municipalities.practitioner e ON e.id = r.practitioner_id
            WHERE everywhere OR r.municipality_id = (w ->> 'municipality_id')::uuid
            ORDER BY m.name, a.kind, u.name, r.valid_from, r.id;
        END""",
        owner="journal_finder",
    )


def _sources() -> None:
    define(
        f"{SOURCES} RETURNS TABLE (ground text, open_now integer, in_grace integer, last_begun_at timestamptz) STABLE",
        f"""
        #variable_conflict use_column
        DECLARE
            of uuid := audit.acting_for();
        BEGIN
            RETURN QUERY
            SELECT r.ground, (count(*) FILTER (WHERE {OPEN}))::integer,
                (count(*) FILTER (WHERE r.valid_until <= now() AND r.grace_until > now() AND r.in_error_at IS NULL))::integer,
                max(r.recorded_at)
            FROM access.care_relationship r WHERE r.municipality_id = of GROUP BY r.ground;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    for function in (SOURCES, AMISS, END, TAKEN, TAKE, VISITS, GRACE):
        op.execute(f"DROP FUNCTION {function}")
    for table in ("access.ground_check", "access.shift", "access.grace_setting"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE access.care_relationship DROP CONSTRAINT never_for_oneself")
    op.execute("DROP INDEX patients.patient_died")
    op.execute("DROP INDEX access.care_relationship_source")
    for table in ("care.stay", "care.granted_service", "patients.patient_history"):
        op.execute(f"DROP POLICY journal_finder ON {table}")
        op.execute(f"REVOKE SELECT ON {table} FROM journal_finder")
