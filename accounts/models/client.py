from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Client(models.Model):
    """Someone who needs security for an occasion."""

    class Kind(models.TextChoices):
        INDIVIDUAL = "individual", _("Particulier")
        ASSOCIATION = "association", _("Association")
        BUSINESS = "business", _("Entreprise")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="client")
    kind = models.CharField(_("vous êtes"), max_length=20, choices=Kind)
    name = models.CharField(_("nom ou raison sociale"), max_length=120)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("client")

    def __str__(self):
        return self.name

    @property
    def reads_prices_before_vat(self):
        """Organisations read HT beside TTC; consumers read TTC only (C. conso. L112-1)."""
        return self.kind != self.Kind.INDIVIDUAL
