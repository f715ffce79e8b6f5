from django.contrib import admin
from django.db.models import Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from marketplace import clock, formatting
from missions.models import Mission
from payments.admin.acts import CANCEL, READ_AGAIN, REFUND, WRITE_OFF, PageAdmin, may_act
from payments.admin.overview import Overview
from payments.models import Difference, Dispute, LedgerEntry, Payment, StripeOperation

State = StripeOperation.State
Kind = StripeOperation.Kind


def with_stuck_calls(payments):
    return payments.filter(pk__in=StripeOperation.objects.filter(state=State.STUCK).values("payment"))


def with_differences(payments):
    return payments.filter(pk__in=Difference.objects.open().values("payment"))


def with_disputes(payments):
    return payments.filter(pk__in=Dispute.objects.filter(closed_at=None).values("payment"))


def contested(payments):
    return payments.filter(mission__status=Mission.Status.CONTESTED)


def without_papers(payments):
    return payments.filter(papers_missing_at__isnull=False, due_basis_points=None)


def kept(payments):
    return payments.filter(status=Payment.Status.KEPT)


def waiting_for_account(payments):
    waiting = StripeOperation.objects.filter(kind__in=StripeOperation.TO_PROFESSIONAL, state=State.PENDING)
    return payments.filter(mission__professional__payable=False, pk__in=waiting.values("payment"))


def owed_by_professional(payments):
    entries = LedgerEntry.objects.filter(account__startswith="recoverable:").values("transaction__payment")
    return payments.filter(
        pk__in=entries.annotate(cents=Sum("cents")).filter(cents__gt=0).values("transaction__payment")
    )


TO_EXAMINE = {
    "stuck": (_("Appel à Stripe à examiner"), with_stuck_calls),
    "difference": (_("Écart ouvert avec Stripe"), with_differences),
    "dispute": (_("Contestation bancaire en cours"), with_disputes),
    "contested": (_("Mission contestée"), contested),
    "papers": (_("Dossier du professionnel à revoir"), without_papers),
    "kept": (_("Encaissé et conservé"), kept),
    "account": (_("Professionnel impossible à payer"), waiting_for_account),
    "owed": (_("Argent dû par le professionnel"), owed_by_professional),
}


class ToExamine(admin.SimpleListFilter):
    title = _("point à examiner")
    parameter_name = "examiner"

    def lookups(self, request, model_admin):
        return [(name, label) for name, (label, _chosen) in TO_EXAMINE.items()]

    def queryset(self, request, queryset):
        if self.value() not in TO_EXAMINE:
            return queryset
        return TO_EXAMINE[self.value()][1](queryset)


@admin.register(Payment)
class PaymentAdmin(PageAdmin):
    """Everything about the money of a mission, on one page; nothing is typed in a row."""

    list_display = ["number", "client", "professional", "amount", "status", "part_due", "starts_at"]
    list_filter = [ToExamine, "status"]
    list_select_related = ["mission__client", "mission__professional"]
    search_fields = [
        "=mission__pk",
        "mission__client__name",
        "mission__professional__trade_name",
        "=holds__intent_id",
        "=holds__charge_id",
        "=operations__stripe_id",
    ]
    search_help_text = _("Numéro de mission, client, professionnel, ou objet Stripe (pi_…, ch_…, tr_…, re_…)")
    ordering = ["-pk"]
    page_template = "admin/payments/payment/page.html"
    acts = (READ_AGAIN, CANCEL, REFUND, WRITE_OFF)

    @admin.display(description=_("mission"), ordering="mission")
    def number(self, payment):
        return payment.mission

    @admin.display(description=_("client"), ordering="mission__client__name")
    def client(self, payment):
        return payment.mission.client

    @admin.display(description=_("professionnel"), ordering="mission__professional__trade_name")
    def professional(self, payment):
        return payment.mission.professional

    @admin.display(description=_("montant"), ordering="amount_cents")
    def amount(self, payment):
        return formatting.euros(payment.amount_cents)

    @admin.display(description=_("part due"), ordering="due_basis_points")
    def part_due(self, payment):
        return "" if payment.due_basis_points is None else formatting.percent(payment.due_basis_points)

    @admin.display(description=_("début"), ordering="mission__starts_at")
    def starts_at(self, payment):
        return formatting.day_short(payment.mission.starts_at, payment.mission)

    def describe(self, request, payment):
        overview = Overview(payment)
        return {"overview": overview, "links": self.open_links(request, overview), "may_act": may_act(request.user)}

    def open_links(self, request, overview):
        """Only what makes sense for the state this payment is in."""
        payment = overview.payment
        acts = [READ_AGAIN]
        if overview.mission.is_cancellable(clock.now()):
            acts.append(CANCEL)
        if payment.status == Payment.Status.RELEASED and not overview.open_disputes:
            acts.append(REFUND)
        if overview.owed_cents > 0:
            acts.append(WRITE_OFF)
        return self.links(request, payment, acts)


def payment_link(payment):
    if payment is None:
        return "—"
    return format_html('<a href="{}">{}</a>', reverse("admin:payments_payment_change", args=[payment.pk]), payment)
