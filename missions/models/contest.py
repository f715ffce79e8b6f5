from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from missions import policy
from missions.models.mission import Mission


class ContestQuerySet(models.QuerySet):
    def to_settle(self):
        return self.filter(settled_at=None)


class Contest(models.Model):
    """A mission one side says did not go as agreed; staff settle it by the part that was performed."""

    class Reason(models.TextChoices):
        NO_SHOW = "no_show", _("Personne n’est venu")
        EARLY_DEPARTURE = "early_departure", _("Départ avant la fin")
        BAD_WORK = "bad_work", _("Consignes non respectées")
        CLIENT_ABSENT = "client_absent", _("Client absent ou lieu fermé")
        SILENCE = "silence", _("Mission non validée après 7 jours")

    mission = models.OneToOneField(Mission, models.PROTECT, verbose_name=_("mission"), related_name="contest")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("ouverte par"), null=True, related_name="+"
    )
    reason = models.CharField(_("motif"), max_length=20, choices=Reason)
    text = models.TextField(_("ce qui s’est passé"), max_length=5000, blank=True)
    opened_at = models.DateTimeField(_("ouverte le"))
    answer = models.TextField(_("réponse de l’autre partie"), max_length=5000, blank=True)
    answered_at = models.DateTimeField(_("réponse le"), null=True)
    performed_basis_points = models.PositiveIntegerField(_("part réalisée"), null=True)
    settlement_note = models.TextField(_("explication de la décision"), max_length=5000, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(_("réglée le"), null=True)

    objects = ContestQuerySet.as_manager()

    class Meta:
        verbose_name = _("contestation")
        constraints = [
            models.CheckConstraint(
                condition=Q(performed_basis_points__isnull=True) | Q(performed_basis_points__lte=10_000),
                name="performed_part_up_to_the_whole",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, performed_basis_points__isnull=True)
                | Q(settled_at__isnull=False, performed_basis_points__isnull=False),
                name="settlement_has_a_performed_part",
            ),
        ]

    def __str__(self):
        return f"Contestation de la mission n° {self.mission_id}"

    @property
    def answer_due_at(self):
        """Until when the other side is waited for: None once they answered, and where nobody complained."""
        return None if self.answered_at or self.by_id is None else self.opened_at + policy.CONTEST_ANSWER_DELAY

    def may_be_answered_by(self, user):
        return self.answer_due_at is not None and self.by_id != user.pk
