"""What a professional still has to do before being found by a search, in the order in which to do it."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Document, Professional
from marketplace import clock


@dataclass(frozen=True)
class Step:
    """`url_name` is where it is done; `detail` says what is missing, or that nothing is."""

    label: str
    url_name: str
    done: bool
    detail: str


def readiness(professional):
    """Return the five steps, done or not. Four queries."""
    return [*steps_before_review(professional), payments_step(professional)]


def missing_before_review(professional):
    """Return the steps that keep the file from being sent; payments may be activated later."""
    return [step for step in steps_before_review(professional) if not step.done]


def is_visible(professional):
    """Whether a search for a mission today could find this professional, and everyone read the profile."""
    return professional in visible([professional])


def visible(professionals):
    """Return those whose profile everyone may read. One query, besides those of `professionals`."""
    groups = {}
    for professional in professionals:
        if professional.base_commune:
            today = clock.now().astimezone(professional.base_commune.zone).date()
            groups.setdefault((professional.services[0], today), []).append(professional)
    found = [visible_keys(group, service, today) for (service, today), group in groups.items()]
    keys = {key for (key,) in Professional.objects.none().union(*found)}
    return [professional for professional in professionals if professional.pk in keys]


def visible_keys(professionals, service, today):
    listed = Professional.objects.listed(service, today=today, last_day=today)
    rated = listed.filter(rates__service__in=professionals[0].services)
    return rated.filter(pk__in=[professional.pk for professional in professionals]).values_list("pk")


def offered_services(professional):
    """Return the services that have a rate and that the activity allows."""
    return [rate.service for rate in professional.rates.all() if rate.service in professional.services]


def steps_before_review(professional):
    return [
        profile_step(professional),
        rates_step(professional),
        hours_step(professional),
        documents_step(professional),
    ]


def profile_step(professional):
    wanted = {
        _("le SIRET"): professional.siret,
        _("la présentation"): professional.presentation,
        _("les langues"): professional.languages,
        _("le téléphone"): professional.phone,
        _("la commune de départ"): professional.base_commune_id,
    }
    missing = [name for name, value in wanted.items() if not value]
    return step(_("Profil"), "accounts:profile_edit", missing, _("Votre présentation et votre zone sont complètes."))


def rates_step(professional):
    missing = [] if offered_services(professional) else [_("un tarif horaire au moins")]
    return step(_("Tarifs"), "accounts:rates_edit", missing, _("Vos tarifs sont publiés avec votre profil."))


def hours_step(professional):
    missing = [] if professional.weekly_hours.exists() else [_("vos heures d’ouverture")]
    return step(_("Disponibilités"), "missions:availability_edit", missing, _("Votre semaine habituelle est connue."))


def documents_step(professional):
    """A document counts once it is filed: staff say whether it is good."""
    missing = [Document.Kind(kind).label for kind in missing_documents(professional)]
    return step(_("Documents"), "accounts:document_list", missing, _("Tous les documents demandés sont déposés."))


def payments_step(professional):
    missing = [] if professional.payable else [_("votre compte de paiement Stripe")]
    return step(_("Paiements"), "payments:onboarding", missing, _("Stripe peut vous verser vos paiements."))


def step(label, url_name, missing, all_done):
    detail = _("Il manque : %(missing)s.") % {"missing": ", ".join(str(name) for name in missing)}
    return Step(label, url_name, not missing, detail if missing else all_done)


def missing_documents(professional):
    """Return the kinds required of which none is waiting or approved and valid today."""
    today = timezone.localdate(clock.now())
    filed = {
        document.kind
        for document in professional.documents.exclude(status=Document.Status.REFUSED)
        if not document.is_expired(today)
    }
    return [kind for kind in Document.Kind.values if kind not in filed]
