"""The books, in double entry: debits are positive cents, every transaction sums to zero.

`stripe` is what stands on our Stripe balance, `client_funds` what we owe clients until a mission is decided,
`payable:<professional>` what we owe a professional, `commission` and `vat` what we earned and collected on it.
"""

from marketplace import clock
from payments.models import LedgerEntry, LedgerTransaction

Kind = LedgerTransaction.Kind


def book_capture(operation, cents, fee_cents):
    _post(operation.payment, Kind.CAPTURE, operation, {"stripe": cents, "client_funds": -cents})
    _post(operation.payment, Kind.FEE, operation, {"stripe_fees": fee_cents, "stripe": -fee_cents})


def book_release(payment, price):
    """Share a decided price between the professional and the platform."""
    lines = {
        "client_funds": price.total_cents,
        payable(payment): -price.professional_cents,
        "commission": -price.commission_cents,
        "vat": -price.commission_vat_cents,
    }
    _post(payment, Kind.RELEASE, None, lines)


def book_transfer(operation):
    cents = operation.amount_cents
    _post(operation.payment, Kind.TRANSFER, operation, {payable(operation.payment): cents, "stripe": -cents})


def book_refund(operation):
    cents = operation.amount_cents
    _post(operation.payment, Kind.REFUND, operation, {"client_funds": cents, "stripe": -cents})


def payable(payment):
    return f"payable:{payment.mission.professional_id}"


def _post(payment, kind, operation, lines):
    lines = {account: cents for account, cents in lines.items() if cents}
    if not lines:
        return
    transaction = LedgerTransaction.objects.create(
        payment=payment, kind=kind, operation=operation, happened_at=clock.now()
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=transaction, account=account, cents=cents) for account, cents in lines.items()
    )
