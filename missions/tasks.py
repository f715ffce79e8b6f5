from celery import shared_task

from marketplace import clock
from marketplace.sweeping import attempt
from missions import actions
from missions.models import Mission


@shared_task
def sweep_missions():
    """Close the requests whose time is over."""
    for mission in Mission.objects.past_deadline(Mission.Status.INQUIRY, clock.now()):
        attempt(actions.expire_inquiry, mission)
