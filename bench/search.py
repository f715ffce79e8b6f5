"""How long a search takes among SIZE professionals, in a database of its own.

    python -m bench.search 100000

For four places, and for 500 communes drawn by population, prints the listings that reach the place, the milliseconds
page 1 and page 10 wait for the database (their professionals included), those of the capped count, and those of the
two pages through the whole application. One client, warm. The last line is the summary.
"""

import os
import random
import sys
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cache
from math import ceil
from statistics import quantiles
from time import perf_counter

from marketplace import embedded

SEED = 2
PLACES = {"Paris": "75101", "Lyon": "69381", "Brest": "29019", "Mende": "48095"}
SEARCHES = 30  # at each of the four; one in three is also read through the application
COMMUNES, SEARCHES_EACH = 500, 3
OPTIONS = {"shared_buffers": "4GB", "effective_cache_size": "12GB"}  # a quarter of the memory of a server of 16 GB
PAGE, PAGES_BEFORE, COUNTED = 20, 9, 200
COLUMNS = {"sql": "SQL page 1", "count": "SQL count", "page": "page 1", "sql_10": "SQL page 10", "page_10": "page 10"}


def main(size):
    with embedded.start_free("bench", options=OPTIONS) as servers:
        os.environ |= servers.environ | {"MODE": "test", "DJANGO_SETTINGS_MODULE": "marketplace.settings"}
        os.environ["DATA_DIR"] = str(servers.folder / "site")
        prepare(size)
        measure(size)


def prepare(size):
    import django
    from django.core.management import call_command

    start = perf_counter()
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("load_communes")
    from bench.dataset import build

    build(size)
    print(f"{size} professionals made in {perf_counter() - start:.0f} s")


@dataclass
class Timings:
    """Milliseconds of one place."""

    name: str
    candidates: int = 0
    count: list = field(default_factory=list)
    sql: list = field(default_factory=list)
    page: list = field(default_factory=list)
    sql_10: list = field(default_factory=list)
    page_10: list = field(default_factory=list)

    def __str__(self):
        return f"{self.name:8} {self.candidates:8}  " + "  ".join(two(getattr(self, name)) for name in COLUMNS)


def measure(size):
    from accounts.models import Commune
    from accounts.models.commune import WHOLE_CITIES

    drawn = random.Random(SEED)  # noqa: S311
    communes = list(Commune.objects.exclude(pk__in=WHOLE_CITIES).order_by("pk"))
    some = drawn.choices(communes, [commune.population for commune in communes], k=COMMUNES)
    for commune in some[:50]:
        timings_at(commune, drawn, 1)  # warms the caches and the connection
    print(f"{'':8} {'reach it':>8}  " + "  ".join(f"{title:15}" for title in COLUMNS.values()) + "  p50/p95 in ms")
    named = [timings_at(Commune.objects.get(pk=pk), drawn, SEARCHES, name) for name, pk in PLACES.items()]
    others = [timings_at(commune, drawn, SEARCHES_EACH) for commune in some]
    among = Timings("500", sum(one.candidates for one in others) // len(others))
    for name in COLUMNS:
        setattr(among, name, [ms for one in others for ms in getattr(one, name)])
    for timings in [*named, among]:
        print(timings)
    worst = max(named + others, key=lambda one: p95(one.sql))
    print(
        f"search size={size} sql_p95_ms={p95(among.sql):.1f} page_p95_ms={p95(among.page):.1f} "
        f"worst_place={worst.name} worst_sql_p95_ms={p95(worst.sql):.1f}"
    )


def timings_at(commune, drawn, searches, name=None):
    timings = Timings(name or commune.name)
    for _ in range(searches):
        search = random_search(commune, drawn)
        time_queries(search, timings)
    for _ in range(ceil(searches / 3)):
        time_pages(random_search(commune, drawn), timings)
    timings.candidates = reaching(search)
    return timings


def random_search(commune, drawn):
    from missions.search import Search
    from missions.walltime import instant

    day = datetime.now(commune.zone).date() + timedelta(days=drawn.randint(2, 60))
    starts_at = instant(day, time(drawn.randint(5, 22)), commune.zone)
    service = drawn.choice(["event", "guarding"])
    return Search(service, commune, starts_at, drawn.choice([240, 360, 480, 600]), drawn.choice([1, 1, 2, 4]))


def time_queries(search, timings):
    found = found_by(search)
    timings.count.append(database_milliseconds(lambda: found.count(cap=COUNTED)))
    timings.sql.append(database_milliseconds(lambda: found.page(PAGE)))


def time_pages(search, timings):
    """Page 1 through the application, and page 10 both ways where there is one."""
    timings.page.append(milliseconds(lambda: read(search.query))[0])
    found = found_by(search)
    tenth = found.page(PAGE * PAGES_BEFORE).following
    if tenth:
        timings.sql_10.append(database_milliseconds(lambda: found.page(PAGE, after=tenth)))
        timings.page_10.append(milliseconds(lambda: read(f"{search.query}&after={tenth}"))[0])


def found_by(search):
    from marketplace import clock
    from missions.search import offers

    return offers(search, now=clock.now())


@cache
def client():
    from django.test import Client

    return Client()


def read(query):
    from django.urls import reverse

    response = client().get(f"{reverse('missions:search')}?{query}")
    assert response.status_code == 200, response.status_code  # noqa: S101
    return response


def reaching(search):
    from missions.conditions import listings

    return listings(search).count()


def database_milliseconds(function):
    """What the function waits for the database, over all its queries."""
    from django.db import connection

    spent = []

    def timed(execute, *args):
        ms, result = milliseconds(lambda: execute(*args))
        spent.append(ms)
        return result

    with connection.execute_wrapper(timed):
        function()
    return sum(spent)


def milliseconds(function):
    start = perf_counter()
    result = function()
    return (perf_counter() - start) * 1000, result


def two(measured):
    return f"{quantiles(measured, n=100)[49]:6.1f}/{p95(measured):6.1f}  " if len(measured) > 1 else f"{'-':15}"


def p95(measured):
    return quantiles(measured, n=100, method="inclusive")[94] if len(measured) > 1 else max(measured, default=0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
