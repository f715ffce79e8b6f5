import calendar
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.fields import UploadField
from accounts.identifiers import EXAMPLES, clean_siret, clean_title, date_in_title
from accounts.models import Activity, Document
from marketplace import clock

REGISTRATION_MONTHS_WHEN_FILED = 3
MONTHS_COUNTED = 6

Kind = Document.Kind

FIELDS = {
    Kind.AUT: ["number", "activity"],
    Kind.AGD: ["number", "expires_on"],
    Kind.CAR: ["number", "activity", "expires_on"],
    Kind.REGISTRATION: ["number", "issued_on"],
    Kind.INSURANCE: ["number", "expires_on"],
    Kind.VIGILANCE: ["number", "issued_on"],
    Kind.IDENTITY: ["expires_on"],
}
NUMBER_LABELS = {
    Kind.REGISTRATION: gettext_lazy("SIRET"),
    Kind.INSURANCE: gettext_lazy("Numéro de police"),
    Kind.VIGILANCE: gettext_lazy("Code de sécurité"),
}
HINTS = {
    Kind.AUT: gettext_lazy("L’autorisation d’exercer n’a pas de date de fin."),
    Kind.AGD: gettext_lazy("La date de fin se lit aussi dans le numéro."),
    Kind.CAR: gettext_lazy("Celle d’un agent que vous envoyez. La date de fin se lit aussi dans le numéro."),
    Kind.REGISTRATION: gettext_lazy("De moins de 3 mois au moment du dépôt. Il compte ensuite 6 mois."),
    Kind.INSURANCE: gettext_lazy("L’attestation en cours, qui nomme l’activité de sécurité privée."),
    Kind.VIGILANCE: gettext_lazy("Elle compte 6 mois à partir de sa date."),
    Kind.IDENTITY: gettext_lazy("Recto et verso. La copie est supprimée dès que nous l’avons contrôlée."),
}


class DocumentForm(forms.ModelForm):
    """One document of one kind, with what that kind carries: the rules are those of docs and of the CNAPS."""

    file = UploadField(label=gettext_lazy("Fichier"), help_text=gettext_lazy("PDF, JPEG ou PNG, 10 Mo au plus."))

    class Meta:
        model = Document
        fields = ["number", "activity", "issued_on", "expires_on"]
        widgets = {
            "activity": forms.RadioSelect,
            "issued_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "expires_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args, professional, kind, **kwargs):
        document = Document(professional=professional, kind=kind, activity=professional.activity)
        super().__init__(*args, instance=document, **kwargs)
        for name in self._meta.fields:
            self.keep(name, kind)

    def keep(self, name, kind):
        """Drop the fields this kind does not carry; those it carries are required."""
        if name not in FIELDS[kind]:
            del self.fields[name]
            return
        field = self.fields[name]
        field.required = True
        if name == "number":
            field.label = NUMBER_LABELS.get(kind, field.label)
            field.help_text = _("Par exemple %(example)s.") % {"example": EXAMPLES[kind]} if kind in EXAMPLES else ""
        if name == "activity":
            field.choices = Activity.choices

    @property
    def kind(self):
        return self.instance.kind

    def clean_number(self):
        number = self.cleaned_data["number"]
        if self.kind in Document.TITLES:
            return clean_title(self.kind, number)
        if self.kind == Kind.REGISTRATION:
            return self.own_siret(number)
        return number.strip()

    def own_siret(self, number):
        siret, profile = clean_siret(number), self.instance.professional.siret
        if profile and siret != profile:
            raise ValidationError(
                _("Ce SIRET n’est pas celui de votre profil, %(siret)s."), "siret", {"siret": profile}
            )
        return siret

    def clean_issued_on(self):
        issued_on, today = self.cleaned_data["issued_on"], self.today()
        if issued_on > today:
            raise ValidationError(_("Cette date est à venir : saisissez celle qui figure sur le document."), "future")
        if self.kind == Kind.REGISTRATION and months_after(issued_on, REGISTRATION_MONTHS_WHEN_FILED) < today:
            raise ValidationError(_("Ce document a plus de 3 mois. Demandez-en un récent, puis déposez-le."), "old")
        if months_after(issued_on, MONTHS_COUNTED) < today:
            raise ValidationError(_("Ce document a plus de 6 mois. Demandez-en un récent, puis déposez-le."), "old")
        return issued_on

    def clean_expires_on(self):
        expires_on = self.cleaned_data["expires_on"]
        if expires_on < self.today():
            raise ValidationError(_("Ce document n’est plus valable. Déposez celui qui l’a remplacé."), "expired")
        return expires_on

    def clean(self):
        data = super().clean()
        written = date_in_title(self.kind, data.get("number", "")) if self.kind in (Kind.AGD, Kind.CAR) else None
        if written and data.get("expires_on") not in (None, written):
            self.add_error("expires_on", _("Cette date n’est pas celle du numéro. Vérifiez l’une et l’autre."))
        if data.get("issued_on"):
            self.instance.expires_on = self.counts_until(data["issued_on"])
        return data

    def counts_until(self, issued_on):
        """An extract counts from the day it is filed, a certificate from its own date."""
        start = self.today() if self.kind == Kind.REGISTRATION else issued_on
        return months_after(start, MONTHS_COUNTED)

    def today(self):
        return timezone.localdate(clock.now())

    def document(self):
        """The unsaved document, with its file."""
        document = self.instance
        document.file = self.cleaned_data["file"]
        document.content_type = document.file.file.content_type
        if self.kind not in Document.WITH_ACTIVITY:
            document.activity = ""
        return document


def months_after(day, months):
    """The same day of a later month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
