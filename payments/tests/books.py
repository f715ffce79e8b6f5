"""Our books read for the tests, and held against the simulator's own."""

from datetime import timedelta

from django.db.models import Sum

from payments import reconciliation
from payments.models import Difference, LedgerEntry
from payments.simulator import balance


def books(payment):
    """Cents on each account of a payment, debit positive, without those at zero; `payable:12` reads `payable`."""
    entries = LedgerEntry.objects.filter(transaction__payment=payment)
    sums = entries.values_list("account").annotate(cents=Sum("cents"))
    return {account.partition(":")[0]: cents for account, cents in sums if cents}


def check_books(simulator):
    """Every movement is zero in all, our Stripe account is what Stripe says, and nothing differs for anybody to see."""
    total = LedgerEntry.objects.aggregate(cents=Sum("cents"))["cents"] or 0
    ours = LedgerEntry.objects.filter(account="stripe").aggregate(cents=Sum("cents"))["cents"] or 0
    assert (total, ours) == (0, balance.available(simulator) + balance.pending(simulator))
    found = list(reconciliation.find_differences(simulator.now() - timedelta(days=60)))
    assert [one for one in found if one["kind"] not in SAID_ELSEWHERE] == []


# A call that staff must see is tested where it is made; the simulator sends all events while nothing is subscribed to.
SAID_ELSEWHERE = (Difference.Kind.STUCK_CALL, Difference.Kind.NOT_SUBSCRIBED)


def moved(simulator):
    """Cents captured, sent to professionals and not taken back, and returned to clients, in Stripe's book."""
    captured = sum(charge["amount_captured"] for charge in simulator.book.every("charge"))
    sent = sum(transfer["amount"] - transfer["amount_reversed"] for transfer in simulator.book.every("transfer"))
    refunds = simulator.book.every("refund", status="succeeded")
    return captured, sent, sum(refund["amount"] for refund in refunds if refund["balance_transaction"])
