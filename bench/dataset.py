"""An invented France of professionals, as many as asked by population, written by COPY.

The same size and seed give the same one, around the day it is made: ten reservations or closed periods each over
60 days behind and 90 ahead, two services each, papers in order, an outside calendar for one in ten.
"""

import random
from contextlib import contextmanager
from datetime import time, timedelta

from django.db import connection
from django.utils import timezone
from psycopg.types.range import Range

from accounts.models import Client, Commune, Document
from accounts.models.commune import WHOLE_CITIES
from marketplace.encryption import encrypt
from missions.models import Mission

SEED = 1
MISSION = 1
BATCH = 20_000  # professionals to a COPY, so that memory stays small

RADII = [10, 20, 30, 50, 50, 50, 80, 100, 150]
AGENTS = [1, 1, 1, 2, 4, 8, 20]
MINIMUM_MINUTES = [120, 240, 240, 240, 360]
SCORES = [None] * 30 + [5.0] * 5 + [4.9] * 8 + [4.8] * 10 + [4.7] * 10 + [4.6] * 9 + [4.5] * 8 + [4.4] * 6
SCORES += [4.3] * 5 + [4.2] * 3 + [4.1] * 2 + [4.0] * 2 + [3.8, 3.5]
WEEKS = [
    [(day, 0, 1440) for day in range(1, 8)],
    [(day, 480, 1200) for day in range(1, 6)],
    [(day, 1080, 1800) for day in range(1, 8)],
    [(day, *hours) for day in range(1, 8) for hours in ((360, 840), (960, 1560))],
]
SERVICES = [("surveillance", ("event", "guarding"))] * 9 + [("protection", ("close_protection",))]

COLUMNS = {
    "accounts_user": "id, password, is_superuser, is_staff, is_active, date_joined, name, email, language",
    "accounts_professional": "id, user_id, kind, activity, legal_name, trade_name, sort_name, slug, siret, vat_regime, "
    "presentation, languages, dog_handler, phone, base_commune_id, radius_km, agents, minimum_minutes, notice_hours, "
    "horizon_days, status, status_reason, payable, review_score, review_count",
    "accounts_rate": "professional_id, service, hourly_cents",
    "accounts_weeklyhours": "professional_id, weekday, opens_minute, closes_minute",
    "accounts_document": "professional_id, kind, number, activity, expires_on, file, content_type, status, "
    "refusal_reason",
    "accounts_availabilityexception": "professional_id, kind, starts_on, starts_at, ends_on, ends_at, note",
    "accounts_externalcalendar": "professional_id, url, state, problem, due_at, failures",
    "accounts_busyperiod": "calendar_id, starts_at, ends_at",
    "missions_seatreservation": "professional_id, number, mission_id, period",
}


def build(size):
    """Fill an empty, migrated database that has its communes."""
    with connection.cursor() as cursor, bulk_load(cursor):
        writer = Writer(size, timezone.now())
        for first in range(1, size + 1, BATCH):
            rows = writer.rows(range(first, min(first + BATCH, size + 1)))
            for table, columns in COLUMNS.items():
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in rows[table]:
                        copy.write_row(row)
    with connection.cursor() as cursor:
        for table in ("accounts_user", "accounts_professional"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {size})")
        cursor.execute("SELECT missions_refresh_listings(ARRAY(SELECT id FROM accounts_professional))")
        write_mission()
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def bulk_load(cursor):
    """Without triggers, and with the indexes (primary keys apart) put back at the end, all at once."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("SET maintenance_work_mem = '1GB'")
    tables = list(COLUMNS)
    cursor.execute(
        "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),"
        " format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))"
        " FROM pg_constraint WHERE contype IN ('u', 'x') AND conrelid::regclass::text = ANY (%s)",
        [tables],
    )
    constraints = cursor.fetchall()
    for drop, _add in constraints:
        cursor.execute(drop)
    cursor.execute(
        "SELECT format('DROP INDEX %%I', indexname), indexdef FROM pg_indexes WHERE tablename = ANY (%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
        [tables],
    )
    indexes = cursor.fetchall()
    for drop, _add in indexes:
        cursor.execute(drop)
    yield
    for _drop, add in constraints + indexes:
        cursor.execute(add)
    cursor.execute("SET session_replication_role = origin")


class Writer:
    """Rows of invented professionals, a few tables at a time."""

    def __init__(self, size, now):
        self.random = random.Random(SEED)  # noqa: S311
        self.midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        communes = list(Commune.objects.exclude(pk__in=WHOLE_CITIES).order_by("pk"))
        populations = [commune.population for commune in communes]
        self.bases = self.random.choices([commune.pk for commune in communes], populations, k=size)
        self.papers_until = self.midnight.date() + timedelta(days=400)
        self.calendar_url = encrypt(b"https://exemple.fr/agenda.ics")

    def rows(self, keys):
        """The rows of these professionals, by table."""
        rows = {table: [] for table in COLUMNS}
        for key in keys:
            activity, services = self.random.choice(SERVICES)
            agents = self.random.choice(AGENTS)
            rows["accounts_user"].append(self.user(key))
            rows["accounts_professional"].append(self.professional(key, activity, agents))
            rows["accounts_rate"] += [(key, service, self.random.randint(2000, 3600)) for service in services]
            rows["accounts_weeklyhours"] += [(key, *opening) for opening in self.random.choice(WEEKS)]
            rows["accounts_document"] += [self.document(key, kind, activity) for kind in Document.Kind.values]
            self.fill_diary(rows, key, agents)
        return rows

    def user(self, key):
        email = f"pro{key}@exemple.fr"
        return key, "", False, False, True, self.midnight, f"Professionnel {key}", email, "fr"

    def professional(self, key, activity, agents):
        name, pick = f"Professionnel {key}", self.random.choice
        score = pick(SCORES)
        return (
            *(key, key, "company" if agents > 1 else "sole_operator", activity, name, name, name.lower(), f"pro-{key}"),
            *("", "franchise" if pick(WEEKS) is WEEKS[0] else "standard", "Surveillance et accueil.", ["fr"], False),
            *("0600000000", self.bases[key - 1], pick(RADII), agents, pick(MINIMUM_MINUTES), 12, 365, "approved", ""),
            *(True, score, self.random.randint(1, 200) if score else 0),
        )

    def document(self, key, kind, activity):
        covered = activity if kind in Document.WITH_ACTIVITY else ""
        return (
            key,
            kind,
            "1",
            covered,
            self.papers_until,
            f"documents/{key}/{kind}.pdf",
            "application/pdf",
            "approved",
            "",
        )

    def fill_diary(self, rows, key, agents):
        """Ten things already planned, three of them closed days; for one in ten, four events of another calendar."""
        days = self.random.sample(range(-60, 90), 14)
        for day in days[:3]:
            first = self.midnight.date() + timedelta(days=day)
            rows["accounts_availabilityexception"].append(
                (key, "closed", first, time(), first + timedelta(days=2), time(), "")
            )
        for day in days[3:10]:
            number = self.random.randint(1, agents)
            rows["missions_seatreservation"].append((key, number, MISSION, Range(*self.evening(day), bounds="[)")))
        if key % 10 == 0:
            rows["accounts_externalcalendar"].append((key, self.calendar_url, "read", "", self.midnight, 0))
            rows["accounts_busyperiod"] += [(key, *self.evening(day)) for day in days[10:]]

    def evening(self, day):
        start = self.midnight + timedelta(days=day, hours=self.random.randint(8, 20))
        return start, start + timedelta(hours=self.random.choice([4, 6, 8, 10]))


def write_mission():
    """The one that every reservation refers to: the search reads the reservations alone."""
    starts_at = timezone.now() + timedelta(days=7)
    client = Client.objects.create(user_id=1, kind=Client.Kind.INDIVIDUAL, name="Client")
    commune = Commune.objects.get(pk="69381")
    Mission.objects.create(
        pk=MISSION,
        client=client,
        professional_id=1,
        status=Mission.Status.INQUIRY,
        deadline_at=starts_at,
        service="event",
        commune=commune,
        timezone=commune.timezone,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=8),
    )
