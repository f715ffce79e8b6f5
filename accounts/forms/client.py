from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.phone import PhoneField
from accounts.identifiers import clean_siren
from accounts.models import Client
from marketplace.contacts import refuse_contacts


class ClientForm(forms.ModelForm):
    phone = PhoneField(
        label=_("Téléphone"),
        required=False,
        help_text=_("Le professionnel ne le voit qu’une fois le paiement garanti."),
    )
    siren = forms.CharField(label=_("SIREN"), required=False, help_text=_("Neuf chiffres."), max_length=20)

    class Meta:
        model = Client
        fields = ["name", "phone", "siren"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(refuse_contacts)
        if self.instance.kind == Client.Kind.INDIVIDUAL:
            del self.fields["siren"]

    def clean_siren(self):
        siren = self.cleaned_data["siren"]
        return clean_siren(siren) if siren else ""

    def save(self, commit=True):
        client = super().save(commit)
        client.user.name = client.name
        client.user.save(update_fields=["name"])
        return client
