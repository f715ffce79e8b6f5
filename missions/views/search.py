from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from marketplace import clock
from missions import suggestions, words
from missions.comparison import Selection
from missions.filters import OfferFilter, kept_query
from missions.forms import SearchForm
from missions.ranking import Place
from missions.search import Offer, count_each, offers

PAGE = 20
COUNTED = 200


@login_not_required
@require_safe
def search(request):
    form = SearchForm(request.GET)
    if form.search is None:
        return render(request, "missions/search.html", {"form": form})
    found = offers(form.search, now=clock.now())
    filters = OfferFilter(request.GET, found.listings)
    narrowed = found.narrowed(filters.qs)
    count = narrowed.count(cap=COUNTED)
    if not count:
        return search_empty(request, form, filters, found)
    after, before = (Place.read(request.GET.get(name)) for name in ("after", "before"))
    page = narrowed.page(PAGE, after=after, before=before) or narrowed.page(PAGE)
    shown = [Offer.of(listing, form.search) for listing in page.listings]
    context = {
        "form": form,
        "search": form.search,
        "title": words.free(count, form.search, cap=COUNTED),
        "filters": filters,
        "page": shown,
        "selection": Selection(request.GET, shown),
        "previous": page.previous,
        "following": page.following,
        "query": kept_query(request.GET),
        "before_vat": reads_prices_before_vat(request.user),
    }
    return render(request, "missions/results.html", context)


@login_not_required
@require_safe
def search_echo(request):
    """The hours in a search form, in words: what its page shows as they are typed."""
    echo = SearchForm(request.GET).echo
    return HttpResponse(f"{capfirst(echo)}." if echo else "")


def search_empty(request, form, filters, found):
    """Why nobody was found, and the nearest ways out."""
    context = {"form": form, "search": form.search, "filters": filters, "selection": Selection(request.GET)}
    unfiltered = found.count(cap=COUNTED) if filters.narrows else 0
    if unfiltered:
        context["unfiltered"] = words.free(unfiltered, form.search, cap=COUNTED)
        context["removals"] = removals(filters, found)
    else:
        context["reason"] = suggestions.main_reason(form.search, now=clock.now())
        context["ways"] = suggestions.ways_out(form.search, now=clock.now())
    return render(request, "missions/results_empty.html", context)


def removals(filters, found):
    """Each filter without which there are answers: what it says, the query string without it, how many. One query."""
    chips = filters.chips
    without = [found.narrowed(OfferFilter(QueryDict(query), found.listings).qs) for _said, query in chips]
    counts = count_each(without, cap=COUNTED)
    return [
        (said, query, words.professionals(count, cap=COUNTED))
        for (said, query), count in zip(chips, counts, strict=True)
        if count
    ]


def reads_prices_before_vat(user):
    return user.is_authenticated and user.is_client and user.client.reads_prices_before_vat
