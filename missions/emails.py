from django.utils import translation

from accounts.actions import notification, notify_each
from marketplace import formatting


def tell(mission, user, template, *, key="", due_at=None, **context):
    """Owe `user` the e-mail `template` about a mission, once per `key`; it announces and never quotes."""
    notify_each([news(mission, user, template, key=key, due_at=due_at, **context)])


def news(mission, user, template, *, key="", due_at=None, **context):
    """The e-mail that `tell` owes, still to be owed."""
    with translation.override(user.language):
        context = describe(mission, user) | context
    return notification(user, template, f"mission:{mission.pk}:{template}:{key}", due_at=due_at, **context)


def describe(mission, user):
    """What every e-mail about a mission may say to `user`, in the active language."""
    return {
        "other": str(mission.other(user)),
        "service": mission.get_service_display(),
        "when": formatting.period(mission.starts_at, mission.ends_at, mission.timezone),
        "number": mission.pk,
        "url": mission.get_absolute_url(),
    }
