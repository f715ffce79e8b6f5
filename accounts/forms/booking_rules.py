from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.booking_rules import HORIZON_DAYS, MINIMUM_MINUTES, NOTICE_HOURS, horizon_in_words, notice_in_words
from accounts.models import Professional
from marketplace.formatting import duration


class BookingRulesForm(forms.ModelForm):
    notice_hours = forms.TypedChoiceField(
        label=gettext_lazy("Délai de prévenance"),
        coerce=int,
        help_text=gettext_lazy("Entre la demande et le début de la mission."),
    )
    horizon_days = forms.TypedChoiceField(label=gettext_lazy("Réservable à l’avance, jusqu’à"), coerce=int)
    minimum_minutes = forms.TypedChoiceField(
        label=gettext_lazy("Durée minimale d’une mission"),
        coerce=int,
        help_text=gettext_lazy("La convention collective ne connaît pas de vacation de moins de 4 heures."),
    )

    class Meta:
        model = Professional
        fields = ["notice_hours", "horizon_days", "minimum_minutes"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offer(self.fields["notice_hours"], NOTICE_HOURS, self.instance.notice_hours, notice_in_words)
        offer(self.fields["horizon_days"], HORIZON_DAYS, self.instance.horizon_days, horizon_in_words)
        offer(self.fields["minimum_minutes"], MINIMUM_MINUTES, self.instance.minimum_minutes, duration)

    def clean(self):
        data = super().clean()
        if {"notice_hours", "horizon_days"} <= data.keys() and data["notice_hours"] >= data["horizon_days"] * 24:
            raise ValidationError(
                _(
                    "Avec un tel délai, personne ne peut vous réserver : raccourcissez-le, "
                    "ou acceptez des dates plus lointaines."
                ),
                "never",
            )
        return data


def offer(field, values, current, label):
    """Give the field these choices, and the current value where it is none of them."""
    field.choices = [(value, label(value)) for value in sorted({*values, current})]
