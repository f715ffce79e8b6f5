"""The books, in double entry: integer cents, debits positive, every movement zero in all.

| account | what stands on it |
|---|---|
| `stripe` | our Stripe balance (debit) |
| `client_funds` | what we keep of clients until their missions are decided (credit) |
| `payable:<professional>` | what we owe a professional (credit) |
| `commission`, `vat` | what we earned, and collected on it (credit) |
| `stripe_fees` | what Stripe took (debit) |
| `chargebacks` | what banks took back and have not judged yet (debit) |
| `recoverable:<professional>` | what a professional owes us (debit) |
| `losses` | what nobody will give back (debit) |

A hold is not a movement: the money is still the client's.
"""

from django.db.models import Sum

from marketplace import clock
from payments.models import LedgerEntry, LedgerTransaction, Refund

Kind = LedgerTransaction.Kind

# What makes a share wait to be sent, the last time: see `last_shared`.
SHARED = (Kind.RELEASE, Kind.CHARGEBACK, Kind.CHARGEBACK_WON)


def book_capture(operation, cents, fee_cents):
    _post(operation.payment, Kind.CAPTURE, {"stripe": cents, "client_funds": -cents}, operation)
    _post(operation.payment, Kind.FEE, {"stripe_fees": fee_cents, "stripe": -fee_cents}, operation)


def book_release(payment, professional_cents, commission_cents, vat_cents):
    """Share what is due between the professional and the platform."""
    lines = {
        "client_funds": professional_cents + commission_cents + vat_cents,
        payable(payment): -professional_cents,
        "commission": -commission_cents,
        "vat": -vat_cents,
    }
    _post(payment, Kind.RELEASE, lines)


def book_transfer(operation):
    cents = operation.amount_cents
    _post(operation.payment, Kind.TRANSFER, {payable(operation.payment): cents, "stripe": -cents}, operation)


def book_refund(operation):
    cents = operation.amount_cents
    _post(operation.payment, Kind.REFUND, {"client_funds": cents, "stripe": -cents}, operation)


def book_refund_failed(operation):
    """The bank would not have it: we keep it for the client again."""
    cents = operation.amount_cents
    _post(operation.payment, Kind.REFUND_FAILED, {"stripe": cents, "client_funds": -cents}, operation)


# Taking back what was shared


def book_reversal(operation):
    cents = operation.amount_cents
    _post(operation.payment, Kind.REVERSAL, {"stripe": cents, payable(operation.payment): -cents}, operation)


def book_shortfall(payment, cents, operation):
    """What could not be taken back from the professional's account, they owe us; negative once it came back."""
    _post(payment, Kind.SHORTFALL, {recoverable(payment): cents, payable(payment): -cents}, operation)


def book_give_back(refund):
    """What staff decided to return becomes the client's again, whoever bears it."""
    if refund.bearer == Refund.Bearer.PLATFORM:
        lines = {"losses": refund.amount_cents}
    else:
        before = returned_by_both(refund.payment, before=refund)
        lines = _borne(refund.payment, refund.amount_cents, refund.taken_back_cents, after=before)
    _post(refund.payment, Kind.GIVE_BACK, {**lines, "client_funds": -refund.amount_cents})


def book_chargeback(dispute, cents):
    """`cents` that a bank took; negative when it gave them back."""
    _post(dispute.payment, Kind.CHARGEBACK, {"chargebacks": cents, "stripe": -cents})


def book_chargeback_fee(dispute, cents):
    _post(dispute.payment, Kind.CHARGEBACK_FEE, {"stripe_fees": cents, "stripe": -cents})


def book_chargeback_lost(dispute, shared_cents):
    """The client has that much back: everybody bears their part of what was shared, the rest we kept for the client.

    A bank may take again what we refunded while it was still asking: what we did not keep is lost.
    """
    payment, cents = dispute.payment, dispute.withdrawn_cents
    lines = {"client_funds": cents - shared_cents, "chargebacks": -cents}
    if shared_cents:
        lines |= _borne(payment, shared_cents, dispute.taken_back_cents, after=returned_by_both(payment))
    _post(payment, Kind.CHARGEBACK_LOST, lines)
    book_returned_twice(payment, max(balance(payment, "client_funds"), 0))


def book_returned_twice(payment, cents):
    """`cents` that both a bank and we gave the client: our loss. Negative when we did not after all."""
    _post(payment, Kind.RETURNED_TWICE, {"losses": cents, "client_funds": -cents})


def returned_twice_cents(payment):
    return moved_cents("losses", payment=payment, kind=Kind.RETURNED_TWICE)


def book_chargeback_won(payment, cents):
    """The professional no longer owes `cents` for it: what we had stopped expecting is no loss any more."""
    owed = min(cents, balance(payment, recoverable(payment)))
    lines = {payable(payment): cents, recoverable(payment): -owed, "losses": owed - cents}
    _post(payment, Kind.CHARGEBACK_WON, lines)


def book_write_off(payment, cents):
    _post(payment, Kind.WRITE_OFF, {"losses": cents, recoverable(payment): -cents})


# Reading


def balance(payment, account):
    """Cents of one payment on one account, debit positive."""
    return moved_cents(account, payment=payment)


def payable(payment):
    return f"payable:{payment.mission.professional_id}"


def recoverable(payment):
    return f"recoverable:{payment.mission.professional_id}"


def shared_cents(payment):
    """What was shared of this payment, whoever bore what was returned since."""
    return moved_cents("client_funds", payment=payment, kind=Kind.RELEASE)


def share_cents(payment):
    """The professional's part of what was shared."""
    return -moved_cents(payable(payment), payment=payment, kind=Kind.RELEASE)


def lost_cents(payment, **when):
    """What banks took for good of what was shared."""
    lost = {"payment": payment, "kind": Kind.CHARGEBACK_LOST, **when}
    return -moved_cents("chargebacks", **lost) - moved_cents("client_funds", **lost)


def last_shared(payment):
    """The movement since which the professional's share may be sent: shared, or given back by a bank."""
    return LedgerTransaction.objects.filter(payment=payment, kind__in=SHARED).latest("happened_at")


def moved_cents(account, **movements):
    """The sum on one account of some movements, debit positive."""
    rows = LedgerEntry.objects.filter(account=account, transaction__in=LedgerTransaction.objects.filter(**movements))
    return rows.aggregate(cents=Sum("cents"))["cents"] or 0


def returned_by_both(payment, *, before=None):
    """Cents returned at both sides' charge, by staff or by a bank, in all or `before` a refund."""
    refunds, when = payment.refunds.filter(bearer=Refund.Bearer.BOTH), {}
    if before:
        refunds, when = refunds.filter(pk__lt=before.pk), {"happened_at__lt": before.decided_at}
    return (refunds.aggregate(cents=Sum("amount_cents"))["cents"] or 0) + lost_cents(payment, **when)


def parts(payment, cents, *, after):
    """What the next `cents` of a shared price are made of `after` so many: many returns end as one of their sum."""
    price = payment.due_price
    return [so_far - before for so_far, before in zip(price.split(after + cents), price.split(after), strict=True)]


def _borne(payment, cents, professional_cents, *, after):
    """Who bears `cents` of a shared price: the professional so much, the platform its commission, losses the rest."""
    _professional, commission, vat = parts(payment, cents, after=after)
    rest = cents - professional_cents - commission - vat
    return {payable(payment): professional_cents, "commission": commission, "vat": vat, "losses": rest}


def _post(payment, kind, lines, operation=None):
    lines = {account: cents for account, cents in lines.items() if cents}
    if not lines:
        return
    transaction = LedgerTransaction.objects.create(
        payment=payment, kind=kind, operation=operation, happened_at=clock.now()
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=transaction, account=account, cents=cents) for account, cents in lines.items()
    )
