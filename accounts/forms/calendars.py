from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import CalendarError
from accounts.fetching import read_address

LONGEST = 2000


class ExternalCalendarForm(forms.Form):
    """The address of a calendar kept elsewhere, as calendar programs give it."""

    url = forms.CharField(
        label=gettext_lazy("Un calendrier à prendre en compte"),
        help_text=gettext_lazy("Son adresse secrète au format iCal, qui commence par https:// ou webcal://."),
        max_length=LONGEST,
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_url(self):
        url = self.cleaned_data["url"]
        scheme, colon, rest = url.partition(":")
        if scheme.lower() in ("webcal", "webcals"):
            url = f"https{colon}{rest}"
        check_address(url)
        return url


def check_address(url):
    """Raises ValidationError, which says what to write; where the name leads is checked each time it is read."""
    if url.lower().startswith("http:"):
        raise ValidationError(_("Cette adresse n’est pas protégée : elle doit commencer par https://."), "http")
    try:
        read_address(url)
    except (CalendarError, ValueError) as error:
        raise ValidationError(
            _("Saisissez une adresse complète, par exemple https://agenda.exemple.fr/prive.ics."), "address"
        ) from error
