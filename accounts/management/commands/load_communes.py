import csv
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts.models.commune import Commune, commune_from
from accounts.places import TABLE

OFFICIAL_COLUMNS = {"code_commune_insee", "nom_de_la_commune", "code_postal", "_geopoint"}

# One statement takes 35 000 rows ten times faster than the ORM, which binds every value apart.
UPSERT = """
    INSERT INTO accounts_commune
        (insee, name, search_name, postcodes, department, latitude, longitude, population)
    SELECT insee, name, search_name, string_to_array(postcodes, '|'), department, latitude, longitude, population
    FROM unnest(
        %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::float8[], %s::integer[]
    ) AS loaded (insee, name, search_name, postcodes, department, latitude, longitude, population)
    ON CONFLICT (insee) DO UPDATE SET
        name = excluded.name, search_name = excluded.search_name, postcodes = excluded.postcodes,
        department = excluded.department, latitude = excluded.latitude, longitude = excluded.longitude,
        population = excluded.population
"""


class Command(BaseCommand):
    help = "Load the table of communes; --file corrects it with La Poste's base officielle des codes postaux."

    def add_arguments(self, parser):
        parser.add_argument("--file", type=Path, help="base officielle des codes postaux, CSV separated by semicolons")

    @transaction.atomic
    def handle(self, *args, file=None, **options):
        save(read_table())
        if file:
            save(corrected(read_official(file)))
        self.stdout.write(f"{Commune.objects.count()} communes loaded.")


def save(communes):
    columns = zip(*map(values_of, communes), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [list(column) for column in columns])
        cursor.execute("ANALYZE accounts_commune")


def values_of(commune):
    return (
        commune.insee,
        commune.name,
        commune.search_name,
        "|".join(commune.postcodes),
        commune.department,
        commune.latitude,
        commune.longitude,
        commune.population,
    )


def read_table():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [commune_from(row) for row in csv.DictReader(file)]


def read_official(path):
    """Return the rows of La Poste's file: one for each place name of a commune and postcode."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter=";")
            columns = {name.lstrip("#") for name in rows.fieldnames or []}
            if not columns >= OFFICIAL_COLUMNS:
                raise CommandError(f"{path}: missing columns {', '.join(sorted(OFFICIAL_COLUMNS - columns))}.")
            return [{name.lstrip("#"): value for name, value in row.items() if name} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path}: {error}") from error


def corrected(rows):
    """Give our communes the postcodes and the position of La Poste, which has no populations or proper names."""
    places = {}
    for row in rows:
        places.setdefault(row["code_commune_insee"], []).append(row)
    communes = Commune.objects.in_bulk(places)
    for insee, commune in communes.items():
        commune.postcodes = sorted({row["code_postal"] for row in places[insee]})
        move(commune, [row["_geopoint"] for row in places[insee]])
    return list(communes.values())


def move(commune, points):
    """Place the commune at the first "latitude,longitude" that is not empty."""
    point = next(filter(None, points), None)
    if point:
        commune.latitude, commune.longitude = map(float, point.split(","))
