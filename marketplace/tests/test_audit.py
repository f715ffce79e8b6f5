from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Professional
from accounts.tests.factories import make_professional
from payments.models import ConnectedAccount

pytestmark = pytest.mark.django_db


def audit():
    out, err = StringIO(), StringIO()
    try:
        call_command("audit", stdout=out, stderr=err)
    except CommandError as error:
        return str(error), err.getvalue()
    return out.getvalue(), err.getvalue()


def test_the_command_fails_on_a_difference():
    professional = make_professional()
    ConnectedAccount.objects.create(professional=professional, stripe_id="acct_1", transfers="active")
    assert audit() == ("Everything that must hold does.\n", "")
    Professional.objects.filter(pk=professional.pk).update(payable=False)
    told = f"Professional {professional.pk} is not payable as their Stripe account says.\n"
    assert audit() == ("1 differences.", told)
