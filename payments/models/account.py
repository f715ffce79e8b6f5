from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Professional


class Customer(models.Model):
    """A client as Stripe knows them."""

    client = models.OneToOneField(Client, models.PROTECT, related_name="customer")
    stripe_id = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("client Stripe")
        verbose_name_plural = _("clients Stripe")

    def __str__(self):
        return self.stripe_id


class ConnectedAccount(models.Model):
    """The Stripe account a professional is paid on; Professional.payable follows `transfers`."""

    class Transfers(models.TextChoices):
        """The status of the `stripe_transfers` capability."""

        PENDING = "pending", _("En cours de vérification")
        RESTRICTED = "restricted", _("Informations manquantes")
        ACTIVE = "active", _("Actif")
        UNSUPPORTED = "unsupported", _("Non pris en charge")

    professional = models.OneToOneField(
        Professional, models.PROTECT, verbose_name=_("professionnel"), related_name="account"
    )
    stripe_id = models.CharField(_("compte"), max_length=80, unique=True)
    transfers = models.CharField(_("versements"), max_length=20, choices=Transfers, default=Transfers.RESTRICTED)
    checked_at = models.DateTimeField(_("vérifié le"), null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("compte Stripe")
        verbose_name_plural = _("comptes Stripe")

    def __str__(self):
        return self.stripe_id

    @property
    def is_payable(self):
        return self.transfers == self.Transfers.ACTIVE
