from functools import cache

from messaging.models import Message


def unread(request):
    """`unread_count` for the header: a number, counted once and only where a page shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unread_count": cache(Message.objects.unread_by(user).count)}
