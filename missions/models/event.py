from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from missions.models.mission import Mission


class MissionEvent(models.Model):
    """One transition of a mission, with whoever made it (nobody: the clock or the bank)."""

    class Kind(models.TextChoices):
        ASKED = "asked", _("Demande envoyée")
        DECLINED = "declined", _("Demande déclinée")
        WITHDRAWN = "withdrawn", _("Demande retirée")
        ACCEPTED = "accepted", _("Accord trouvé")
        CARD_SAVED = "card_saved", _("Carte enregistrée")
        CARD_REFUSED = "card_refused", _("Paiement à refaire")
        SECURED = "secured", _("Paiement garanti")
        EXPIRED = "expired", _("Demande expirée")
        CANCELLED = "cancelled", _("Mission annulée")
        CONFIRMED = "confirmed", _("Mission validée")
        CONTESTED = "contested", _("Mission contestée")
        ANSWERED = "answered", _("Réponse à la contestation")
        SETTLED = "settled", _("Contestation réglée")
        PAID = "paid", _("Professionnel payé")
        REVIEWED = "reviewed", _("Avis publié")

    mission = models.ForeignKey(Mission, models.PROTECT, verbose_name=_("mission"), related_name="events")
    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("auteur"), null=True, related_name="+"
    )
    happened_at = models.DateTimeField(_("le"))
    data = models.JSONField(_("détails"), default=dict)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("événement")
        ordering = ["happened_at", "pk"]
        indexes = [models.Index(fields=["mission", "happened_at"], name="event_of_mission")]

    def __str__(self):
        return self.get_kind_display()
