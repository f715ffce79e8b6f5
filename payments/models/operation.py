from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Professional
from payments.models.dispute import Dispute
from payments.models.payment import CheckoutSession, Hold, Payment
from payments.models.refund import Refund


class StripeOperationQuerySet(models.QuerySet):
    def due(self, now):
        return self.filter(state=StripeOperation.State.PENDING, due_at__lte=now)


class StripeOperation(models.Model):
    """One write to Stripe: committed with its idempotency key before the call, with its answer after it."""

    class Kind(models.TextChoices):
        CREATE_CUSTOMER = "create_customer", _("Créer le client")
        CREATE_SESSION = "create_session", _("Ouvrir la page de paiement")
        EXPIRE_SESSION = "expire_session", _("Fermer la page de paiement")
        PLACE_HOLD = "place_hold", _("Bloquer le montant")
        CAPTURE = "capture", _("Encaisser")
        CANCEL_HOLD = "cancel_hold", _("Libérer le montant")
        TRANSFER = "transfer", _("Payer le professionnel")
        REFUND = "refund", _("Rembourser")
        REVERSE = "reverse", _("Reprendre au professionnel")
        PAY_AGAIN = "pay_again", _("Payer à nouveau le professionnel")
        CREATE_ACCOUNT = "create_account", _("Créer le compte du professionnel")
        SET_PAYOUTS = "set_payouts", _("Régler les virements du professionnel")

    class State(models.TextChoices):
        PENDING = "pending", _("À faire")
        DONE = "done", _("Fait")
        REFUSED = "refused", _("Refusé par Stripe")
        STUCK = "stuck", _("À examiner")

    # Their end is not known yet, or waits for the team.
    UNDER_WAY = (State.PENDING, State.STUCK)
    # Begun and not answered: Stripe may have done it.
    IN_DOUBT = Q(state__in=UNDER_WAY, attempts__gt=0, answered_at=None)
    # Said again and again, for half an hour.
    MANY_ATTEMPTS = 5
    TO_PROFESSIONAL = (Kind.TRANSFER, Kind.PAY_AGAIN)
    # A payment has one of each under way or done: see the constraint.
    ONCE = (Kind.TRANSFER, Kind.CAPTURE)

    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    key = models.CharField(_("clé d’idempotence"), max_length=120, unique=True)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.PENDING)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="operations")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="operations")
    session = models.ForeignKey(CheckoutSession, models.PROTECT, null=True, related_name="operations")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="operations")
    dispute = models.ForeignKey(Dispute, models.PROTECT, null=True, related_name="operations")
    client = models.ForeignKey(Client, models.PROTECT, null=True, related_name="+")
    professional = models.ForeignKey(Professional, models.PROTECT, null=True, related_name="+")
    source = models.CharField(_("versement repris"), max_length=120, blank=True)
    amount_cents = models.PositiveBigIntegerField(_("montant, en centimes"), null=True)
    attempts = models.PositiveSmallIntegerField(_("essais"), default=0)
    key_round = models.PositiveSmallIntegerField(_("tour de clé"), default=1)
    due_at = models.DateTimeField(_("prévu le"))
    stripe_id = models.CharField(_("objet Stripe"), max_length=120, blank=True)
    answer = models.JSONField(_("réponse"), default=dict)
    error = models.TextField(_("erreur"), blank=True)
    answered_at = models.DateTimeField(_("répondu le"), null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = StripeOperationQuerySet.as_manager()

    class Meta:
        verbose_name = _("appel à Stripe")
        verbose_name_plural = _("appels à Stripe")
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "kind"],
                condition=Q(state__in=("pending", "done"), kind__in=("transfer", "capture")),
                name="one_capture_and_one_transfer_per_payment",
            )
        ]
        indexes = [
            models.Index("due_at", name="operation_due", condition=Q(state="pending")),
            models.Index(fields=["payment"], name="stuck_operation", condition=Q(state="stuck")),
            models.Index(fields=["stripe_id"], name="operation_of_object", condition=~Q(stripe_id="")),
        ]

    def __str__(self):
        return self.key

    @property
    def idempotency_key(self):
        """Another one for each 5xx that Stripe keeps under the last: it was read first, so nothing is doubled."""
        return self.key if self.key_round == 1 else f"{self.key}:{self.key_round}"
