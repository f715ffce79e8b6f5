from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.commune import Commune
from accounts.models.document import Activity, Document


class Service(models.TextChoices):
    EVENT = "event", _("Événementiel")
    GUARDING = "guarding", _("Surveillance")
    CLOSE_PROTECTION = "close_protection", _("Garde rapprochée")

    @property
    def activity(self):
        return Activity.PROTECTION if self == Service.CLOSE_PROTECTION else Activity.SURVEILLANCE


class Language(models.TextChoices):
    FRENCH = "fr", _("Français")
    ENGLISH = "en", _("Anglais")
    SPANISH = "es", _("Espagnol")
    GERMAN = "de", _("Allemand")
    ITALIAN = "it", _("Italien")
    PORTUGUESE = "pt", _("Portugais")
    ARABIC = "ar", _("Arabe")
    BRETON = "br", _("Breton")
    CREOLE = "gcf", _("Créole")


class ProfessionalQuerySet(models.QuerySet):
    def approved(self):
        return self.filter(status=Professional.Status.APPROVED, user__is_active=True)

    def listed(self, service, *, today, last_day):
        """Allowed, for `service` on a mission ending on `last_day`, and payable."""
        days = {"today": Value(today), "last_day": Value(last_day)}
        return self.allowed(Service(service).activity, **days).filter(payable=True)

    def allowed(self, activity, *, today, last_day):
        """Approved and holding every document for `activity` on a mission ending on `last_day`; days are expressions.

        Titles (AUT, AGD, CAR) must be valid on the mission's last day, the other papers today.
        """
        day = Case(When(kind__in=Document.TITLES, then=last_day), default=today)
        papers = Document.objects.filter(professional=OuterRef("pk")).valid_on(day).covering(OuterRef("activity"))
        kinds = papers.values("professional").annotate(kinds=Count("kind", distinct=True)).values("kinds")
        professionals = self.approved().filter(activity=activity)
        return professionals.alias(kinds=Subquery(kinds)).filter(kinds=len(Document.Kind))


class Professional(models.Model):
    """A security company or a sole operator: what the public reads, and what decides whether it is listed."""

    class Kind(models.TextChoices):
        COMPANY = "company", _("Entreprise de sécurité")
        SOLE_OPERATOR = "sole_operator", _("Exploitant individuel")

    class VatRegime(models.TextChoices):
        STANDARD = "standard", _("Assujetti à la TVA")
        FRANCHISE = "franchise", _("Franchise en base (art. 293 B du CGI)")

    class Status(models.TextChoices):
        DRAFT = "draft", _("À compléter")
        SUBMITTED = "submitted", _("À examiner")
        APPROVED = "approved", _("Approuvé")
        REFUSED = "refused", _("Refusé")
        SUSPENDED = "suspended", _("Suspendu")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="professional")
    kind = models.CharField(_("statut"), max_length=20, choices=Kind)
    activity = models.CharField(_("activité autorisée"), max_length=20, choices=Activity, default=Activity.SURVEILLANCE)
    legal_name = models.CharField(_("dénomination sociale"), max_length=120)
    trade_name = models.CharField(_("nom commercial"), max_length=120)
    sort_name = models.CharField(max_length=120, editable=False)
    slug = models.SlugField(max_length=140, unique=True, editable=False)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    vat_regime = models.CharField(_("régime de TVA"), max_length=20, choices=VatRegime, default=VatRegime.STANDARD)
    presentation = models.TextField(_("présentation"), max_length=3000, blank=True)
    languages = ArrayField(models.CharField(max_length=5, choices=Language), verbose_name=_("langues"), default=list)
    dog_handler = models.BooleanField(_("maître-chien"), default=False)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    base_commune = models.ForeignKey(
        Commune, models.PROTECT, verbose_name=_("commune de départ"), null=True, related_name="professionals"
    )
    radius_km = models.PositiveSmallIntegerField(
        _("rayon d’intervention, en km"), default=50, validators=[MinValueValidator(5), MaxValueValidator(200)]
    )
    agents = models.PositiveSmallIntegerField(
        _("nombre d’agents"), default=1, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    minimum_minutes = models.PositiveSmallIntegerField(_("durée minimale"), default=240)
    notice_hours = models.PositiveSmallIntegerField(_("délai de prévenance, en heures"), default=12)
    horizon_days = models.PositiveSmallIntegerField(_("réservable au plus tard, en jours"), default=365)
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.DRAFT)
    status_reason = models.TextField(_("motif"), blank=True)
    # Written by payments and missions, the only ones who know: whether Stripe can pay them, and what clients say.
    payable = models.BooleanField(_("paiements activés"), default=False, editable=False)
    review_score = models.DecimalField(_("note"), max_digits=2, decimal_places=1, null=True, editable=False)
    review_count = models.PositiveIntegerField(_("nombre d’avis"), default=0, editable=False)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = ProfessionalQuerySet.as_manager()

    class Meta:
        verbose_name = _("professionnel")
        constraints = [
            models.CheckConstraint(
                condition=Q(radius_km__range=(5, 200)),
                name="radius_between_5_and_200_km",
                violation_error_message=_("Le rayon d’intervention va de 5 à 200 km."),
            ),
            models.CheckConstraint(condition=Q(agents__gte=1), name="at_least_one_agent"),
            models.CheckConstraint(
                condition=Q(horizon_days__range=(1, 730)),
                name="horizon_up_to_two_years",
                violation_error_message=_("Vous pouvez être réservé de 1 jour à 2 ans à l’avance."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="sole_operator") | Q(agents=1),
                name="sole_operator_works_alone",
                violation_error_message=_("Un exploitant individuel compte un seul agent : lui-même."),
            ),
            models.CheckConstraint(
                condition=Q(review_score__isnull=True, review_count=0)
                | Q(review_score__range=(1, 5), review_count__gt=0),
                name="score_goes_with_reviews",
            ),
            models.UniqueConstraint(
                fields=["siret"],
                condition=~Q(siret=""),
                name="siret_registered_once",
                violation_error_message=_("Ce SIRET est déjà inscrit sur le site."),
            ),
        ]

    def __str__(self):
        return self.trade_name

    def get_absolute_url(self):
        return reverse("missions:profile", args=[self.slug])

    @property
    def is_company(self):
        return self.kind == self.Kind.COMPANY

    @property
    def is_approved(self):
        return self.status == self.Status.APPROVED

    @property
    def was_approved(self):
        """Approved once, even if suspended since: what was checked then still stands."""
        return self.status in (self.Status.APPROVED, self.Status.SUSPENDED)

    @property
    def authorisation(self):
        """Number of the newest approved AUT, which every profile, quote and contract shows (CSI art. L612-14)."""
        titles = (document for document in self.documents.all() if document.kind == Document.Kind.AUT)
        numbers = {title.pk: title.number for title in titles if title.is_approved}
        return numbers[max(numbers)] if numbers else ""

    @property
    def zone(self):
        """Local time of the base; of Paris as long as there is none."""
        return self.base_commune.zone if self.base_commune else timezone.get_default_timezone()

    def openings(self):
        """The weekly hours as (weekday, opens_minute, closes_minute)."""
        return [(hours.weekday, hours.opens_minute, hours.closes_minute) for hours in self.weekly_hours.all()]

    @property
    def services(self):
        """The kinds of service the law lets this activity offer."""
        return [service for service in Service if service.activity == self.activity]


class Rate(models.Model):
    """What one agent costs for an hour of one kind of service, before VAT."""

    professional = models.ForeignKey(Professional, models.CASCADE, related_name="rates")
    service = models.CharField(_("prestation"), max_length=20, choices=Service)
    hourly_cents = models.PositiveBigIntegerField(_("tarif horaire hors taxes, en centimes"))

    class Meta:
        verbose_name = _("tarif")
        constraints = [
            models.UniqueConstraint(fields=["professional", "service"], name="one_rate_per_service"),
            models.CheckConstraint(condition=Q(hourly_cents__range=(100, 100_000)), name="rate_from_1_to_1000_euros"),
        ]

    def __str__(self):
        return self.get_service_display()
