"""Our books compared with Stripe's, both ways. What differs is a row with what to do about it; nothing is moved here:
what Stripe says is written, and no call is made that was not made yet.

Missed events are read every ten minutes, open payments every hour, the books of the last days every night; the sweep
asks each minute which of them is due, so a night without it only delays them.
"""

from contextlib import contextmanager
from datetime import timedelta

import stripe
from django.db.models.functions import Mod

from marketplace import clock
from marketplace.sweeping import attempt
from payments import audit, events, gateway, subscriptions, sync
from payments.comparisons import COMPARE, finding, keep_difference, tell_new
from payments.models import (
    ConnectedAccount,
    Difference,
    Dispute,
    Hold,
    Payment,
    Reconciliation,
    StripeEvent,
    StripeOperation,
)

Act = Difference.Act
Kind = Difference.Kind
Scope = Reconciliation.Scope
State = StripeOperation.State

EVERY = {Scope.EVENTS: timedelta(minutes=10), Scope.OPEN: timedelta(hours=1), Scope.BOOKS: timedelta(hours=24)}
# A comparison still not ended after that was killed: the next one takes its place.
LONGEST = timedelta(minutes=30)
# An event may enter Stripe's list later than its date says; ours are kept once, so reading some twice costs nothing.
EVENTS_OVERLAP = timedelta(hours=1)
EVENTS_KEPT = timedelta(days=30)  # https://docs.stripe.com/api/events
TYPES_PER_LIST = 20  # https://docs.stripe.com/api/events/list
BOOKS_WINDOW = timedelta(days=3)
# A closed account that we believe active would stay in the searches.
ACTIVE_READ_EVERY = timedelta(hours=24)
ACTIVE_READ_AT_ONCE = 300
# Longer than a bank keeps an amount: those that live are listed by hundreds, not read one by one.
HOLD_LIFE = timedelta(days=8)


# When


def is_due(scope, now):
    last = Reconciliation.objects.filter(scope=scope).order_by("-started_at").first()
    if last is None or last.started_at + EVERY[scope] <= now:
        return True
    return last.ended_at is None and last.started_at + LONGEST <= now


@contextmanager
def recorded(scope):
    """A row for this comparison, ended only if nothing interrupted it."""
    run = Reconciliation.objects.create(scope=scope, started_at=clock.now())
    yield run
    run.ended_at = clock.now()
    run.save(update_fields=["ended_at", "found"])


# Events that never reached us


def read_missed_events():
    """Keep the events since the last time that we did not hear of: the sweep has the workers answer them."""
    since = events_since(clock.now())
    with recorded(Scope.EVENTS) as run:
        types = sorted(events.SNAPSHOT_HANDLERS)
        for start in range(0, len(types), TYPES_PER_LIST):
            wanted = {"types": types[start : start + TYPES_PER_LIST], "created": {"gte": since}, "limit": 100}
            for page in pages(gateway.client().v1.events.list(wanted)):
                run.found += keep_missed(page)


def events_since(now):
    last = Reconciliation.objects.filter(scope=Scope.EVENTS).exclude(ended_at=None).order_by("-started_at").first()
    oldest = now - EVENTS_KEPT
    return int((max(last.started_at - EVENTS_OVERLAP, oldest) if last else oldest).timestamp())


def keep_missed(page):
    """How many of these events were new to us."""
    known = StripeEvent.objects.filter(event_id__in=[event.id for event in page]).values_list("event_id", flat=True)
    missed = {event.id: event for event in page if event.id not in set(known)}
    for event in missed.values():
        events.receive(event.id, event.type, event.data.object.id, StripeEvent.Source.LIST)
    return len(missed)


def pages(found):
    """Stripe's list, as lists of at most a hundred objects."""
    while not found.is_empty:
        yield found.data
        found = found.next_page()


# Payments that are not over


def read_open_payments():
    """Read again at Stripe's every payment whose end is not written: what an event did not tell is found here."""
    with recorded(Scope.OPEN):
        for pk in Payment.objects.open().order_by("pk").values_list("pk", flat=True):
            attempt(read_payment, pk)


def hint_open_payments(hint, at_once):
    """The same by the workers, `at_once` an hour at most: where there are more, each waits for its turn."""
    with recorded(Scope.OPEN):
        turns = -(-Payment.objects.open().count() // at_once) or 1
        turn = Reconciliation.objects.filter(scope=Scope.OPEN).count() % turns
        mine = Payment.objects.open().annotate(turn=Mod("pk", turns)).filter(turn=turn)
        for pk in mine.order_by("pk").values_list("pk", flat=True)[:at_once]:
            hint(pk)


def hint_active_accounts(hint, at_once=ACTIVE_READ_AT_ONCE):
    """The accounts that we believe active and have not read for a day, `at_once` an hour, the oldest reading first."""
    active = ConnectedAccount.objects.filter(transfers=ConnectedAccount.Transfers.ACTIVE)
    unread = active.filter(checked_at__lte=clock.now() - ACTIVE_READ_EVERY).order_by("checked_at", "pk")
    for stripe_id in unread.values_list("stripe_id", flat=True)[:at_once]:
        hint(stripe_id)


def read_payment(pk):
    sync.sync_payment(Payment.objects.select_related("mission").get(pk=pk))


# The books, both ways


def compare_books(window=BOOKS_WINDOW):
    """Compare what Stripe and we wrote in the last days, and keep each difference until it is gone."""
    with recorded(Scope.BOOKS) as run:
        read_waiting_accounts()
        kept = [keep_difference(found) for found in find_differences(run.started_at - window)]
        close_gone(Difference.objects.open(), kept, run.started_at)
        run.found = Difference.objects.open().count()
        tell_new(kept)


def read_waiting_accounts():
    """Read again every account that Stripe lets nothing in: the thin event that ends it is in no list of events."""
    waiting = ConnectedAccount.objects.exclude(transfers=ConnectedAccount.Transfers.ACTIVE)
    for stripe_id in waiting.order_by("pk").values_list("stripe_id", flat=True):
        attempt(sync.sync_account, stripe_id)


def compare_subscriptions():
    """See that Stripe sends us every type of event that we handle."""
    now = clock.now()
    kept = [keep_difference(found) for found in types_not_received()]
    close_gone(Difference.objects.open().filter(kind=Kind.NOT_SUBSCRIBED), kept, now)
    tell_new(kept)


def find_differences(since):
    """Differences as dicts of fields. A thing that seems to differ is read afresh before it is believed."""
    listed = set()
    for name, page in pages_since(since):
        listed.update(thing.id for thing in page)
        for subject in dict.fromkeys(found["subject"] for found in COMPARE[name](page)):
            yield from look_again(*subject.split(":"))
    for name, stripe_id in ours_since(since):
        if stripe_id not in listed:
            yield from look_again(name, stripe_id)
    yield from stuck_calls()
    yield from types_not_received()
    for sentence in audit.differences(without=[audit.late_comparison]):
        yield finding(Kind.BOOKS, sentence[:120], Act.LOOK)


def pages_since(since):
    """What Stripe made since an instant, holds that may still live included: the name of its kind, and a page."""
    for name in COMPARE:
        start = min(since, clock.now() - HOLD_LIFE) if name == "payment_intent" else since
        for page in pages(resource(name).list({"created": {"gte": int(start.timestamp())}, "limit": 100})):
            yield name, page


def look_again(name, stripe_id):
    """What differs in one of Stripe's objects, both sides read at this moment."""
    try:
        thing = resource(name).retrieve(stripe_id)
    except stripe.InvalidRequestError:
        yield finding(Kind.MISSING_AT_STRIPE, f"{name}:{stripe_id}", Act.LOOK)
    else:
        yield from COMPARE[name]([thing])


def resource(name):
    return getattr(gateway.client().v1, f"{name}s")


def ours_since(since):
    """What we know of Stripe's since an instant, and what may still change, however old: (name, Stripe's id)."""
    waiting = Hold.objects.filter(status__in=(Hold.Status.LIVE, Hold.Status.UNWANTED))
    for intent_id in waiting.values_list("intent_id", flat=True):
        yield "payment_intent", intent_id
    names = dict.fromkeys(StripeOperation.TO_PROFESSIONAL, "transfer") | {StripeOperation.Kind.REFUND: "refund"}
    done = StripeOperation.objects.filter(state=State.DONE, kind__in=names, answered_at__gte=since)
    for kind, stripe_id in done.values_list("kind", "stripe_id"):
        yield names[kind], stripe_id
    for stripe_id in Dispute.objects.filter(closed_at=None).values_list("stripe_id", flat=True):
        yield "dispute", stripe_id


def stuck_calls():
    for operation in StripeOperation.objects.filter(state=State.STUCK).select_related("payment"):
        words = {"ours": operation.get_kind_display(), "theirs": operation.error[:200]}
        yield finding(Kind.STUCK_CALL, f"operation:{operation.pk}", Act.RUN_AGAIN, **words, payment=operation.payment)


def types_not_received():
    for type in subscriptions.missing_types():
        yield finding(Kind.NOT_SUBSCRIBED, type, Act.SUBSCRIBE)


def close_gone(differences, kept, since):
    """Close what is no longer true. What is older than the window compared was not looked at: it is, now.

    What another comparison saw `since` this one began is its own to close.
    """
    unseen = differences.exclude(pk__in=[pk for pk, _is_new in kept]).filter(seen_at__lt=since)
    for difference in unseen:
        name, _colon, stripe_id = difference.subject.partition(":")
        if name in COMPARE and any(found["kind"] == difference.kind for found in look_again(name, stripe_id)):
            continue
        difference.closed_at = clock.now()
        difference.save(update_fields=["closed_at"])
