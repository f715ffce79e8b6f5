"""Form fields that return what a person meant, not what they typed."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.files import EXTENSIONS, MAX_BYTES, clean_upload
from accounts.models import Commune
from accounts.places import geocoder
from accounts.places.names import read_typed

NOT_SERVED = ("986", "987", "988")
CHOICES_SHOWN = 5


class CommuneInput(forms.TextInput):
    """A text input that a script makes a combobox, with suggestions; without JavaScript it stays a plain one."""

    template_name = "accounts/widgets/commune.html"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["list_id"] = f"{widget['attrs'].get('id', name)}-suggestions"
        widget["attrs"] |= {
            "hx-get": reverse_lazy("accounts:commune_suggest"),
            "hx-trigger": "input changed delay:150ms, suggest",
            "hx-target": f"#{widget['list_id']}",
            # htmx would lend the options what those before them had, for a while.
            "hx-swap": "innerHTML settle:0ms",
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
        "address": _("Indiquez la commune ou son code postal, sans la rue."),
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
        code = self.refusal_of(text)
        raise ValidationError(self.error_messages[code], code)

    def refusal_of(self, text):
        if read_typed(text).postcode.startswith(NOT_SERVED):
            return "not_served"
        return "address" if geocoder.looks_like_address(text) else "unknown"

    def has_changed(self, initial, data):
        return super().has_changed(label_of(initial), data)


class SiteField(CommuneField):
    """Also an exact address where the geocoder is on: cleaned to a Site or, for a place known by itself, a Commune."""

    default_error_messages = {
        "unlocated": _("Nous ne trouvons pas cette adresse. Vérifiez-la, ou indiquez la commune ou son code postal."),
    }

    def __init__(self, *, max_length=200, **kwargs):
        super().__init__(max_length=max_length, **kwargs)

    def meant_by(self, text):
        try:
            return super().meant_by(text)
        except ValidationError as error:
            if error.code != "address" or not geocoder.is_on():
                raise
        site = geocoder.locate(text)
        if site is None:
            raise ValidationError(self.error_messages["unlocated"], "unlocated")
        return site


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
