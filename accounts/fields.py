"""Form fields that return what a person meant, not what they typed."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.files import EXTENSIONS, MAX_BYTES, clean_upload
from accounts.models import Commune
from accounts.places.names import read_typed

NOT_SERVED = ("986", "987", "988")
CHOICES_SHOWN = 5


class CommuneInput(forms.TextInput):
    """A text input with suggestions; without JavaScript it stays a plain one."""

    template_name = "accounts/widgets/commune.html"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        options = f"{context['widget']['attrs'].get('id', name)}_options"
        context["widget"]["attrs"] |= {
            "list": options,
            "autocomplete": "off",
            "hx-get": reverse_lazy("accounts:commune_suggest"),
            "hx-trigger": "input changed delay:150ms",
            "hx-target": f"#{options}",
            "hx-sync": "this:replace",
        }
        return context


class BoundCommune(forms.BoundField):
    """Show what was typed as it was typed, here or in the search one comes from, and a known commune by its label."""

    def value(self):
        return super().value() if self.form.is_bound else label_of(self.initial) or self.initial or ""


def label_of(initial):
    """Return the label of a commune or of its INSEE code, as model forms and links give it; "" for any other text."""
    commune = initial if isinstance(initial, Commune) else commune_of(str(initial or ""))
    return commune.label if commune else ""


def commune_of(code):
    return Commune.objects.filter(pk=code).first() if re.fullmatch("[0-9AB]{5}", code) else None


class CommuneField(forms.CharField):
    """A name, a postcode or a label, cleaned to a Commune (None when left empty)."""

    widget = CommuneInput
    bound_field_class = BoundCommune
    default_error_messages = {
        "unknown": _("Nous ne connaissons pas cette commune. Saisissez son nom ou son code postal, par exemple 44000."),
        "ambiguous": _("Plusieurs communes correspondent. Précisez laquelle : %(choices)s."),
        "not_served": _(
            "Wallis-et-Futuna, la Polynésie française et la Nouvelle-Calédonie ne sont pas desservies. "
            "Choisissez une autre commune."
        ),
    }

    def __init__(self, *, max_length=100, **kwargs):
        super().__init__(max_length=max_length, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        return self.meant_by(text) if text else None

    def meant_by(self, text):
        found = Commune.objects.meant_by(text)[: CHOICES_SHOWN + 1]
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError(self.error_messages["ambiguous"], "ambiguous", {"choices": choices_among(found)})
        code = "not_served" if read_typed(text).postcode.startswith(NOT_SERVED) else "unknown"
        raise ValidationError(self.error_messages[code], code)

    def has_changed(self, initial, data):
        return super().has_changed(label_of(initial), data)


def choices_among(communes):
    labels = ", ".join(commune.label for commune in communes[:CHOICES_SHOWN])
    return f"{labels}…" if len(communes) > CHOICES_SHOWN else labels


class UploadField(forms.FileField):
    """A JPEG, PNG or PDF, cleaned to a ContentFile with a name of ours and its `content_type`."""

    widget = forms.FileInput(attrs={"accept": ",".join(EXTENSIONS)})

    def __init__(self, *, max_bytes=MAX_BYTES, **kwargs):
        super().__init__(**kwargs)
        self.max_bytes = max_bytes

    def to_python(self, data):
        file = super().to_python(data)
        return clean_upload(file, self.max_bytes) if file else None
