"""An outside calendar, read when it is due: what it blocks is replaced, or why it could not be read is written."""

from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from accounts.busy import busy_periods
from accounts.errors import CalendarError
from accounts.fetching import fetch
from accounts.models import BusyPeriod, ExternalCalendar
from marketplace import clock

FRESH = timedelta(minutes=30)
FIRST_RETRY = timedelta(minutes=10)
LAST_RETRY = timedelta(hours=24)

Problem = ExternalCalendar.Problem
State = ExternalCalendar.State


def claim_calendar(professional_id, now):
    """Count a failure and put the next reading off, before trying: a worker killed meanwhile tries again later."""
    due = ExternalCalendar.objects.due(now).select_related("professional__base_commune").filter(pk=professional_id)
    calendar = due.first()
    if calendar is None:
        return None
    claim = {"attempted_at": now, "failures": calendar.failures + 1, "due_at": now + retry_delay(calendar.failures)}
    if not due.filter(attempted_at=calendar.attempted_at, failures=calendar.failures).update(**claim):
        return None
    calendar.attempted_at = now
    return calendar


def retry_delay(failures):
    """10 minutes, then twice as long after each failure, up to a day."""
    return min(FIRST_RETRY * 2 ** min(failures, 10), LAST_RETRY)


def read_calendar(calendar, network=None):
    """Read the calendar a claim returned, and keep the result."""
    try:
        periods = busy_periods(fetch(calendar.url, network), calendar.professional.zone, clock.now())
    except CalendarError as error:
        keep_problem(calendar, error.problem)
    except SoftTimeLimitExceeded:
        keep_problem(calendar, Problem.TOO_MANY)
    else:
        keep_periods(calendar, periods)


def keep_problem(calendar, problem):
    """Say what went wrong; what was read before still blocks."""
    still_claimed(calendar).update(state=State.FAILED, problem=problem)


@transaction.atomic
def keep_periods(calendar, periods):
    """Replace what the calendar blocks, unless it was changed or read again meanwhile."""
    now = clock.now()
    result = {"state": State.READ, "problem": "", "read_at": now, "due_at": now + FRESH, "failures": 0}
    if not still_claimed(calendar).update(**result):
        return
    calendar.busy_periods.all().delete()
    BusyPeriod.objects.bulk_create(
        BusyPeriod(calendar=calendar, starts_at=start, ends_at=end) for start, end in periods
    )


def still_claimed(calendar):
    """The row, unless it was claimed again since, or given another address: that one counts no failure yet."""
    return ExternalCalendar.objects.filter(pk=calendar.pk, attempted_at=calendar.attempted_at, failures__gt=0)
