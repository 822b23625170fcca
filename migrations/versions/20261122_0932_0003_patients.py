"""Patients: who they are, their numbers and names, kin, allergies and flags; and the one way to find a closed chart.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

from migrations.helpers import ENTRY, RECORD, chart_table, define, guard, let_read

revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None

CONTACT = ("address_line_1", "address_line_2", "postal_code", "city", "home_municipality_number", "phone", "language")
IDENTITY = ("family_name", "given_name", "birth_date", "birth_date_precision", "sex", "died_at", "confidentiality")
CHANGES = (*IDENTITY, *CONTACT, "general_practitioner_name")


def upgrade() -> None:
    _patient()
    _identifier()
    _name_word()
    _link()
    _related_person()
    _alerts()
    _find()


def _patient() -> None:
    # The order of Norwegian names without ICU: '{' '|' '}' stand after 'z' by code point, 'aa' is å.
    op.execute(
        f"""CREATE TABLE patients.patient (
            patient_id uuid PRIMARY KEY,
            {RECORD},
            family_name text NOT NULL CHECK (length(family_name) BETWEEN 1 AND 120),
            given_name text NOT NULL CHECK (length(given_name) <= 120),
            sort_key text COLLATE "C" GENERATED ALWAYS AS (translate(replace(lower(family_name || ' ' || given_name), 'aa', 'å'),
                'æäøöåéèêáàóòôüúč', '{{{{||}}eeeaaooouuc')) STORED,
            birth_date date, birth_date_precision text NOT NULL DEFAULT 'exact'
                CHECK (birth_date_precision IN ('exact', 'estimated', 'unknown')),
            sex text NOT NULL CHECK (sex IN ('female', 'male', 'unknown')),
            died_at timestamptz,
            address_line_1 text, address_line_2 text, postal_code text CHECK (postal_code ~ '^[0-9]{{4}}$'), city text,
            home_municipality_number text CHECK (home_municipality_number ~ '^[0-9]{{4}}$'),
            phone text, language text CHECK (language ~ '^[a-z]{{2,3}}$'),
            confidentiality text NOT NULL DEFAULT 'none' CHECK (confidentiality IN ('none', 'confidential', 'strictly_confidential')),
            general_practitioner_name text,
            CHECK ((birth_date IS NULL) = (birth_date_precision = 'unknown')))"""
    )
    op.execute("CREATE INDEX patient_birth_date ON patients.patient (birth_date)")
    # The person belongs to no municipality: whoever has the chart open keeps her address right, and the old value stays below.
    chart_table("patients.patient", projection=True, updates=CHANGES)
    op.execute(
        f"""CREATE TABLE patients.patient_history (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL DEFAULT gen_random_uuid(),
            {RECORD},
            was jsonb, PRIMARY KEY (patient_id, id), CHECK (was IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table("patients.patient_history")
    op.execute(
        """CREATE FUNCTION patients.keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            was jsonb := (SELECT jsonb_object_agg(o.key, o.value)
                FROM jsonb_each(to_jsonb(OLD)) o JOIN jsonb_each(to_jsonb(NEW)) n USING (key)
                WHERE o.key = ANY (TG_ARGV) AND o.value IS DISTINCT FROM n.value);
        BEGIN
            IF was IS NOT NULL THEN
                INSERT INTO patients.patient_history (patient_id, was) VALUES (OLD.patient_id, was);
            END IF;
            RETURN NULL;
        END $$"""
    )
    op.execute("ALTER FUNCTION patients.keep_history() OWNER TO journal_owner")
    op.execute(
        "CREATE TRIGGER keep_history AFTER UPDATE ON patients.patient FOR EACH ROW"
        f" EXECUTE FUNCTION patients.keep_history({', '.join(CHANGES)})"
    )


def _identifier() -> None:
    op.execute(
        f"""CREATE TABLE patients.identifier (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            kind text NOT NULL CHECK (kind IN ('FNR', 'DNR', 'FHN', 'HNR', 'DUF')),
            value text CHECK (value ~ CASE kind WHEN 'DUF' THEN '^[0-9]{{12}}$' ELSE '^[0-9]{{11}}$' END),
            issuer text, valid_from timestamptz NOT NULL DEFAULT now(), valid_until timestamptz,
            PRIMARY KEY (patient_id, id),
            CHECK ((kind = 'HNR') = (issuer IS NOT NULL)), CHECK (valid_until >= valid_from),
            CHECK (value IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    live = "valid_until IS NULL AND in_error_at IS NULL"
    op.execute(
        f"CREATE UNIQUE INDEX identifier_once ON patients.identifier (kind, value, coalesce(issuer, '')) WHERE {live}"
    )
    op.execute(
        f"CREATE UNIQUE INDEX one_live_identifier_of_a_kind ON patients.identifier (patient_id, kind, coalesce(issuer, '')) WHERE {live}"
    )
    op.execute("CREATE INDEX identifier_value ON patients.identifier (value)")
    # A number, too, is the person's and no municipality's: whoever has the chart open may end it or mark it as a mistake.
    chart_table("patients.identifier", projection=True, updates=("valid_until", "in_error_reason"))
    op.execute(
        "CREATE TRIGGER entered_in_error BEFORE UPDATE OF in_error_reason ON patients.identifier"
        " FOR EACH ROW EXECUTE FUNCTION audit.stamp_error()"
    )


def _name_word() -> None:
    """A projection of the name for the finder: a row a word, folded as journal.patients.rules.name_words does."""
    op.execute(
        """CREATE TABLE patients.name_word (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
            word text NOT NULL CHECK (length(word) BETWEEN 1 AND 120), live boolean NOT NULL DEFAULT true,
            PRIMARY KEY (patient_id, word))"""
    )
    # The range operators of this operator class are leakproof and make a plan of their own; LIKE is neither.
    op.execute("CREATE INDEX name_word_prefix ON patients.name_word (word text_pattern_ops, patient_id) WHERE live")
    chart_table("patients.name_word", projection=True, updates=("live",))


def _link() -> None:
    """patient_id leads. A link counts when a second person has confirmed it, until somebody ends it."""
    op.execute(
        f"""CREATE TABLE patients.link (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            linked_patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
            reason text, valid_from timestamptz NOT NULL DEFAULT now(),
            confirmed_at timestamptz, confirmed_by uuid, confirmed_by_name text,
            valid_until timestamptz, ended_by uuid, ended_by_name text, ended_reason text,
            PRIMARY KEY (patient_id, id), CHECK (linked_patient_id <> patient_id), CHECK (confirmed_by <> recorded_by),
            CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL)), CHECK ((valid_until IS NULL) = (ended_by IS NULL)),
            CHECK ((valid_until IS NULL) = (ended_reason IS NULL) OR erasure_id IS NOT NULL),
            CHECK (reason IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    op.execute("CREATE UNIQUE INDEX linked_once ON patients.link (linked_patient_id) WHERE valid_until IS NULL")
    op.execute("CREATE INDEX link_leading ON patients.link (patient_id) WHERE valid_until IS NULL")
    chart_table("patients.link", projection=True, updates=("confirmed_at", "valid_until", "ended_reason"))
    # A link cannot be made confirmed: the second person's part is an UPDATE, which the trigger below stamps.
    op.execute("REVOKE INSERT ON patients.link FROM journal_app")
    op.execute(
        "GRANT INSERT (patient_id, id, linked_patient_id, reason, source_id, in_error_reason) ON patients.link TO journal_app"
    )
    op.execute(
        """CREATE FUNCTION patients.stamp_link() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.valid_until IS NOT NULL OR (OLD.confirmed_at IS NOT NULL AND NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at) THEN
                RAISE EXCEPTION 'this link is settled' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL THEN
                NEW.confirmed_at := now(); NEW.confirmed_by := audit.acting_person(); NEW.confirmed_by_name := audit.acting_name();
            END IF;
            IF NEW.valid_until IS NOT NULL THEN
                NEW.valid_until := now(); NEW.ended_by := audit.acting_person(); NEW.ended_by_name := audit.acting_name();
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute("ALTER FUNCTION patients.stamp_link() OWNER TO journal_owner")
    op.execute(
        "CREATE TRIGGER stamp_link BEFORE UPDATE ON patients.link FOR EACH ROW EXECUTE FUNCTION patients.stamp_link()"
    )


def _related_person() -> None:
    op.execute(
        f"""CREATE TABLE patients.related_person (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD}, {ENTRY},
            role text NOT NULL DEFAULT 'relative' CHECK (role IN ('relative', 'guardian')),
            name text, relation text, phone text, is_next_of_kin boolean NOT NULL DEFAULT false,
            PRIMARY KEY (patient_id, id), UNIQUE (patient_id, entry_id, version),
            CHECK (name IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table("patients.related_person")


def _alerts() -> None:
    op.execute(
        f"""CREATE TABLE patients.allergy_intolerance (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD}, {ENTRY},
            kind text NOT NULL CHECK (kind IN ('allergy', 'intolerance')),
            substance text, code_system text, code text, reaction text, reaction_code text, source_code text,
            severity text CHECK (severity IN ('mild', 'moderate', 'severe')),
            criticality text CHECK (criticality IN ('low', 'high', 'unable-to-assess')),
            verification_status text NOT NULL DEFAULT 'confirmed' CHECK (verification_status IN ('unconfirmed', 'confirmed', 'refuted')),
            refuted_reason text,
            PRIMARY KEY (patient_id, id), UNIQUE (patient_id, entry_id, version),
            CHECK (substance IS NOT NULL OR erasure_id IS NOT NULL), CHECK ((code IS NULL) = (code_system IS NULL)),
            CHECK (verification_status <> 'refuted' OR refuted_reason IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table("patients.allergy_intolerance")
    op.execute(
        f"""CREATE TABLE patients.allergy_assessment (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            result text NOT NULL CHECK (result = 'none-known'), source_code text,
            PRIMARY KEY (patient_id, id))"""
    )
    chart_table("patients.allergy_assessment")
    op.execute(
        f"""CREATE TABLE patients.flag (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD}, {ENTRY},
            kind text NOT NULL CHECK (kind IN ('cpr', 'anticoagulant', 'swallowing', 'infection', 'other')),
            text text, sub text, decided_by_name text, status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
            ended_reason text,
            PRIMARY KEY (patient_id, id), UNIQUE (patient_id, entry_id, version),
            CHECK ((status = 'inactive') = (ended_reason IS NOT NULL) OR erasure_id IS NOT NULL),
            CHECK (text IS NOT NULL OR erasure_id IS NOT NULL))"""
    )
    chart_table("patients.flag")


def _find() -> None:
    op.execute(
        """CREATE TABLE patients.search_attempt (
            person_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(), id uuid NOT NULL DEFAULT gen_random_uuid(),
            municipality_id uuid, PRIMARY KEY (person_id, at, id))"""
    )
    guard("patients.search_attempt")
    let_read("journal_finder", "patients.patient", "patients.link")
    # The finder verifies a signature and writes the log, so it belongs to the role that may do both.
    let_read(
        "journal_door", *(f"patients.{t}" for t in ("patient", "identifier", "name_word", "link", "search_attempt"))
    )
    op.execute("GRANT INSERT ON patients.search_attempt TO journal_door")
    let_read("journal_door", "access.restriction")
    # call: {"at", "request_id", "action", "mode": "words" | "number" | "person", "words": [...], "number": "...", "birth_date": "..."}
    # The answer: {"hits": [...], "more": bool, "refusal": null | "too-many" | "ambiguous"}
    define(
        "patients.find(call text, mac text) RETURNS jsonb VOLATILE",
        """
        DECLARE
            c jsonb;
            w jsonb := audit.who();
            mode text;
            words text[];
            units uuid[] := audit.acting_units();
            person uuid := audit.acting_person();
            mine uuid[];
            found uuid[];
            hits jsonb;
            outside boolean;
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF w IS NULL OR (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            mode := c ->> 'mode';
            words := ARRAY(SELECT x FROM jsonb_array_elements_text(c -> 'words') x ORDER BY length(x) DESC, x);
            IF mode = 'words' AND cardinality(words) > 0 THEN
                -- From the patients of one's units to their names; only whoever acts for a whole town goes the other way.
                mine := ARRAY(SELECT r.patient_id FROM access.care_relationship r
                    WHERE (r.unit_id = ANY (units) OR r.practitioner_id = person) AND r.in_error_at IS NULL AND r.valid_from <= now()
                      AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now()) LIMIT 2001);
                IF cardinality(mine) <= 2000 THEN
                    mine := ARRAY(SELECT n.patient_id FROM patients.name_word n
                        WHERE n.patient_id = ANY (mine) AND n.live AND n.word OPERATOR(pg_catalog.~>=~) words[1]
                          AND n.word OPERATOR(pg_catalog.~<~) (words[1] || chr(1114111)));
                ELSE
                    mine := ARRAY(SELECT n.patient_id FROM patients.name_word n
                        WHERE n.live AND n.word OPERATOR(pg_catalog.~>=~) words[1]
                          AND n.word OPERATOR(pg_catalog.~<~) (words[1] || chr(1114111))
                          AND EXISTS (SELECT FROM access.care_relationship r
                              WHERE r.patient_id = n.patient_id AND (r.unit_id = ANY (units) OR r.practitioner_id = person)
                                AND r.in_error_at IS NULL AND r.valid_from <= now()
                                AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now())));
                END IF;
                found := ARRAY(
                    SELECT p.patient_id FROM patients.patient p
                    WHERE p.patient_id = ANY (mine) AND p.confidentiality = 'none' AND p.erasure_id IS NULL
                      AND NOT EXISTS (SELECT FROM unnest(words[2:]) q (word) WHERE NOT EXISTS (
                          SELECT FROM patients.name_word n WHERE n.patient_id = p.patient_id AND n.live
                            AND n.word OPERATOR(pg_catalog.~>=~) q.word AND n.word OPERATOR(pg_catalog.~<~) (q.word || chr(1114111))))
                    ORDER BY p.sort_key, p.patient_id LIMIT 26);
            ELSIF mode = 'number' THEN
                found := ARRAY(SELECT DISTINCT i.patient_id FROM patients.identifier i
                    WHERE i.value = c ->> 'number' AND i.in_error_at IS NULL LIMIT 26);
            ELSIF mode = 'person' AND cardinality(words) > 1 THEN
                found := ARRAY(SELECT p.patient_id FROM patients.patient p
                    WHERE p.birth_date = (c ->> 'birth_date')::date AND p.birth_date_precision = 'exact' AND p.confidentiality = 'none'
                      AND p.erasure_id IS NULL
                      AND (SELECT array_agg(n.word) @> words AND array_agg(n.word) <@ words
                           FROM patients.name_word n WHERE n.patient_id = p.patient_id AND n.live) LIMIT 26);
            ELSE
                RAISE EXCEPTION 'nothing to look for' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            -- Two records of one person are one hit, the one that leads.
            SELECT coalesce(jsonb_agg(to_jsonb(h) - 'sort_key' ORDER BY h.sort_key, h.patient_id), '[]'), coalesce(bool_or(NOT h.own), true)
            INTO hits, outside
            FROM (
                SELECT p.patient_id, p.family_name, p.given_name, extract(year FROM p.birth_date)::int AS birth_year,
                    bool_or(r.id IS NOT NULL) AS own, p.sort_key,
                    CASE WHEN p.confidentiality = 'none' THEN (array_agg(u.name ORDER BY r.valid_from DESC) FILTER (WHERE u.id IS NOT NULL))[1] END
                        AS unit_name,
                    CASE WHEN p.confidentiality = 'none' THEN (array_agg(r.room ORDER BY r.valid_from DESC) FILTER (WHERE u.id IS NOT NULL))[1] END
                        AS room
                FROM unnest(found) f (id)
                LEFT JOIN patients.link l ON l.linked_patient_id = f.id AND l.valid_until IS NULL AND l.confirmed_at IS NOT NULL
                JOIN patients.patient p ON p.patient_id = coalesce(l.patient_id, f.id)
                    -- The record that leads may be protected where the other is not: then a name finds neither.
                    AND (mode = 'number' OR p.confidentiality = 'none')
                LEFT JOIN access.care_relationship r ON r.patient_id IN (f.id, p.patient_id) AND r.in_error_at IS NULL
                    AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now() OR r.grace_until > now())
                    AND (r.unit_id = ANY (units) OR r.practitioner_id = person)
                LEFT JOIN municipalities.unit u ON u.id = r.unit_id AND u.id = ANY (units)
                -- Whoever is shut out from the whole chart does not find it either (pasientjournalloven § 17).
                WHERE NOT EXISTS (SELECT FROM access.restriction x
                    WHERE x.patient_id IN (f.id, p.patient_id) AND x.in_error_at IS NULL AND x.category IN ('*', 'patients')
                      AND x.valid_from <= now() AND (x.valid_until IS NULL OR x.valid_until > now())
                      AND (x.against_person_id = person OR x.against_unit_id = ANY (units)))
                GROUP BY p.patient_id
            ) h;
            IF mode <> 'words' AND outside THEN
                -- Two searches of one person at once are counted one after the other.
                PERFORM pg_advisory_xact_lock(hashtextextended('patients.find ' || person::text, 0));
                IF (SELECT count(*) FILTER (WHERE a.at > now() - interval '10 minutes') >= 20 OR count(*) >= 100
                    FROM patients.search_attempt a WHERE a.person_id = person AND a.at > now() - interval '1 day') THEN
                    RETURN '{"hits": [], "more": false, "refusal": "too-many"}';
                END IF;
                INSERT INTO patients.search_attempt (person_id, municipality_id) VALUES (person, (w ->> 'municipality_id')::uuid);
            END IF;
            INSERT INTO audit.access_log (
                municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, acting_as, origin, session_id, request_id,
                action, outcome, patient_id)
            SELECT (w ->> 'municipality_id')::uuid, (w ->> 'unit_id')::uuid, w ->> 'unit_name', person, w ->> 'name', w ->> 'role',
                (w ->> 'role_id')::uuid, w ->> 'origin', (w ->> 'session_id')::uuid, c ->> 'request_id',
                'patients:find', 'search-hit', (h.hit ->> 'patient_id')::uuid
            FROM jsonb_array_elements(hits) WITH ORDINALITY h (hit, nr) WHERE h.nr <= 25;
            -- ROLLBACK TO would take the log and the count and leave what was found.
            IF EXISTS (SELECT FROM audit.access_log l WHERE l.at = now() AND l.xid = pg_current_xact_id()
                       AND l.xmin::text::bigint <> (pg_current_xact_id()::text::bigint & 4294967295))
               OR EXISTS (SELECT FROM patients.search_attempt a WHERE a.person_id = person AND a.at = now()
                       AND a.xmin::text::bigint <> (pg_current_xact_id()::text::bigint & 4294967295)) THEN
                RAISE EXCEPTION 'nobody is looked for inside a savepoint' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF mode <> 'words' AND jsonb_array_length(hits) > 1 THEN
                RETURN '{"hits": [], "more": false, "refusal": "ambiguous"}';
            END IF;
            RETURN jsonb_build_object('more', jsonb_array_length(hits) > 25, 'refusal', NULL,
                'hits', (SELECT coalesce(jsonb_agg(h.hit ORDER BY h.nr), '[]')
                         FROM jsonb_array_elements(hits) WITH ORDINALITY h (hit, nr) WHERE h.nr <= 25));
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    op.execute("DROP POLICY journal_door ON access.restriction")
    op.execute("REVOKE SELECT ON access.restriction FROM journal_door")
    op.execute("DROP SCHEMA patients CASCADE")
    op.execute("CREATE SCHEMA patients AUTHORIZATION journal_owner")
    op.execute(
        "GRANT USAGE ON SCHEMA patients TO journal_app, journal_door, journal_finder, journal_backup, journal_sealer"
    )
    op.execute("GRANT CREATE ON SCHEMA patients TO journal_door, journal_finder")
