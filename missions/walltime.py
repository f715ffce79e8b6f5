"""The wall time of a mission's site, on the nights the clocks change too."""

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from marketplace import formatting
from missions.errors import MissionError


class NonexistentTime(MissionError):
    """The clocks jump over this local time."""


def instant(day, time, zone):
    """The aware UTC instant of a local day and time; a time that occurs twice means the first.

    Raises NonexistentTime.
    """
    wall = datetime.combine(day, time)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != wall:
        raise NonexistentTime(
            _("Cette nuit-là, on passe à l’heure d’été : %(hour)s n’existe pas. Choisissez une heure plus tard.")
            % {"hour": formatting.hour(wall)}
        )
    return found


def wall_periods(starts_at, ends_at, zone):
    """The naive local periods that a stretch of time covers, one per hour of UTC, so that no clock changes inside.

    When an hour occurs twice they overlap; when one is skipped they leave it out.
    """
    cuts = [starts_at.astimezone(UTC), *_full_hours(starts_at, ends_at), ends_at.astimezone(UTC)]
    return [
        (start.astimezone(zone).replace(tzinfo=None), start.astimezone(zone).replace(tzinfo=None) + (end - start))
        for start, end in zip(cuts, cuts[1:], strict=False)
    ]


def _full_hours(starts_at, ends_at):
    hour = starts_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while hour < ends_at:
        yield hour
        hour += timedelta(hours=1)
