from django.conf import settings
from django.urls import translate_url
from django.utils.translation import get_language


def site(request):
    """What every page may show about the site itself."""
    other = "fr" if get_language() == "en" else "en"
    return {
        "commission_basis_points": settings.COMMISSION_BASIS_POINTS,
        "demo": settings.DEMO,
        "site_url": settings.SITE_URL,
        "other_language": other,
        "other_language_url": translate_url(request.get_full_path(), other) if request.resolver_match else "",
    }
