from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, ExpressionWrapper, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Professional, Service
from missions.models.terms import Priced, Terms

ACTIVITY = Case(
    *(When(service=service, then=Value(service.activity)) for service in Service), output_field=models.CharField()
)


def local_day(instant):
    """The day it is on site at this instant, as an expression."""
    local = Func(F("timezone"), instant, function="timezone", output_field=models.DateTimeField())
    return Cast(local, models.DateField())


class MissionQuerySet(models.QuerySet):
    def of(self, user):
        return self.filter(Q(client__user=user) | Q(professional__user=user))

    def of_client(self, user):
        return self.filter(client__user=user)

    def live(self):
        return self.exclude(status__in=Mission.FINAL)

    def past_deadline(self, status, now):
        return self.filter(status=status, deadline_at__lte=now)

    def allowed(self, now):
        """Those whose professional is approved and holds, `now`, every document they need: see `listed`."""
        eve = ExpressionWrapper(F("ends_at") - timedelta(microseconds=1), models.DateTimeField())
        dated = self.alias(activity=ACTIVITY, today=local_day(Value(now)), last_day=local_day(eve))
        days = {"today": OuterRef(OuterRef("today")), "last_day": OuterRef(OuterRef("last_day"))}
        allowed = Professional.objects.allowed(OuterRef("activity"), **days)
        return dated.filter(Exists(allowed.filter(pk=OuterRef("professional"))))

    def awaiting_payment(self):
        return self.filter(status=Mission.Status.ACCEPTED)


class Mission(Terms):
    """One continuous stretch of security work, from the first question to the payment."""

    class Status(models.TextChoices):
        INQUIRY = "inquiry", _("Demande")
        ACCEPTED = "accepted", _("À payer")
        BOOKED = "booked", _("Carte enregistrée")
        SECURED = "secured", _("Paiement garanti")
        CONTESTED = "contested", _("Contestée")
        CONFIRMED = "confirmed", _("Validée")
        SETTLED = "settled", _("Réglée")
        DECLINED = "declined", _("Déclinée")
        EXPIRED = "expired", _("Expirée")
        CANCELLED = "cancelled", _("Annulée")

    class Place(models.TextChoices):
        HOME = "home", _("Domicile")
        OFFICE = "office", _("Bureaux")
        SHOP = "shop", _("Magasin")
        BUILDING_SITE = "building_site", _("Chantier")
        WAREHOUSE = "warehouse", _("Entrepôt")
        HALL = "hall", _("Salle")
        OPEN_AIR = "open_air", _("Plein air")
        NIGHTLIFE = "nightlife", _("Bar ou discothèque")
        SCHOOL = "school", _("École")
        TOWN_HALL = "town_hall", _("Mairie")

    FINAL = (Status.CONFIRMED, Status.SETTLED, Status.DECLINED, Status.EXPIRED, Status.CANCELLED)
    WITH_MONEY = (Status.SECURED, Status.CONTESTED, Status.CONFIRMED, Status.SETTLED)
    BEFORE_START = (Status.ACCEPTED, Status.BOOKED, Status.SECURED)

    client = models.ForeignKey(Client, models.PROTECT, related_name="missions")
    professional = models.ForeignKey(Professional, models.PROTECT, related_name="missions")
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.INQUIRY)
    deadline_at = models.DateTimeField(_("échéance"), null=True)
    ended_at = models.DateTimeField(_("close le"), null=True)
    place = models.CharField(_("type de lieu"), max_length=20, choices=Place, blank=True)
    access = models.CharField(_("accès"), max_length=300, blank=True)
    contact_name = models.CharField(_("contact sur place"), max_length=120, blank=True)
    contact_phone = models.CharField(_("téléphone sur place"), max_length=20, blank=True)
    expected_public = models.PositiveIntegerField(_("public attendu"), null=True, blank=True)
    alcohol = models.BooleanField(_("alcool servi"), default=False)
    frisking = models.BooleanField(_("palpations de sécurité"), default=False)
    public_road = models.BooleanField(_("surveillance sur la voie publique"), default=False)
    subcontracting = models.BooleanField(_("sous-traitance acceptée"), default=False)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = MissionQuerySet.as_manager()

    class Meta(Terms.Meta):
        verbose_name = _("mission")
        constraints = [
            *Terms.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=("confirmed", "settled", "declined", "expired", "cancelled"))
                | Q(deadline_at__isnull=False),
                name="waiting_mission_has_a_deadline",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "deadline_at"], name="mission_due"),
            models.Index(fields=["client", "status"], name="mission_of_client"),
            models.Index(fields=["professional", "status"], name="mission_of_professional"),
        ]

    def __str__(self):
        return f"{self.get_service_display()} n° {self.pk}"

    def get_absolute_url(self):
        return reverse("messaging:thread", args=[self.pk])

    @property
    def is_final(self):
        return self.status in self.FINAL

    @property
    def shows_address(self):
        """The exact address is for a professional whose mission is ordered, not before."""
        return self.status in (self.Status.BOOKED, *self.WITH_MONEY)

    @property
    def shows_contacts(self):
        """Telephone and e-mail are for two people whose payment is guaranteed."""
        return self.status in self.WITH_MONEY

    def is_client(self, user):
        return self.client.user_id == user.pk

    def is_party(self, user_id):
        return user_id in (self.client.user_id, self.professional.user_id)

    def other(self, user):
        """The profile across the table from `user`."""
        return self.professional if self.is_client(user) else self.client

    def has_started(self, now):
        return self.starts_at <= now

    def is_cancellable(self, now):
        return self.status in self.BEFORE_START and not self.has_started(now)

    def has_ended(self, now):
        return self.ends_at <= now


class Agreement(Priced):
    """What both sides accepted: the frozen price and the frozen cancellation policy."""

    mission = models.OneToOneField(Mission, models.PROTECT, related_name="agreement")
    cancellation_policy = models.JSONField()
    accepted_at = models.DateTimeField()
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("accord")

    def __str__(self):
        return f"Accord de la mission n° {self.mission_id}"


class Cancellation(models.Model):
    """Who ended an agreed mission before it took place, and the part of its price that is due for it."""

    mission = models.OneToOneField(Mission, models.PROTECT, related_name="cancellation")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("motif"), max_length=1000, blank=True)
    fee_basis_points = models.PositiveIntegerField()
    cancelled_at = models.DateTimeField()

    class Meta:
        verbose_name = _("annulation")

    def __str__(self):
        return f"Annulation de la mission n° {self.mission_id}"
