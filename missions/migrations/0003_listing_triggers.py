from django.db import migrations

# What the listings of a professional must be: nothing unless approved, payable and holding every paper the law asks
# for; else one row per rate of a service their activity allows. An AUT without a term is valid for ever.
LISTINGS_OF = """
CREATE FUNCTION missions_listings_of(asked bigint) RETURNS TABLE (
    professional_id bigint, service varchar, hourly_cents bigint, score smallint, review_count integer,
    latitude double precision, longitude double precision, radius_km smallint, agents smallint,
    minimum_minutes smallint, notice_hours smallint, horizon_days smallint, kind varchar, vat_regime varchar,
    department varchar, languages varchar[], dog_handler boolean, titles_until date, papers_until date,
    open_week int4multirange
) LANGUAGE sql STABLE AS $$
    SELECT professional.id, rate.service, rate.hourly_cents, coalesce(professional.review_score * 10, 0)::smallint,
        professional.review_count, base.latitude, base.longitude, professional.radius_km, professional.agents,
        professional.minimum_minutes, professional.notice_hours, professional.horizon_days, professional.kind,
        professional.vat_regime, base.department, professional.languages, professional.dog_handler,
        papers.titles_until, papers.papers_until, week.open_week
    FROM accounts_professional AS professional
    JOIN accounts_user AS person ON person.id = professional.user_id AND person.is_active
    JOIN accounts_commune AS base ON base.insee = professional.base_commune_id
    JOIN accounts_rate AS rate ON rate.professional_id = professional.id
        AND (rate.service = 'close_protection') = (professional.activity = 'protection')
    CROSS JOIN LATERAL (
        SELECT min(until) FILTER (WHERE paper.kind IN ('aut', 'agd', 'car')) AS titles_until,
            min(until) FILTER (WHERE paper.kind NOT IN ('aut', 'agd', 'car')) AS papers_until,
            count(*) AS kinds
        FROM (
            SELECT document.kind, max(coalesce(document.expires_on, DATE '9999-12-31')) AS until
            FROM accounts_document AS document
            WHERE document.professional_id = professional.id AND document.status = 'approved'
                AND (document.kind NOT IN ('aut', 'car') OR document.activity = professional.activity)
            GROUP BY document.kind
        ) AS paper
    ) AS papers
    CROSS JOIN LATERAL (
        SELECT coalesce(range_agg(span), '{}') AS open_week
        FROM accounts_weeklyhours AS hours
        CROSS JOIN LATERAL (VALUES ((hours.weekday - 1) * 1440)) AS day (minute)
        CROSS JOIN LATERAL (VALUES
            (int4range(minute + hours.opens_minute, least(minute + hours.closes_minute, 10080))),
            (int4range(0, greatest(minute + hours.closes_minute - 10080, 0)))
        ) AS spans (span)
        WHERE hours.professional_id = professional.id
    ) AS week
    WHERE professional.id = asked AND professional.status = 'approved' AND professional.payable AND papers.kinds = 7
$$
"""

COLUMNS = (
    "professional_id, service, hourly_cents, score, review_count, latitude, longitude, radius_km, agents, "
    "minimum_minutes, notice_hours, horizon_days, kind, vat_regime, department, languages, dog_handler, "
    "titles_until, papers_until, open_week"
)
AS_LISTED = ", ".join(f"missions_listing.{column}" for column in COLUMNS.split(", "))

# The lock makes two changes to one file wait for each other: the statements below then see both. Rows that are right
# already stay, so that a new telephone number leaves the index alone.
REFRESH = f"""
CREATE FUNCTION missions_refresh_listings(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM accounts_professional WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM missions_listing WHERE professional_id = ANY (ids) AND NOT EXISTS (
        SELECT FROM missions_listings_of(professional_id) AS truth
        WHERE ROW(truth.*) = ROW({AS_LISTED})
    );
    INSERT INTO missions_listing ({COLUMNS})
    SELECT listing.* FROM unnest(ids) AS asked CROSS JOIN LATERAL missions_listings_of(asked) AS listing
    ON CONFLICT (professional_id, service) DO NOTHING;
END $$;

CREATE FUNCTION missions_professional_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM missions_refresh_listings(ARRAY(SELECT id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION missions_file_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM missions_refresh_listings(ARRAY(SELECT DISTINCT professional_id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION missions_file_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM missions_refresh_listings(
        ARRAY(SELECT professional_id FROM changed UNION SELECT professional_id FROM former)
    );
    RETURN NULL;
END $$;

CREATE FUNCTION missions_user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM missions_refresh_listings(ARRAY(SELECT id FROM accounts_professional WHERE user_id = NEW.id));
    RETURN NULL;
END $$;

CREATE FUNCTION missions_commune_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM missions_refresh_listings(ARRAY(SELECT id FROM accounts_professional WHERE base_commune_id = NEW.insee));
    RETURN NULL;
END $$;

CREATE TRIGGER refresh_listings AFTER UPDATE ON accounts_professional
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION missions_professional_changed();

CREATE TRIGGER refresh_listings AFTER UPDATE ON accounts_user
    FOR EACH ROW WHEN (OLD.is_active <> NEW.is_active) EXECUTE FUNCTION missions_user_changed();

CREATE TRIGGER refresh_listings AFTER UPDATE ON accounts_commune
    FOR EACH ROW WHEN (
        (OLD.latitude, OLD.longitude, OLD.department) <> (NEW.latitude, NEW.longitude, NEW.department)
    ) EXECUTE FUNCTION missions_commune_changed();
"""  # noqa: S608

# PostgreSQL wants one trigger per event for a transition table.
FILE_TABLES = ("accounts_rate", "accounts_document", "accounts_weeklyhours")
FILE_EVENTS = {
    "insert": ("NEW TABLE AS changed", "missions_file_changed"),
    "update": ("NEW TABLE AS changed OLD TABLE AS former", "missions_file_moved"),
    "delete": ("OLD TABLE AS changed", "missions_file_changed"),
}
FILE_TRIGGERS = "".join(
    f"CREATE TRIGGER refresh_listings_on_{event} AFTER {event} ON {table} REFERENCING {rows} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
    for table in FILE_TABLES
    for event, (rows, function) in FILE_EVENTS.items()
)

# The exclusion constraint keeps a number from being taken twice; this keeps it within the crew.
SEATS = """
CREATE FUNCTION missions_refuse_seat_beyond_agents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number > (SELECT agents FROM accounts_professional WHERE id = NEW.professional_id) THEN
        RAISE EXCEPTION 'Professional % has no seat %.', NEW.professional_id, NEW.number
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER seat_within_agents BEFORE INSERT OR UPDATE OF number, professional_id ON missions_seatreservation
    FOR EACH ROW EXECUTE FUNCTION missions_refuse_seat_beyond_agents();
"""

FILL = "SET LOCAL statement_timeout = 0; SELECT missions_refresh_listings(ARRAY(SELECT id FROM accounts_professional))"

DROP = """
DROP FUNCTION missions_professional_changed, missions_file_changed, missions_file_moved, missions_user_changed,
    missions_commune_changed, missions_refuse_seat_beyond_agents CASCADE;
DROP FUNCTION missions_refresh_listings, missions_listings_of;
"""


class Migration(migrations.Migration):
    dependencies = [("missions", "0002_listings")]

    operations = [migrations.RunSQL(LISTINGS_OF + ";" + REFRESH + FILE_TRIGGERS + SEATS + FILL, DROP)]
