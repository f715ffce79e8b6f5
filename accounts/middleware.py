from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

OWN_ACCOUNT = ("account_", "mfa_", "usersessions_", "set_language")


class LoginMiddleware(LoginRequiredMiddleware):
    """Where a session ended under an open page, it is the page that goes to the login, not the part it asked for."""

    def handle_no_permission(self, request, view_func):
        page = open_page(request)
        if page is None:
            return super().handle_no_permission(request, view_func)
        login = redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        if request.htmx:
            return HttpResponseClientRedirect(login.url)
        messages.info(request, _("Vous aviez été déconnecté. Connectez-vous, puis recommencez : rien n’a été fait."))
        return login


def open_page(request):
    """The page a form or a part of it was sent from, where the address asked for is not one to come back to."""
    if request.htmx:
        return request.htmx.current_url_abs_path or "/"
    if request.method in ("GET", "HEAD"):
        return None
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
    return urlsplit(came_from)._replace(scheme="", netloc="").geturl() if is_ours else "/"


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
