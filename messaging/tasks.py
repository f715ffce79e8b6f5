from celery import shared_task

from marketplace import clock
from marketplace.sweeping import attempt
from messaging import actions
from messaging.models import Proposal


@shared_task
def sweep_threads():
    """Close the proposals whose time is over."""
    for proposal in Proposal.objects.lapsed(clock.now()).select_related("thread__mission"):
        attempt(actions.expire_proposal, proposal)
