from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from missions.models import Mission
from missions.policy import HOLD_DEADLINE_BEFORE_START


class PaymentQuerySet(models.QuerySet):
    def of(self, user):
        return self.filter(Q(mission__client__user=user) | Q(mission__professional__user=user))

    def open(self):
        """Those whose end is not written yet, or not said to Stripe."""
        is_waiting = ~Q(status__in=Payment.OVER) | Q(operations__state="pending")
        return self.filter(pk__in=Payment.objects.filter(is_waiting).values("pk"))

    def hold_due(self, now):
        return self.filter(
            status=Payment.Status.CARD_SAVED, mission__status=Mission.Status.BOOKED, hold_due_at__lte=now
        )

    def papers_changed(self, now):
        """Those secured whose professional lost or got back the right to work, or lacks it when it is time to cancel.

        See `Payment.papers_due_at`.
        """
        secured = Mission.objects.filter(status=Mission.Status.SECURED, starts_at__gt=now)
        followed = self.filter(mission__in=secured).alias(
            may_work=Exists(secured.allowed(now).filter(pk=OuterRef("mission")))
        )
        is_late = Q(papers_missing_at=None) | Q(mission__starts_at__lte=now + HOLD_DEADLINE_BEFORE_START)
        return followed.filter(Q(is_late, may_work=False) | Q(papers_missing_at__isnull=False, may_work=True))

    def of_missions_due(self, status, now):
        """Those whose mission waits in this state past its deadline."""
        return self.filter(mission__in=Mission.objects.past_deadline(status, now))

    def with_dying_hold(self, now):
        """Live missions whose hold dies within `Hold.CAPTURE_BEFORE_EXPIRY`."""
        dying = Hold.objects.live().filter(capture_before__lte=now + Hold.CAPTURE_BEFORE_EXPIRY)
        return self.filter(mission__status__in=(Mission.Status.SECURED, Mission.Status.CONTESTED), holds__in=dying)


class Payment(models.Model):
    """What a client owes for one mission, and where that money is."""

    class Status(models.TextChoices):
        PENDING = "pending", _("À payer")
        CARD_SAVED = "card_saved", _("Carte enregistrée")
        CARD_REFUSED = "card_refused", _("Paiement à refaire")
        HELD = "held", _("Paiement garanti")
        KEPT = "kept", _("Paiement encaissé, conservé par Stripe")
        RELEASED = "released", _("Réparti")
        RETURNED = "returned", _("Rendu au client")
        LOST = "lost", _("Repris par la banque")

    OVER = (Status.RELEASED, Status.RETURNED, Status.LOST)

    mission = models.OneToOneField(Mission, models.PROTECT, verbose_name=_("mission"), related_name="payment")
    amount_cents = models.PositiveBigIntegerField(_("montant"))
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.PENDING)
    payment_method = models.CharField(_("carte chez Stripe"), max_length=80, blank=True)
    hold_due_at = models.DateTimeField(_("blocage prévu le"), null=True)
    papers_missing_at = models.DateTimeField(_("dossier du professionnel incomplet depuis le"), null=True)
    early_start_requested_at = models.DateTimeField(_("exécution avant 14 jours demandée le"), null=True)
    due_basis_points = models.PositiveIntegerField(_("part due"), null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("paiement")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_basis_points__isnull=True) | Q(due_basis_points__lte=10_000),
                name="part_due_up_to_the_whole",
            )
        ]

    def __str__(self):
        return f"Paiement de la mission n° {self.mission_id}"

    @property
    def is_closed(self):
        """Once the part due is decided, nothing else may be held."""
        return self.due_basis_points is not None

    @property
    def awaits_card(self):
        """Whether it is for the client to give a card, for the first time or again."""
        return not self.is_closed and self.status in (self.Status.PENDING, self.Status.CARD_REFUSED)

    def is_hold_due(self, now):
        return self.status == self.Status.CARD_SAVED and self.hold_due_at is not None and self.hold_due_at <= now

    def before_hold(self, now, *, was_refused):
        """What a saved card waits for: the name of a situation, on the money page and in the thread."""
        if self.papers_missing_at is not None:
            return "papers_missing"
        if self.hold_due_at is None or self.hold_due_at <= now:
            return "hold_asked"
        return "hold_retried" if was_refused else "card_saved"

    @property
    def papers_due_at(self):
        """By when a professional puts their papers in order, or the mission is cancelled."""
        return self.mission.starts_at - HOLD_DEADLINE_BEFORE_START

    @property
    def is_funded(self):
        """Whether there is money to share: held on the card, or captured and kept."""
        return self.status in (self.Status.HELD, self.Status.KEPT)

    @property
    def price(self):
        return self.mission.agreement.price

    @property
    def due_price(self):
        """The part of the price that was decided to be due."""
        return self.price.scaled(self.due_basis_points)

    @property
    def transfer_group(self):
        return f"mission_{self.mission_id}"


class CheckoutSession(models.Model):
    """One visit of the client to Stripe's page, to save a card or to have the amount held."""

    class Mode(models.TextChoices):
        SETUP = "setup", _("Enregistrement de la carte")
        PAYMENT = "payment", _("Blocage du montant")

    class Status(models.TextChoices):
        CREATING = "creating", _("En création")
        OPEN = "open", _("Ouverte")
        COMPLETE = "complete", _("Terminée")
        EXPIRED = "expired", _("Expirée")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="sessions")
    mode = models.CharField(_("type"), max_length=10, choices=Mode)
    status = models.CharField(_("état"), max_length=10, choices=Status, default=Status.CREATING)
    stripe_id = models.CharField(_("objet Stripe"), max_length=120, unique=True, null=True)  # noqa: DJ001 - unknown until Stripe answers
    url = models.TextField(blank=True)
    expires_at = models.DateTimeField(_("expire le"))
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("session de paiement")
        verbose_name_plural = _("sessions de paiement")
        constraints = [
            models.UniqueConstraint(
                fields=["payment"], condition=Q(status__in=("creating", "open")), name="one_open_session_per_payment"
            )
        ]

    def __str__(self):
        return self.stripe_id or f"session {self.pk}"


class HoldQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status=Hold.Status.LIVE)


class Hold(models.Model):
    """An amount the bank keeps for us on the client's card, until it is captured, cancelled or expires."""

    CAPTURE_BEFORE_EXPIRY = timedelta(hours=12)

    class Status(models.TextChoices):
        LIVE = "live", _("Bloqué")
        CAPTURED = "captured", _("Encaissé")
        CANCELLED = "cancelled", _("Libéré")
        EXPIRED = "expired", _("Expiré")
        UNWANTED = "unwanted", _("À libérer")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="holds")
    intent_id = models.CharField(_("intention"), max_length=80, unique=True)
    charge_id = models.CharField(_("débit"), max_length=80, blank=True)
    amount_cents = models.PositiveBigIntegerField(_("bloqué, en centimes"))
    captured_cents = models.PositiveBigIntegerField(_("encaissé, en centimes"), default=0)
    status = models.CharField(_("état"), max_length=10, choices=Status, default=Status.LIVE)
    capture_before = models.DateTimeField(_("à encaisser avant"))
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocage")
        constraints = [
            models.UniqueConstraint(fields=["payment"], condition=Q(status="live"), name="one_live_hold_per_payment"),
            models.UniqueConstraint(fields=["payment"], condition=Q(status="captured"), name="one_capture_per_payment"),
            models.CheckConstraint(
                condition=Q(captured_cents__lte=models.F("amount_cents")), name="captured_up_to_the_hold"
            ),
        ]
        indexes = [models.Index(fields=["charge_id"], name="hold_of_charge")]

    def __str__(self):
        return self.intent_id

    def is_dying(self, now):
        return self.capture_before <= now + self.CAPTURE_BEFORE_EXPIRY
