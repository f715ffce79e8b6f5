import re
from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.hours import ALWAYS, DAY, bars, clock_time, overlaps
from accounts.models import AvailabilityException, WeeklyHours
from marketplace import clock
from marketplace.formatting import within_sentence
from marketplace.widgets import Segmented

STEP = 15
MOST_OPENINGS_A_DAY = 6
FURTHEST = timedelta(days=10 * 365)


def start_choices():
    return [(minute, clock_time(minute)) for minute in range(0, DAY, STEP)]


def end_choices():
    return [(minute, clock_time(minute)) for minute in range(STEP, DAY + STEP, STEP)]


class MinuteField(forms.TypedChoiceField):
    """A time of day out of a 24-hour list, as minutes after midnight."""

    def __init__(self, choices, **kwargs):
        super().__init__(choices=choices, coerce=int, **kwargs)


class OpeningForm(forms.Form):
    """One opening of one day; an end that is not after the start falls on the next day."""

    weekday = forms.TypedChoiceField(choices=WeeklyHours.Weekday, coerce=int, widget=forms.HiddenInput)
    opens = MinuteField(start_choices, label=gettext_lazy("ouvre à"), initial=8 * 60)
    closes = MinuteField(end_choices, label=gettext_lazy("ferme à"), initial=20 * 60)

    def opening(self):
        """(weekday, opens_minute, closes_minute), as stored."""
        return stored(**self.cleaned_data)

    def shown_opening(self):
        """The same, from what the page shows, saved or not."""
        return stored(**{name: int(self[name].value()) for name in self.fields})

    @property
    def ends_next_day(self):
        return self.shown_opening()[2] > DAY


def stored(weekday, opens, closes):
    return weekday, opens, closes if closes > opens else closes + DAY


class BaseWeekFormSet(forms.BaseFormSet):
    """The openings of a week, several a day; its buttons add, remove and copy rows before anything is saved."""

    def get_form_kwargs(self, index):
        return super().get_form_kwargs(index) | {"empty_permitted": False}

    def is_readable(self):
        """Whether the rows came as our page sends them; they may still overlap."""
        return self.management_form.is_valid() and all(form.is_valid() for form in self.forms)

    def clean(self):
        if any(self.errors):
            return
        clash = overlaps(self.openings())
        if clash:
            days = [within_sentence(WeeklyHours.Weekday(day).label) for day in clash]
            text = _("Deux plages se chevauchent (%(first)s et %(second)s). Corrigez l’une des deux.")
            raise ValidationError(text, "overlap", {"first": days[0], "second": days[1]})

    def openings(self):
        return [form.opening() for form in self.forms]

    def days(self):
        """What the page shows of each of the seven days."""
        openings = [form.shown_opening() for form in self.forms]
        return [self.day(weekday, openings) for weekday in WeeklyHours.Weekday]

    def day(self, weekday, openings):
        rows = [form for form, opening in zip(self.forms, openings, strict=True) if opening[0] == weekday]
        return {"number": weekday.value, "name": weekday.label, "forms": rows, "bars": bars(openings, weekday)}

    def add_fields(self, form, index):
        super().add_fields(form, index)
        form.index = index


WeekFormSet = forms.formset_factory(
    OpeningForm, formset=BaseWeekFormSet, extra=0, max_num=7 * MOST_OPENINGS_A_DAY, validate_max=True
)


def week_of(professional):
    """The formset's initial rows: none for someone who has said nothing yet."""
    return rows(professional.openings())


def rows(openings):
    return [
        {"weekday": day, "opens": opens, "closes": closes - DAY if closes > DAY else closes}
        for day, opens, closes in sorted(openings)
    ]


def opening_added(openings, weekday):
    """The same week with one more opening that day, of the hours that are still free."""
    taken = [closes for day, _opens, closes in openings if day == weekday]
    opens = min(max(taken, default=8 * 60), DAY - 60)
    closes = opens + 60 if taken else 20 * 60
    return [*openings, (weekday, opens, closes)]


def opening_removed(openings, index):
    return [opening for number, opening in enumerate(openings) if number != index]


def day_copied(openings, weekday):
    """Every day like this one."""
    return [(day, opens, closes) for day in range(1, 8) for on, opens, closes in openings if on == weekday]


def always_open(openings, _pressed):
    return ALWAYS


EDITS = {"add": opening_added, "remove": opening_removed, "copy": day_copied, "always": always_open}


def edited(openings, pressed):
    """Return the openings after the button that was pressed, or None when it was none of the four."""
    for name, edit in EDITS.items():
        if re.fullmatch("[0-9]{1,2}", pressed.get(name, "")):
            return edit(openings, int(pressed[name]))
    return None


class ExceptionForm(forms.ModelForm):
    starts_minute = MinuteField(start_choices, label=gettext_lazy("Heure de début"), initial=0)
    ends_minute = MinuteField(end_choices, label=gettext_lazy("Heure de fin"), initial=DAY)

    field_order = ["kind", "starts_on", "starts_minute", "ends_on", "ends_minute", "note"]

    class Meta:
        model = AvailabilityException
        fields = ["kind", "starts_on", "ends_on", "note"]
        widgets = {
            "kind": Segmented,
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        labels = {"starts_on": gettext_lazy("Du"), "ends_on": gettext_lazy("Au")}

    def __init__(self, *args, professional=None, **kwargs):
        super().__init__(*args, instance=AvailabilityException(professional=professional), **kwargs)
        self.fields["kind"].choices = AvailabilityException.Kind.choices

    def clean_starts_on(self):
        return near_enough(self.cleaned_data["starts_on"])

    def clean_ends_on(self):
        return near_enough(self.cleaned_data["ends_on"])

    def clean(self):
        data = super().clean()
        if {"starts_on", "ends_on", "starts_minute", "ends_minute"} <= data.keys():
            self.place(data)
        return data

    def place(self, data):
        """Write the period on the row; 24 h 00 is the next day's midnight."""
        exception = self.instance
        exception.starts_at = time_of(data["starts_minute"])
        exception.ends_at = time_of(data["ends_minute"] % DAY)
        last_day = data["ends_on"] + timedelta(days=data["ends_minute"] // DAY)
        ends = datetime.combine(last_day, exception.ends_at)
        if ends <= datetime.combine(data["starts_on"], exception.starts_at):
            self.add_error("ends_on", _("La fin doit venir après le début."))
        elif ends <= wall_clock(exception.professional):
            self.add_error("ends_on", _("Cette période est déjà passée : choisissez une fin à venir."))
        data["ends_on"] = last_day


def near_enough(day):
    if abs(day - timezone.localdate(clock.now())) > FURTHEST:
        raise ValidationError(_("Choisissez une date plus proche."), "too_far")
    return day


def wall_clock(professional):
    """The naive local time, now, where this professional is based."""
    return timezone.make_naive(clock.now(), professional.zone)


def time_of(minute):
    return time(*divmod(minute, 60))
