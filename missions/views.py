from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Professional
from accounts.readiness import is_visible
from marketplace import clock
from missions import actions, profiles, suggestions, words
from missions.errors import MissionError
from missions.filters import OfferFilter, kept_query
from missions.forms import AnswerForm, ReviewForm, SearchForm
from missions.models import Mission, Review
from missions.policy import REVIEW_DELAY
from missions.search import Offer, offers

PAGE = 20
COUNTED = 200
REVIEWS_PAGE = 10


@login_not_required
@require_safe
def search(request):
    form = SearchForm(request.GET)
    if form.search is None:
        return render(request, "missions/search.html", {"form": form})
    found = offers(form.search, now=clock.now()).select_related("base_commune").prefetch_related("rates")
    filters = OfferFilter(request.GET, found)
    page = Paginator(filters.qs, PAGE).get_page(request.GET.get("page"))
    if not page.paginator.count:
        return search_empty(request, form, filters)
    page.object_list = [Offer(found, form.search, found.hourly_cents) for found in page.object_list]
    context = {
        "form": form,
        "search": form.search,
        "title": words.free(page.paginator.count, form.search, cap=COUNTED),
        "filters": filters,
        "page": page,
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


def search_empty(request, form, filters):
    """Why nobody was found, and the nearest ways out."""
    context = {"form": form, "search": form.search, "filters": filters}
    unfiltered = filters.queryset.count() if filters.narrows else 0
    if unfiltered:
        context["unfiltered"] = words.free(unfiltered, form.search, cap=COUNTED)
    else:
        context["reason"] = suggestions.main_reason(form.search, now=clock.now())
        context["ways"] = suggestions.ways_out(form.search, now=clock.now())
    return render(request, "missions/results_empty.html", context)


@login_not_required
@require_safe
def profile(request, slug):
    professionals = Professional.objects.select_related("base_commune", "user").prefetch_related("documents")
    professional = get_object_or_404(professionals, slug=slug)
    is_public = is_visible(professional)
    if not is_public and not (request.user.is_staff or request.user == professional.user):
        raise Http404
    form = SearchForm(request.GET)
    reviews = professional.reviews.published().select_related("mission__client")
    context = {
        "professional": professional,
        "profile": profiles.Profile(professional),
        "is_public": is_public,
        "is_mine": request.user == professional.user,
        "can_contact": is_public and (request.user.is_anonymous or request.user.is_client),
        "form": form,
        "visit": profiles.visit(professional, form.search) if form.search else None,
        "query": kept_query(request.GET),
        "reviews": Paginator(reviews, REVIEWS_PAGE).get_page(request.GET.get("page")),
        "before_vat": reads_prices_before_vat(request.user),
    }
    return render(request, "missions/profile.html", context)


def review_add(request, pk):
    mission = get_object_or_404(Mission.objects.of_client(request.user).select_related("professional", "client"), pk=pk)
    if not actions.can_review(mission):
        messages.error(request, _("L’avis n’est plus possible : il se donne une fois, dans les 60 jours."))
        return redirect(mission)
    form = ReviewForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "mission": mission, "signature": Review(mission=mission).signature}
        return render(request, "missions/review.html", context | {"deadline": mission.ended_at + REVIEW_DELAY})
    try:
        actions.publish_review(mission, by=request.user, **form.cleaned_data)
        messages.success(request, _("Votre avis est publié. Merci !"))
    except MissionError as error:
        messages.error(request, str(error))
    return redirect(mission)


def review_answer(request, pk):
    reviews = Review.objects.published().filter(professional__user=request.user, answered_at=None)
    review = get_object_or_404(reviews.select_related("mission__client", "professional"), pk=pk)
    form = AnswerForm(request.POST or None)
    if not form.is_valid():
        return render(request, "missions/review_answer.html", {"form": form, "review": review})
    try:
        actions.answer_review(review, by=request.user, **form.cleaned_data)
        messages.success(request, _("Votre réponse est publiée."))
    except MissionError as error:
        messages.error(request, str(error))
    return redirect(f"{review.professional.get_absolute_url()}#avis")


def reads_prices_before_vat(user):
    return user.is_authenticated and user.is_client and user.client.reads_prices_before_vat
