from payments.models.account import ConnectedAccount, Customer
from payments.models.event import StripeEvent
from payments.models.ledger import LedgerEntry, LedgerTransaction
from payments.models.operation import StripeOperation
from payments.models.payment import CheckoutSession, Hold, Payment

__all__ = [
    "CheckoutSession",
    "ConnectedAccount",
    "Customer",
    "Hold",
    "LedgerEntry",
    "LedgerTransaction",
    "Payment",
    "StripeEvent",
    "StripeOperation",
]
