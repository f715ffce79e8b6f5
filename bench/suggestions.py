"""How long the suggestions of communes take over the whole table, in a database of their own.

    python -m bench.suggestions

Types the names and the postcodes of communes drawn by population letter by letter; the last line is the summary.
"""

import os
import random
from itertools import islice
from statistics import quantiles
from time import perf_counter

from marketplace import embedded

TYPED = 500  # texts, each the beginning of the next one until a name ends
SEED = 3


def main():
    with embedded.start_free("bench") as servers:
        os.environ |= servers.environ | {"MODE": "test", "DJANGO_SETTINGS_MODULE": "marketplace.settings"}
        os.environ["DATA_DIR"] = str(servers.folder / "site")
        prepare()
        measure()


def prepare():
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("load_communes")


def measure():
    """Print the milliseconds of the query and of the whole view, by kind of text."""
    from accounts.models import Commune

    communes = list(Commune.objects.filter(population__gt=0).order_by("pk"))
    drawn = random.Random(SEED).choices(communes, [commune.population for commune in communes], k=TYPED)  # noqa: S311
    names = list(islice((text for commune in drawn for text in beginnings(commune.name)), TYPED))
    postcodes = list(islice((text for commune in drawn for text in beginnings(commune.postcodes[0])[1:]), TYPED))
    names_ms, postcodes_ms = [times(suggest, texts) for texts in (names, postcodes)]
    views_ms = times(view(), names + postcodes)
    for what, measured in (("names", names_ms), ("postcodes", postcodes_ms), ("view", views_ms)):
        print(f"{what:10} p50 {quantiles(measured, n=100)[49]:6.2f} ms   worst {max(measured):6.2f} ms")
    sql, page = (quantiles(measured, n=100)[94] for measured in (names_ms + postcodes_ms, views_ms))
    print(f"suggestions communes={len(communes)} sql_p95_ms={sql:.2f} view_p95_ms={page:.2f}")


def beginnings(text):
    return [text[:length] for length in range(1, len(text) + 1)]


def times(function, texts):
    """Milliseconds for each text, once everything has been called before."""
    for text in texts[:20]:
        function(text)
    return [milliseconds(function, text) for text in texts]


def milliseconds(function, text):
    start = perf_counter()
    function(text)
    return (perf_counter() - start) * 1000


def suggest(text):
    from accounts.models import Commune
    from accounts.views.places import SUGGESTIONS

    return list(Commune.objects.matching(text)[:SUGGESTIONS])


def view():
    from django.test import Client
    from django.urls import reverse

    client, url = Client(), reverse("accounts:commune_suggest")
    return lambda text: client.get(url, {"place": text})


if __name__ == "__main__":
    main()
