"""Our books read for the tests, and held against the simulator's own."""

from django.db.models import Sum

from payments.models import LedgerEntry
from payments.simulator import balance


def books(payment):
    """Cents on each account of a payment, debit positive, without those at zero; `payable:12` reads `payable`."""
    entries = LedgerEntry.objects.filter(transaction__payment=payment)
    sums = entries.values_list("account").annotate(cents=Sum("cents"))
    return {account.partition(":")[0]: cents for account, cents in sums if cents}


def check_books(simulator):
    """Every movement is zero in all, and what stands on our Stripe account is what Stripe says."""
    total = LedgerEntry.objects.aggregate(cents=Sum("cents"))["cents"] or 0
    ours = LedgerEntry.objects.filter(account="stripe").aggregate(cents=Sum("cents"))["cents"] or 0
    assert (total, ours) == (0, balance.available(simulator) + balance.pending(simulator))


def moved(simulator):
    """Cents captured, sent to professionals and not taken back, and returned to clients, in Stripe's book."""
    captured = sum(charge["amount_captured"] for charge in simulator.book.every("charge"))
    sent = sum(transfer["amount"] - transfer["amount_reversed"] for transfer in simulator.book.every("transfer"))
    refunds = simulator.book.every("refund", status="succeeded")
    return captured, sent, sum(refund["amount"] for refund in refunds if refund["balance_transaction"])
