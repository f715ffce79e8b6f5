"""How the name of a place is compared, and what a person means by the text typed for it."""

import re
import unicodedata
from typing import NamedTuple

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
SHORT_FORMS = {"saint": "st", "sainte": "ste"}


class Typed(NamedTuple):
    """A place as typed: folded name, postcode and department, each empty when not given."""

    name: str
    postcode: str
    department: str


def fold(text):
    """Return the name without accents, case, hyphens or apostrophes: "Saint-Étienne" → "st etienne"."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(LIGATURES))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(SHORT_FORMS.get(word, word) for word in re.findall(r"[a-z0-9]+", plain))


def read_typed(text):
    """Read "Nantes", "44000", "Nantes (44000)", "44000 Nantes" or "Nantes (44)"."""
    postcode = re.search(r"\b[0-9]{5}\b", text)
    department = re.search(r"\(([0-9]{2,3}|2[AB])\)", text, re.IGNORECASE)
    name = text
    for match in filter(None, (postcode, department)):
        name = name.replace(match[0], " ")
    return Typed(fold(name), postcode[0] if postcode else "", department[1].upper() if department else "")
