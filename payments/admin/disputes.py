from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.formatting import euros
from payments.admin import wording
from payments.admin.acts import PageAdmin
from payments.evidence import as_text, evidence
from payments.models import Dispute

DASHBOARD = "https://dashboard.stripe.com"


@admin.register(Dispute)
class DisputeAdmin(PageAdmin):
    """What a bank took back, and what the team sends it to win."""

    list_display = ["stripe_id", "payment", "status", "reason", "amount", "evidence_due_at", "closed_at"]
    list_filter = ["status"]
    list_select_related = ["payment"]
    search_fields = ["=stripe_id", "=payment__mission__pk"]
    ordering = ["-opened_at"]
    page_template = "admin/payments/dispute/page.html"

    @admin.display(description=gettext_lazy("contesté"), ordering="amount_cents")
    def amount(self, dispute):
        return euros(dispute.amount_cents)

    def describe(self, request, dispute):
        sections = evidence(dispute)
        address = f"{DASHBOARD}/disputes/{dispute.stripe_id}"
        return {
            "title": _("Contestation bancaire, %(mission)s") % {"mission": dispute.payment.mission},
            "dispute": dispute,
            "reason": wording.bank_reason(dispute.reason),
            "sections": sections,
            "text": as_text(sections),
            "dashboard": address,
        }
