"""How the name of a place is compared, and what a person means by the text typed for it."""

import re
import unicodedata
from typing import NamedTuple

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
SHORT_FORMS = {"saint": "st", "sainte": "ste"}
DISTRICT = re.compile(r"(paris|lyon|marseille) 0?([1-9][0-9]?) ?([ei][a-z]*)?( a[a-z]*)?")


class Typed(NamedTuple):
    """A place as typed: folded name, postcode and department, each empty when not given."""

    name: str
    postcode: str
    department: str


def words_of(text):
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(LIGATURES))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.findall(r"[a-z0-9]+", plain)


def fold(text):
    """Return the name without accents, case, hyphens or apostrophes: "Saint-Étienne" → "st etienne"."""
    return " ".join(SHORT_FORMS.get(word, word) for word in words_of(text))


def read_typed(text):
    """Read "Nantes", "44000", "Nantes (44000)", "44000 Nantes", "Nantes (44)" or "Lyon 3"."""
    name, postcode, department = split(text)
    return Typed(full_name(fold(name)), postcode, department)


def split(text):
    """Return what is left for the name, the postcode and the department."""
    postcode = re.search(r"\b[0-9]{5}\b", text)
    department = re.search(r"\(([0-9]{2,3}|2[AB])\)", text, re.IGNORECASE)
    for match in filter(None, (postcode, department)):
        text = text.replace(match[0], " ")
    return text, postcode[0] if postcode else "", department[1].upper() if department else ""


def full_name(name):
    """Name an arrondissement in full: "lyon 3" or "lyon 3eme" → "lyon 3e arrondissement"."""
    district = DISTRICT.fullmatch(name)
    if not district:
        return name
    city, number = district[1], int(district[2])
    return f"{city} {number}{'er' if number == 1 else 'e'} arrondissement"


def beginnings(text):
    """How a folded name may begin when this much is typed: "sai" begins "saix", and "st …" for "saint …"."""
    words = words_of(split(text)[0])
    if not words:
        return []
    *before, last = words
    before = [SHORT_FORMS.get(word, word) for word in before]
    shortened = [f"{short} " for long, short in SHORT_FORMS.items() if len(last) > 1 and long.startswith(last)]
    return [" ".join([*before, ending]) for ending in [last, *shortened]]
