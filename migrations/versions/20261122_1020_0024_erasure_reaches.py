"""Erasure reaches every table with what somebody wrote: each says itself what of it goes, and why the rest stays.

The function asks a list that the migrations write (migrations/helpers.py: erasable, stays), in the place of knowing eight tables.
Only adds: the version before this erases what it erased, by the same call.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

from migrations.helpers import define, erasable, reference_table, stays

revision, down_revision, branch_labels, depends_on = "0024", "0023", None, None

# What 0008 gave rights to.
_BEFORE = {
    "notes.note": ("entry_id", ("title", "body", "change_reason")),
    "observations.observation": ("id", ("value", "value2")),
    "medication.medication_administration": ("id", ("reason_text",)),
    "patients.allergy_intolerance": (
        "entry_id",
        (
            "substance", "code_system", "code", "reaction", "reaction_code", "source_code", "severity", "criticality",
            "refuted_reason",
        ),
    ),
    "patients.related_person": ("entry_id", ("name", "relation", "phone")),
    "patients.flag": ("entry_id", ("text", "sub", "decided_by_name", "ended_reason")),
    "care.task": ("entry_id", ("what", "outcome")),
    "care.incident": ("entry_id", ("text", "measures", "change_reason")),
}  # fmt: skip
_MEDICINE = ("catalogue_item_id", "atc_code", "form", "form_code", "strength", "dosage", "indication")


def upgrade() -> None:
    _list()
    _empty()
    _erase()
    for table, (key, columns) in _BEFORE.items():
        erasable(table, *columns, key=key, hidden=False)
    erasable(
        "notes.draft", "kind", "title", "body", "effective_at", "change_reason", key="entry_id", within="notes.note"
    )
    _orders()
    _sources()
    _reviews_and_doors()
    _what_stays()
    op.execute("ALTER TABLE audit.erasure_proposal DROP CONSTRAINT erasure_proposal_table_name_check")
    op.execute("ALTER TABLE audit.erasure_proposal ADD FOREIGN KEY (table_name) REFERENCES audit.erasable (table_name)")


def _list() -> None:
    op.execute(
        """CREATE TABLE audit.erasable (
            table_name text PRIMARY KEY,
            key text NOT NULL,
            within text REFERENCES audit.erasable (table_name),
            kept_while text[] NOT NULL,
            columns text[] NOT NULL)"""
    )
    reference_table("audit.erasable")
    op.execute("CREATE POLICY journal_eraser ON audit.erasable FOR SELECT TO journal_eraser USING (true)")
    op.execute("GRANT SELECT ON audit.erasable TO journal_eraser")


def _empty() -> None:
    """Names come from the list alone, never from the call or the proposal. Lock first, look after: a look in the same
    statement would not see what we waited for."""
    op.execute(
        """CREATE FUNCTION audit.empty(e audit.erasable, p audit.erasure_proposal, keys uuid[]) RETURNS uuid[]
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            t text := e.table_name;
            of_record text := format('x.patient_id = $1 AND x.%I = ANY ($2)', e.key);
            marked boolean := EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = t::regclass AND a.attname = 'erasure_id' AND NOT a.attisdropped);
            emptied text := (SELECT coalesce(string_agg(format(', %I = NULL', c), ''), '') FROM unnest(e.columns) c);
            ids uuid[];
            ours boolean;
            gone boolean;
            below audit.erasable;
        BEGIN
            EXECUTE format('SELECT FROM %s x WHERE %s FOR UPDATE', t, of_record) USING p.patient_id, keys;
            IF NOT marked THEN
                EXECUTE format('UPDATE %s x SET %s WHERE %s', t, ltrim(emptied, ', '), of_record) USING p.patient_id, keys;
                RETURN keys;
            END IF;
            EXECUTE format('SELECT array_agg(x.id), bool_and(x.municipality_id = $3 OR x.erasure_id IS NOT NULL),
                bool_and(x.erasure_id IS NOT NULL) FROM %s x WHERE %s', t, of_record)
                INTO ids, ours, gone USING p.patient_id, keys, p.municipality_id;
            IF NOT ours OR e.within IS NULL AND gone THEN
                RAISE EXCEPTION 'another municipality answers for it, or it is gone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            EXECUTE format('UPDATE %s x SET erasure_id = $3 %s WHERE %s AND x.erasure_id IS NULL', t, emptied, of_record)
                USING p.patient_id, keys, p.id;
            -- The reason of a mistake is set apart: its trigger would mark as a mistake a row that is none.
            EXECUTE format('UPDATE %s x SET in_error_reason = NULL WHERE %s AND x.erasure_id = $3 AND x.in_error_at IS NOT NULL',
                t, of_record) USING p.patient_id, keys, p.id;
            keys := keys || ids;
            FOR below IN SELECT * FROM audit.erasable l WHERE l.within = e.table_name LOOP
                keys := keys || audit.empty(below, p, keys);
            END LOOP;
            RETURN keys;
        END $$"""
    )
    signature = "audit.empty(audit.erasable, audit.erasure_proposal, uuid[])"
    op.execute(f"ALTER FUNCTION {signature} OWNER TO journal_owner")
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO journal_eraser")


def _erase() -> None:
    """As 0008 made it, with the list in the place of its tables: who may, and what is said of it, stand."""
    op.execute("DROP FUNCTION audit.erase(text, text)")
    define(
        "audit.erase(call text, mac text) RETURNS uuid VOLATILE",
        """
        DECLARE
            c jsonb;
            w jsonb := audit.who();
            p audit.erasure_proposal;
            e audit.erasable;
            entry uuid;
            keys uuid[];
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF w IS NULL OR (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            SELECT * INTO p FROM audit.erasure_proposal q WHERE q.id = (c ->> 'proposal_id')::uuid FOR UPDATE;
            IF p.id IS NULL OR p.settled_at IS NOT NULL THEN
                RAISE EXCEPTION 'no such proposal' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF p.municipality_id IS DISTINCT FROM (w ->> 'municipality_id')::uuid THEN
                RAISE EXCEPTION 'the proposal of another municipality' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF coalesce(p.proposed_by = (w ->> 'person_id')::uuid, true) THEN
                RAISE EXCEPTION 'whoever proposed may not confirm' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF p.patient_id <> ALL (audit.opened_charts(split_part(p.table_name, '.', 1))) THEN
                RAISE EXCEPTION 'the chart is not open' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO audit.erasure (id, patient_id, table_name, row_id, paragraph, decision, municipality_id,
                decided_by, decided_by_name, confirmed_by, confirmed_by_name)
            VALUES (p.id, p.patient_id, p.table_name, p.row_id, p.paragraph, p.decision, p.municipality_id,
                p.proposed_by, p.proposed_by_name, (w ->> 'person_id')::uuid, w ->> 'name');
            SELECT * INTO e FROM audit.erasable l WHERE l.table_name = p.table_name AND l.within IS NULL;
            IF e.table_name IS NOT NULL THEN
                EXECUTE format('SELECT x.%I FROM %s x WHERE x.patient_id = $1 AND x.id = $2', e.key, e.table_name)
                    INTO entry USING p.patient_id, p.row_id;
                keys := audit.empty(e, p, ARRAY[entry]);
            END IF;
            IF entry IS NULL THEN
                RAISE EXCEPTION 'there is no such row' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF p.table_name = 'notes.note' THEN
                UPDATE notes.draft d SET signed_at = coalesce(d.signed_at, now())
                WHERE d.patient_id = p.patient_id AND d.entry_id = entry;
            END IF;
            UPDATE platform.outbox o SET body = '{}'
            WHERE o.patient_id = p.patient_id
              AND EXISTS (SELECT FROM jsonb_each_text(o.body) f WHERE f.value = ANY (keys::text[]));
            UPDATE audit.erasure_proposal q SET settled_at = now() WHERE q.id = p.id;
            RETURN p.id;
        END""",
        owner="journal_eraser",
    )


def _orders() -> None:
    erasable(
        "medication.medication_request", *_MEDICINE, "generic_name", "brand_name", "route", "route_code",
        "prescription_group", "instruction", "required_value", "condition_text", "change_code", "change_reason", "detected_issues",
        key="entry_id", kept_while=("active", "on-hold"),
    )  # fmt: skip
    erasable("medication.verbal_order", key="request_entry_id", within="medication.medication_request")
    erasable("medication.verbal_answer", "reason", key="verbal_order_id", within="medication.verbal_order")
    # What is erased awaits nobody's signature.
    op.execute(
        """DO $do$ BEGIN EXECUTE replace(pg_get_functiondef('medication.verbal_orders()'::regprocedure),
            'v.in_error_at IS NULL', 'v.in_error_at IS NULL AND v.erasure_id IS NULL'); END $do$"""
    )


def _sources() -> None:
    document = "medication.source_document"
    erasable(document, "message_id", "sender")
    erasable(
        "medication.source_entry", *_MEDICINE, "source_entry_id", "name", "substance", "fest_id", "item_number",
        "dosage_text", "use", "starts_on", "ends_on", "note", "prescriber_name", "prescriber_hpr", "stop_code",
        key="document_id", within=document,
    )  # fmt: skip
    erasable("medication.source_match", "catalogue_item_id", "dosage", key="entry_id", within="medication.source_entry")
    erasable("medication.reconciliation", "choices", key="document_id", within=document)
    erasable("medication.reconciliation_draft", "choices", "questions", key="document_id", within=document)
    erasable("medication.source_check", "note", key="entry_id", within="medication.source_entry")
    erasable(
        "medication.source_question", "medicine", "text", key="reconciliation_id", within="medication.reconciliation"
    )
    erasable("medication.source_answer", "text", key="question_id", within="medication.source_question")


def _reviews_and_doors() -> None:
    erasable("medication.medication_review", "took_part", "result", "changes")
    erasable("medication.crossing", "place")
    erasable("medication.crossing_act", "said_by", "lines", key="crossing_id", within="medication.crossing")


def _what_stays() -> None:
    ground = "why the chart was open, which belongs to the log"
    stays("access.care_relationship", ground, "service_code", "decision_ref", "room")
    stays("access.restriction", ground, "category", "decided_by")
    decided = "a decision of the municipality, with rules of its own"
    stays("care.granted_service", decided, "service_code", "service_text", "decision_number", "provider_name")
    stays("care.granted_service", decided, "ended_by_name", "change_reason")
    stays("care.stay", "where she was, on which the grounds stand", "ward_name", "room", "place", "ended_by_name")
    number = "a number that without its order names no medicine"
    stays("medication.dose", number, "unit", "slot", "given_by")
    stays("medication.medication_administration", number, "unit")
    stays("medication.medication_administration", "a code of the national list: that it was not given", "reason_code")
    who = "who decided it, as who wrote it"
    stays("medication.medication_request", who, "prescriber_name", "given_by")
    stays("medication.verbal_order", who, "prescriber_name", "prescriber_hpr", "prescriber_service", "stand_in_name")
    stays(
        "medication.medication_administration", "codes that without their order name no medicine", "site", "old_patch"
    )
    stays("medication.crossing", who, "stand_in_name")
    stays("observations.observation", "which kind of measurement it was", "code", "loinc", "display", "unit")
    person = "who the chart is about: corrected and never erased"
    stays("patients.allergy_assessment", "that she was asked", "source_code")
    stays("patients.identifier", person, "value", "issuer")
    stays("patients.link", person, "reason", "confirmed_by_name", "ended_by_name", "ended_reason")
    stays("patients.name_word", person, "word")
    stays("patients.patient_history", person, "was")
    stays(
        "patients.patient", person, "family_name", "given_name", "address_line_1", "address_line_2", "postal_code",
        "city", "home_municipality_number", "phone", "language", "general_practitioner_name",
    )  # fmt: skip


def downgrade() -> None:
    """Rights and checks stand: they harm nobody. Nothing is erased until this is there again."""
    op.execute("DROP FUNCTION audit.erase(text, text)")
    op.execute("DROP FUNCTION audit.empty(audit.erasable, audit.erasure_proposal, uuid[])")
    refused = "BEGIN RAISE EXCEPTION 'erasure is not installed' USING ERRCODE = 'feature_not_supported'; END"
    define("audit.erase(call text, mac text) RETURNS uuid VOLATILE", refused, owner="journal_eraser")
    op.execute("ALTER TABLE audit.erasure_proposal DROP CONSTRAINT erasure_proposal_table_name_fkey")
    op.execute("DROP TABLE audit.erasable")
