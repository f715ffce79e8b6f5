from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Professional
from missions.models.mission import Mission


class ReviewQuerySet(models.QuerySet):
    def published(self):
        return self.filter(status=Review.Status.PUBLISHED)


class Review(models.Model):
    """What a client says of a confirmed mission, and the professional's one answer."""

    class Status(models.TextChoices):
        PUBLISHED = "published", _("Publié")
        REFUSED = "refused", _("Refusé")

    mission = models.OneToOneField(Mission, models.PROTECT, related_name="review")
    professional = models.ForeignKey(Professional, models.PROTECT, related_name="reviews")
    stars = models.PositiveSmallIntegerField(_("note"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(_("votre avis"), max_length=3000)
    published_at = models.DateTimeField(_("publié le"))
    answer = models.TextField(_("réponse du professionnel"), max_length=3000, blank=True)
    answered_at = models.DateTimeField(_("réponse le"), null=True)
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.PUBLISHED)
    refusal_reason = models.TextField(_("motif du refus"), blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("avis")
        verbose_name_plural = _("avis")
        ordering = ["-published_at"]
        constraints = [
            models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="review_has_1_to_5_stars"),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refusal_reason=""),
                name="review_refusal_has_a_reason",
                violation_error_message=_("Donnez le motif du refus."),
            ),
        ]
        indexes = [models.Index(fields=["professional", "-published_at"], name="review_of_professional")]

    def __str__(self):
        return f"Avis sur la mission n° {self.mission_id}"

    @property
    def is_published(self):
        return self.status == self.Status.PUBLISHED

    @property
    def signature(self):
        """The public name of the reviewer: of a private person, the first name only."""
        client = self.mission.client
        name = client.name.split()[0] if client.kind == Client.Kind.INDIVIDUAL else client.name
        return f"{name}, {client.get_kind_display().lower()}"
