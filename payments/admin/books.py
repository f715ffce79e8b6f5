from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.formatting import euros
from payments import operations
from payments.admin import wording
from payments.models import ConnectedAccount, LedgerEntry, LedgerTransaction, Reconciliation


class EntryInline(ReadOnlyInline):
    model = LedgerEntry
    fields = readonly_fields = ["name", "debit", "credit"]

    @admin.display(description=_("compte"))
    def name(self, entry):
        return wording.account(entry.account)

    @admin.display(description=_("débit"))
    def debit(self, entry):
        return euros(entry.cents) if entry.cents > 0 else ""

    @admin.display(description=_("crédit"))
    def credit(self, entry):
        return euros(-entry.cents) if entry.cents < 0 else ""


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyAdmin):
    list_display = ["pk", "kind", "payment", "happened_at"]
    list_filter = ["kind"]
    search_fields = ["=payment__mission__pk"]
    ordering = ["-pk"]
    readonly_fields = ["call"]
    fields = ["payment", "kind", "call", "happened_at"]
    inlines = [EntryInline]

    @admin.display(description=_("appel à Stripe"))
    def call(self, movement):
        return movement.operation


@admin.register(ConnectedAccount)
class ConnectedAccountAdmin(ReadOnlyAdmin):
    list_display = ["professional", "stripe_id", "transfers", "checked_at"]
    list_filter = ["transfers"]
    list_select_related = ["professional"]
    search_fields = ["=stripe_id", "professional__trade_name"]
    ordering = ["-pk"]
    readonly_fields = ["replaced"]
    fields = ["professional", "stripe_id", "replaced", "transfers", "checked_at", "created_at"]

    @admin.display(description=_("comptes fermés et remplacés"))
    def replaced(self, account):
        made = operations.accounts_asked(account.professional).exclude(stripe_id__in=("", account.stripe_id))
        return ", ".join(made.order_by("pk").values_list("stripe_id", flat=True)) or "—"


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = fields = ["started_at", "scope", "ended_at", "differences"]
    readonly_fields = ["differences"]
    list_filter = ["scope"]
    ordering = ["-started_at"]

    @admin.display(description=_("trouvés"))
    def differences(self, run):
        """Events or differences; the payments still open are read by the workers, which count nothing."""
        return "—" if run.scope == Reconciliation.Scope.OPEN else run.found
