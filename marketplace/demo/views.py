"""The demo's own pages: its mailbox, clock, faults, and the way to the simulator's book. Mounted nowhere else."""

from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import requests
import stripe
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.management import CommandError, call_command
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace import clock, formatting
from marketplace.demo import accounts, faults, travel
from marketplace.demo.mails import read_mails
from marketplace.demo.simulator import control, refusal
from missions.models import Mission

PAGE_SIZE = 30
SILENCE = gettext_lazy("Le simulateur de Stripe ne répond pas : réessayez dans un instant.")

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
        messages.error(request, SILENCE)
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


# Faults


@login_not_required
@never_cache
@require_safe
def fault_list(request):
    try:
        panel = faults.read_panel()
    except requests.RequestException:
        panel = None
    return render(request, "demo/faults.html", {"panel": panel, "faults": faults, "silence": SILENCE})


@login_not_required
@require_POST
def fault_add(request):
    with telling(request, _("C’est programmé. Continuez comme si de rien n’était, et regardez le site s’en sortir.")):
        control("fault", **chosen(request, "fault", faults.CHOICES))
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def fault_clear(request):
    with telling(request, _("Il n’y a plus de panne programmée.")):
        control("faults/clear")
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def dispute_open(request):
    inquiry = "inquiry" in request.POST
    taken = _("La banque a repris l’argent. Le site l’apprend dans un instant, et l’équipe avec lui.")
    asked = _("La banque demande des explications, sans rien reprendre. L’équipe l’apprend dans un instant.")
    with telling(request, asked if inquiry else taken):
        control("dispute", charge=picked(request, "charge", faults.read_panel().charges), inquiry=inquiry)
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def dispute_close(request):
    with telling(request, _("La banque a tranché. Le site l’apprend dans un instant.")):
        dispute = picked(request, "dispute", faults.read_panel().disputes)
        control("dispute/close", dispute=dispute, won=chosen(request, "verdict", faults.VERDICTS))
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def refund_fail(request):
    with telling(request, _("La banque a renvoyé l’argent du remboursement. Le site l’apprend dans un instant.")):
        control("refund/fail", refund=picked(request, "refund", faults.read_panel().refunds))
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def account_set(request):
    with telling(request, _("C’est fait chez Stripe. Le site l’apprend dans un instant.")):
        account = picked(request, "account", faults.read_panel().accounts)
        control("capability", account=account, status=picked(request, "status", faults.STATUSES))
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def account_pay_out(request):
    with telling(request, _("Stripe a viré à sa banque tout ce qui était disponible.")):
        control("payout", account=picked(request, "account", faults.read_panel().accounts))
    return redirect("demo:fault_list")


class NotOffered(LookupError):
    """A choice that the page does not offer, or no longer."""


@contextmanager
def telling(request, done):
    """Say how it went: `done`, or why not."""
    try:
        yield
    except NotOffered:
        messages.error(request, _("Ce choix n’est pas proposé, ou ne l’est plus : choisissez dans la liste."))
    except requests.HTTPError as error:
        messages.error(request, faults.in_words(refusal(error)))
    except requests.RequestException:
        messages.error(request, SILENCE)
    else:
        messages.success(request, done)


def chosen(request, name, offered):
    """What the posted choice stands for. Raises NotOffered."""
    return offered[picked(request, name, offered)]


def picked(request, name, offered):
    """The posted choice itself. Raises NotOffered."""
    choice = request.POST.get(name)
    if choice not in offered:
        raise NotOffered
    return choice


# Background tasks and checks


@login_not_required
@require_POST
def sweep_run(request):
    for sweep in travel.SWEEPS:
        sweep()
    messages.success(request, _("Le balayage est passé : ce qui était dû est fait."))
    return redirect("demo:fault_list")


@login_not_required
@require_POST
def reconcile_run(request):
    return report(request, "reconcile", _("Le site comparé à Stripe"))


@login_not_required
@require_POST
def audit_run(request):
    return report(request, "audit", _("Les invariants vérifiés"))


def report(request, command, title):
    """Run a management command, and show what a terminal would."""
    output = StringIO()
    try:
        call_command(command, stdout=output, stderr=output)
    except CommandError as error:
        failure = str(error)
    except stripe.StripeError:
        failure = SILENCE
    else:
        failure = ""
    context = {"title": title, "command": command, "failure": failure, "lines": output.getvalue().splitlines()}
    return render(request, "demo/report.html", context)


# Stripe's simulator


@login_not_required
@require_safe
def book(request):
    return HttpResponseRedirect(f"{settings.STRIPE_API_BASE}/livre/")
