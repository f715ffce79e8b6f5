from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _

from accounts.models import Professional
from accounts.readiness import is_visible
from messaging.actions import open_inquiry
from messaging.forms import InquiryForm, asked_in
from missions import profiles
from missions.errors import MissionError
from missions.forms import SearchForm


@login_not_required
def inquiry_start(request, slug):
    """A client's request to one professional; a visitor signs in first and comes back with all they chose."""
    professional = get_object_or_404(Professional.objects.approved().select_related("base_commune"), slug=slug)
    if not is_visible(professional):
        raise Http404
    if not request.user.is_authenticated:
        return redirect(sign_in_url(request))
    if not request.user.is_client:
        return render(request, "messaging/inquiry_refused.html", {"professional": professional}, status=403)
    if request.method == "POST":
        return send(request, professional, InquiryForm(professional, request.POST))
    return page(request, professional, InquiryForm(professional, initial=asked_in(request.GET)))


def sign_in_url(request):
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"


def send(request, professional, form):
    if not form.is_valid():
        return page(request, professional, form, status=422)
    mission = form.mission_of(request.user.client)
    try:
        thread = open_inquiry(mission, by=request.user, message=form.cleaned_data["message"])
    except MissionError as error:
        form.add_error(None, str(error))
        return page(request, professional, form, status=422)
    messages.success(request, _("Votre demande est envoyée. Vous serez prévenu de la réponse par e-mail."))
    return redirect(thread)


def page(request, professional, form, status=200):
    context = {
        "form": form,
        "professional": professional,
        "visit": visit_of(request, professional),
        "franchise": profiles.Profile(professional).is_in_franchise,
        "before_vat": request.user.client.reads_prices_before_vat,
    }
    return render(request, "messaging/inquiry_start.html", context, status=status)


def visit_of(request, professional):
    """The professional seen from the search one comes from: the price just read, or why they may say no."""
    search = SearchForm(request.GET).search if request.GET else None
    return profiles.visit(professional, search) if search else None
