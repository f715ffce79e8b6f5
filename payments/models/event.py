from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class StripeEventQuerySet(models.QuerySet):
    def due(self, now):
        return self.filter(state=StripeEvent.State.PENDING, due_at__lte=now)


class StripeEvent(models.Model):
    """What Stripe told us: kept once, then answered by reading the object again."""

    class State(models.TextChoices):
        PENDING = "pending", _("À traiter")
        DONE = "done", _("Traité")
        IGNORED = "ignored", _("Sans objet")
        FAILED = "failed", _("À examiner")

    class Source(models.TextChoices):
        WEBHOOK = "webhook", _("Webhook")
        LIST = "list", _("Relecture de la liste")

    event_id = models.CharField(_("événement"), max_length=120, unique=True)
    type = models.CharField(_("type"), max_length=120)
    object_id = models.CharField(_("objet Stripe"), max_length=120)
    source = models.CharField(_("reçu par"), max_length=10, choices=Source, default=Source.WEBHOOK)
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("essais"), default=0)
    error = models.CharField(_("erreur"), max_length=200, blank=True)
    due_at = models.DateTimeField(_("prévu le"))
    created_at = models.DateTimeField(_("reçu le"), db_default=Now(), editable=False)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("événement Stripe")
        verbose_name_plural = _("événements Stripe")
        indexes = [
            models.Index("due_at", name="stripe_event_due", condition=Q(state="pending")),
            models.Index(fields=["object_id"], name="stripe_events_of_object"),
        ]

    def __str__(self):
        return self.event_id
