from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from payments.models.payment import Payment


class Reconciliation(models.Model):
    """One comparison of our books with Stripe's; the next one starts where the last that ended began."""

    class Scope(models.TextChoices):
        EVENTS = "events", _("Événements manqués")
        OPEN = "open", _("Paiements en cours")
        BOOKS = "books", _("Livres, dans les deux sens")

    scope = models.CharField(_("étendue"), max_length=10, choices=Scope)
    started_at = models.DateTimeField(_("commencé le"))
    ended_at = models.DateTimeField(_("terminé le"), null=True)
    found = models.PositiveIntegerField(_("écarts"), default=0)

    class Meta:
        verbose_name = _("rapprochement")
        indexes = [models.Index(fields=["scope", "-started_at"], name="last_reconciliation")]

    def __str__(self):
        return f"{self.get_scope_display()} n° {self.pk}"


class DifferenceQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at=None)


class Difference(models.Model):
    """Something Stripe and we do not say alike, with what to do about it; open until it is gone, or settled by hand."""

    class Kind(models.TextChoices):
        UNKNOWN_HOLD = "unknown_hold", _("Blocage inconnu de nous")
        HOLD_STATE = "hold_state", _("Blocage dans un autre état")
        HOLD_AMOUNT = "hold_amount", _("Blocage d’un autre montant")
        UNKNOWN_TRANSFER = "unknown_transfer", _("Versement inconnu de nous")
        TRANSFER_AMOUNT = "transfer_amount", _("Versement d’un autre montant")
        UNKNOWN_REFUND = "unknown_refund", _("Remboursement inconnu de nous")
        REFUND_AMOUNT = "refund_amount", _("Remboursement d’un autre montant")
        UNKNOWN_REVERSAL = "unknown_reversal", _("Reprise inconnue de nous")
        UNKNOWN_DISPUTE = "unknown_dispute", _("Contestation bancaire inconnue de nous")
        MISSING_AT_STRIPE = "missing_at_stripe", _("Inconnu de Stripe")
        STUCK_CALL = "stuck_call", _("Appel à Stripe à examiner")
        NOT_SUBSCRIBED = "not_subscribed", _("Type d’événement non reçu")
        BOOKS = "books", _("Livre qui ne tombe pas juste")

    class Act(models.TextChoices):
        READ_AGAIN = "read_again", _("Relire chez Stripe et appliquer")
        RUN_AGAIN = "run_again", _("Relancer l’appel")
        WRITE = "write", _("Écrire dans nos livres, avec un motif")
        SUBSCRIBE = "subscribe", _("S’abonner à ce type d’événement")
        LOOK = "look", _("Examiner, corriger à la main chez Stripe, puis clore avec un motif")

    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    subject = models.CharField(_("objet"), max_length=120)
    payment = models.ForeignKey(
        Payment, models.PROTECT, verbose_name=_("paiement"), null=True, related_name="differences"
    )
    ours = models.CharField(_("chez nous"), max_length=200, blank=True)
    theirs = models.CharField(_("chez Stripe"), max_length=200, blank=True)
    act = models.CharField(_("à faire"), max_length=20, choices=Act)
    found_at = models.DateTimeField(_("trouvé le"))
    seen_at = models.DateTimeField(_("vu pour la dernière fois le"))
    closed_at = models.DateTimeField(_("clos le"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("clos par"), null=True, related_name="+"
    )
    note = models.TextField(_("motif"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("écart avec Stripe")
        verbose_name_plural = _("écarts avec Stripe")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(closed_at__isnull=True), name="one_open_difference_of_a_kind"
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} : {self.subject}"
