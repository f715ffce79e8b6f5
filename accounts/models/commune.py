from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models
from django.db.models import Case, Func, Q, When
from django.utils.translation import gettext_lazy as _

from accounts.places.names import beginnings, fold, read_typed

# Cities that exist whole and by arrondissement: their own postcodes say nothing about where they are.
WHOLE_CITIES = {"75056", "69123", "13055"}

OVERSEAS_TIMEZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
}


def written_postcodes():
    """The postcodes as an index of words, which finds them by how they start."""
    return Func("postcodes", template="array_to_tsvector((%(expressions)s)::text[])", output_field=SearchVectorField())


class CommuneQuerySet(models.QuerySet):
    def matching(self, text):
        """Suggest communes for the start of a name or of a postcode (two figures at least), the largest first."""
        digits = text.strip()
        if digits.isascii() and digits.isdigit():
            return self.with_postcode(digits).largest_first()
        typed = read_typed(text)
        if not typed.name:
            return self.among(typed).largest_first() if typed.postcode else self.none()
        begins = (Q(search_name__startswith=beginning) for beginning in beginnings(text))
        return self.among(typed).filter(reduce(or_, begins, Q(search_name=typed.name))).exact_first(typed.name)

    def meant_by(self, text):
        """Return the communes that a complete text may mean: none, one, or several to choose from."""
        typed = read_typed(text)
        named = self.among(typed).filter(search_name=typed.name).largest_first()
        return named if typed.name and named else self.matching(text)  # the truth of `named` reads it, once

    def find(self, text):
        """Return the single commune meant by the text, or None when there is none or more than one."""
        found = self.meant_by(text)[:2]
        return found[0] if len(found) == 1 else None

    def with_postcode(self, digits):
        """Keep the communes with a postcode that starts with these figures, two at least."""
        if not 2 <= len(digits) <= 5:
            return self.none()
        starts = SearchQuery(f"{digits}:*", config="simple", search_type="raw")
        found = self.alias(written=written_postcodes()).filter(written=starts)
        return found.exclude(pk__in=WHOLE_CITIES) if len(digits) == 5 else found

    def among(self, typed):
        """Keep the communes of the postcode and of the department typed, if any."""
        found = self.with_postcode(typed.postcode) if typed.postcode else self
        return found.filter(department=typed.department) if typed.department else found

    def exact_first(self, name):
        is_exact = Case(When(search_name=name, then=0), default=1)
        return self.order_by(is_exact, "-population", "insee")

    def largest_first(self):
        return self.order_by("-population", "insee")


class Commune(models.Model):
    """A town of France where missions take place; WGS84 degrees. Source: accounts/places/LICENCE."""

    insee = models.CharField(_("code INSEE"), max_length=5, primary_key=True)
    name = models.CharField(_("nom"), max_length=100)
    search_name = models.CharField(max_length=100, editable=False)
    postcodes = ArrayField(models.CharField(max_length=5), verbose_name=_("codes postaux"))
    department = models.CharField(_("département"), max_length=3)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    population = models.PositiveIntegerField(_("population"), default=0)

    objects = CommuneQuerySet.as_manager()

    class Meta:
        verbose_name = _("commune")
        verbose_name_plural = _("communes")
        ordering = ["search_name", "insee"]
        indexes = [
            models.Index(fields=["search_name"], name="commune_by_name", opclasses=["text_pattern_ops"]),
            GinIndex(written_postcodes(), name="commune_by_postcode_start", fastupdate=False),
        ]

    def __str__(self):
        return self.label

    @property
    def is_whole_city(self):
        return self.pk in WHOLE_CITIES

    @property
    def lowest_postcode(self):
        return min(self.postcodes)

    @property
    def label(self):
        """Name and lowest postcode, "Nantes (44000)"; `CommuneQuerySet.find` reads it back."""
        return self.name if self.is_whole_city else f"{self.name} ({self.lowest_postcode})"

    @property
    def timezone(self):
        """IANA name of the local time."""
        return OVERSEAS_TIMEZONES.get(self.department, "Europe/Paris")

    @property
    def zone(self):
        return ZoneInfo(self.timezone)


def commune_from(row):
    """Make an unsaved commune from a row of communes.csv, postcodes joined by "|"."""
    return Commune(
        insee=row["insee"],
        name=row["name"],
        search_name=fold(row["name"]),
        postcodes=sorted(row["postcodes"].split("|")),
        department=row["department"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        population=int(row["population"]),
    )
