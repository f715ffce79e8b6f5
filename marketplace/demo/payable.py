"""Everyone's account at Stripe's simulator: whoever a visitor of the demo chooses can be paid."""

from django.conf import settings

from accounts.models import Professional
from marketplace.demo.simulator import control
from payments.calls import account_params
from payments.models import ConnectedAccount, StripeOperation

Kind, State = StripeOperation.Kind, StripeOperation.State
WITHOUT = ("submitted", "draft", "unpayable")


def open_accounts(professionals, now):
    """Open verified accounts, all at once, with the operations that would have opened them one by one."""
    payable = [professional for professional in professionals if professional.profile.situation not in WITHOUT]
    operations = StripeOperation.objects.bulk_create(operation(professional, now) for professional in payable)
    ids = control("accounts", accounts=[account_params(operation) for operation in operations])["ids"]
    for opened, stripe_id in zip(operations, ids, strict=True):
        opened.stripe_id = stripe_id
    StripeOperation.objects.bulk_update(operations, ["stripe_id"])
    ConnectedAccount.objects.bulk_create(account(opened, now) for opened in operations)
    Professional.objects.filter(pk__in=[professional.pk for professional in payable]).update(payable=True)


def operation(professional, now):
    return StripeOperation(
        kind=Kind.CREATE_ACCOUNT,
        key=f"{settings.STRIPE_ENV}:account:{professional.pk}",
        professional=professional,
        state=State.DONE,
        attempts=1,
        due_at=now,
        answered_at=now,
    )


def account(opened, now):
    active = ConnectedAccount.Transfers.ACTIVE
    return ConnectedAccount(
        professional=opened.professional, stripe_id=opened.stripe_id, transfers=active, checked_at=now
    )
