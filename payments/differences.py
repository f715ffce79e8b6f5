"""What the team does about a difference that no reconciliation will mend."""

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace import clock
from missions.actions import require_staff
from payments.errors import PaymentError
from payments.models import Difference


@transaction.atomic
def close_difference(difference, *, by, note):
    """Staff put right by hand, or accept, what a difference says. Raises PaymentError when it is closed already."""
    require_staff(by)
    difference = Difference.objects.select_for_update().get(pk=difference.pk)
    if difference.closed_at:
        raise PaymentError(_("Cet écart est déjà clos."))
    difference.closed_at, difference.closed_by, difference.note = clock.now(), by, note
    difference.save(update_fields=["closed_at", "closed_by", "note"])
    return difference
