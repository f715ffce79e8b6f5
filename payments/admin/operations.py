from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace import formatting
from marketplace.admin import ReadOnlyAdmin
from payments.admin import wording
from payments.admin.acts import GIVE_UP, RUN_AGAIN, PageAdmin
from payments.models import StripeEvent, StripeOperation
from payments.runner import MADE_ON_DEMAND


@admin.register(StripeOperation)
class StripeOperationAdmin(PageAdmin):
    list_display = ["kind", "mission", "amount", "state", "attempts", "due_at", "error", "key"]
    list_filter = ["state", "kind"]
    list_select_related = ["payment__mission"]
    search_fields = ["key", "stripe_id", "=payment__mission__pk"]
    ordering = ["-pk"]
    page_template = "admin/payments/stripeoperation/page.html"
    acts = (RUN_AGAIN, GIVE_UP)

    @admin.display(description=_("mission"), ordering="payment__mission")
    def mission(self, operation):
        return operation.payment.mission if operation.payment else ""

    @admin.display(description=_("montant"), ordering="amount_cents")
    def amount(self, operation):
        return "" if operation.amount_cents is None else formatting.euros(operation.amount_cents)

    def describe(self, request, operation):
        links = self.links(request, operation, possible_acts(operation))
        title = f"{operation.get_kind_display()}, {self.mission(operation)}".removesuffix(", ")
        return {"title": title, "operation": operation, "answer": wording.answer(operation.answer), "links": links}


def possible_acts(operation):
    if operation.state != StripeOperation.State.STUCK:
        return []
    return [GIVE_UP] if operation.kind in MADE_ON_DEMAND else [RUN_AGAIN, GIVE_UP]


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["event_id", "type", "object_id", "source", "state", "attempts", "created_at"]
    list_filter = ["state", "source", "type"]
    search_fields = ["event_id", "object_id"]
    ordering = ["-pk"]
