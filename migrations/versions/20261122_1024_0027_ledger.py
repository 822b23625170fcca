"""The account of controlled drugs: keeping places, a ledger for each product strength in one, and its entries, which nobody changes.

An entry says how the balance moved and why; its number in the place and the balance after it are PostgreSQL's to say. Only
adds: the version before this signs doses as it did, and keeps no account.

Revision ID: 0027
Revises: 0024
"""

from alembic import op

from migrations.helpers import STAMPS, grant_insert, guard, municipality_table, stamp, unit_table

revision, down_revision, branch_labels, depends_on = "0027", "0025", None, None

PLACE, LEDGER, ENTRY = "medication.keeping_place", "medication.ledger", "medication.ledger_entry"
WITNESS, EXPLAINED = "medication.ledger_witness", "medication.ledger_explanation"
HOLDING, DOSE = "medication.patient_holding", "medication.controlled_dose"
SETTING = "medication.ledger_setting"
FUNCTIONS = "keep_place", "keep_ledger", "of_keeping_place", "refuse_change"

OF_UNIT = """
    municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
    unit_id uuid NOT NULL DEFAULT audit.acting_unit(),
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_at timestamptz NOT NULL DEFAULT now()
"""
OF_CHART = f"""
    patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
    {", ".join(f"{name} {'text' if name in ('recorded_by_name', 'recorded_role') else 'uuid'} NOT NULL" for name in STAMPS)},
    recorded_at timestamptz NOT NULL DEFAULT now()
"""


def upgrade() -> None:
    _places()
    _entries()
    _beside()
    _of_patients()
    _functions()
    op.execute(
        f"""CREATE TABLE {SETTING} (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            version integer NOT NULL CHECK (version > 0),
            group_b boolean NOT NULL,
            show_expected boolean NOT NULL,
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (municipality_id, version))"""
    )
    municipality_table(SETTING)


def _of_unit(table: str, *, updates: str = "") -> None:
    """Seen and written by who acts in the unit that keeps, or above it: no chart is open, and no patient stands in it."""
    own = "municipality_id = (SELECT audit.acting_for()) AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])"
    guard(table)
    op.execute(f"CREATE POLICY unit ON {table} TO journal_app USING ({own}) WITH CHECK ({own})")
    op.execute(f"GRANT SELECT ON {table} TO journal_app")
    grant_insert(table)
    if updates:
        op.execute(f"GRANT UPDATE ({updates}) ON {table} TO journal_app")


def _places() -> None:
    op.execute(
        f"""CREATE TABLE {PLACE} (
            id uuid PRIMARY KEY,
            {OF_UNIT},
            kind text NOT NULL CHECK (kind IN ('cabinet', 'safe', 'car', 'patient')),
            name text CHECK (char_length(name) BETWEEN 1 AND 60),
            closed_at timestamptz,
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id),
            -- What a patient's own medicines are called is her name, which comes with her chart.
            CHECK ((kind = 'patient') = (name IS NULL)))"""
    )
    op.execute(f"CREATE INDEX keeping_place_of_unit ON {PLACE} (unit_id)")
    op.execute(
        f"""CREATE TABLE {LEDGER} (
            id uuid PRIMARY KEY,
            place_id uuid NOT NULL REFERENCES {PLACE} (id),
            {OF_UNIT},
            catalogue_item_id uuid NOT NULL REFERENCES medication.catalogue_item (id),
            atc_code text, generic_name text NOT NULL, brand_name text, form text, form_code text, strength text,
            prescription_group text,
            unit text NOT NULL,
            UNIQUE (place_id, id), UNIQUE (place_id, catalogue_item_id))"""
    )


def _entries() -> None:
    op.execute(
        f"""CREATE TABLE {ENTRY} (
            place_id uuid NOT NULL REFERENCES {PLACE} (id),
            number integer NOT NULL DEFAULT 0 CHECK (number > 0),
            {OF_UNIT},
            ledger_id uuid NOT NULL,
            kind text NOT NULL CHECK (kind IN
                ('opening', 'delivery', 'withdrawal', 'waste', 'return', 'destruction', 'count', 'correction')),
            amount numeric NOT NULL DEFAULT 0 CHECK (abs(amount) < 1000000000000 AND scale(amount) <= 4),
            balance numeric NOT NULL DEFAULT 0,
            counted numeric CHECK (counted >= 0),
            administration_id uuid,
            corrects integer,
            reason text CHECK (reason IN ('rest', 'dropped', 'refused', 'expired', 'other')),
            PRIMARY KEY (place_id, number),
            UNIQUE (place_id, number, recorded_by),
            FOREIGN KEY (place_id, ledger_id) REFERENCES {LEDGER} (place_id, id),
            FOREIGN KEY (place_id, corrects) REFERENCES {ENTRY} (place_id, number),
            CONSTRAINT corrected_once UNIQUE (place_id, corrects),
            CONSTRAINT never_negative CHECK (balance >= 0),
            CONSTRAINT explained CHECK (CASE kind
                WHEN 'opening' THEN counted IS NOT NULL AND amount = counted
                WHEN 'count' THEN counted IS NOT NULL AND balance = counted
                WHEN 'delivery' THEN amount > 0
                WHEN 'withdrawal' THEN amount < 0 AND administration_id IS NOT NULL
                WHEN 'waste' THEN amount < 0 AND reason IS NOT NULL
                WHEN 'correction' THEN corrects IS NOT NULL
                ELSE amount < 0 END),
            CHECK ((kind = 'correction') = (corrects IS NOT NULL)),
            CHECK ((kind IN ('opening', 'count')) = (counted IS NOT NULL)))"""
    )
    op.execute(f"CREATE INDEX ledger_entry_of_ledger ON {ENTRY} (ledger_id, number)")
    op.execute(
        f"CREATE INDEX ledger_entry_of_administration ON {ENTRY} (administration_id) WHERE administration_id IS NOT NULL"
    )


def _beside() -> None:
    """What others say of an entry afterwards: the second who saw it, and how a count that differed was explained."""
    op.execute(
        f"""CREATE TABLE {WITNESS} (
            place_id uuid NOT NULL, number integer NOT NULL, entry_by uuid NOT NULL,
            {OF_UNIT},
            PRIMARY KEY (place_id, number),
            FOREIGN KEY (place_id, number, entry_by) REFERENCES {ENTRY} (place_id, number, recorded_by),
            CONSTRAINT another_person CHECK (recorded_by <> entry_by))"""
    )
    op.execute(
        f"""CREATE TABLE {EXPLAINED} (
            place_id uuid NOT NULL, number integer NOT NULL,
            {OF_UNIT},
            cause text NOT NULL CHECK (cause IN
                ('miscounted', 'withdrawal_not_written', 'delivery_not_written', 'spilled', 'lost')),
            PRIMARY KEY (place_id, number),
            FOREIGN KEY (place_id, number) REFERENCES {ENTRY} (place_id, number))"""
    )


def _of_patients() -> None:
    """Ids alone, and times: whose a holding is, and which doses were to be taken from what the unit keeps."""
    op.execute(
        f"""CREATE TABLE {HOLDING} (
            {OF_CHART}, place_id uuid NOT NULL UNIQUE REFERENCES {PLACE} (id),
            PRIMARY KEY (patient_id, place_id))"""
    )
    op.execute(
        f"""CREATE TABLE {DOSE} (
            {OF_CHART}, administration_id uuid NOT NULL,
            closed_as text CHECK (closed_as IN ('undone', 'outside')),
            PRIMARY KEY (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id)
                REFERENCES medication.medication_administration (patient_id, id))"""
    )
    op.execute(f"CREATE INDEX controlled_dose_of_unit ON {DOSE} (unit_id, recorded_at)")
    unit_table(HOLDING)
    unit_table(DOSE, category="medication", updates=("closed_as",))
    for table in (HOLDING, DOSE):
        stamp(table)


def _functions() -> None:
    """With the rights of whoever writes: a place of another unit is not there."""
    _function(
        "of_keeping_place",
        """
        BEGIN
            SELECT p.municipality_id, p.unit_id INTO NEW.municipality_id, NEW.unit_id
            FROM medication.keeping_place p WHERE p.id = NEW.place_id;
            RETURN NEW;
        END""",
    )
    # The place is held until commit: of two who would take the last one, the second sees that it is gone.
    _function(
        "keep_ledger",
        """
        DECLARE
            closed timestamptz;
            before numeric;
            corrected medication.ledger_entry;
        BEGIN
            SELECT p.municipality_id, p.unit_id, p.closed_at INTO NEW.municipality_id, NEW.unit_id, closed
            FROM medication.keeping_place p WHERE p.id = NEW.place_id FOR NO KEY UPDATE;
            IF closed IS NOT NULL THEN
                RAISE EXCEPTION 'the place is closed' USING ERRCODE = 'check_violation';
            END IF;
            NEW.number := 1 + coalesce(
                (SELECT max(e.number) FROM medication.ledger_entry e WHERE e.place_id = NEW.place_id), 0);
            SELECT e.balance INTO before FROM medication.ledger_entry e
            WHERE e.ledger_id = NEW.ledger_id ORDER BY e.number DESC LIMIT 1;
            IF (before IS NULL) <> (NEW.kind = 'opening') THEN
                RAISE EXCEPTION 'a ledger begins with one opening count' USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.counted IS NOT NULL THEN
                NEW.amount := NEW.counted - coalesce(before, 0);
            ELSIF NEW.kind = 'correction' THEN
                SELECT e.* INTO corrected FROM medication.ledger_entry e
                WHERE e.place_id = NEW.place_id AND e.number = NEW.corrects;
                IF corrected.ledger_id <> NEW.ledger_id OR corrected.kind IN ('opening', 'count', 'correction') THEN
                    RAISE EXCEPTION 'that is corrected by a count' USING ERRCODE = 'check_violation';
                END IF;
                NEW.amount := -corrected.amount;
                NEW.administration_id := corrected.administration_id;
            END IF;
            NEW.balance := coalesce(before, 0) + NEW.amount;
            RETURN NEW;
        END""",
    )
    _function(
        "keep_place",
        """
        BEGIN
            IF EXISTS (
                SELECT FROM medication.ledger l
                WHERE l.place_id = NEW.id AND 0 <> (
                    SELECT e.balance FROM medication.ledger_entry e
                    WHERE e.ledger_id = l.id ORDER BY e.number DESC LIMIT 1)) THEN
                RAISE EXCEPTION 'a place is closed at zero' USING ERRCODE = 'check_violation';
            END IF;
            NEW.closed_at := coalesce(OLD.closed_at, now());
            RETURN NEW;
        END""",
    )
    _function(
        "refuse_change",
        "BEGIN RAISE EXCEPTION 'what is written stands' USING ERRCODE = 'insufficient_privilege'; END",
    )
    for table, function, when in (
        (LEDGER, "of_keeping_place", "BEFORE INSERT"),
        (WITNESS, "of_keeping_place", "BEFORE INSERT"),
        (EXPLAINED, "of_keeping_place", "BEFORE INSERT"),
        (ENTRY, "keep_ledger", "BEFORE INSERT"),
        (PLACE, "keep_place", "BEFORE UPDATE"),
        *((table, "refuse_change", "BEFORE UPDATE OR DELETE") for table in (LEDGER, ENTRY, WITNESS, EXPLAINED)),
    ):
        op.execute(f"CREATE TRIGGER {function} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION medication.{function}()")
    _of_unit(PLACE, updates="closed_at")
    for table in (LEDGER, ENTRY, WITNESS, EXPLAINED):
        _of_unit(table)


def _function(name: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION medication.{name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp"
        f" AS $body${body}$body$"
    )
    op.execute(f"ALTER FUNCTION medication.{name}() OWNER TO journal_owner")


def downgrade() -> None:
    for table in (SETTING, DOSE, HOLDING, EXPLAINED, WITNESS, ENTRY, LEDGER, PLACE):
        op.execute(f"DROP TABLE {table}")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION medication.{name}()")
