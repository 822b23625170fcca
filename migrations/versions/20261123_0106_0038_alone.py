"""A dose that wants two signatures may be signed alone, with a reason: another person counts, or looks it over, afterwards. What was
given without an order has its withdrawal in the account of controlled drugs. And a unit has its stock of ordinary medicines.

Only adds: the version before this lets such a dose wait for its second signature.

Revision ID: 0038
Revises: 0037
"""

from alembic import op

from migrations.helpers import (
    RECORD,
    STAMPS,
    chart_table,
    define,
    erasable,
    grant_insert,
    guard,
    let_read,
    stamp,
    unit_table,
)

revision, down_revision, branch_labels, depends_on = "0038", "0037", None, None

GIVEN = "medication.medication_administration"
DOSE = "medication.controlled_dose"
ITEM, LEVEL, ROW = "medication.stock_item", "medication.stock_level", "medication.stock_row"
SETTLED = "medication.stock_settled"
OF_UNIT = """
    municipality_id uuid NOT NULL DEFAULT audit.acting_for(),
    unit_id uuid NOT NULL DEFAULT audit.acting_unit(),
    recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
    recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
    recorded_at timestamptz NOT NULL DEFAULT now()
"""
ALONE, WORDS, CHECK = "medication.signed_alone", "medication.alone_words", "medication.alone_check"
OF_CHART = f"""
    patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
    {", ".join(f"{name} {'text' if name in ('recorded_by_name', 'recorded_role') else 'uuid'} NOT NULL" for name in STAMPS)},
    recorded_at timestamptz NOT NULL DEFAULT now()
"""


def upgrade() -> None:
    _alone()
    _check()
    _without_order()
    _stock()
    _settling()


def _alone() -> None:
    op.execute(
        f"""CREATE TABLE {ALONE} (
            {OF_CHART},
            administration_id uuid NOT NULL,
            reason text NOT NULL CHECK (reason IN ('night', 'home', 'nobody', 'urgent', 'other')),
            undone_at timestamptz,
            PRIMARY KEY (patient_id, administration_id),
            UNIQUE (patient_id, administration_id, recorded_by),
            FOREIGN KEY (patient_id, administration_id) REFERENCES {GIVEN} (patient_id, id))"""
    )
    op.execute(f"CREATE INDEX signed_alone_of_unit ON {ALONE} (unit_id, recorded_at)")
    unit_table(ALONE, category="medication", updates=("undone_at",))
    stamp(ALONE)
    op.execute(
        f"""CREATE TABLE {WORDS} (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id), id uuid NOT NULL,
            {RECORD},
            administration_id uuid NOT NULL,
            text text NOT NULL CHECK (length(text) BETWEEN 1 AND 200),
            PRIMARY KEY (patient_id, id),
            UNIQUE (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id) REFERENCES {ALONE} (patient_id, administration_id))"""
    )
    chart_table(WORDS)
    stamp(WORDS)
    erasable(WORDS, "text")


def _check() -> None:
    op.execute(
        f"""CREATE TABLE {CHECK} (
            {OF_CHART},
            administration_id uuid NOT NULL,
            signed_by uuid NOT NULL,
            place_id uuid, number integer,
            PRIMARY KEY (patient_id, administration_id),
            FOREIGN KEY (patient_id, administration_id, signed_by)
                REFERENCES {ALONE} (patient_id, administration_id, recorded_by),
            FOREIGN KEY (place_id, number) REFERENCES medication.ledger_entry (place_id, number),
            CHECK ((place_id IS NULL) = (number IS NULL)),
            CONSTRAINT alone_checked_by_another CHECK (recorded_by <> signed_by))"""
    )
    unit_table(CHECK, category="medication")
    stamp(CHECK)


def _without_order() -> None:
    """A controlled dose is an administration, or one that nobody had ordered: the key that holds says which."""
    op.execute(
        f"""ALTER TABLE {DOSE}
            ADD COLUMN unordered boolean NOT NULL DEFAULT false,
            ADD COLUMN given_id uuid GENERATED ALWAYS AS (CASE WHEN NOT unordered THEN administration_id END) STORED,
            ADD COLUMN unordered_id uuid GENERATED ALWAYS AS (CASE WHEN unordered THEN administration_id END) STORED"""
    )
    op.execute(f"ALTER TABLE {DOSE} DROP CONSTRAINT controlled_dose_patient_id_administration_id_fkey")
    op.execute(
        f"""ALTER TABLE {DOSE}
            ADD FOREIGN KEY (patient_id, given_id) REFERENCES {GIVEN} (patient_id, id),
            ADD FOREIGN KEY (patient_id, unordered_id) REFERENCES medication.given_without_order (patient_id, id)"""
    )
    op.execute(f"GRANT INSERT (unordered) ON {DOSE} TO journal_app")


def _stock() -> None:
    op.execute(
        f"""CREATE TABLE {ITEM} (
            id uuid PRIMARY KEY,
            {OF_UNIT},
            catalogue_item_id uuid NOT NULL REFERENCES medication.catalogue_item (id),
            atc_code text, generic_name text NOT NULL, brand_name text, form text, strength text,
            unit text NOT NULL,
            UNIQUE (unit_id, catalogue_item_id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    op.execute(
        f"""CREATE TABLE {LEVEL} (
            item_id uuid NOT NULL REFERENCES {ITEM} (id), version integer NOT NULL CHECK (version > 0),
            {OF_UNIT},
            lowest numeric NOT NULL CHECK (lowest >= 0 AND lowest < 1000000),
            PRIMARY KEY (item_id, version))"""
    )
    op.execute(
        f"""CREATE TABLE {ROW} (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            item_id uuid NOT NULL REFERENCES {ITEM} (id),
            {OF_UNIT},
            kind text NOT NULL CHECK (kind IN ('delivery', 'use', 'undone', 'count', 'discard')),
            amount numeric NOT NULL DEFAULT 0,
            counted numeric CHECK (counted >= 0 AND counted < 1000000),
            batch text CHECK (length(batch) BETWEEN 1 AND 40),
            expires_on date,
            administration_id uuid,
            CHECK ((kind = 'count') = (counted IS NOT NULL)),
            CHECK ((kind IN ('delivery', 'discard')) = (batch IS NOT NULL)),
            CHECK ((batch IS NULL) = (expires_on IS NULL)),
            CHECK ((kind IN ('use', 'undone')) = (administration_id IS NOT NULL)),
            CHECK (CASE WHEN kind IN ('delivery', 'undone') THEN amount > 0
                        WHEN kind IN ('use', 'discard') THEN amount < 0 ELSE true END))"""
    )
    op.execute(f"CREATE INDEX stock_row_of_item ON {ROW} (item_id, recorded_at)")
    op.execute(
        f"CREATE UNIQUE INDEX settled_once ON {ROW} (administration_id, kind) WHERE administration_id IS NOT NULL"
    )
    # Nothing here can fail for a dose: a count is what is there, whatever the rows before it say.
    op.execute(
        f"""CREATE FUNCTION medication.keep_stock() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            SELECT i.municipality_id, i.unit_id INTO NEW.municipality_id, NEW.unit_id FROM {ITEM} i WHERE i.id = NEW.item_id;
            IF NEW.kind = 'count' THEN
                PERFORM pg_advisory_xact_lock(hashtextextended(NEW.item_id::text, 0));
                NEW.amount := NEW.counted
                    - coalesce((SELECT sum(r.amount) FROM {ROW} r WHERE r.item_id = NEW.item_id), 0);
            END IF;
            RETURN NEW;
        END$$"""
    )
    op.execute(
        f"""CREATE FUNCTION medication.of_stock_item() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            SELECT i.municipality_id, i.unit_id INTO NEW.municipality_id, NEW.unit_id FROM {ITEM} i WHERE i.id = NEW.item_id;
            RETURN NEW;
        END$$"""
    )
    for name in ("keep_stock", "of_stock_item"):
        op.execute(f"ALTER FUNCTION medication.{name}() OWNER TO journal_owner")
    for table, function in ((ROW, "keep_stock"), (LEVEL, "of_stock_item")):
        op.execute(
            f"CREATE TRIGGER {function} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION medication.{function}()"
        )
    own = "municipality_id = (SELECT audit.acting_for()) AND unit_id = ANY ((SELECT audit.acting_units())::uuid[])"
    for table in (ITEM, LEVEL, ROW):
        op.execute(
            f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION medication.refuse_change()"
        )
        guard(table)
        op.execute(f"CREATE POLICY unit ON {table} TO journal_app USING ({own}) WITH CHECK ({own})")
        op.execute(f"GRANT SELECT ON {table} TO journal_app")
        grant_insert(table)


def _settling() -> None:
    """What was given is taken off by the worker, outside the signature: from where it was last, and an hour more, since a row is
    dated when its transaction began."""
    op.execute(
        f"CREATE TABLE {SETTLED} (single boolean PRIMARY KEY DEFAULT true CHECK (single), until timestamptz NOT NULL)"
    )
    op.execute(f"INSERT INTO {SETTLED} (until) VALUES (now())")
    guard(SETTLED)
    op.execute(f"CREATE INDEX administration_recorded ON {GIVEN} USING brin (recorded_at)")
    op.execute(f"CREATE INDEX administration_in_error ON {GIVEN} (in_error_at) WHERE in_error_at IS NOT NULL")
    let_read("journal_finder", ITEM, ROW, SETTLED)
    op.execute(f"GRANT INSERT ON {ROW} TO journal_finder")
    op.execute(f"GRANT UPDATE (until) ON {SETTLED} TO journal_finder")
    define(
        "medication.settle_stock() RETURNS integer VOLATILE",
        f"""
        DECLARE
            since timestamptz;
            used integer;
            put_back integer;
        BEGIN
            IF audit.acting_role() IS DISTINCT FROM 'system' THEN
                RAISE EXCEPTION 'the worker alone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            SELECT s.until - interval '1 hour' INTO since FROM {SETTLED} s FOR UPDATE;
            INSERT INTO {ROW} (item_id, kind, amount, administration_id)
            SELECT i.id, 'use', -coalesce(a.amount, d.amount), a.id
            FROM {GIVEN} a
            JOIN medication.medication_request r
              ON r.patient_id = a.patient_id AND r.id = a.request_id AND r.supply = 'ward_stock'
            LEFT JOIN medication.dose d ON d.patient_id = a.patient_id AND d.id = a.dose_id
            JOIN LATERAL (
                SELECT i.id FROM {ITEM} i
                WHERE i.unit_id = a.unit_id AND i.unit = coalesce(a.unit, d.unit) AND i.recorded_at <= a.recorded_at
                  AND (i.catalogue_item_id = r.catalogue_item_id
                       OR (i.atc_code, i.strength) = (r.atc_code, r.strength) AND i.form IS NOT DISTINCT FROM r.form)
                ORDER BY (i.catalogue_item_id = r.catalogue_item_id) IS TRUE DESC, i.id LIMIT 1) i ON true
            WHERE a.recorded_at > since AND a.status = 'completed' AND a.kind <> 'witness' AND a.in_error_at IS NULL
              AND coalesce(a.amount, d.amount) > 0
            ON CONFLICT DO NOTHING;
            GET DIAGNOSTICS used = ROW_COUNT;
            INSERT INTO {ROW} (item_id, kind, amount, administration_id)
            SELECT s.item_id, 'undone', -s.amount, s.administration_id
            FROM {GIVEN} a JOIN {ROW} s ON s.administration_id = a.id AND s.kind = 'use'
            WHERE a.in_error_at > since
            ON CONFLICT DO NOTHING;
            GET DIAGNOSTICS put_back = ROW_COUNT;
            UPDATE {SETTLED} SET until = now();
            RETURN used + put_back;
        END""",
        owner="journal_finder",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION medication.settle_stock()")
    op.execute("DROP INDEX medication.administration_recorded")
    op.execute("DROP INDEX medication.administration_in_error")
    for table in (SETTLED, ROW, LEVEL, ITEM):
        op.execute(f"DROP TABLE {table}")
    for name in ("keep_stock", "of_stock_item"):
        op.execute(f"DROP FUNCTION medication.{name}()")
    op.execute(f"DELETE FROM {DOSE} WHERE unordered")
    op.execute(f"ALTER TABLE {DOSE} DROP COLUMN given_id, DROP COLUMN unordered_id, DROP COLUMN unordered")
    op.execute(
        f"ALTER TABLE {DOSE} ADD FOREIGN KEY (patient_id, administration_id) REFERENCES {GIVEN} (patient_id, id)"
    )
    op.execute(f"DELETE FROM audit.erasable WHERE table_name = '{WORDS}'")
    for table in (CHECK, WORDS, ALONE):
        op.execute(f"DROP TABLE {table}")
