from decimal import Decimal

import django_filters
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Professional
from accounts.models.professional import Language
from marketplace import formatting
from missions.models import Listing

# Where one is in a list: of answers, of reviews.
PAGE_FIELDS = ("page", "after", "before")


class WholeNumberFilter(django_filters.Filter):
    field_class = forms.IntegerField


class OfferFilter(django_filters.FilterSet):
    """What narrows the answers to a search, beside them on the page."""

    score = django_filters.ChoiceFilter(
        label=gettext_lazy("Note des clients"),
        method="filter_score",
        choices=[("4.5", gettext_lazy("4,5 et plus")), ("4", gettext_lazy("4 et plus"))],
        empty_label=gettext_lazy("Toutes"),
        widget=forms.RadioSelect,
    )
    price_max = WholeNumberFilter(
        label=gettext_lazy("Prix total maximum, en euros"),
        method="filter_price",
        min_value=1,
        max_value=10_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ["invalid", "min_value", "max_value"], gettext_lazy("Indiquez un nombre d’euros, par exemple 700.")
        ),
    )
    kind = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Professionnel"),
        choices=Professional.Kind.choices,
        distinct=False,
        widget=forms.CheckboxSelectMultiple,
    )
    languages = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Langues parlées"),
        method="filter_languages",
        choices=[choice for choice in Language.choices if choice[0] != Language.FRENCH],
        widget=forms.CheckboxSelectMultiple,
    )
    dog = django_filters.BooleanFilter(
        label=gettext_lazy("Maître-chien"), method="filter_dog", widget=forms.CheckboxInput
    )

    class Meta:
        model = Listing
        fields = []

    def filter_score(self, queryset, name, score):
        """Listings keep tenths."""
        return queryset.filter(score__gte=int(Decimal(score) * 10)) if score else queryset

    def filter_price(self, queryset, name, euros):
        return queryset.filter(total_cents__lte=euros * 100) if euros else queryset

    def filter_languages(self, queryset, name, languages):
        """Those who speak all of them."""
        return queryset.filter(languages__contains=languages) if languages else queryset

    def filter_dog(self, queryset, name, wanted):
        return queryset.filter(dog_handler=True) if wanted else queryset

    @property
    def narrows(self):
        """Whether some filter is in force; asked once `qs` is."""
        return any(self.form.cleaned_data.values())

    @property
    def chips(self):
        """Each filter in force, in words, with the query string of the page without it."""
        values = getattr(self.form, "cleaned_data", {})
        chips = [(say(values[name]), self.query_without(name)) for name, say in WORDS.items() if values.get(name)]
        for name in ("kind", "languages"):
            labels = dict(self.form.fields[name].choices)
            chips += [(labels[value], self.query_without(name, value)) for value in values.get(name) or ()]
        return chips

    def query_without(self, name, value=None):
        """The query string without a filter, or without one of its values."""
        data = self.data.copy()
        data.setlist(name, [other for other in data.getlist(name) if value and other != value])
        return kept_query(data)

    @property
    def search_fields(self):
        """Name and value of what the filters' form must send along: the search itself."""
        left_out = (*self.filters, *PAGE_FIELDS, "pro")
        kept = {name: values for name, values in self.data.lists() if name not in left_out}
        return [(name, value) for name, values in kept.items() for value in values]

    @property
    def chosen(self):
        """The slugs ticked for comparison when the page was asked for."""
        return self.data.getlist("pro")

    @property
    def query_of_search(self):
        data = self.data.copy()
        for name in self.filters:
            data.pop(name, None)
        return kept_query(data)


def kept_query(data):
    """The query string of a search and its filters, for the next page: each page counts its own pages."""
    kept = data.copy()
    for name in PAGE_FIELDS:
        kept.pop(name, None)
    return kept.urlencode()


WORDS = {
    "score": lambda score: _("Note de %(score)s et plus") % {"score": formatting.number(score, places=1)},
    "price_max": lambda euros: _("Jusqu’à %(amount)s") % {"amount": formatting.whole_euros(euros * 100)},
    "dog": lambda wanted: _("Maître-chien"),
}
