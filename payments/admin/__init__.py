from payments.admin.books import ConnectedAccountAdmin, LedgerTransactionAdmin, ReconciliationAdmin
from payments.admin.contests import ContestAdmin
from payments.admin.differences import DifferenceAdmin
from payments.admin.disputes import DisputeAdmin
from payments.admin.operations import StripeEventAdmin, StripeOperationAdmin
from payments.admin.payments import PaymentAdmin

__all__ = [
    "ConnectedAccountAdmin",
    "ContestAdmin",
    "DifferenceAdmin",
    "DisputeAdmin",
    "LedgerTransactionAdmin",
    "PaymentAdmin",
    "ReconciliationAdmin",
    "StripeEventAdmin",
    "StripeOperationAdmin",
]
