import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from marketplace import clock

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Where sign-up and login differ from allauth's own.

    The page asked for (`next`) travels in the pending login, so it outlives the e-mail's code and the second factor.
    """

    @transaction.atomic
    def save_user(self, request, user, form, commit=True):
        """Create the user together with their profile: one never exists without the other."""
        user.name = form.cleaned_data["name"]
        user.terms_accepted_at = clock.now()
        user.language = get_language()
        super().save_user(request, user, form, commit)
        form.register(user)
        return user

    def get_signup_redirect_url(self, request):
        return resolve_url("messaging:dashboard" if request.user.is_professional else "home")

    def render_mail(self, template_prefix, email, context, headers=None):
        """Give allauth's texts the frame of our own e-mails; their last paragraph is only the signature."""
        message = super().render_mail(template_prefix, email, context, headers)
        paragraphs = message.body.split("\n\n")[:-1]
        framed = {"subject": message.subject, "paragraphs": paragraphs, "site_url": settings.SITE_URL}
        message.attach_alternative(render_to_string("emails/layout.html", framed), "text/html")
        return message

    def send_mail(self, template_prefix, email, context):
        """Send at once, since the code is only good for minutes; a mail server that is away stops nobody."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.warning("%s did not leave: %s", template_prefix, type(error).__name__)
            sorry = _("L’e-mail n’a pas pu partir. Attendez une minute, puis demandez-en un autre.")
            messages.error(self.request, sorry)
