"""Threads, messages and proposals as the tests need them."""

from datetime import timedelta

from django.core.files.base import ContentFile

from marketplace import clock
from messaging.models import Attachment, Message, Proposal, Thread
from missions.tests.factories import make_mission


def make_thread(status="inquiry", mission=None, **fields):
    """A thread without a message, about a mission in this state."""
    mission = mission or make_mission(status, **fields)
    return Thread.objects.create(mission=mission, last_activity_at=clock.now())


def make_message(thread, author=None, body="Bonjour, êtes-vous libre ce soir-là ?", **fields):
    """A message of the client, or of `author`; not seen yet."""
    author = author or thread.mission.client.user
    return Message.objects.create(thread=thread, author=author, body=body, **{"written_at": clock.now(), **fields})


def make_attachment(message, content=b"%PDF-1.4 plan", name="plan.pdf"):
    file = ContentFile(content, name="0123.pdf")
    return Attachment.objects.create(
        message=message, file=file, name=name, content_type="application/pdf", bytes=len(content)
    )


def make_proposal(thread, author=None, *, hourly_cents=2600, status=Proposal.Status.OPEN, **fields):
    """A proposal of the professional, or of `author`, on the terms of the mission."""
    now = clock.now()
    proposal = Proposal(
        thread=thread,
        author=author or thread.mission.professional.user,
        number=thread.proposals.count() + 1,
        status=status,
        hourly_cents=hourly_cents,
        **thread.mission.terms | {"written_at": now, "expires_at": now + timedelta(hours=72)} | fields,
    )
    proposal.freeze_price(proposal, thread.mission.professional)
    proposal.save()
    return proposal
