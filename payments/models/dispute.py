from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from payments.models.payment import Payment


class DisputeQuerySet(models.QuerySet):
    def open(self):
        """A bank holds the money: until it has judged, and what we won is back or what we lost is booked."""
        won, lost = Q(status__in=Dispute.WINS, withdrawn_cents__gt=0), Q(status=Dispute.Status.LOST, closed_at=None)
        return self.filter(Q(status__in=Dispute.OPEN) | won | lost)

    def lost(self):
        """A bank took the money for good."""
        return self.filter(status=Dispute.Status.LOST).exclude(closed_at=None)


class Dispute(models.Model):
    """A chargeback: the client's bank takes the money back from us, and hears both sides before it decides.

    `status` is Stripe's own word: https://docs.stripe.com/api/disputes/object.
    """

    class Status(models.TextChoices):
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("Question de la banque, à répondre")
        WARNING_UNDER_REVIEW = "warning_under_review", _("Question de la banque, à l’étude")
        WARNING_CLOSED = "warning_closed", _("Question de la banque, close")
        NEEDS_RESPONSE = "needs_response", _("Preuves attendues")
        UNDER_REVIEW = "under_review", _("À l’étude par la banque")
        WON = "won", _("Gagnée")
        LOST = "lost", _("Perdue")
        PREVENTED = "prevented", _("Évitée")

    # The bank holds the money; a mere question of the bank moves none.
    OPEN = (Status.NEEDS_RESPONSE, Status.UNDER_REVIEW)
    WINS = (Status.WON, Status.PREVENTED)
    # The bank keeps what it took while its verdict is appealed.
    APPEALED = ("appeal_needs_response", "appeal_under_review")

    payment = models.ForeignKey(Payment, models.PROTECT, verbose_name=_("paiement"), related_name="disputes")
    stripe_id = models.CharField(_("objet Stripe"), max_length=80, unique=True)
    status = models.CharField(_("état"), max_length=30, choices=Status)
    reason = models.CharField(_("motif de la banque"), max_length=60)
    amount_cents = models.PositiveBigIntegerField(_("contesté, en centimes"))
    withdrawn_cents = models.BigIntegerField(_("repris par la banque, en centimes"), default=0)
    fee_cents = models.BigIntegerField(_("frais, en centimes"), default=0)
    taken_back_cents = models.PositiveBigIntegerField(_("à la charge du professionnel, en centimes"), default=0)
    evidence_due_at = models.DateTimeField(_("preuves à envoyer avant"), null=True)
    opened_at = models.DateTimeField(_("ouverte le"))
    closed_at = models.DateTimeField(_("close le"), null=True)
    checked_at = models.DateTimeField(_("vérifiée le"), null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("contestation bancaire")
        verbose_name_plural = _("contestations bancaires")

    def __str__(self):
        return self.stripe_id

    @classmethod
    def read_status(cls, status):
        """How we write a status of Stripe's."""
        return cls.Status.LOST if status in cls.APPEALED else status

    @property
    def is_open(self):
        if self.status == self.Status.LOST:
            return self.closed_at is None
        return self.status in self.OPEN or (self.is_won and self.withdrawn_cents > 0)

    @property
    def is_won(self):
        return self.status in self.WINS
