from datetime import timedelta

from celery import shared_task

from marketplace import clock
from marketplace.sweeping import attempt
from missions.models import Mission
from payments import actions, events, runner
from payments.models import Payment, StripeEvent, StripeOperation

# A deadline that costs someone their booking is given this much more, so that no two clocks disagree about it.
CLOCK_SKEW = timedelta(minutes=15)


@shared_task
def sweep_payments():
    """Do what is due and finish what was interrupted."""
    now = clock.now()
    payments = Payment.objects.select_related("mission")
    for payment in payments.filter(mission__in=late(Mission.Status.ACCEPTED, now)):
        attempt(actions.expire_unpaid, payment)
    for payment in payments.filter(mission__in=late(Mission.Status.BOOKED, now)):
        attempt(actions.cancel_unheld, payment)
    for payment in payments.hold_due(now):
        attempt(actions.place_hold, payment)
    for payment in payments.with_dying_hold(now):
        attempt(actions.keep_hold, payment)
    for mission in Mission.objects.past_deadline(Mission.Status.SECURED, now):
        attempt(actions.contest_by_silence, mission)
    sweep_operations(StripeOperation.objects.due(clock.now()).order_by("pk"))
    for event in StripeEvent.objects.due(now).order_by("pk"):
        attempt(events.process, event.pk)


def late(status, now):
    return Mission.objects.past_deadline(status, now - CLOCK_SKEW)


def sweep_operations(due):
    for operation in due.filter(payment=None):
        attempt(runner.run, operation)
    for payment_id in due.exclude(payment=None).order_by("payment").values_list("payment", flat=True).distinct():
        attempt(runner.run_payment, payment_id)
