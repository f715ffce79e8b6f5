"""What looks like a telephone number or an e-mail address, wherever one must not be read yet.

A simple net, said openly: it keeps honest people on the site, where their payment is protected. Every repetition in it
is bounded or starts where the last one ended, so that reading a text takes a time in proportion to its length.
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Whatever is no letter and no figure may stand between two figures, a few at a time: spaces, signs, invisible ones.
GAP = r"[\W_]{0,3}"
SPACE = r"[\s\u200b-\u200d\u2060\ufeff]{0,3}"

# A day and an hour have as many figures as a telephone: 05/12/2026 20 h 30, 08:00-12:00 and 14:00-18:00.
MOMENT = r"(?:\d\d[/.-]\d\d[/.-]20\d\d\D|\d\d:\d\d[^:])"

# French numbers have ten figures from 0; those written from abroad have a + or 00, a country's code and the rest.
NATIONAL = rf"0{GAP}[1-9](?:{GAP}\d){{8}}"
FROM_ABROAD = rf"00{GAP}(?:33|262|590|594|596|508|687|689)(?:{GAP}\d){{6,10}}"
WITH_PLUS = rf"\+(?:{GAP}\d){{8,15}}"
PHONE = rf"(?<!\d)(?<!\d[/.:-])(?!{MOMENT})(?:{NATIONAL}|{FROM_ABROAD}|{WITH_PLUS})(?!\d)"

AT = rf"{SPACE}(?:@|\(at\)|\[at\]|\sarobase\s){SPACE}"
DOT = r"(?:\.|\s{1,3}(?:\.|point)\s{1,3})"
EMAIL = rf"(?<![\w.+-])[\w.+-]+{AT}[\w-]+(?:{DOT}[\w-]+)+"

CONTACT = re.compile(f"(?P<phone>{PHONE})|(?P<email>{EMAIL})", re.IGNORECASE)


def refuse_contacts(text):
    """A form field's validator, for what people read before any payment."""
    if CONTACT.search(text):
        raise ValidationError(
            _("N’écrivez ici ni téléphone ni adresse e-mail : vos coordonnées se montrent dès le paiement garanti."),
            "contact",
        )
