from accounts.models import Notification
from accounts.tasks import send_notification
from marketplace import clock
from marketplace.queue import after_commit


def notify(user, template, key, *, due_at=None, **context):
    """Owe the user an e-mail, now or at `due_at`; the same `key` is told once, however often it is asked.

    `context` holds plain JSON values. `url` (a path) and `button` (its label) make the button.
    """
    now = clock.now()
    notification, is_new = Notification.objects.get_or_create(
        user=user, key=key, defaults={"template": template, "context": context, "due_at": due_at or now}
    )
    if is_new and notification.due_at <= now:
        after_commit(send_notification, notification.pk)


def withdraw_notifications(user, key_prefix):
    """Give up the e-mails not sent yet whose key starts so: what they announce is no longer true."""
    waiting = user.notifications.filter(key__startswith=key_prefix, sent_at=None, withdrawn_at=None)
    waiting.update(withdrawn_at=clock.now())
