from django.utils.translation import gettext_lazy as _

from missions.models import Mission

Status = Mission.Status

STEPS = (_("Accord"), _("Paiement"), _("Mission"), _("Validation"), _("Avis"))

# How many steps are done in each state; a request that was closed shows none.
DONE = {Status.INQUIRY: 0, Status.ACCEPTED: 1, Status.BOOKED: 1, Status.SECURED: 2, Status.CONTESTED: 3}


def steps_of(mission, now):
    """The steps of a mission for `_steps.html`; none once it was declined, expired or cancelled."""
    if mission.status in (Status.DECLINED, Status.EXPIRED, Status.CANCELLED):
        return []
    done = DONE.get(mission.status, 5 if hasattr(mission, "review") else 4)
    if mission.status == Status.SECURED and mission.has_ended(now):
        done = 3
    # Only a mission the client confirmed is reviewed.
    names = STEPS[:-1] if mission.status == Status.SETTLED else STEPS
    return [{"name": name, "state": state_of(number, done)} for number, name in enumerate(names)]


def state_of(number, done):
    if number < done:
        return "done"
    return "current" if number == done else "ahead"
