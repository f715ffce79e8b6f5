from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.encryption import EncryptedTextField


class CalendarFeed(models.Model):
    """The private address at which a professional's missions are read as a calendar; a new key makes a new address."""

    professional = models.OneToOneField(
        "accounts.Professional", models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    key = EncryptedTextField()
    renewed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("agenda publié")

    def __str__(self):
        return str(self.professional)


class ExternalCalendarQuerySet(models.QuerySet):
    def due(self, now):
        return self.filter(due_at__lte=now)


class ExternalCalendar(models.Model):
    """A calendar kept elsewhere, whose events block all of a professional's agents; read again when due."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Pas encore lu")
        READ = "read", _("Lu")
        FAILED = "failed", _("En échec")

    class Problem(models.TextChoices):
        """Why the last reading failed."""

        ADDRESS = "address", _("Cette adresse n’est pas accessible publiquement en https.")
        UNREACHABLE = "unreachable", _("Le serveur de ce calendrier ne répond pas, ou est en panne.")
        REFUSED = "refused", _("Le serveur refuse de donner ce calendrier. Vérifiez l’adresse.")
        TOO_LARGE = "too_large", _("Ce calendrier dépasse 1 Mo.")
        TOO_SLOW = "too_slow", _("Ce calendrier met plus de 10 secondes à répondre.")
        UNREADABLE = "unreadable", _("Cette adresse ne donne pas un calendrier iCalendar lisible.")
        TOO_MANY = "too_many", _("Ce calendrier compte trop d’événements, ou des répétitions trop rapprochées.")

    professional = models.OneToOneField(
        "accounts.Professional", models.CASCADE, primary_key=True, related_name="external_calendar"
    )
    url = EncryptedTextField(_("adresse du calendrier"))
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.WAITING)
    problem = models.CharField(_("difficulté"), max_length=20, choices=Problem, blank=True)
    due_at = models.DateTimeField(_("à lire le"))
    attempted_at = models.DateTimeField(_("dernier essai"), null=True)
    read_at = models.DateTimeField(_("lu le"), null=True)
    failures = models.PositiveSmallIntegerField(_("échecs de suite"), default=0)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = ExternalCalendarQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendrier externe")
        verbose_name_plural = _("calendriers externes")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(problem="") | ~Q(state="failed") & Q(problem=""),
                name="failed_calendar_says_why",
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="calendar_due")]

    def __str__(self):
        return str(self.professional)


class BusyPeriod(models.Model):
    """A stretch of time an external calendar takes, in instants."""

    calendar = models.ForeignKey(ExternalCalendar, models.CASCADE, related_name="busy_periods", db_index=False)
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))

    class Meta:
        verbose_name = _("période occupée")
        verbose_name_plural = _("périodes occupées")
        ordering = ["starts_at"]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_period_lasts")]
        indexes = [models.Index(fields=["calendar", "ends_at"], name="busy_by_end")]

    def __str__(self):
        return str(self.calendar)
