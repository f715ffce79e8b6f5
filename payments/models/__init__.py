from payments.models.account import ConnectedAccount, Customer
from payments.models.dispute import Dispute
from payments.models.event import StripeEvent
from payments.models.ledger import LedgerEntry, LedgerTransaction
from payments.models.operation import StripeOperation
from payments.models.payment import CheckoutSession, Hold, Payment
from payments.models.reconciliation import Difference, Reconciliation
from payments.models.refund import Refund

__all__ = [
    "CheckoutSession",
    "ConnectedAccount",
    "Customer",
    "Difference",
    "Dispute",
    "Hold",
    "LedgerEntry",
    "LedgerTransaction",
    "Payment",
    "Reconciliation",
    "Refund",
    "StripeEvent",
    "StripeOperation",
]
