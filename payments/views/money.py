from django.shortcuts import render
from django.views.decorators.http import require_safe

from payments.queries import payment_of


@require_safe
def money(request, pk):
    """Where the money of a mission is, for either side."""
    payment = payment_of(request.user, pk)
    return render(request, "payments/money.html", {"payment": payment, "mission": payment.mission})
