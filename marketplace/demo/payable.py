"""Everyone's account at Stripe's simulator: whoever a visitor of the demo chooses can be paid."""

from accounts.models import Professional
from marketplace.demo.simulator import control
from payments.calls import account_params
from payments.models import ConnectedAccount, StripeOperation
from payments.operations import prepare_account

WITHOUT = ("submitted", "draft", "unpayable")


def open_accounts(professionals, now):
    """Open verified accounts, all at once, and note the operations that ask for them as done."""
    payable = [professional for professional in professionals if professional.profile.situation not in WITHOUT]
    operations = [prepare_account(professional) for professional in payable]
    ids = control("accounts", accounts=[account_params(operation) for operation in operations])["ids"]
    for operation, stripe_id in zip(operations, ids, strict=True):
        operation.stripe_id = stripe_id
        operation.state, operation.answered_at = StripeOperation.State.DONE, now
    StripeOperation.objects.bulk_update(operations, ["stripe_id", "state", "answered_at"])
    ConnectedAccount.objects.bulk_create(account(operation, now) for operation in operations)
    Professional.objects.filter(pk__in=[professional.pk for professional in payable]).update(payable=True)


def account(operation, now):
    active = ConnectedAccount.Transfers.ACTIVE
    return ConnectedAccount(
        professional=operation.professional, stripe_id=operation.stripe_id, transfers=active, checked_at=now
    )
