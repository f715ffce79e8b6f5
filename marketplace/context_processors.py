from django.conf import settings
from django.urls import translate_url
from django.utils.translation import get_language


def site(request):
    """What every page may show about the site itself."""
    here, other = request.get_full_path(), "fr" if get_language() == "en" else "en"
    there = translate_url(here, other) if request.resolver_match else here
    return {
        "commission_basis_points": settings.COMMISSION_BASIS_POINTS,
        "demo": settings.DEMO,
        "site_url": settings.SITE_URL,
        "other_language": other,
        "other_language_url": there if there != here else "",
    }
