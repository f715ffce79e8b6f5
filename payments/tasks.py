import logging

from celery import shared_task

from marketplace import clock
from missions.models import Mission
from payments import actions, events, runner
from payments.models import Payment, StripeEvent, StripeOperation

logger = logging.getLogger(__name__)


@shared_task
def sweep_payments():
    """Do what is due and finish what was interrupted; one failure never stops the rest."""
    now = clock.now()
    payments = Payment.objects.select_related("mission")
    for payment in payments.filter(mission__in=Mission.objects.past_deadline(Mission.Status.ACCEPTED, now)):
        attempt(actions.expire_unpaid, payment)
    for payment in payments.filter(mission__in=Mission.objects.past_deadline(Mission.Status.BOOKED, now)):
        attempt(actions.cancel_unheld, payment)
    for payment in payments.hold_due(now):
        attempt(actions.place_hold, payment)
    for payment in payments.with_dying_hold(now):
        attempt(actions.keep_hold, payment)
    for mission in Mission.objects.past_deadline(Mission.Status.SECURED, now):
        attempt(actions.contest_by_silence, mission)
    for event in StripeEvent.objects.due(now).order_by("pk"):
        attempt(events.process, event.pk)
    sweep_operations(StripeOperation.objects.due(clock.now()).order_by("pk"))


def sweep_operations(due):
    for operation in due.filter(payment=None):
        attempt(runner.run, operation)
    for payment_id in due.exclude(payment=None).order_by("payment").values_list("payment", flat=True).distinct():
        attempt(runner.run_payment, payment_id)


def attempt(act, row):
    try:
        act(row)
    except Exception:
        logger.exception("The sweep could not %s", act.__name__)
