"""Copies compared with what they are made from; each difference is a sentence for whoever runs `manage.py audit`."""

from django.db.models import Q

from accounts.models import Professional
from payments.models import ConnectedAccount


def differences():
    """Whether each professional is payable, against their Stripe account as we last read it."""
    active = Q(account__transfers=ConnectedAccount.Transfers.ACTIVE)
    wrong = Professional.objects.filter(Q(payable=True) & ~active | Q(payable=False) & active)
    for pk in wrong.order_by("pk").values_list("pk", flat=True):
        yield f"Professional {pk} is not payable as their Stripe account says."
