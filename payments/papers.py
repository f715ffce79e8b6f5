"""Whether a professional may still work a mission they agreed to, and what follows when they may not."""

from datetime import timedelta

from django.utils.translation import gettext as _

from marketplace import clock
from missions.models import Mission
from missions.search import is_listed, may_work
from payments.emails import tell_papers_awaited, tell_papers_missing

ASKED_EVERY = timedelta(hours=1)


def lacks(payment, *, payable=False):
    """Whether its professional may not work this mission now; `payable`, whether Stripe must be able to pay them too.

    A mission whose money is held asks for no account: its share may wait for one.
    """
    mission, now = payment.mission, clock.now()
    return not (is_listed(mission.professional, mission, now=now) if payable else may_work(mission, now=now))


def wait(payment):
    """Ask for no hold: again in an hour, and once more when the mission is about to be cancelled for it."""
    now, deadline = clock.now(), payment.mission.deadline_at
    later = now + ASKED_EVERY
    payment.hold_due_at = deadline if now < deadline < later else later
    payment.save(update_fields=["hold_due_at"])
    if warn(payment):
        tell_papers_awaited(payment)


def warn(payment):
    """Tell the professional, once for each time; whether it was done now."""
    if payment.papers_missing_at is not None:
        return False
    note(payment, clock.now())
    tell_papers_missing(payment, cause(payment.mission))
    return True


def end_the_mission(payment):
    """Whether what is missing cancels a mission a day before its start: they were warned, or are not approved."""
    return payment.papers_missing_at is not None or cause(payment.mission) == "approval"


def note(payment, since):
    payment.papers_missing_at = since
    payment.save(update_fields=["papers_missing_at"])


def cause(mission):
    """What keeps them from working, the gravest first, or from being paid; nothing when all is in order."""
    professional = mission.professional
    if not professional.is_approved or not professional.user.is_active:
        return "approval"
    if not may_work(mission, now=clock.now()):
        return "documents"
    return "" if professional.payable else "account"


def reason(payment):
    """Why a mission is cancelled for it, for both sides to read; nothing when it is for something else."""
    mission = payment.mission
    if mission.status == Mission.Status.BOOKED and payment.papers_missing_at is None:
        return ""
    return {
        "approval": _("Le compte du professionnel n’est plus approuvé sur notre site."),
        "documents": _("Un document obligatoire du professionnel n’est pas valable pour cette mission."),
        "account": _("Le compte de paiement du professionnel n’est pas actif."),
    }.get(cause(mission), "")
