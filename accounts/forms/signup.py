from allauth.core import context
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions import register_client, register_professional
from accounts.models import Client, Professional
from marketplace.contacts import refuse_contacts
from marketplace.widgets import ChoiceCards

CLIENTS = {
    "individual": Client.Kind.INDIVIDUAL,
    "association": Client.Kind.ASSOCIATION,
    "business": Client.Kind.BUSINESS,
}
PROFESSIONALS = {
    "security_company": Professional.Kind.COMPANY,
    "sole_operator": Professional.Kind.SOLE_OPERATOR,
}
ROLES = [
    ("individual", _("Un particulier")),
    ("association", _("Une association")),
    ("business", _("Une entreprise")),
    ("security_company", _("Une entreprise de sécurité")),
    ("sole_operator", _("Un exploitant individuel de la sécurité")),
]
HINTS = {
    "individual": _("Mariage, fête privée, absence du domicile"),
    "association": _("Concert, fête de village, rencontre sportive"),
    "business": _("Boutique, chantier, salon, soirée d’entreprise"),
    "security_company": _("Autorisée par le CNAPS, elle propose ses agents"),
    "sole_operator": _("Autorisé par le CNAPS, je travaille seul"),
}


class SignupForm(forms.Form):
    """What we ask beside the e-mail and the password, which allauth adds."""

    role = forms.ChoiceField(label=_("Vous êtes"), choices=ROLES, widget=ChoiceCards(hints=HINTS))
    name = forms.CharField(
        label=_("Votre nom"),
        max_length=120,
        validators=[refuse_contacts],
        help_text=_("Pour une entreprise ou une association, le sien."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    terms = forms.BooleanField(
        label=_("J’accepte les conditions générales et j’ai lu la politique de confidentialité."),
        error_messages={"required": _("Cochez cette case pour créer votre compte.")},
    )

    field_order = ["role", "name", "email", "password1", "terms"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = context.request.GET.get("role", "individual")

    def register(self, user):
        role = self.cleaned_data["role"]
        if role in CLIENTS:
            register_client(user, CLIENTS[role])
        else:
            register_professional(user, PROFESSIONALS[role])

    def signup(self, request, user):
        """Required by allauth; our adapter has registered the profile together with the user."""
