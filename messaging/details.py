"""What an event of the thread changed, in words for whoever reads it: reasons, decisions, and their own amounts."""

from django.utils.translation import gettext as _

from marketplace import formatting
from missions.models import MissionEvent

Kind = MissionEvent.Kind


def details(event, viewer):
    """The lines under an event, plain text; contacts are masked by whoever shows them."""
    find = DETAILS.get(event.kind)
    return [line for line in find(event, viewer) if line] if find else []


def secured(event, viewer):
    total = formatting.euros(viewer.mission.agreement.price.total_cents)
    return [_("Stripe conserve %(total)s jusqu’à la validation.") % {"total": total}] if viewer.is_client else []


def cancelled(event, viewer):
    cancellation = viewer.mission.cancellation
    return [cancellation.reason, due(viewer, cancellation.fee_basis_points)]


def contested(event, viewer):
    contest = viewer.mission.contest
    return [contest.get_reason_display(), contest.text]


def answered(event, viewer):
    return [viewer.mission.contest.answer]


def settled(event, viewer):
    contest = viewer.mission.contest
    performed = formatting.percent(contest.performed_basis_points)
    decision = _("Notre équipe retient %(performed)s de la mission.") % {"performed": performed}
    return [f"{decision} {due(viewer, contest.performed_basis_points)}", contest.settlement_note]


def paid(event, viewer):
    share = formatting.euros(event.data["cents"])
    return [] if viewer.is_client else [_("%(share)s vous ont été versés.") % {"share": share}]


def due(viewer, basis_points):
    """What a part of the price means for this reader."""
    price = viewer.mission.agreement.price.scaled(basis_points)
    if viewer.is_client:
        return _("Vous payez %(amount)s.") % {"amount": formatting.euros(price.total_cents)}
    return _("Vous recevez %(amount)s.") % {"amount": formatting.euros(price.professional_cents)}


DETAILS = {
    Kind.SECURED: secured,
    Kind.CANCELLED: cancelled,
    Kind.CONTESTED: contested,
    Kind.ANSWERED: answered,
    Kind.SETTLED: settled,
    Kind.PAID: paid,
}
