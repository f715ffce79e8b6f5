import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.formatting import euros, number

LOWEST_CENTS, HIGHEST_CENTS = 100, 100_000

# The branch's cost of an hour was near 20.67 € before VAT at the end of 2023: below this, we warn.
FLOOR_CENTS = 2200


NUMBER = re.compile(r"-?[0-9]*\.?[0-9]*")


class EurosField(forms.DecimalField):
    """An amount typed as « 24,50 », « 24.5 » or « 24 € », cleaned to integer cents."""

    default_error_messages = {"invalid": gettext_lazy("Saisissez un montant en euros, par exemple 24,50.")}

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(decimal_places=2, max_digits=9, **kwargs)

    def to_python(self, value):
        text = "".join(str(value or "").replace("€", "").split()).replace(",", ".")
        if not NUMBER.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(text)

    def clean(self, value):
        amount = super().clean(value)
        return None if amount is None else int(amount * 100)

    def prepare_value(self, value):
        return number(Decimal(value) / 100, places=2) if isinstance(value, int) else value


class RatesForm(forms.Form):
    """One hourly rate per service the professional's activity allows; an empty one is not offered."""

    def __init__(self, *args, professional, **kwargs):
        self.professional = professional
        known = {rate.service: rate.hourly_cents for rate in professional.rates.all()}
        super().__init__(*args, initial=known, **kwargs)
        for service in professional.services:
            self.fields[service.value] = EurosField(label=service.label, required=False)

    def clean(self):
        for service, cents in self.rates().items():
            if not LOWEST_CENTS <= cents <= HIGHEST_CENTS:
                self.add_error(service, _("Un tarif va de 1 à 1 000 € de l’heure."))
        if not self.errors and not self.rates():
            raise ValidationError(_("Indiquez au moins un tarif : sans lui, vous n’apparaissez dans aucune recherche."))

    def rates(self):
        """Cents per hour, by service."""
        return {service: cents for service, cents in self.cleaned_data.items() if cents is not None}

    def low_rates(self):
        """A sentence for each rate that hardly pays its agent."""
        text = _("%(service)s : à %(rate)s de l’heure, le coût d’un agent est à peine couvert. Vous restez libre.")
        return [
            text % {"service": self.fields[service].label, "rate": euros(cents)}
            for service, cents in self.rates().items()
            if cents < FLOOR_CENTS
        ]
