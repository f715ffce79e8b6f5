"""What staff should look at twice. Nothing here refuses anything."""

import re

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.identifiers import TITLES, date_in_title, has_unusual_tail
from accounts.models import Document
from accounts.places.names import fold
from accounts.readiness import missing_before_review
from marketplace import clock
from marketplace.formatting import NBSP

# CSI art. L612-14 and the CNAPS code of ethics: nothing may suggest public authority, former duties or arms.
BOASTS = re.compile(
    r"\b(police|policiers?|gendarmes?|gendarmerie|militaires?|armee|armes?|armement|legion|legionnaires?|commandos?"
    r"|forces speciales|gign|raid|bri|gipn|parachutistes?|crs|matraques?|tasers?|menottes?|gilets? pare balles?)\b"
)


def professional_flags(professional):
    flags = [f"{step.label}{NBSP}: {step.detail}" for step in missing_before_review(professional)]
    boasts = boasting_words(professional.presentation)
    if boasts:
        words = ", ".join(boasts)
        flags.append(_("La présentation évoque la police, l’armée ou des armes : %(words)s.") % {"words": words})
    return flags


def boasting_words(text):
    return sorted(set(BOASTS.findall(fold(text))))


def document_flags(document):
    today = timezone.localdate(clock.now())
    flags = title_flags(document) if document.kind in Document.TITLES else []
    if document.is_expired(today):
        flags.append(_("Ce document a expiré."))
    if document.kind == Document.Kind.REGISTRATION and document.number != document.professional.siret:
        flags.append(
            _("Ce SIRET n’est pas celui du profil, %(siret)s.") % {"siret": document.professional.siret or "—"}
        )
    if document.activity and document.activity != document.professional.activity:
        flags.append(_("L’activité n’est pas celle du profil."))
    return flags


def title_flags(document):
    kind, number = document.kind, document.number
    if not TITLES[kind].fullmatch(number):
        return [_("Le numéro n’a pas la forme d’un titre du CNAPS.")]
    flags = []
    if has_unusual_tail(kind, number):
        flags.append(_("Le numéro ne finit pas par onze chiffres."))
    if kind != Document.Kind.AUT and date_in_title(kind, number) != document.expires_on:
        flags.append(_("La date du numéro n’est pas la date de fin."))
    return flags
