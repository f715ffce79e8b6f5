from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import record
from marketplace import clock, formatting
from marketplace.admin import ReadOnlyAdmin
from marketplace.errors import MarketplaceError
from missions.models import Contest
from payments import actions, closing
from payments.admin.acts import require_seen
from payments.admin.payments import payment_link
from payments.forms import SettlementForm
from payments.models import Payment


class IsSettled(admin.SimpleListFilter):
    title = gettext_lazy("décision")
    parameter_name = "tranchee"

    def lookups(self, request, model_admin):
        return [("non", _("À trancher")), ("oui", _("Tranchée"))]

    def queryset(self, request, queryset):
        chosen = {"non": queryset.filter(settled_at=None), "oui": queryset.exclude(settled_at=None)}
        return chosen.get(self.value(), queryset)


@admin.register(Contest)
class ContestAdmin(ReadOnlyAdmin):
    """The missions to settle; the decision has a page of its own, amounts shown before it is taken."""

    list_display = ["mission", "reason", "by", "opened_at", "answered_at", "settled_at", "decide"]
    list_filter = [IsSettled, "reason"]
    list_select_related = ["mission", "by"]
    ordering = [F("settled_at").asc(nulls_first=True), "opened_at"]
    readonly_fields = ["decide", "payment", "judge"]
    fields = [
        "decide",
        "mission",
        "payment",
        "reason",
        "by",
        "opened_at",
        "text",
        "answered_at",
        "answer",
        "settled_at",
        "judge",
        "settlement_note",
    ]

    @admin.display(description=gettext_lazy("décision"))
    def decide(self, contest):
        if contest.settled_at:
            return formatting.percent(contest.performed_basis_points)
        return format_html('<a href="{}">{}</a>', reverse("admin:contest_settle", args=[contest.pk]), _("Trancher"))

    @admin.display(description=gettext_lazy("tranchée par"))
    def judge(self, contest):
        return contest.settled_by

    @admin.display(description=gettext_lazy("paiement"))
    def payment(self, contest):
        return payment_link(contest.mission.payment)

    def get_urls(self):
        settle = path("<int:pk>/trancher/", self.admin_site.admin_view(self.settle), name="contest_settle")
        return [settle, *super().get_urls()]

    def settle(self, request, pk):
        """Show the four amounts of a percentage, then settle by it once they were seen."""
        if not self.may_settle(request):
            raise PermissionDenied
        contest = get_object_or_404(Contest.objects.to_settle().select_related("mission__agreement"), pk=pk)
        form = SettlementForm(request.POST or None, payment=contest.mission.payment)
        if form.is_valid() and form.is_confirmed and self.carry_out(request, contest, form):
            return redirect("admin:missions_contest_changelist")
        return self.settlement_page(request, contest, form)

    def settlement_page(self, request, contest, form):
        amounts = what_it_gives(contest.mission.payment, form.basis_points) if form.is_valid() else None
        context = self.admin_site.each_context(request) | {
            "title": _("Trancher la contestation"),
            "opts": self.opts,
            "row_url": reverse("admin:missions_contest_change", args=[contest.pk]),
            "contest": contest,
            "mission": contest.mission,
            "form": form,
            "amounts": amounts,
            "seen": form.choice if amounts else "",
            "warnings": warnings(contest),
        }
        return render(request, "admin/contest_settle.html", context)

    def may_settle(self, request):
        return request.user.has_perm("missions.change_contest")

    def carry_out(self, request, contest, form):
        """Whether it was settled; if not, the form says why and keeps what was typed."""
        note = form.cleaned_data["note"]
        try:
            with transaction.atomic():
                require_seen(contest.mission.payment, form)
                actions.settle(contest, by=request.user, performed_basis_points=form.basis_points, note=note)
                record(contest, request.user, note)
        except MarketplaceError as error:
            form.add_error(None, str(error))
            return False
        messages.success(request, _("La contestation est tranchée, les deux parties sont prévenues."))
        return True


def what_it_gives(payment, basis_points):
    """Who gets what of the price once settled: pairs of a label and an amount in cents."""
    lost = closing.lost_cents(payment)
    left = payment.amount_cents - lost
    price = payment.price.scaled(basis_points)
    professional, commission, vat = price.split(left)
    due = professional + commission + vat
    taken = [(_("La banque du client lui a déjà rendu"), lost)] if lost else []
    return [
        *taken,
        (_("Le client paie"), due),
        (_("Le professionnel reçoit"), professional),
        (_("Le site garde, TVA comprise"), commission + vat),
        (_("Le client récupère"), left - due),
    ]


def warnings(contest):
    """What to know before settling: sentences."""
    due_at, found, payment = contest.answer_due_at, [], contest.mission.payment
    if payment.status == Payment.Status.CARD_REFUSED:
        found.append(
            _("Rien n’est bloqué : tant que le client n’a pas refait son paiement, vous ne pouvez retenir que 0 %.")
        )
    if due_at and clock.now() < due_at:
        found.append(_("L’autre partie peut encore répondre, jusqu’au %(when)s.") % {"when": formatting.moment(due_at)})
    if payment.disputes.open().exists():
        found.append(_("La banque du client étudie une contestation : rien n’est versé avant sa décision."))
    return found
