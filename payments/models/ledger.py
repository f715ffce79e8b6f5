from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from payments.models.operation import StripeOperation
from payments.models.payment import Payment


class LedgerTransaction(models.Model):
    """One movement of money; its entries sum to zero, which the database checks at commit."""

    class Kind(models.TextChoices):
        CAPTURE = "capture", _("Encaissement")
        FEE = "fee", _("Frais de Stripe")
        RELEASE = "release", _("Répartition")
        TRANSFER = "transfer", _("Versement")
        REFUND = "refund", _("Remboursement")
        REFUND_FAILED = "refund_failed", _("Remboursement revenu")
        REVERSAL = "reversal", _("Reprise au professionnel")
        SHORTFALL = "shortfall", _("Reste dû par le professionnel")
        GIVE_BACK = "give_back", _("Part rendue au client")
        CHARGEBACK = "chargeback", _("Reprise par la banque")
        CHARGEBACK_FEE = "chargeback_fee", _("Frais de contestation")
        CHARGEBACK_LOST = "chargeback_lost", _("Contestation perdue")
        CHARGEBACK_WON = "chargeback_won", _("Contestation gagnée")
        RETURNED_TWICE = "returned_twice", _("Rendu par nous et par la banque")
        WRITE_OFF = "write_off", _("Passage en perte")

    payment = models.ForeignKey(Payment, models.PROTECT, verbose_name=_("paiement"), related_name="ledger")
    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    operation = models.ForeignKey(StripeOperation, models.PROTECT, null=True, related_name="movements")
    happened_at = models.DateTimeField(_("le"))
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("écriture")
        constraints = [
            models.UniqueConstraint(fields=["operation", "kind"], name="operation_booked_once"),
            models.UniqueConstraint(fields=["payment"], condition=Q(kind="release"), name="payment_released_once"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} n° {self.pk}"


class LedgerEntry(models.Model):
    """One line of a movement, in cents: positive is a debit. Never updated, never deleted: a trigger refuses.

    Accounts: see payments.ledger.
    """

    transaction = models.ForeignKey(LedgerTransaction, models.PROTECT, related_name="entries")
    account = models.CharField(_("compte"), max_length=40)
    cents = models.BigIntegerField(_("centimes, débit positif"))

    class Meta:
        verbose_name = _("ligne d’écriture")
        verbose_name_plural = _("lignes d’écriture")
        constraints = [models.CheckConstraint(condition=~Q(cents=0), name="entry_moves_something")]
        indexes = [models.Index(fields=["account"], name="entries_of_account")]

    def __str__(self):
        return f"{self.account} {self.cents}"
