from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import formatting
from marketplace.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.errors import MarketplaceError
from missions.models import Contest
from payments import actions
from payments.forms import SettlementForm
from payments.models import (
    CheckoutSession,
    ConnectedAccount,
    Difference,
    Dispute,
    Hold,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    StripeEvent,
    StripeOperation,
)
from payments.operations import prepare_again


class HoldInline(ReadOnlyInline):
    model = Hold
    fields = ["intent_id", "status", "amount_cents", "captured_cents", "capture_before"]


class SessionInline(ReadOnlyInline):
    model = CheckoutSession
    fields = ["stripe_id", "mode", "status", "expires_at"]


class OperationInline(ReadOnlyInline):
    model = StripeOperation
    fields = ["kind", "state", "amount_cents", "attempts", "due_at", "stripe_id", "error"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["mission", "amount", "status", "part_due", "created_at"]
    list_filter = ["status"]
    list_select_related = ["mission"]
    search_fields = ["=mission__pk", "holds__intent_id"]
    inlines = [HoldInline, SessionInline, OperationInline]

    @admin.display(description=gettext_lazy("montant"))
    def amount(self, payment):
        return formatting.euros(payment.amount_cents)

    @admin.display(description=gettext_lazy("part due"))
    def part_due(self, payment):
        return "" if payment.due_basis_points is None else formatting.percent(payment.due_basis_points)


@admin.register(StripeOperation)
class StripeOperationAdmin(ReadOnlyAdmin):
    list_display = ["key", "kind", "state", "attempts", "due_at", "error"]
    list_filter = ["state", "kind"]
    search_fields = ["key", "stripe_id"]
    actions = ["run_again"]

    @admin.action(description=gettext_lazy("Relancer les appels à examiner"))
    def run_again(self, request, chosen):
        """Owe again, under a new key, what Stripe refused and somebody has mended."""
        for operation in chosen.filter(state=StripeOperation.State.STUCK):
            prepared = prepare_again(operation)
            LogEntry.objects.log_actions(
                request.user.pk, [operation], CHANGE, f"Relancé : {prepared.key}", single_object=True
            )
        messages.success(request, _("Les appels repartiront dans la minute."))


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["event_id", "type", "object_id", "state", "attempts", "created_at"]
    list_filter = ["state", "type"]
    search_fields = ["event_id", "object_id"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ["payment", "status", "reason", "amount_cents", "evidence_due_at", "closed_at"]
    list_filter = ["status"]


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    list_display = ["kind", "subject", "ours", "theirs", "act", "found_at", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "kind"]


@admin.register(ConnectedAccount)
class ConnectedAccountAdmin(ReadOnlyAdmin):
    list_display = ["professional", "stripe_id", "transfers", "checked_at"]
    list_filter = ["transfers"]


class EntryInline(ReadOnlyInline):
    model = LedgerEntry
    fields = ["account", "cents"]


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyAdmin):
    list_display = ["pk", "kind", "payment", "happened_at"]
    list_filter = ["kind"]
    inlines = [EntryInline]


@admin.register(Contest)
class ContestAdmin(ReadOnlyAdmin):
    """The missions to settle; the decision has a page of its own, amounts shown before it is taken."""

    list_display = ["mission", "reason", "by", "opened_at", "answered_at", "settled_at", "decide"]
    list_filter = [("settled_at", admin.EmptyFieldListFilter), "reason"]
    list_select_related = ["mission", "by"]
    ordering = ["settled_at", "opened_at"]

    @admin.display(description=gettext_lazy("décision"))
    def decide(self, contest):
        if contest.settled_at:
            return formatting.percent(contest.performed_basis_points)
        return format_html('<a href="{}">{}</a>', reverse("admin:contest_settle", args=[contest.pk]), _("Trancher"))

    def get_urls(self):
        settle = path("<int:pk>/trancher/", self.admin_site.admin_view(self.settle), name="contest_settle")
        return [settle, *super().get_urls()]

    def settle(self, request, pk):
        """Show the four amounts of a percentage, then settle by it once they were seen."""
        if not self.may_settle(request):
            raise PermissionDenied
        contest = get_object_or_404(Contest.objects.to_settle().select_related("mission__agreement"), pk=pk)
        form = SettlementForm(request.POST or None)
        amounts = None
        if form.is_valid():
            amounts = contest.mission.agreement.price.scaled(form.basis_points)
            if form.is_confirmed:
                return self.carry_out(request, contest, form)
        context = self.admin_site.each_context(request) | {
            "title": _("Trancher la contestation"),
            "contest": contest,
            "mission": contest.mission,
            "form": form,
            "amounts": amounts,
            "seen": form.basis_points if amounts else "",
            "rest_cents": amounts and contest.mission.agreement.price.total_cents - amounts.total_cents,
        }
        return render(request, "admin/contest_settle.html", context)

    def may_settle(self, request):
        return request.user.has_perm("missions.change_contest")

    def carry_out(self, request, contest, form):
        note = form.cleaned_data["note"]
        try:
            actions.settle(contest, by=request.user, performed_basis_points=form.basis_points, note=note)
        except MarketplaceError as error:
            messages.error(request, str(error))
        else:
            LogEntry.objects.log_actions(request.user.pk, [contest], CHANGE, note, single_object=True)
            messages.success(request, _("La contestation est tranchée, les deux parties sont prévenues."))
        return redirect("admin:missions_contest_changelist")
