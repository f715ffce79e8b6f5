from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.shortcuts import get_object_or_404

from messaging.models import Message, Proposal, Thread
from payments.models import Dispute, StripeOperation

Kind = StripeOperation.Kind

MISSION = ("client__user", "professional__user", "commune", "agreement", "payment", "cancellation", "contest", "review")


def threads_of(user):
    """The user's threads, with all that `next_action` reads.

    That is `last_author_id`, `open_proposals` (a list), `transfer_waits` for whether a share is yet to be paid,
    `bank_judges` for whether the client's bank holds the money, and `hold_was_refused` for whether it ever said no.
    """
    last = Message.objects.filter(thread=OuterRef("pk")).order_by("-written_at", "-pk")
    transfers = StripeOperation.objects.filter(
        payment__mission=OuterRef("pk"), kind__in=(Kind.TRANSFER, Kind.PAY_AGAIN), state=StripeOperation.State.PENDING
    )
    refusals = StripeOperation.objects.filter(
        payment__mission=OuterRef("mission"), kind=Kind.PLACE_HOLD, state=StripeOperation.State.REFUSED
    )
    disputes = Dispute.objects.open().filter(payment__mission=OuterRef("mission"))
    return (
        Thread.objects.of(user)
        .select_related("mission", *(f"mission__{name}" for name in MISSION))
        .annotate(last_author_id=Subquery(last.values("author")[:1]), last_message_id=Subquery(last.values("pk")[:1]))
        .annotate(transfer_waits=Exists(transfers), bank_judges=Exists(disputes))
        .annotate(hold_was_refused=Exists(refusals))
        .prefetch_related(Prefetch("proposals", Proposal.objects.open(), to_attr="open_proposals"))
    )


def thread_of(user, pk):
    """One of the user's threads, or 404."""
    return get_object_or_404(threads_of(user), pk=pk)


def last_messages(threads):
    """The last message of each thread, by thread, in one query."""
    found = Message.objects.in_bulk([thread.last_message_id for thread in threads if thread.last_message_id])
    return {message.thread_id: message for message in found.values()}
