"""allauth's forms in our words. Named in settings, not in this package: allauth's forms import it first."""

from allauth.account import forms
from django.utils.translation import gettext_lazy as _


class Entrance:
    """A placeholder that repeats its label helps nobody, and goes as one types."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self.fields["password1"].help_text = _("Douze caractères au moins, ni mot de passe courant, ni votre nom.")


class LoginForm(Entrance, forms.LoginForm):
    pass


class SignupForm(Entrance, forms.SignupForm):
    pass


class ChangePasswordForm(Entrance, forms.ChangePasswordForm):
    pass


class ResetPasswordForm(Entrance, forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(Entrance, forms.ResetPasswordKeyForm):
    pass
