import csv
import io
from decimal import Decimal

import stripe
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.downloads import private_response
from payments import calls, gateway
from payments.earnings import (
    COLUMNS,
    awaited_by,
    first_month,
    lines_of,
    month_after,
    net_of_month,
    owed_cents,
    read_month,
    read_year,
    this_month,
    to_come_cents,
    totals,
)
from payments.models import ConnectedAccount
from payments.views.onboarding import professional_of

BOM = "\ufeff"
# What a spreadsheet would run: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HEADERS = (
    _("Date"),
    _("Mouvement"),
    _("Mission"),
    _("Client"),
    _("Prestation HT (€)"),
    _("TVA (€)"),
    _("Versé (€)"),
    _("Repris (€)"),
    _("Net (€)"),
)


@require_safe
def earnings(request):
    """What a professional is to receive, and received month by month."""
    professional = professional_of(request)
    current, first = this_month(), first_month(professional)
    month = read_month(request.GET.get("mois", ""), first)
    lines, awaited = lines_of(professional, month, month_after(month)), awaited_by(professional)
    context = {
        "professional": professional,
        "has_account": ConnectedAccount.objects.filter(professional=professional).exists(),
        "to_come_cents": to_come_cents(professional),
        "awaited": awaited,
        "awaited_cents": sum(one.cents for one in awaited),
        "paid_cents": net_of_month(professional, current),
        "owed_cents": owed_cents(professional),
        "month": month,
        "lines": lines[::-1],
        "totals": totals(lines),
        "previous": month_after(month, -1) if month > first else None,
        "next": month_after(month) if month < current else None,
    }
    return render(request, "payments/earnings.html", context)


@require_POST
def dashboard_open(request):
    """Stripe's own pages, where payouts to the bank are read: the link is for one visit, and kept nowhere."""
    account = ConnectedAccount.objects.filter(professional=professional_of(request)).first()
    if account is None:
        return redirect("payments:onboarding")
    try:
        url = calls.dashboard_link(gateway.client(), account)
    except stripe.InvalidRequestError:
        messages.info(request, _("Complétez d’abord votre compte : Stripe ne l’ouvre pas avant."))
        return redirect("payments:onboarding")
    except stripe.StripeError:
        messages.error(request, _("Stripe ne répond pas. Réessayez dans une minute."))
        return redirect("payments:earnings")
    return HttpResponseRedirect(url, status=303)


# The same lines for a spreadsheet set in French


@require_safe
def earnings_export(request):
    """A month, or a whole year with `annee`."""
    professional = professional_of(request)
    start, end, name = period(request.GET, first_month(professional))
    content = table(lines_of(professional, start, end))
    return private_response(content, "text/csv; charset=utf-8", filename=f"revenus-{name}.csv")


def period(query, first):
    if "annee" in query:
        start = read_year(query["annee"], first)
        return start, month_after(start, 12), f"{start:%Y}"
    start = read_month(query.get("mois", ""), first)
    return start, month_after(start), f"{start:%Y-%m}"


@translation.override("fr")
def table(lines):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(map(str, HEADERS))
    writer.writerows(row_of(line) for line in lines)
    return (BOM + text.getvalue()).encode()


def row_of(line):
    amounts = (getattr(line, name) for name in COLUMNS)
    words = (str(line.label), str(line.mission.pk), line.client)
    return [f"{timezone.localdate(line.at):%d/%m/%Y}", *map(inert, words), *map(amount, amounts)]


def amount(cents):
    """1234,56: digits a French spreadsheet reads as a number; nothing where the line has none."""
    return "" if cents is None else f"{Decimal(cents) / 100:.2f}".replace(".", ",")


def inert(text):
    """Text that a spreadsheet shows and never computes."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.strip().startswith(FORMULA_STARTS) else text
