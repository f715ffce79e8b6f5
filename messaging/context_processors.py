from django.utils.functional import SimpleLazyObject

from messaging.models import Message


def unread(request):
    """`unread_count` for the header, counted only where a page shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unread_count": SimpleLazyObject(lambda: Message.objects.unread_by(user).count())}
