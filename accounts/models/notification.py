from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class NotificationQuerySet(models.QuerySet):
    def due(self, now):
        return self.filter(sent_at=None, withdrawn_at=None, due_at__lte=now, attempts__lt=Notification.MAX_ATTEMPTS)


class Notification(models.Model):
    """An e-mail owed to someone: written with the event it tells, sent by the worker, once."""

    MAX_ATTEMPTS = 8

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    template = models.CharField(max_length=80)
    context = models.JSONField(default=dict)
    key = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_told_once")]
        indexes = [
            models.Index(
                "due_at", name="notification_due", condition=models.Q(sent_at__isnull=True, withdrawn_at__isnull=True)
            )
        ]

    def __str__(self):
        return self.template
