"""A text with its contacts hidden until the payment is guaranteed: openly, with what was hidden in words."""

from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from marketplace.contacts import CONTACT

DOTS = {"phone": "•• •• •• •• ••", "email": "•••••@•••••"}


class Masked(NamedTuple):
    """`html` is safe, with its line breaks; `kinds` are what was hidden: phone, email or both."""

    html: str
    kinds: frozenset


def mask(text):
    kinds, parts, end = set(), [], 0
    for match in CONTACT.finditer(text):
        kinds.add(match.lastgroup)
        parts += [escape(text[end : match.start()]), hidden(match.lastgroup)]
        end = match.end()
    return Masked(with_breaks("".join([*parts, escape(text[end:])])), frozenset(kinds))


def show(text):
    """The same, with nothing hidden."""
    return Masked(with_breaks(escape(text)), frozenset())


def mask_plain(text):
    """The same in plain text, for a name or a few words."""
    return CONTACT.sub(lambda match: DOTS[match.lastgroup], text)


def hidden(kind):
    spoken = _("numéro masqué") if kind == "phone" else _("adresse masquée")
    return f'<span class="masked" role="img" aria-label="{spoken}">{DOTS[kind]}</span>'


def with_breaks(html):
    """Paragraphs and line breaks around HTML that is safe already."""
    paragraphs = html.replace("\r\n", "\n").split("\n\n")
    written = (
        "<p>" + paragraph.strip().replace("\n", "<br>") + "</p>" for paragraph in paragraphs if paragraph.strip()
    )
    return mark_safe("".join(written))  # noqa: S308 - both callers escape


def reason(kinds):
    """What was hidden, in words."""
    if kinds == {"phone"}:
        return _("Nous avons masqué un numéro de téléphone.")
    if kinds == {"email"}:
        return _("Nous avons masqué une adresse e-mail.")
    return _("Nous avons masqué un téléphone et une adresse e-mail.")
