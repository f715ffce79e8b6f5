from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Professional
from marketplace import clock
from payments.models import LedgerTransaction, Payment
from payments.movements import movements_of
from payments.queries import payment_of
from payments.where import Facts
from payments.where_rows import CLIENT, PROFESSIONAL


@require_safe
def money(request, pk):
    """Where the money of a mission is, for either side."""
    payment = payment_of(request.user, pk)
    mission = payment.mission
    is_client = mission.is_client(request.user)
    facts = Facts(payment, request.user, clock.now())
    context = {
        "payment": payment,
        "mission": mission,
        "is_client": is_client,
        "other": str(mission.other(request.user)),
        "where": facts.where,
        "movements": movements_of(payment, CLIENT if is_client else PROFESSIONAL),
        "price": facts.price,
        "given_back": facts.given_back,
        "franchise": mission.professional.vat_regime == Professional.VatRegime.FRANCHISE,
        "debited_at": debited_at(payment) if is_client else None,
    }
    return render(request, "payments/money.html", context)


def debited_at(payment):
    """When a shared payment was taken, for its receipt; None while nothing is shared."""
    if payment.status != Payment.Status.RELEASED:
        return None
    captures = payment.ledger.filter(kind=LedgerTransaction.Kind.CAPTURE)
    return captures.values_list("happened_at", flat=True).first()
