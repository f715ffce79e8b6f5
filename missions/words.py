"""What the search and the profiles say in words of their own."""

from django.utils.translation import get_language, ngettext

from accounts.models import Service
from marketplace import formatting

SERVICE_ICONS = {Service.EVENT: "tent", Service.GUARDING: "eye", Service.CLOSE_PROTECTION: "shield-user"}


def at(commune):
    """à Nantes, au Mans, aux Sables-d’Olonne; in Nantes."""
    name = commune.name
    if (get_language() or "fr").startswith("en"):
        return f"in {name}"
    for article, contracted in (("Le ", "au "), ("Les ", "aux ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"à {name}"


def free(count, search, *, cap):
    """23 professionnels libres à Nantes; 200+ beyond the cap."""
    words = ngettext("%(count)s professionnel libre %(at)s", "%(count)s professionnels libres %(at)s", count)
    return words % {"count": f"{cap}+" if count > cap else formatting.number(count), "at": search.at}


def professionals(count, *, cap):
    """3 professionnels; 200+ beyond the cap."""
    words = ngettext("%(count)s professionnel", "%(count)s professionnels", count)
    return words % {"count": f"{cap}+" if count > cap else formatting.number(count)}
