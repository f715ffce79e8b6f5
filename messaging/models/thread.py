from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from missions.models import Mission, Review


class ThreadQuerySet(models.QuerySet):
    def of(self, user):
        return self.filter(Q(mission__client__user=user) | Q(mission__professional__user=user))

    def of_client(self, user):
        return self.filter(mission__client__user=user)

    def of_professional(self, user):
        return self.filter(mission__professional__user=user)

    def live(self):
        return self.exclude(mission__status__in=Mission.FINAL)

    def finished(self):
        return self.filter(mission__status__in=Mission.FINAL)

    def awaiting(self):
        """Those where something may still be done: live, or over with a review that has no answer yet."""
        published = Q(mission__review__status=Review.Status.PUBLISHED, mission__review__answered_at=None)
        reviewed = Q(mission__status=Mission.Status.CONFIRMED) & published
        return self.filter(~Q(mission__status__in=Mission.FINAL) | reviewed)

    def with_unread(self, user):
        """Annotate `unread`: how many messages of the other side `user` has not seen."""
        return self.annotate(unread=Count("messages", filter=Q(messages__seen_at=None) & ~Q(messages__author=user)))


class Thread(models.Model):
    """The one conversation about a mission, between its client and its professional; it bears the mission's number."""

    mission = models.OneToOneField(Mission, models.PROTECT, primary_key=True, related_name="thread")
    last_activity_at = models.DateTimeField(_("dernière activité"))
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("discussion")

    def __str__(self):
        return f"Discussion n° {self.pk}"

    def get_absolute_url(self):
        return reverse("messaging:thread", args=[self.pk])
