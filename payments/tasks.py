from datetime import timedelta
from itertools import islice

from celery import shared_task
from celery.signals import worker_ready

from marketplace import clock
from marketplace.sweeping import attempt
from missions.models import Mission
from payments import actions, events, reconciliation, runner, sync
from payments.models import Payment, Reconciliation, StripeEvent, StripeOperation

# A deadline that costs someone their booking is given this much more, so that no two clocks disagree about it.
CLOCK_SKEW = timedelta(minutes=15)

# Hints of one sweep: a minute of the 25 requests a second that Stripe takes, so that the queue stays
# short however much is due. https://docs.stripe.com/rate-limits
SWEPT_AT_ONCE = 1500

Scope = Reconciliation.Scope
Status = Mission.Status

# What the clock asks for: whose payments, and what is then done. Every act reads the payment again under its lock.
DUTIES = {
    "expire_unpaid": lambda payments, now: payments.of_missions_due(Status.ACCEPTED, now - CLOCK_SKEW),
    "cancel_unheld": lambda payments, now: payments.of_missions_due(Status.BOOKED, now - CLOCK_SKEW),
    "keep_hold": lambda payments, now: payments.with_dying_hold(now),
    "check_papers": lambda payments, now: payments.papers_changed(now - CLOCK_SKEW),
    "place_hold": lambda payments, now: payments.hold_due(now),
    "contest_by_silence": lambda payments, now: payments.of_missions_due(Status.SECURED, now),
    "remind_staff": lambda payments, now: payments.of_missions_due(Status.CONTESTED, now),
}


@shared_task
def sweep_payments():
    """Hint to the workers what is due and what was interrupted."""
    for task, arguments in islice(due(clock.now()), SWEPT_AT_ONCE):
        task.delay(*arguments)


def do_what_is_due():
    """The same here and now, without the workers: for a clock that is moved by hand."""
    for task, arguments in due(clock.now()):
        attempt(task, *arguments)


def due(now):
    """Each task to do, with its arguments."""
    for duty, rows in DUTIES.items():
        for pk in rows(Payment.objects, now).order_by("pk").values_list("pk", flat=True):
            yield perform, (duty, pk)
    operations = StripeOperation.objects.due(now)
    for pk in operations.exclude(payment=None).order_by("payment").values_list("payment", flat=True).distinct():
        yield runner.run_payment, (pk,)
    for pk in operations.filter(payment=None).order_by("pk").values_list("pk", flat=True):
        yield run_operation, (pk,)
    for pk in StripeEvent.objects.due(now).order_by("pk").values_list("pk", flat=True):
        yield events.process, (pk,)


@shared_task
def perform(duty, payment_id):
    """Do one duty of a payment, then say to Stripe what follows from it."""
    getattr(actions, duty)(Payment.objects.select_related("mission").get(pk=payment_id))
    runner.run_payment(payment_id)


@shared_task
def run_operation(operation_id):
    runner.run(StripeOperation.objects.get(pk=operation_id))


@shared_task
def reconcile():
    """Compare with Stripe what was not compared for long enough: the books only once the rest is read and answered."""
    now = clock.now()
    reads_events, reads_payments = reconciliation.is_due(Scope.EVENTS, now), reconciliation.is_due(Scope.OPEN, now)
    if reads_events:
        reconciliation.read_missed_events()
    if reads_payments:
        reconciliation.hint_open_payments(read_payment.delay, SWEPT_AT_ONCE)
        reconciliation.hint_active_accounts(read_account.delay)
    if not (reads_events or reads_payments) and reconciliation.is_due(Scope.BOOKS, now):
        reconciliation.compare_books()


@shared_task
def read_payment(payment_id):
    """Read a payment again, then say to Stripe what follows from it."""
    reconciliation.read_payment(payment_id)
    runner.run_payment(payment_id)


@shared_task
def read_account(stripe_id):
    sync.sync_account(stripe_id)


@shared_task
def check_subscriptions():
    """See at start-up that no type of event that we handle is missing from what Stripe sends us."""
    reconciliation.compare_subscriptions()


@worker_ready.connect
def check_at_start(**kwargs):
    check_subscriptions.delay()
