"""The demo's own pages: its mailbox, its clock, and the way to the simulator's book. Mounted nowhere else."""

from datetime import timedelta

import requests
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace import clock, formatting
from marketplace.demo import accounts, travel
from marketplace.demo.mails import read_mails
from missions.models import Mission

PAGE_SIZE = 30

STEPS = {
    "15m": (gettext_lazy("15 minutes"), timedelta(minutes=15)),
    "1h": (gettext_lazy("1 heure"), timedelta(hours=1)),
    "6h": (gettext_lazy("6 heures"), timedelta(hours=6)),
    "24h": (gettext_lazy("24 heures"), timedelta(days=1)),
    "3d": (gettext_lazy("3 jours"), timedelta(days=3)),
}
MOMENTS = {
    "hold": (gettext_lazy("Jusqu’au prochain blocage d’un paiement"), travel.next_hold),
    "start": (gettext_lazy("Jusqu’au début de la prochaine mission"), travel.next_start),
    "end": (gettext_lazy("Jusqu’à la fin de la prochaine mission payée"), travel.next_end),
}


# The mailbox


@login_not_required
@never_cache
@require_safe
def mailbox(request):
    everything = read_mails()
    wanted = request.GET.get("to", "")
    mails = [mail for mail in everything if wanted in ("", mail.recipient)]
    context = {
        "page": Paginator(mails, PAGE_SIZE).get_page(request.GET.get("page")),
        "recipients": sorted({mail.recipient for mail in everything}),
        "wanted": wanted,
    }
    return render(request, "demo/mailbox.html", context)


@login_not_required
@never_cache
@require_safe
def mail(request, key):
    mail = next((mail for mail in read_mails() if mail.key == key), None)
    if mail is None:
        raise Http404
    return render(request, "demo/mail.html", {"mail": mail, "password": accounts.PASSWORD})


# The clock


@login_not_required
@never_cache
@require_safe
def clock_page(request):
    now = clock.now()
    context = {
        "now": now,
        "steps": [(name, label) for name, (label, _delta) in STEPS.items()],
        "moments": moments(missions_of(request.user), now),
    }
    return render(request, "demo/clock.html", context)


def moments(missions, now):
    """Where one may go, the nearest first: (instant, name, label)."""
    found = [(find(missions, now), name, label) for name, (label, find) in MOMENTS.items()]
    return sorted(moment for moment in found if moment[0])


@login_not_required
@require_POST
def clock_advance(request):
    target = target_of(request)
    if target is None:
        messages.error(request, _("Il n’y a rien à attendre : choisissez une durée."))
        return redirect("demo:clock")
    try:
        travel.travel(target)
    except requests.RequestException:
        messages.error(request, _("Le simulateur de Stripe ne répond pas : réessayez dans un instant."))
    else:
        messages.success(request, _("Il est maintenant %(moment)s.") % {"moment": formatting.moment(clock.now())})
    return redirect("demo:clock")


def target_of(request):
    """The instant asked for, or None."""
    choice, now = request.POST.get("to"), clock.now()
    if choice in STEPS:
        return now + STEPS[choice][1]
    if choice in MOMENTS:
        return MOMENTS[choice][1](missions_of(request.user), now)
    return None


def missions_of(user):
    """Those of the person signed in, or everyone's."""
    mine = Mission.objects.of(user) if user.is_authenticated else Mission.objects.none()
    return mine if mine.exists() else Mission.objects.all()


# Stripe's simulator


@login_not_required
@require_safe
def book(request):
    return HttpResponseRedirect(f"{settings.STRIPE_API_BASE}/livre/")
