"""What Stripe's objects say, against our rows: a page of them at a time, each difference as a dict of fields.

Nothing here asks Stripe or changes a payment.
"""

from collections import Counter

from django.conf import settings
from django.urls import reverse

from accounts.actions import notify
from accounts.models import User
from marketplace import clock
from payments import gateway
from payments.models import Difference, Dispute, Hold, Payment, StripeOperation

Act = Difference.Act
Call = StripeOperation.Kind
Kind = Difference.Kind
State = StripeOperation.State

HOLD_STATES = {
    Hold.Status.LIVE: {"requires_capture"},
    Hold.Status.UNWANTED: {"requires_capture", "canceled"},
    Hold.Status.CAPTURED: {"succeeded"},
    Hold.Status.CANCELLED: {"canceled"},
    Hold.Status.EXPIRED: {"canceled"},
}
TAKEN = {"requires_capture", "succeeded"}


def finding(kind, subject, act, *, ours="", theirs="", payment=None):
    return {"kind": kind, "subject": subject, "act": act, "ours": ours, "theirs": theirs, "payment": payment}


def amount(cents):
    """15,00 €: written alike whatever the language, since what was settled by hand is known again by its words."""
    return f"{cents / 100:.2f}\u00a0€".replace(".", ",")


# A page of Stripe's objects


def compare_intents(intents):
    """Holds, against Stripe's payment intents."""
    ours = [intent for intent in intents if gateway.metadata_of(intent).get("env") == settings.STRIPE_ENV]
    holds = by_intent([intent.id for intent in ours])
    for intent in ours:
        if intent.id in holds:
            yield from compare_hold(holds[intent.id], intent)
        elif intent.status in TAKEN:
            yield from unknown_hold(intent)


def unknown_hold(intent):
    payment = named_payment(intent)
    if not is_under_way(payment, Call.PLACE_HOLD):
        subject = f"payment_intent:{intent.id}"
        yield finding(Kind.UNKNOWN_HOLD, subject, Act.READ_AGAIN, theirs=intent.status, payment=payment)


def compare_hold(hold, intent):
    subject = f"payment_intent:{intent.id}"
    amounts, theirs = (hold.amount_cents, hold.captured_cents), (intent.amount, intent.amount_received)
    if intent.status not in HOLD_STATES[hold.status]:
        if not is_under_way(hold.payment, Call.CAPTURE, Call.CANCEL_HOLD):
            words = {"ours": hold.get_status_display(), "theirs": intent.status}
            yield finding(Kind.HOLD_STATE, subject, Act.READ_AGAIN, **words, payment=hold.payment)
    elif amounts != theirs:
        words = {"ours": " / ".join(map(amount, amounts)), "theirs": " / ".join(map(amount, theirs))}
        yield finding(Kind.HOLD_AMOUNT, subject, Act.LOOK, **words, payment=hold.payment)


def compare_transfers(transfers):
    """What was sent to professionals and taken back, against our calls."""
    payments = payments_of(transfers)
    made = made_by_us([transfer for transfer in transfers if transfer.id in payments])
    taken_back = reversed_cents(made)
    for transfer in transfers:
        if transfer.id in made:
            yield from compare_transfer(made[transfer.id], transfer, taken_back[transfer.id])
        elif transfer.id in payments:
            yield from unknown_transfer(transfer, payments[transfer.id])


def payments_of(transfers):
    """The payments of the transfers that are ours, by the transfer's id: those made by hand only name their charge."""
    charges = [transfer.source_transaction for transfer in transfers]
    holds = {hold.charge_id: hold for hold in Hold.objects.filter(charge_id__in=charges).select_related("payment")}
    found = {}
    for transfer in transfers:
        if transfer.source_transaction in holds:
            found[transfer.id] = holds[transfer.source_transaction].payment
        elif gateway.metadata_of(transfer).get("env") == settings.STRIPE_ENV:
            found[transfer.id] = named_payment(transfer)
    return found


def unknown_transfer(transfer, payment):
    if not is_under_way(payment, *StripeOperation.TO_PROFESSIONAL):
        subject = f"transfer:{transfer.id}"
        act = Act.WRITE if payment else Act.LOOK
        yield finding(Kind.UNKNOWN_TRANSFER, subject, act, theirs=amount(transfer.amount), payment=payment)


def compare_transfer(operation, transfer, taken_back):
    subject, payment = f"transfer:{transfer.id}", operation.payment
    if operation.amount_cents != transfer.amount:
        words = {"ours": amount(operation.amount_cents), "theirs": amount(transfer.amount)}
        yield finding(Kind.TRANSFER_AMOUNT, subject, Act.LOOK, **words, payment=payment)
    if taken_back != transfer.amount_reversed and not is_under_way(payment, Call.REVERSE):
        words = {"ours": amount(taken_back), "theirs": amount(transfer.amount_reversed)}
        act = Act.WRITE if taken_back < transfer.amount_reversed else Act.LOOK
        yield finding(Kind.UNKNOWN_REVERSAL, subject, act, **words, payment=payment)


def compare_refunds(refunds):
    """What went back to cards, against our calls. What a cancelled hold "refunds" moved no money."""
    made = made_by_us(refunds)
    paid = [refund for refund in refunds if refund.balance_transaction or refund.id in made]
    holds = by_intent([refund.payment_intent for refund in paid])
    for refund in paid:
        if refund.payment_intent in holds:
            yield from compare_refund(holds[refund.payment_intent].payment, made.get(refund.id), refund)


def compare_refund(payment, operation, refund):
    subject = f"refund:{refund.id}"
    if operation is None:
        # One that came back is ours no more once it was made again, and moved nothing in the end.
        if refund.status not in gateway.NOT_REFUNDED and not is_under_way(payment, Call.REFUND):
            yield finding(Kind.UNKNOWN_REFUND, subject, Act.WRITE, theirs=amount(refund.amount), payment=payment)
    elif operation.amount_cents != refund.amount:
        words = {"ours": amount(operation.amount_cents), "theirs": amount(refund.amount)}
        yield finding(Kind.REFUND_AMOUNT, subject, Act.LOOK, **words, payment=payment)
    elif refund.status in gateway.NOT_REFUNDED and operation.state == State.DONE:
        yield finding(Kind.REFUND_AMOUNT, subject, Act.READ_AGAIN, theirs=refund.status, payment=payment)


def compare_disputes(disputes):
    """Chargebacks, against our rows."""
    holds = by_intent([dispute.payment_intent for dispute in disputes])
    rows = {row.stripe_id: row for row in Dispute.objects.filter(stripe_id__in=[one.id for one in disputes])}
    for dispute in disputes:
        if dispute.payment_intent in holds:
            yield from compare_dispute(holds[dispute.payment_intent].payment, rows.get(dispute.id), dispute)


def compare_dispute(payment, row, dispute):
    withdrawn = -sum(movement.amount for movement in dispute.balance_transactions)
    ours = f"{row.status}, {amount(row.withdrawn_cents)}" if row else ""
    theirs = f"{Dispute.read_status(dispute.status)}, {amount(withdrawn)}"
    if ours != theirs:
        subject = f"dispute:{dispute.id}"
        yield finding(Kind.UNKNOWN_DISPUTE, subject, Act.READ_AGAIN, ours=ours, theirs=theirs, payment=payment)


COMPARE = {
    "payment_intent": compare_intents,
    "transfer": compare_transfers,
    "refund": compare_refunds,
    "dispute": compare_disputes,
}


# Ours


def by_intent(intent_ids):
    """The holds of these payment intents, by the intent's id."""
    holds = Hold.objects.filter(intent_id__in=intent_ids).select_related("payment")
    return {hold.intent_id: hold for hold in holds}


def made_by_us(things):
    """The calls that made these objects, by Stripe's id."""
    made = StripeOperation.objects.filter(stripe_id__in=[thing.id for thing in things]).exclude(state=State.REFUSED)
    return {operation.stripe_id: operation for operation in made.select_related("payment")}


def reversed_cents(transfers):
    """What we took back of these transfers, by Stripe's id."""
    taken = StripeOperation.objects.filter(kind=Call.REVERSE, state=State.DONE, source__in=transfers)
    cents = Counter()
    for source, amount_cents in taken.values_list("source", "amount_cents"):
        cents[source] += amount_cents
    return cents


def named_payment(thing):
    """The payment that one of Stripe's objects says it is for."""
    return Payment.objects.filter(pk=gateway.metadata_of(thing).get("payment_id")).first()


def is_under_way(payment, *kinds):
    """Whether a call of these kinds was begun and its answer is not written yet: there is nothing to compare so far."""
    begun = StripeOperation.objects.filter(payment=payment, kind__in=kinds, state=State.PENDING, attempts__gt=0)
    return payment is not None and begun.exists()


# Their rows


def keep_what_differs(name, thing):
    """Write at once what one of Stripe's objects, just read, does not say as we do, and tell the team what is new.

    The next comparison closes it if it is gone.
    """
    tell_new([keep_difference(found) for found in COMPARE[name]([thing])])


def keep_difference(found):
    """Write a difference, or that it is still there; returns its number, and whether it is new.

    One that was settled by hand stays closed while both sides say what they said then.
    """
    if settled := settled_by_hand(found):
        return settled.pk, False
    same = {"kind": found["kind"], "subject": found["subject"], "closed_at": None}
    now = clock.now()
    details = {name: found[name] for name in ("act", "ours", "theirs", "payment")} | {"seen_at": now}
    row, is_new = Difference.objects.update_or_create(
        **same, defaults=details, create_defaults={**details, "found_at": now}
    )
    return row.pk, is_new


def settled_by_hand(found):
    """What the team last said of this, if nothing changed since. A type of event not received is never accepted."""
    if found["kind"] == Kind.NOT_SUBSCRIBED:
        return None
    last = Difference.objects.filter(kind=found["kind"], subject=found["subject"]).order_by("-pk").first()
    if last and last.closed_by_id and (last.ours, last.theirs) == (found["ours"], found["theirs"]):
        return last
    return None


def tell_new(kept):
    """One e-mail to each of the team for all that is new in `kept`: pairs of a number and whether it is new."""
    new = [pk for pk, is_new in kept if is_new]
    if not new:
        return
    url = reverse("admin:payments_difference_changelist", query={"ouvert": "oui"})
    for user in User.objects.filter(is_staff=True, is_active=True):
        notify(user, "payments/emails/differences_staff", f"differences:{max(new)}", url=url, number=len(new))
