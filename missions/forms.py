from contextlib import suppress
from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.fields import CommuneInput, SiteField, label_of
from accounts.models import Service
from accounts.places import geocoder
from marketplace import clock, formatting
from marketplace.widgets import Segmented
from missions.models import Review
from missions.search import Search
from missions.walltime import NonexistentTime, instant
from missions.words import SERVICE_ICONS

STARTS = [time(quarter // 4, quarter % 4 * 15) for quarter in range(96)]
DURATIONS = [*range(60, 720, 15), *range(720, 4321, 60)]
FURTHEST_DAYS = 2 * 365

LONGEST_NUMBER = 9
DURATION_RANGE = _("Une mission dure de 1 h à 72 h, par pas de 15 minutes.")
AGENTS_RANGE = _("Indiquez un nombre d’agents entre 1 et 100.")


def start_choices():
    return [(f"{start:%H:%M}", formatting.hour(start)) for start in STARTS]


class DurationSelect(forms.Select):
    """The usual durations, and the one asked for if it is another."""

    def optgroups(self, name, value, attrs=None):
        minutes = {*DURATIONS, *(int(text) for text in value if text.isascii() and text.isdigit() and len(text) < 6)}
        self.choices = [(number, formatting.duration(number)) for number in sorted(minutes)]
        return super().optgroups(name, value, attrs)


class MinutesField(forms.IntegerField):
    def to_python(self, value):
        """A number of a hundred figures is no duration, and too large for the arithmetic of `step_size`."""
        if len(str(value)) > LONGEST_NUMBER:
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


class SearchForm(forms.Form):
    """What a visitor asks for, read from the URL; `search` once valid.

    The place is a commune or an exact address in words (`place`), or an INSEE code (`commune`) in links. Without a
    place or a date nothing is asked yet, and the form suggests.
    """

    service = forms.ChoiceField(
        label=_("Type de prestation"),
        choices=Service.choices,
        widget=Segmented(icons=SERVICE_ICONS),
        error_messages={"required": _("Choisissez une prestation."), "invalid_choice": _("Choisissez une prestation.")},
    )
    place = SiteField(
        label=_("Lieu"),
        widget=CommuneInput(attrs={"placeholder": _("Commune ou code postal")}),
        error_messages={"required": _("Indiquez la commune ou le code postal de la mission.")},
    )
    date = forms.DateField(
        label=_("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={"required": _("Indiquez la date."), "invalid": _("Indiquez une date, par exemple 12/12/2026.")},
    )
    start = forms.TypedChoiceField(
        label=_("Début"),
        choices=start_choices,
        coerce=time.fromisoformat,
        error_messages={
            "required": _("Indiquez l’heure de début."),
            "invalid_choice": _("Choisissez une heure de début, au quart d’heure, par exemple 20:00."),
        },
    )
    minutes = MinutesField(
        label=_("Durée"),
        widget=DurationSelect,
        min_value=60,
        max_value=4320,
        step_size=15,
        error_messages=dict.fromkeys(["required", "invalid", "min_value", "max_value", "step_size"], DURATION_RANGE),
    )
    agents = forms.IntegerField(
        label=_("Agents"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        min_value=1,
        max_value=100,
        error_messages=dict.fromkeys(["required", "invalid", "min_value", "max_value"], AGENTS_RANGE),
    )

    def __init__(self, data=None, *, initial=None):
        asked = data and any(name in data for name in ("place", "commune", "date"))
        super().__init__(
            named_place(data) if asked else None, initial=suggestion() | (initial or {}), auto_id="search-%s"
        )
        if geocoder.is_on():
            self.fields["place"].widget.attrs["placeholder"] = _("Adresse, commune ou code postal")

    def clean(self):
        super().clean()
        if {"place", "date", "start"} <= self.cleaned_data.keys():
            self.check_moment(self.cleaned_data["place"].zone)

    def check_moment(self, zone):
        day, start = self.cleaned_data["date"], self.cleaned_data["start"]
        now = clock.now()
        today = now.astimezone(zone).date()
        if day < today:
            self.add_error("date", _("Cette date est passée. Cherchez à partir d’aujourd’hui."))
        elif day > today + timedelta(days=FURTHEST_DAYS):
            self.add_error("date", _("Choisissez une date dans les deux ans qui viennent."))
        else:
            self.check_start(day, start, zone, now)

    def check_start(self, day, start, zone, now):
        try:
            self.starts_at = instant(day, start, zone)
        except NonexistentTime as error:
            self.add_error("start", str(error))
        else:
            if self.starts_at < now:
                self.add_error("start", _("Cette heure est déjà passée aujourd’hui. Choisissez-en une plus tardive."))

    @cached_property
    def search(self):
        """The search asked for, or None while something is wrong."""
        return self.search_at(self.starts_at) if self.is_valid() else None

    @cached_property
    def search_today(self):
        """Instead of a date that is wrong or past: the same today, at the same time or as soon as it can be."""
        if not self.is_bound or not self.errors or self.errors.keys() - {"date", "start"}:
            return None
        return self.search_at(next_start(self.cleaned_data.get("start"), self.cleaned_data["place"].zone))

    def search_at(self, starts_at):
        cleaned = self.cleaned_data
        site = cleaned["place"] if isinstance(cleaned["place"], geocoder.Site) else None
        return Search(
            service=cleaned["service"],
            commune=site.commune if site else cleaned["place"],
            starts_at=starts_at,
            minutes=cleaned["minutes"],
            agents=cleaned["agents"],
            site=site,
        )

    @property
    def echo(self):
        """The hours asked for, or suggested, in words; nothing while they are wrong."""
        if self.search:
            return formatting.period(self.search.starts_at, self.search.ends_at, self.search)
        return self.echo_without_place(self.cleaned_data if self.is_bound else self.suggested)

    @property
    def suggested(self):
        return self.initial | {"start": time.fromisoformat(self.initial["start"])}

    def echo_without_place(self, asked):
        if not {"date", "start", "minutes"} <= asked.keys():
            return ""
        start = datetime.combine(asked["date"], asked["start"])
        with suppress(OverflowError):  # a mission that would end in the year 10000
            return formatting.period(start, start + timedelta(minutes=asked["minutes"]))
        return ""


def named_place(data):
    """The same query with its commune in words, as the form shows it."""
    if "place" in data or not data.get("commune"):
        return data
    data = data.copy()
    data["place"] = label_of(data["commune"]) or data["commune"]
    return data


def suggestion():
    """Next Saturday's evening."""
    today = timezone.localdate(clock.now())
    saturday = today + timedelta(days=(5 - today.weekday()) % 7 or 7)
    return {"service": Service.EVENT, "date": saturday, "start": "19:00", "minutes": 480, "agents": 1}


def next_start(start, zone):
    """Today at `start`, or the next full hour when that is past."""
    now = clock.now()
    today = datetime.combine(now.astimezone(zone).date(), start or time(), tzinfo=zone)
    return today if today > now else now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class StarRating(forms.RadioSelect):
    """Five stars, each with its word."""

    template_name = "missions/widgets/star_rating.html"


class ReviewForm(forms.ModelForm):
    stars = forms.TypedChoiceField(
        label=_("Votre note"),
        coerce=int,
        choices=[
            (1, _("Très décevant")),
            (2, _("Décevant")),
            (3, _("Correct")),
            (4, _("Bien")),
            (5, _("Excellent")),
        ],
        widget=StarRating,
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Choisissez de une à cinq étoiles.")),
    )

    class Meta:
        model = Review
        fields = ["stars", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 5})}
        help_texts = {
            "text": _(
                "Ponctualité, tenue, contact avec les invités : ce qui aiderait quelqu’un à choisir. "
                "Ne nommez pas les agents."
            )
        }
        error_messages = {"text": {"required": _("Dites en quelques mots comment la mission s’est passée.")}}


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Votre réponse"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Publiée sous l’avis, avec sa date. Vous répondez une seule fois, et ne pourrez plus la modifier."),
        error_messages={"required": _("Écrivez votre réponse.")},
    )
