import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from marketplace.formatting import phone


class PhoneField(forms.CharField):
    """A phone number as people write it, cleaned to its digits with an optional leading +."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})

    def prepare_value(self, value):
        return phone(value) if value else value

    def to_python(self, value):
        number = re.sub(r"[\s.\-()]", "", super().to_python(value))
        if number and not re.fullmatch(r"0[1-9][0-9]{8}|\+[1-9][0-9]{7,14}", number):
            raise ValidationError(_("Saisissez un numéro à dix chiffres, par exemple 06 12 34 56 78."), "phone")
        return number
