"""The pages that belong to the site itself, and those it shows when something went wrong."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.shortcuts import redirect, render
from django.views import i18n
from django.views.decorators.csrf import requires_csrf_token

from accounts.models import Service
from missions.forms import SearchForm
from missions.price import METROPOLITAN_VAT_BASIS_POINTS, quote


@login_not_required
def home(request):
    service = request.GET.get("service")
    initial = {"service": service} if service in Service.values else None
    return render(request, "marketplace/home.html", {"form": SearchForm(initial=initial)})


def after_login(request):
    """Where someone goes who asked for no page in particular."""
    if request.user.is_staff:
        return redirect("admin:index")
    return redirect("messaging:dashboard" if request.user.is_professional else "messaging:mission_list")


@login_not_required
def how_it_works(request):
    return render(request, "marketplace/how_it_works.html", {"example": example()})


def example():
    """The mission whose price we explain: two agents for eight hours."""
    terms = {"hourly_cents": 2600, "minutes": 480, "agents": 2}
    return terms | {"price": quote(**terms, vat_basis_points=METROPOLITAN_VAT_BASIS_POINTS)}


def _page(name):
    @login_not_required
    def view(request):
        return render(request, f"marketplace/{name}.html")

    return view


for_professionals = _page("for_professionals")
ranking = _page("ranking")
reviews_policy = _page("reviews_policy")
secure_inbox = _page("secure_inbox")
legal_notice = _page("legal_notice")
terms = _page("terms")
privacy = _page("privacy")
mediator = _page("mediator")
accessibility = _page("accessibility")

set_language = login_not_required(i18n.set_language)


@requires_csrf_token
def csrf_failure(request, reason=""):
    return render(request, "403_csrf.html", status=403)


def bad_request(request, exception):
    # No request: what is wrong with it may be what a context processor would read.
    return render(None, "400.html", status=400)


def server_error(request):
    """500, or 503 when it is the database that is away: whatever layer noticed it."""
    if isinstance(sys.exception(), OperationalError):
        response = render(None, "503.html", status=503)
        response["Retry-After"] = "30"
        return response
    return render(None, "500.html", status=500)
