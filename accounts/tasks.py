import logging
from datetime import timedelta
from smtplib import SMTPException

from celery import shared_task
from django.db.models import F

from accounts.calendars import claim_calendar, read_calendar
from accounts.emails import send_email
from accounts.models import ExternalCalendar, Notification
from marketplace import clock
from marketplace.queue import after_commit
from marketplace.sweeping import attempt

logger = logging.getLogger(__name__)


@shared_task
def send_notifications(*notification_ids):
    """Send those of these e-mails that are due; one that fails does not keep back the others."""
    for notification in Notification.objects.due(clock.now()).select_related("user").filter(pk__in=notification_ids):
        attempt(send_notification, notification)


def send_notification(notification):
    """Whoever claims the row first sends it."""
    if not claim_notification(notification, clock.now()):
        return
    try:
        send_email(notification.user, notification.template, notification.context)
    except (OSError, SMTPException) as error:
        logger.warning("E-mail %s did not leave: %s", notification.pk, type(error).__name__)
        return
    Notification.objects.filter(pk=notification.pk).update(sent_at=clock.now())


def claim_notification(notification, now):
    """Count one more attempt and put the next one off, before trying: a worker killed meanwhile tries again later."""
    next_try = now + timedelta(minutes=2 ** (notification.attempts + 1))
    unclaimed = Notification.objects.due(now).filter(pk=notification.pk, attempts=notification.attempts)
    return unclaimed.update(attempts=F("attempts") + 1, due_at=next_try)


@shared_task
def sweep_notifications():
    """Find the e-mails that are due, whatever became of the first hint."""
    for notification_id in Notification.objects.due(clock.now()).order_by("due_at").values_list("pk", flat=True)[:500]:
        after_commit(send_notifications, notification_id)


# The address itself may take 10 s; the rest is for a calendar made to be endless.
@shared_task(soft_time_limit=20, time_limit=40)
def read_external_calendar(professional_id):
    """Read an outside calendar that is due; whoever claims the row first reads it."""
    calendar = claim_calendar(professional_id, clock.now())
    if calendar is not None:
        read_calendar(calendar)


@shared_task
def sweep_external_calendars():
    """Find the calendars to read again, whatever became of the first hint."""
    for professional_id in (
        ExternalCalendar.objects.due(clock.now()).order_by("due_at").values_list("pk", flat=True)[:500]
    ):
        after_commit(read_external_calendar, professional_id)
