from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import rename_professional
from accounts.fields import CommuneField
from accounts.forms.phone import PhoneField
from accounts.identifiers import clean_siret
from accounts.models import Activity, Document, Professional
from accounts.models.professional import Language
from marketplace import clock
from marketplace.contacts import refuse_contacts

# Who the documents were checked for: another name or number would be someone else under the same approval.
CHECKED = ("legal_name", "trade_name", "siret")


class ProfileForm(forms.ModelForm):
    siret = forms.CharField(label="SIRET", max_length=30, help_text=gettext_lazy("14 chiffres."))
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Langues parlées"), choices=Language, widget=forms.CheckboxSelectMultiple
    )
    phone = PhoneField(
        label=gettext_lazy("Téléphone"),
        help_text=gettext_lazy("Le client ne le voit qu’une fois le paiement garanti."),
    )
    base_commune = CommuneField(
        label=gettext_lazy("Commune de départ"), help_text=gettext_lazy("Son nom ou son code postal.")
    )

    class Meta:
        model = Professional
        fields = [
            "legal_name",
            "trade_name",
            "siret",
            "vat_regime",
            "activity",
            "phone",
            "presentation",
            "languages",
            "dog_handler",
            "base_commune",
            "radius_km",
            "agents",
        ]
        widgets = {"presentation": forms.Textarea(attrs={"rows": 6}), "activity": forms.RadioSelect}
        labels = {
            "trade_name": gettext_lazy("Nom affiché sur le site"),
            "dog_handler": gettext_lazy("Je dispose d’agents conducteurs de chien, avec la mention sur la carte"),
        }
        help_texts = {
            "presentation": gettext_lazy(
                "Votre expérience et vos spécialités. La loi interdit de se prévaloir "
                "d’anciennes fonctions dans la police ou l’armée, ou d’armes."
            ),
            "activity": gettext_lazy("Celle de votre autorisation. La protection des personnes exclut toute autre."),
            "radius_km": gettext_lazy("De 5 à 200 km autour de la commune de départ."),
            "agents": gettext_lazy("Ceux que vous pouvez envoyer le même jour."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["activity"].choices = Activity.choices
        self.fields["presentation"].required = True
        for name in ("legal_name", "trade_name", "presentation"):
            self.fields[name].validators.append(refuse_contacts)
        if self.has_approved_title():
            self.fields["activity"].disabled = True
        if self.instance.was_approved:
            for name in CHECKED:
                freeze(self.fields[name])
        if not self.instance.is_company:
            del self.fields["agents"]

    def has_approved_title(self):
        titles = self.instance.documents.filter(kind=Document.Kind.AUT, status=Document.Status.APPROVED)
        return titles.exists()

    def clean_siret(self):
        siret = clean_siret(self.cleaned_data["siret"])
        if Professional.objects.filter(siret=siret).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Ce SIRET est déjà inscrit sur le site."), "taken")
        return siret

    def clean_base_commune(self):
        """The department decides the VAT, and is the one of the documents."""
        before, after = self.instance.base_commune, self.cleaned_data["base_commune"]
        if self.instance.was_approved and before and after.department != before.department:
            raise ValidationError(
                _("Pour changer de département, écrivez-nous : vos documents sont à vérifier de nouveau."), "department"
            )
        return after

    def clean_agents(self):
        """A seat that is reserved cannot be taken away."""
        agents = self.cleaned_data["agents"]
        reserved = self.instance.reservations.live().filter(period__endswith__gt=clock.now())
        needed = reserved.aggregate(highest=Max("number"))["highest"] or 1
        if agents < needed:
            text = _("Vos missions acceptées réservent %(needed)s agents : gardez-en au moins autant.")
            raise ValidationError(text, "reserved", {"needed": needed})
        return agents

    def save(self, commit=True):
        rename_professional(self.instance, self.cleaned_data["trade_name"])
        return super().save(commit)


def freeze(field):
    field.disabled = True
    field.help_text = _("Vérifié avec vos documents. Écrivez-nous pour le changer.")
