from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import Professional
from accounts.readiness import is_visible
from missions import profiles
from missions.filters import kept_query
from missions.forms import SearchForm
from missions.views.search import reads_prices_before_vat

REVIEWS_PAGE = 10


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
