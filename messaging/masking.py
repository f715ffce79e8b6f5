"""What looks like a telephone number or an e-mail address, hidden until the payment is guaranteed.

A simple net, said openly: it keeps honest people on the site, where their payment is protected.
"""

import re
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

# French numbers: ten figures from 0, or nine after +33 or an overseas code, however they are spaced.
GAP = r"[\s./-]*"
ABROAD = rf"(?:\+|00)\s*(?:33|262|590|594|596|508|687|689){GAP}(?:\(0\))?{GAP}"
PHONE = rf"(?<!\d)(?:{ABROAD}|0{GAP})[1-9](?:{GAP}\d){{8}}(?!\d)"
EMAIL = r"(?<![\w.+-])[\w.+-]+\s*(?:@|\(at\)|\[at\]|\sarobase\s)\s*[\w-]+(?:\.[\w-]+)+"
CONTACT = re.compile(f"(?P<phone>{PHONE})|(?P<email>{EMAIL})", re.IGNORECASE)

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
