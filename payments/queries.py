from django.shortcuts import get_object_or_404

from missions.models import Mission
from payments.models import Payment

WITH_MISSION = ("mission__client__user", "mission__professional__user", "mission__commune", "mission__agreement")


def payment_of_client(user, pk):
    """The payment of one of the user's missions as a client, or 404."""
    payments = Payment.objects.select_related(*WITH_MISSION)
    return get_object_or_404(payments, mission__in=Mission.objects.of_client(user), mission=pk)


def payment_of(user, pk):
    """The payment of a mission the user takes part in, or 404."""
    return get_object_or_404(Payment.objects.of(user).select_related(*WITH_MISSION), mission=pk)
