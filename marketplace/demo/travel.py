"""Moves the demo's clock, and does on the way what the passing of time makes due."""

from datetime import timedelta

from django.db.models import Min

from accounts.tasks import sweep_notifications
from marketplace import clock
from marketplace.demo.simulator import control
from messaging.tasks import sweep_threads
from missions.models import Mission
from missions.tasks import sweep_missions
from payments.models import Hold, Payment
from payments.tasks import do_what_is_due

SWEEPS = (sweep_missions, do_what_is_due, sweep_threads, sweep_notifications)
MOMENT = timedelta(minutes=1)  # past the instant itself


def travel(target):
    """Go to `target`, stopping wherever money or a deadline asks for something, as the worker would."""
    while (now := clock.now()) < target:
        clock.advance(min(next_stop(now) or target, target) - now)
        control("tick")
        for sweep in SWEEPS:
            sweep()


def next_stop(now):
    """The next instant at which something is due, a moment later; None when there is none."""
    dying = Hold.objects.live().filter(capture_before__gt=now + Hold.CAPTURE_BEFORE_EXPIRY)
    stops = [
        first(Mission.objects.live().filter(deadline_at__gt=now), "deadline_at"),
        first(Payment.objects.filter(hold_due_at__gt=now), "hold_due_at"),
        first(dying, "capture_before", -Hold.CAPTURE_BEFORE_EXPIRY),
    ]
    return min((stop + MOMENT for stop in stops if stop), default=None)


def first(rows, field, shift=timedelta()):
    found = rows.aggregate(instant=Min(field))["instant"]
    return found and found + shift


# Where one may want to go


def next_start(missions, now):
    return shortly_after(missions.filter(status__in=Mission.BEFORE_START, starts_at__gt=now), "starts_at")


def next_end(missions, now):
    return shortly_after(missions.filter(status=Mission.Status.SECURED, ends_at__gt=now), "ends_at")


def next_hold(missions, now):
    return shortly_after(Payment.objects.filter(mission__in=missions, hold_due_at__gt=now), "hold_due_at")


def shortly_after(rows, field):
    found = first(rows, field)
    return found and found + MOMENT
