"""What a role may rest on: the authorisation, two persons, a shift leader's agreed substitutes, a student's supervisor.

The trigger on municipalities.practitioner_role decides every way to a role, whatever the application asks for; the identity of a
request (access.identity) asks anew whether the role still holds.

Revision ID: 0045
"""

from alembic import op

from migrations.helpers import define, guard, let_read, reference_table, with_other_words

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

# Volven 9060, as journal/municipalities/role_rules.py has them; a test compares.
AUTHORISED = {
    "doctor": ("LE",),
    "nurse": ("SP",),
    "health_assistant": ("HF", "HP", "OA", "HE", "VP", "SP"),
}
# Volven 7704: what counts as an authorisation or a licence that holds.
APPROVALS = "'1', '2', '3', '4', '6', '7', '8', '14', '17', '18'"
ROLES = "'nurse', 'health_assistant', 'doctor', 'unit_manager', 'tenant_administrator', 'auditor'"
WITH_ANOTHER = "'unit_manager', 'tenant_administrator', 'auditor'"
LENT = "'nurse', 'health_assistant'"
RECORDED = """
    recorded_at timestamptz NOT NULL DEFAULT now(), recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name()"""
SUPERVISED = "nullif(left(current_setting('journal.who', true), -64), '')::jsonb ->> "
STANDS = "r.id = employment AND r.valid_from <= now()"
NAMED = "'name', p.name,"
TOLD = (
    "'name', coalesce(p.name || ' (student, veileder ' || s.name || ')', p.name),"
    " 'supervised_by', s.id, 'supervised_by_name', s.name,"
)
MUNICIPALITY = "JOIN municipalities.municipality m ON m.id = r.municipality_id"
SUPERVISOR = f"{MUNICIPALITY} LEFT JOIN municipalities.practitioner s ON s.id = r.supervisor_id"


def upgrade() -> None:
    _authorisations()
    _roles()
    _agreed_for_shifts()
    _proposals()
    _ways_to_a_role()
    _who_asks()


def downgrade() -> None:
    _identity((f"municipalities.in_force(employment) AND {STANDS}", STANDS), (TOLD, NAMED), (SUPERVISOR, MUNICIPALITY))
    op.execute("ALTER TABLE audit.access_log DROP COLUMN supervised_by, DROP COLUMN supervised_by_name")
    op.execute("DROP TRIGGER way_to_a_role ON municipalities.practitioner_role")
    op.execute("DROP TRIGGER only_ended ON municipalities.practitioner_role")
    op.execute("DROP FUNCTION municipalities.answer_proposal(uuid, uuid, text, text)")
    op.execute("DROP FUNCTION municipalities.administrator_named(text, text)")
    op.execute("DROP FUNCTION municipalities.in_force(uuid)")
    op.execute("DROP TABLE municipalities.role_answer, municipalities.role_proposal, municipalities.shift_person")
    op.execute("DROP TABLE municipalities.qualification")
    op.execute("DROP FUNCTION municipalities.check_way_to_a_role(), municipalities.check_only_ended()")
    op.execute("DROP FUNCTION municipalities.may_hold(uuid, text), medication.shift_end(uuid, timestamptz)")
    op.execute("DROP TABLE municipalities.role_authorisation")
    op.execute(
        "DELETE FROM access.session s USING municipalities.practitioner_role r WHERE r.id = s.role_id AND r.role = 'student'"
    )
    op.execute("DELETE FROM municipalities.practitioner_role WHERE role = 'student'")
    op.execute(
        f"""ALTER TABLE municipalities.practitioner_role DROP COLUMN source, DROP COLUMN supervisor_id, DROP COLUMN proposal_id,
            DROP CONSTRAINT practitioner_role_role_check,
            ADD CONSTRAINT practitioner_role_role_check CHECK (role IN ({ROLES}))"""
    )


def _authorisations() -> None:
    """What HPR says of somebody, as an employer has looked it up: read by each that employs her, and ended by any of them."""
    op.execute("CREATE TABLE municipalities.role_authorisation (role text, code text, PRIMARY KEY (role, code))")
    reference_table("municipalities.role_authorisation")
    rows = ", ".join(f"('{role}', '{code}')" for role, codes in AUTHORISED.items() for code in codes)
    op.execute(f"INSERT INTO municipalities.role_authorisation VALUES {rows}")
    op.execute(
        f"""CREATE TABLE municipalities.qualification (
            id uuid PRIMARY KEY, practitioner_id uuid NOT NULL REFERENCES municipalities.practitioner (id),
            code text NOT NULL CHECK (code ~ '^[A-Z0-9]{{2,3}}$'),
            approval text NOT NULL DEFAULT '1' CHECK (approval IN ({APPROVALS})),
            valid_from timestamptz NOT NULL DEFAULT now(), valid_until timestamptz,
            recorded_for uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            recorded_at timestamptz NOT NULL DEFAULT now(), recorded_by uuid DEFAULT audit.acting_person(), ended_by uuid,
            CHECK (recorded_by <> practitioner_id), CHECK (valid_until >= valid_from))"""
    )
    op.execute("CREATE INDEX qualification_of_practitioner ON municipalities.qualification (practitioner_id)")
    guard("municipalities.qualification")
    op.execute(
        """CREATE POLICY employer ON municipalities.qualification TO journal_app
           USING (recorded_for = (SELECT audit.acting_for())
                  OR EXISTS (SELECT FROM municipalities.practitioner p WHERE p.id = practitioner_id))
           WITH CHECK (recorded_for = (SELECT audit.acting_for())
                  OR EXISTS (SELECT FROM municipalities.practitioner p WHERE p.id = practitioner_id))"""
    )
    op.execute(
        """GRANT SELECT, INSERT (id, practitioner_id, code, approval, valid_from, valid_until), UPDATE (valid_until, ended_by)
           ON municipalities.qualification TO journal_app"""
    )
    # Whoever has a role that needs one was looked up when she was given it; from now on what was found is written down.
    op.execute(
        """INSERT INTO municipalities.qualification (id, practitioner_id, code, valid_from, recorded_for)
           SELECT DISTINCT ON (r.practitioner_id, n.code)
               gen_random_uuid(), r.practitioner_id, n.code, r.valid_from, r.municipality_id
           FROM municipalities.practitioner_role r
           JOIN (VALUES ('doctor', 'LE'), ('nurse', 'SP'), ('health_assistant', 'HF')) n (role, code) ON n.role = r.role
           ORDER BY r.practitioner_id, n.code, r.valid_from"""
    )
    let_read("journal_finder", "municipalities.role_authorisation", "municipalities.qualification")
    define(
        "municipalities.may_hold(person uuid, wanted text) RETURNS boolean STABLE",
        """
        BEGIN
            RETURN NOT EXISTS (SELECT FROM municipalities.role_authorisation n WHERE n.role = wanted)
                OR EXISTS (SELECT FROM municipalities.qualification q
                    JOIN municipalities.role_authorisation n ON (n.role, n.code) = (wanted, q.code)
                    WHERE q.practitioner_id = person AND q.valid_from <= now()
                      AND (q.valid_until IS NULL OR q.valid_until > now()));
        END""",
        owner="journal_finder",
    )


def _roles() -> None:
    op.execute(
        f"""ALTER TABLE municipalities.practitioner_role
            DROP CONSTRAINT practitioner_role_role_check,
            ADD CONSTRAINT practitioner_role_role_check CHECK (role IN ({ROLES}, 'student')),
            ADD COLUMN source text NOT NULL DEFAULT 'employment' CHECK (source IN ('employment', 'proposal', 'pool', 'student')),
            ADD COLUMN supervisor_id uuid REFERENCES municipalities.practitioner (id),
            ADD COLUMN proposal_id uuid UNIQUE,
            ADD CHECK ((role = 'student') = (source = 'student')),
            ADD CHECK ((role = 'student') = (supervisor_id IS NOT NULL)),
            ADD CHECK (supervisor_id <> practitioner_id),
            ADD CHECK ((source = 'proposal') = (proposal_id IS NOT NULL)),
            ADD CHECK (source NOT IN ('pool', 'student') OR valid_until IS NOT NULL)"""
    )
    op.execute("GRANT INSERT (source, supervisor_id) ON municipalities.practitioner_role TO journal_app")
    op.execute(
        """CREATE FUNCTION municipalities.check_only_ended() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NEW.valid_until IS NULL OR NEW.valid_until > coalesce(OLD.valid_until, 'infinity') THEN
                RAISE EXCEPTION 'what was given until a time is not given longer: give it anew' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION municipalities.check_only_ended() OWNER TO journal_owner")
    for table in ("practitioner_role", "qualification"):
        op.execute(
            f"CREATE TRIGGER only_ended BEFORE UPDATE OF valid_until ON municipalities.{table}"
            " FOR EACH ROW EXECUTE FUNCTION municipalities.check_only_ended()"
        )


def _agreed_for_shifts() -> None:
    """Whom a manager has named for a unit: nurses who lead shifts there, and substitutes whom a leader may call in."""
    op.execute(
        f"""CREATE TABLE municipalities.shift_person (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), id uuid NOT NULL, unit_id uuid NOT NULL,
            kind text NOT NULL CHECK (kind IN ('leader', 'substitute')),
            practitioner_id uuid NOT NULL REFERENCES municipalities.practitioner (id),
            name text NOT NULL, role text NOT NULL CHECK (role IN ({LENT})), agency text CHECK (length(agency) BETWEEN 1 AND 120),
            valid_from timestamptz NOT NULL DEFAULT now(), valid_until timestamptz NOT NULL, {RECORDED}, ended_by uuid,
            PRIMARY KEY (municipality_id, id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (recorded_by <> practitioner_id), CHECK (valid_until >= valid_from), CHECK (kind <> 'leader' OR role = 'nurse'))"""
    )
    op.execute("CREATE INDEX shift_person_of_unit ON municipalities.shift_person (unit_id)")
    guard("municipalities.shift_person")
    let_read("journal_finder", "municipalities.shift_person")
    own = "municipality_id = (SELECT audit.acting_for())"
    manages = f"{own} AND (SELECT audit.acting_role()) = 'unit_manager' AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])"
    op.execute(
        f"CREATE POLICY municipality ON municipalities.shift_person TO journal_app USING ({own}) WITH CHECK ({manages})"
    )
    op.execute(
        """GRANT SELECT, INSERT (id, unit_id, kind, practitioner_id, name, role, agency, valid_until), UPDATE (valid_until, ended_by)
           ON municipalities.shift_person TO journal_app"""
    )
    op.execute(
        "CREATE TRIGGER only_ended BEFORE UPDATE OF valid_until ON municipalities.shift_person"
        " FOR EACH ROW EXECUTE FUNCTION municipalities.check_only_ended()"
    )
    # The shift that runs, or with less than an hour left of it the one that comes: by the unit's own clock times (as for authorities).
    op.execute(
        """CREATE FUNCTION medication.shift_end(unit uuid, since timestamptz) RETURNS timestamptz
        LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
            SELECT min(ends) FROM (
                SELECT ((since AT TIME ZONE 'Europe/Oslo')::date + days + change) AT TIME ZONE 'Europe/Oslo' AS ends
                FROM generate_series(0, 2) days, unnest(coalesce(
                    (SELECT s.shift_changes FROM medication.unit_setting s
                     WHERE s.municipality_id = (SELECT audit.acting_for()) AND s.unit_id = unit ORDER BY s.version DESC LIMIT 1),
                    ARRAY['07:30', '15:00', '22:30']::time[])) change) shifts
            WHERE ends > since + interval '1 hour' $$"""
    )
    op.execute("ALTER FUNCTION medication.shift_end(uuid, timestamptz) OWNER TO journal_owner")


def _proposals() -> None:
    """What two persons decide. Neither a proposal nor its answer is ever changed; an answer is given by the function alone."""
    op.execute(
        f"""CREATE TABLE municipalities.role_proposal (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), id uuid NOT NULL UNIQUE,
            practitioner_id uuid NOT NULL REFERENCES municipalities.practitioner (id), practitioner_name text NOT NULL,
            role text NOT NULL CHECK (role IN ({WITH_ANOTHER})), unit_id uuid NOT NULL, unit_name text NOT NULL,
            reason text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
            approver_id uuid REFERENCES municipalities.practitioner (id), approver_name text,
            expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days', {RECORDED},
            PRIMARY KEY (municipality_id, id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            CHECK (recorded_by <> practitioner_id), CHECK (approver_id <> recorded_by), CHECK (approver_id <> practitioner_id),
            CHECK ((approver_id IS NULL) = (approver_name IS NULL)))"""
    )
    op.execute(
        f"""CREATE TABLE municipalities.role_answer (
            municipality_id uuid NOT NULL, proposal_id uuid NOT NULL,
            outcome text NOT NULL CHECK (outcome IN ('approved', 'refused')), note text CHECK (length(note) BETWEEN 1 AND 500),
            {RECORDED}, answered_for uuid NOT NULL DEFAULT audit.acting_for(),
            PRIMARY KEY (municipality_id, proposal_id),
            FOREIGN KEY (municipality_id, proposal_id) REFERENCES municipalities.role_proposal (municipality_id, id))"""
    )
    for table in ("role_proposal", "role_answer"):
        guard(f"municipalities.{table}")
        let_read("journal_finder", f"municipalities.{table}")
        op.execute(f"GRANT SELECT ON municipalities.{table} TO journal_app")
    own = "municipality_id = (SELECT audit.acting_for())"
    op.execute(
        f"""CREATE POLICY municipality ON municipalities.role_proposal TO journal_app
            USING ({own} OR approver_id = (SELECT audit.acting_person()))
            WITH CHECK ({own} AND (SELECT audit.acting_role()) = 'tenant_administrator')"""
    )
    op.execute(
        f"""CREATE POLICY municipality ON municipalities.role_answer FOR SELECT TO journal_app
            USING ({own} OR recorded_by = (SELECT audit.acting_person()))"""
    )
    op.execute(
        """GRANT INSERT (id, practitioner_id, practitioner_name, role, unit_id, unit_name, reason, approver_id, approver_name)
           ON municipalities.role_proposal TO journal_app"""
    )
    op.execute("GRANT INSERT ON municipalities.role_answer, municipalities.practitioner_role TO journal_finder")
    define(
        "municipalities.administrator_named(number text, name text) RETURNS uuid STABLE",
        """
        BEGIN
            RETURN (SELECT p.id FROM municipalities.municipality m
                JOIN municipalities.practitioner_role r ON r.municipality_id = m.id AND r.role = 'tenant_administrator'
                JOIN municipalities.practitioner p ON p.id = r.practitioner_id
                WHERE m.number = administrator_named.number AND m.valid_until IS NULL
                  AND m.id <> audit.acting_for() AND lower(p.name) = lower(administrator_named.name)
                  AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now()) LIMIT 1);
        END""",
        owner="journal_finder",
    )
    # The only way to such a role. FALSE: not hers to answer, answered already, or too late.
    define(
        "municipalities.answer_proposal(proposal uuid, employment uuid, outcome text, note text) RETURNS boolean VOLATILE",
        """
        DECLARE
            w jsonb := audit.who();
            person uuid := (w ->> 'person_id')::uuid;
            p municipalities.role_proposal;
        BEGIN
            SELECT * INTO p FROM municipalities.role_proposal x WHERE x.id = proposal;
            IF w ->> 'role' IS DISTINCT FROM 'tenant_administrator' OR p.id IS NULL OR p.expires_at <= now()
                OR person IN (p.recorded_by, p.practitioner_id)
                OR NOT (CASE WHEN p.approver_id IS NULL THEN p.municipality_id = (w ->> 'municipality_id')::uuid
                             ELSE p.approver_id = person END)
            THEN RETURN false; END IF;
            INSERT INTO municipalities.role_answer (municipality_id, proposal_id, outcome, note)
            VALUES (p.municipality_id, p.id, answer_proposal.outcome, answer_proposal.note) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN RETURN false; END IF;
            IF outcome = 'approved' THEN
                INSERT INTO municipalities.practitioner_role (municipality_id, id, practitioner_id, unit_id, role, source, proposal_id)
                VALUES (p.municipality_id, employment, p.practitioner_id, p.unit_id, p.role, 'proposal', p.id);
            END IF;
            RETURN true;
        END""",
        owner="journal_finder",
    )


def _ways_to_a_role() -> None:
    """Every way to a role that the application can take. An operator at the machine (nobody signed in) names the first ones."""
    op.execute(
        """CREATE FUNCTION municipalities.check_way_to_a_role() RETURNS trigger
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            granter text := audit.acting_role();
        BEGIN
            IF NOT municipalities.may_hold(NEW.practitioner_id, NEW.role) THEN
                RAISE EXCEPTION 'no authorisation for this role' USING ERRCODE = 'check_violation';
            ELSIF NEW.role IN ('auditor', 'tenant_administrator') AND EXISTS (
                SELECT FROM municipalities.practitioner_role o
                WHERE o.practitioner_id = NEW.practitioner_id AND o.municipality_id = NEW.municipality_id AND o.role <> NEW.role
                  AND o.role IN ('auditor', 'tenant_administrator') AND (o.valid_until IS NULL OR o.valid_until > now())) THEN
                RAISE EXCEPTION 'who administers does not audit' USING ERRCODE = 'check_violation';
            ELSIF NEW.recorded_by IS NULL OR (CASE NEW.source
                WHEN 'employment' THEN granter = 'tenant_administrator' AND NEW.role IN ('nurse', 'health_assistant', 'doctor')
                WHEN 'proposal' THEN EXISTS (
                    SELECT FROM municipalities.role_proposal p
                    JOIN municipalities.role_answer a ON (a.municipality_id, a.proposal_id) = (p.municipality_id, p.id)
                    WHERE p.id = NEW.proposal_id AND a.outcome = 'approved' AND a.recorded_by <> p.recorded_by
                      AND (p.municipality_id, p.practitioner_id, p.role, p.unit_id)
                        = (NEW.municipality_id, NEW.practitioner_id, NEW.role, NEW.unit_id))
                WHEN 'student' THEN granter = 'unit_manager' AND NEW.unit_id = ANY (audit.acting_units()) AND EXISTS (
                    SELECT FROM municipalities.practitioner_role s
                    WHERE s.practitioner_id = NEW.supervisor_id AND s.unit_id = NEW.unit_id AND s.source = 'employment'
                      AND s.role IN ('nurse', 'doctor', 'health_assistant') AND (s.valid_until IS NULL OR s.valid_until > now()))
                WHEN 'pool' THEN NEW.unit_id = ANY (audit.acting_units())
                    AND NEW.valid_until <= medication.shift_end(NEW.unit_id, now())
                    AND EXISTS (SELECT FROM municipalities.shift_person s
                        WHERE (s.kind, s.unit_id, s.practitioner_id, s.role)
                            = ('substitute', NEW.unit_id, NEW.practitioner_id, NEW.role) AND s.valid_until > now())
                    AND (granter = 'unit_manager' OR granter = 'nurse' AND EXISTS (
                        SELECT FROM municipalities.shift_person s
                        JOIN municipalities.practitioner_role me ON me.id = audit.acting_as() AND me.source = 'employment'
                        WHERE (s.kind, s.unit_id, s.practitioner_id) = ('leader', NEW.unit_id, NEW.recorded_by)
                          AND s.valid_until > now()))
                END) IS TRUE THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'nobody may give this role to this person in this way' USING ERRCODE = 'insufficient_privilege';
        END $$"""
    )
    op.execute("ALTER FUNCTION municipalities.check_way_to_a_role() OWNER TO journal_owner")
    op.execute(
        "CREATE TRIGGER way_to_a_role BEFORE INSERT ON municipalities.practitioner_role"
        " FOR EACH ROW EXECUTE FUNCTION municipalities.check_way_to_a_role()"
    )


def _who_asks() -> None:
    """A role whose authorisation or supervisor is gone is nobody; a student's every act and line in the log names both."""
    define(
        "municipalities.in_force(employment uuid) RETURNS boolean STABLE",
        """
        BEGIN
            RETURN EXISTS (SELECT FROM municipalities.practitioner_role r
                WHERE r.id = employment AND municipalities.may_hold(r.practitioner_id, r.role)
                  AND (r.supervisor_id IS NULL OR EXISTS (SELECT FROM municipalities.practitioner_role s
                      WHERE s.practitioner_id = r.supervisor_id AND s.unit_id = r.unit_id AND s.source = 'employment'
                        AND s.role IN ('nurse', 'doctor', 'health_assistant') AND s.valid_from <= now()
                        AND (s.valid_until IS NULL OR s.valid_until > now())
                        AND municipalities.may_hold(s.practitioner_id, s.role))));
        END""",
        owner="journal_finder",
    )
    _identity((STANDS, f"municipalities.in_force(employment) AND {STANDS}"), (NAMED, TOLD), (MUNICIPALITY, SUPERVISOR))
    # By default, so that no function that writes a line can forget it. Each of them has checked who asks before it writes.
    for name, type in (("supervised_by", "uuid"), ("supervised_by_name", "text")):
        op.execute(f"ALTER TABLE audit.access_log ADD COLUMN {name} {type}")
        op.execute(f"ALTER TABLE audit.access_log ALTER {name} SET DEFAULT ({SUPERVISED}'{name}')::{type}")


def _identity(*changes: tuple[str, str]) -> None:
    with_other_words("access.identity(uuid, uuid, text, text)", "journal_door", *changes)
    op.execute("REVOKE EXECUTE ON FUNCTION access.identity(uuid, uuid, text, text) FROM journal_app")
