from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

OWN_ACCOUNT = ("account_", "mfa_", "usersessions_", "set_language")


class StaffSecondFactorMiddleware:
    """Staff see nothing but their own account until they have a second factor: allauth offers it, we require it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        url_name = request.resolver_match.url_name or ""
        if url_name.startswith(OWN_ACCOUNT) or not request.user.is_staff or is_mfa_enabled(request.user):
            return None
        messages.info(request, _("Votre compte ouvre l’administration : activez d’abord un second facteur."))
        return redirect("mfa_activate_totp")
