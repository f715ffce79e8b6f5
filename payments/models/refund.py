from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from payments.models.payment import Payment


class Refund(models.Model):
    """What staff give back to a client of a payment already shared, and who bears it."""

    class Bearer(models.TextChoices):
        BOTH = "both", _("Le professionnel et nous, chacun pour sa part")
        PLATFORM = "platform", _("Nous seuls")

    payment = models.ForeignKey(Payment, models.PROTECT, verbose_name=_("paiement"), related_name="refunds")
    amount_cents = models.PositiveBigIntegerField(_("rendu au client, en centimes"))
    taken_back_cents = models.PositiveBigIntegerField(_("à la charge du professionnel, en centimes"))
    bearer = models.CharField(_("à la charge de"), max_length=10, choices=Bearer)
    reason = models.TextField(_("motif"), max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("décidé par"), related_name="+")
    decided_at = models.DateTimeField(_("décidé le"))
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("remboursement")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0, taken_back_cents__lte=F("amount_cents")), name="refund_borne_within_it"
            )
        ]

    def __str__(self):
        return f"Remboursement n° {self.pk}"
