from decimal import Decimal
from pathlib import PurePath

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import UploadField
from accounts.forms.phone import PhoneField
from accounts.models import Service
from marketplace.contacts import CONTACT
from messaging.actions import check_terms
from messaging.errors import ProposalError
from missions.forms import SearchForm
from missions.models import Mission

LONGEST_MESSAGE = 5000
KEPT_INSTRUCTIONS = _(
    "Les consignes contiennent des coordonnées masquées : laissez vide pour les garder telles quelles."
)
ASKED = ("service", "commune", "place", "date", "start", "minutes", "agents")


class MessageForm(forms.Form):
    body = forms.CharField(
        label=_("Votre message"),
        max_length=LONGEST_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 1}),
        error_messages={"max_length": _("Votre message dépasse 5 000 caractères. Coupez-le en deux.")},
    )
    file = UploadField(label=_("Joindre un fichier"), required=False)

    def clean(self):
        super().clean()
        if not self.errors and not self.cleaned_data["body"] and not self.cleaned_data["file"]:
            self.add_error("body", _("Écrivez un message, ou joignez un fichier."))

    @property
    def attachments(self):
        """(name for people, checked file) pairs, as `send_message` takes them."""
        file = self.cleaned_data["file"]
        return [(PurePath(self.files["file"].name).name, file)] if file else []


class TermsForm(SearchForm):
    """When, where, what and how many, asked of one professional; `terms` once valid."""

    address = forms.CharField(
        label=_("Adresse exacte"),
        help_text=_("Montrée au professionnel une fois la mission commandée, pas avant."),
        max_length=200,
        required=False,
    )
    instructions = forms.CharField(
        label=_("Consignes"),
        help_text=_("Contrôles, rondes, tenue, langues, véhicule, chien… N’écrivez ni téléphone ni adresse e-mail."),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, professional, data=None, *, initial=None):
        self.professional = professional
        super().__init__(data, initial=initial)
        self.auto_id = "id_%s"
        offered = {rate.service for rate in professional.rates.all()}
        choices = [(service.value, service.label) for service in professional.services if service in offered]
        self.fields["service"].choices = choices
        if choices and self.initial.get("service") not in dict(choices):
            self.initial["service"] = choices[0][0]
        self.only_service = choices[0] if len(choices) == 1 else None

    def clean(self):
        super().clean()
        if not self.errors:
            self.clean_terms()

    def clean_terms(self):
        try:
            check_terms(self.terms, self.professional)
        except ProposalError as error:
            self.add_error(None, str(error))

    @property
    def terms(self):
        """As `Terms.TERMS` names them."""
        search = self.search_at(self.starts_at)
        return {
            "service": search.service,
            "commune": search.commune,
            "timezone": search.timezone,
            "starts_at": search.starts_at,
            "ends_at": search.ends_at,
            "agents": search.agents,
            "address": self.cleaned_data.get("address", self.initial.get("address", "")),
            "instructions": self.cleaned_data["instructions"],
        }


class InquiryForm(TermsForm):
    """A client's request: six answers and a message; the rest is folded away."""

    message = forms.CharField(
        label=_("Votre message"),
        help_text=_(
            "L’occasion, le nombre de personnes, ce qui vous inquiète. N’écrivez ni téléphone ni adresse e-mail."
        ),
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Dites en quelques mots de quoi il s’agit.")},
    )
    site = forms.ChoiceField(
        label=_("Type de lieu"), choices=[("", _("Non précisé")), *Mission.Place.choices], required=False
    )
    expected_public = forms.IntegerField(
        label=_("Public attendu"),
        min_value=0,
        max_value=1_000_000,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Indiquez un nombre de personnes, par exemple 180.")},
    )
    alcohol = forms.BooleanField(label=_("De l’alcool sera servi"), required=False)
    access = forms.CharField(
        label=_("Accès"), help_text=_("Entrée, parking, étage, code."), max_length=300, required=False
    )
    contact_name = forms.CharField(label=_("Contact sur place"), max_length=120, required=False)
    contact_phone = PhoneField(
        label=_("Téléphone sur place"),
        help_text=_("Montré au professionnel dès que le paiement est garanti."),
        required=False,
    )
    frisking = forms.BooleanField(label=_("Palpations de sécurité (des agents des deux sexes)"), required=False)
    subcontracting = forms.BooleanField(label=_("J’accepte une sous-traitance partielle"), required=False)
    public_road = forms.BooleanField(
        label=_("Une partie de la mission est sur la voie publique"),
        help_text=_(
            "La surveillance sur la voie publique demande une autorisation du préfet : elle se demande un mois avant."
        ),
        required=False,
    )

    DETAILS = (
        "expected_public",
        "alcohol",
        "access",
        "contact_name",
        "contact_phone",
        "frisking",
        "subcontracting",
        "public_road",
    )
    SITE_FIELDS = ("site", "expected_public", "alcohol", "address", "access", "contact_name", "contact_phone")
    WORK_FIELDS = ("instructions", "frisking", "subcontracting", "public_road")

    @property
    def site_fields(self):
        return [self[name] for name in self.SITE_FIELDS]

    @property
    def work_fields(self):
        return [self[name] for name in self.WORK_FIELDS]

    @property
    def site_is_wrong(self):
        return any(name in self.errors for name in self.SITE_FIELDS)

    @property
    def work_is_wrong(self):
        return any(name in self.errors for name in self.WORK_FIELDS)

    def mission_of(self, client):
        """The request as an unsaved mission."""
        details = {name: self.cleaned_data[name] for name in self.DETAILS}
        return Mission(
            client=client, professional=self.professional, place=self.cleaned_data["site"], **self.terms, **details
        )


class ProposalForm(TermsForm):
    """New terms. A professional also names the rate, but does not read the address yet: it stays what it was."""

    hourly = forms.DecimalField(
        label=_("Tarif horaire hors taxes, par agent, en euros"),
        min_value=Decimal(1),
        max_value=Decimal(1000),
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": _("Indiquez votre tarif horaire hors taxes."),
            "invalid": _("Indiquez un tarif, par exemple 26,50."),
            "min_value": _("Indiquez un tarif entre 1 et 1 000 euros."),
            "max_value": _("Indiquez un tarif entre 1 et 1 000 euros."),
            "max_decimal_places": _("Deux chiffres après la virgule au plus."),
        },
    )

    def __init__(self, professional, data=None, *, by_client, initial):
        super().__init__(professional, data, initial=initial)
        del self.fields["hourly" if by_client else "address"]
        self.hide_contacts()

    def hide_contacts(self):
        """Instructions are shown to be corrected, unless that would show a contact: then, left empty, they stay."""
        self.kept_instructions = ""
        if CONTACT.search(self.initial["instructions"]):
            self.kept_instructions = self.initial.pop("instructions")
            self.fields["instructions"].help_text = KEPT_INSTRUCTIONS

    @property
    def terms(self):
        terms = super().terms
        return terms | {"instructions": terms["instructions"] or self.kept_instructions}

    @property
    def hourly_cents(self):
        """Cents before VAT, or None: the published rate."""
        hourly = self.cleaned_data.get("hourly")
        return None if hourly is None else int(hourly * 100)


def asked_in(query):
    """What a search's query string asks for, as the initial values of a form: hostile values only fill its fields."""
    initial = {name: query[name] for name in ASKED if query.get(name)}
    return initial | {"place": initial.get("commune") or initial.get("place")}


def initial_terms(terms):
    """The initial values that show these terms (a mission or a proposal)."""
    local_start = terms.starts_at.astimezone(terms.zone)
    return {
        "service": Service(terms.service),
        "place": terms.commune,
        "date": local_start.date(),
        "start": f"{local_start:%H:%M}",
        "minutes": terms.minutes,
        "agents": terms.agents,
        "address": terms.address,
        "instructions": terms.instructions,
    }
