"""Numbers that prove something: SIREN, SIRET, and the titles of the CNAPS."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError as InvalidNumber
from stdnum.fr import siren, siret

DEPARTMENT = r"(?:\d{3}|02[AB]|2[AB]0?)"
DAY = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
USUAL_TAIL = 11

# An AUT has no term: the date it carries lies a century ahead. The others carry their expiry.
TITLES = {
    "aut": re.compile(rf"AUT-{DEPARTMENT}-(?P<date>2[01]\d{{2}}-{DAY})-(?P<tail>\d+)", re.ASCII),
    "agd": re.compile(rf"AGD-{DEPARTMENT}-(?P<date>20\d{{2}}-{DAY})-(?P<tail>\d+)", re.ASCII),
    "car": re.compile(rf"CAR-{DEPARTMENT}-(?P<date>20\d{{2}}-{DAY})-(?P<tail>\d+)", re.ASCII),
}
EXAMPLES = {
    "aut": "AUT-075-2124-03-15-20240312345",
    "agd": "AGD-075-2029-03-15-20240312345",
    "car": "CAR-075-2029-03-15-20240312345",
}


def clean_siret(text):
    """Return the 14 digits, La Poste's included; raises ValidationError."""
    try:
        return siret.validate(without_spaces(text))
    except InvalidNumber as error:
        message = _("Ce SIRET n’est pas valable : vérifiez ses 14 chiffres sur votre Kbis ou votre avis SIRENE.")
        raise ValidationError(message, "siret") from error


def clean_siren(text):
    """Return the 9 digits; raises ValidationError."""
    try:
        return siren.validate(without_spaces(text))
    except InvalidNumber as error:
        message = _("Ce SIREN n’est pas valable : vérifiez ses 9 chiffres, les premiers du SIRET.")
        raise ValidationError(message, "siren") from error


def clean_title(kind, text):
    """Return the number of a CNAPS title in capitals and without spaces; raises ValidationError."""
    number = without_spaces(text).upper()
    if not TITLES[kind].fullmatch(number) or date_in_title(kind, number) is None:
        message = _("Ce numéro n’a pas la forme attendue, par exemple %(example)s.")
        raise ValidationError(message, "title", {"example": EXAMPLES[kind]})
    return number


def date_in_title(kind, number):
    """Return the date a title's number carries, or None."""
    match = TITLES[kind].fullmatch(number)
    try:
        return date.fromisoformat(match["date"]) if match else None
    except ValueError:
        return None


def has_unusual_tail(kind, number):
    match = TITLES[kind].fullmatch(number)
    return match is not None and len(match["tail"]) != USUAL_TAIL


def without_spaces(text):
    return "".join(text.split())
