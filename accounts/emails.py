"""E-mails are written as plain text: the first line is the subject, the rest the body.

The HTML version is made from the same paragraphs. A `url` in the context (a path) becomes the button, named `button`,
and is added at the end of the text: templates do not write it themselves.
"""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils import translation
from django.utils.translation import gettext as _


def send_email(user, template, context):
    """Send `templates/<template>.txt` to the user, in their language.

    Raises OSError or SMTPException when it cannot leave.
    """
    with translation.override(user.language):
        message = write_email(user, template, context)
    message.send()


def write_email(user, template, context):
    context = complete(context, user)
    subject, paragraphs = read_text(template, context)
    context |= {"subject": subject, "paragraphs": paragraphs}
    message = EmailMultiAlternatives(subject, plain_text(context), to=[user.email])
    message.attach_alternative(render_to_string("emails/layout.html", context), "text/html")
    return message


def complete(context, user):
    """Add what every e-mail knows: its reader, the site's address, and the absolute `link` of its button."""
    link = settings.SITE_URL + context["url"] if context.get("url") else ""
    return {
        "button": _("Ouvrir sur le site"),
        **context,
        "name": user.name,
        "site_url": settings.SITE_URL,
        "link": link,
    }


def read_text(template, context):
    """Return the subject and the list of paragraphs."""
    text = get_template(f"{template}.txt").template.render(Context(context, autoescape=False))
    subject, _newline, body = text.strip().partition("\n")
    paragraphs = [paragraph.strip() for paragraph in body.split("\n\n")]
    return subject.strip(), [paragraph for paragraph in paragraphs if paragraph]


def plain_text(context):
    parts = [*context["paragraphs"]]
    if context["link"]:
        parts.append(_("%(button)s : %(link)s") % context)
    parts.append(f"MonAgentDeSécu\n{context['site_url']}")
    return "\n\n".join(parts) + "\n"
