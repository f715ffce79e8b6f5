"""A month as the professional sees it: what is open, closed and booked each day, in the local time of the base.

A stretch of time is (starts_at, ends_at), in instants. A night belongs to the day on which it begins, as in the weekly
hours: what is over by noon is not shown on its last day.
"""

from calendar import Calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.hours import joined, span_in_words
from accounts.models import AvailabilityException, BusyPeriod
from marketplace.formatting import duration

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
NOON = timedelta(hours=12)
FURTHEST_YEARS = 10


@dataclass(frozen=True)
class Schedule:
    """What makes up a professional's time: `openings` as stored, the rest in stretches, `booked` one for each seat."""

    zone: ZoneInfo
    agents: int
    openings: list
    extra: list
    closed: list
    busy: list
    booked: list

    def weekly(self, day):
        """The stretches of the weekly hours that begin on this day."""
        return [
            (self.at(day, opens * MINUTE), self.at(day, closes * MINUTE))
            for weekday, opens, closes in self.openings
            if weekday == day.isoweekday()
        ]

    def at(self, day, wall_time=timedelta()):
        """The instant of a local time, counted from midnight."""
        return (datetime.combine(day, time()) + wall_time).replace(tzinfo=self.zone).astimezone(UTC)


def month_of(professional, first, today):
    """The month that begins on `first`. Five queries at most, however much is in it."""
    last = next_month(first)
    return Month(first, today, schedule_of(professional, first - DAY, last + DAY))


def schedule_of(professional, first, last):
    """Everything that touches these days, the last one left out."""
    zone = professional.zone
    start, end = (datetime.combine(day, time(), zone) for day in (first, last))
    exceptions = list(professional.exceptions.touching(first, last))
    busy = BusyPeriod.objects.filter(calendar=professional.pk, starts_at__lt=end, ends_at__gt=start)
    booked = professional.reservations.live().overlapping(start, end).values_list("period", flat=True)
    return Schedule(
        zone=zone,
        agents=professional.agents,
        openings=professional.openings(),
        extra=stretches(exceptions, AvailabilityException.Kind.OPEN, zone),
        closed=stretches(exceptions, AvailabilityException.Kind.CLOSED, zone),
        busy=list(busy.values_list("starts_at", "ends_at")),
        booked=[(period.lower, period.upper) for period in booked],
    )


def stretches(exceptions, kind, zone):
    return [
        (
            datetime.combine(exception.starts_on, exception.starts_at, zone).astimezone(UTC),
            datetime.combine(exception.ends_on, exception.ends_at, zone).astimezone(UTC),
        )
        for exception in exceptions
        if exception.kind == kind
    ]


@dataclass(frozen=True)
class Month:
    first: date
    today: date
    schedule: Schedule

    @cached_property
    def weeks(self):
        """Lists of seven days, None outside the month."""
        weeks = Calendar().monthdatescalendar(self.first.year, self.first.month)
        return [[self.day(day) if day.month == self.first.month else None for day in week] for week in weeks]

    @property
    def weekdays(self):
        """Seven dates, to name the columns after."""
        return Calendar().monthdatescalendar(self.first.year, self.first.month)[0]

    @property
    def previous(self):
        return (self.first - DAY).replace(day=1)

    @property
    def next(self):
        return next_month(self.first)

    def day(self, day):
        return Day(day, self.today, self.schedule)


@dataclass(frozen=True)
class Day:
    date: date
    today: date
    schedule: Schedule

    @property
    def is_today(self):
        return self.date == self.today

    @property
    def is_over(self):
        return self.date < self.today

    @property
    def is_closed(self):
        """Whether no hour is open before midnight: the end of the night does not make a day."""
        return all(start >= self.ends_at for start, _end in self.open)

    @property
    def tone(self):
        """The CSS state of the cell, without its `is-`."""
        if self.booked:
            return "busy"
        if self.is_closed:
            return "closed"
        return "extra" if self.added else ""

    @property
    def note(self):
        """A word or a figure that fits in the cell."""
        if self.booked:
            return f"{self.seats_taken}/{self.schedule.agents}"
        if self.is_closed:
            return _("Occupé") if self.busy else _("Fermé")
        if self.added:
            return f"+ {duration(minutes(self.added))}"
        lost = minutes(self.closed) + minutes(self.busy)
        return f"− {duration(lost)}" if lost else ""

    @property
    def sentences(self):
        """All there is to say of the day, in full."""
        told = [
            (self.booked, self.taken_in_words),
            (self.busy, _("occupé dans votre calendrier externe")),
            (self.closed, _("fermé")),
            (self.added, _("ouvert en plus")),
            (without(self.open, self.added), _("ouvert")),
        ]
        sentences = [f"{words} {self.hours(spans)}" for spans, words in told if spans]
        return capfirst(_(" ; ").join(sentences or [_("fermé")]))

    @property
    def taken_in_words(self):
        words = ngettext(
            "%(taken)s agent sur %(agents)s en mission", "%(taken)s agents sur %(agents)s en mission", self.seats_taken
        )
        return words % {"taken": self.seats_taken, "agents": self.schedule.agents}

    # What the day is made of

    @cached_property
    def booked(self):
        return joined(self.own(self.schedule.booked))

    @cached_property
    def seats_taken(self):
        """The most seats live at once; the most is reached when one begins."""
        live = [(start, end) for start, end in self.schedule.booked if start < self.ends_at and end > self.starts_at]
        begins = {start for start, _end in self.own(self.schedule.booked)}
        return max((sum(start <= moment < end for start, end in live) for moment in begins), default=0)

    @cached_property
    def offered(self):
        """The weekly hours and the extra openings, before anything closes them."""
        return joined(self.own([*self.weekly, *self.schedule.extra]))

    @cached_property
    def closed(self):
        return common(self.offered, self.schedule.closed)

    @cached_property
    def busy(self):
        """What only the outside calendar takes."""
        return common(without(self.offered, self.schedule.closed), self.schedule.busy)

    @cached_property
    def open(self):
        return without(without(self.offered, self.schedule.closed), self.schedule.busy)

    @cached_property
    def added(self):
        """What would not be open without an exception."""
        return without(self.open, self.weekly)

    @property
    def weekly(self):
        return [
            stretch for day in (self.date - DAY, self.date, self.date + DAY) for stretch in self.schedule.weekly(day)
        ]

    # When it is

    @cached_property
    def starts_at(self):
        return self.schedule.at(self.date)

    @cached_property
    def ends_at(self):
        return self.schedule.at(self.date + DAY)

    def own(self, stretches):
        """The parts of these that belong to this day, its night included."""
        noon, next_noon = self.schedule.at(self.date, NOON), self.schedule.at(self.date + DAY, NOON)
        return [
            (max(start, self.starts_at), end if end <= next_noon else self.ends_at)
            for start, end in stretches
            if start < self.ends_at and (start >= self.starts_at or end > noon)
        ]

    def hours(self, stretches):
        """« de 18 h 00 à 2 h 00 le lendemain », in local time."""
        return ", ".join(span_in_words(*map(self.wall_minute, stretch)) for stretch in joined(stretches))

    def wall_minute(self, instant):
        wall = instant.astimezone(self.schedule.zone).replace(tzinfo=None)
        return (wall - datetime.combine(self.date, time())) // MINUTE


def month_asked(text, today):
    """The first day of the month written 2026-12, or of this month where that makes no sense."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today
    return (first if abs(first.year - today.year) <= FURTHEST_YEARS else today).replace(day=1)


def next_month(first):
    return (first + 31 * DAY).replace(day=1)


def without(stretches, taken):
    """These stretches, less what is taken."""
    for start, end in taken:
        stretches = [part for stretch in stretches for part in cut(*stretch, start, end)]
    return stretches


def cut(start, end, hole_start, hole_end):
    parts = (start, min(end, hole_start)), (max(start, hole_end), end)
    return [(start, end) for start, end in parts if start < end]


def common(stretches, others):
    return without(stretches, without(stretches, others))


def minutes(stretches):
    return sum((end - start for start, end in stretches), timedelta()) // MINUTE
