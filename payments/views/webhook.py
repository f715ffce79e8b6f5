import stripe
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from marketplace.queue import after_commit
from payments import events, gateway

# The SDK has no error of its own for signed JSON that is no event: it stumbles over what is missing.
NO_EVENT = (stripe.SignatureVerificationError, ValueError, TypeError, LookupError, AttributeError)


@csrf_exempt
@login_not_required
@require_POST
def webhook(request):
    """Snapshot events, about payments."""
    return keep(verified(request, settings.STRIPE_WEBHOOK_SECRETS, snapshot_event))


@csrf_exempt
@login_not_required
@require_POST
def webhook_thin(request):
    """Thin events, about the accounts of professionals."""
    return keep(verified(request, settings.STRIPE_THIN_WEBHOOK_SECRETS, thin_event))


def snapshot_event(body, signature, secret):
    event = gateway.client().construct_event(body, signature, secret)
    return event.id, event.type, getattr(event.data.object, "id", "")


def thin_event(body, signature, secret):
    notice = gateway.client().parse_event_notification(body, signature, secret)
    subject = getattr(notice, "related_object", None)
    return notice.id, notice.type, subject.id if subject else ""


def verified(request, secrets, parse):
    """What `parse` finds if one of the secrets signed an event (several live during a rotation), else None."""
    signature = request.headers.get("Stripe-Signature", "")
    if not signature.isascii():
        return None
    for secret in secrets:
        try:
            return parse(request.body, signature, secret)
        except NO_EVENT:
            continue
    return None


def keep(found):
    if found is None:
        return HttpResponse(status=400)
    event = events.receive(*found)
    after_commit(events.process, event.pk)
    return HttpResponse(status=200)
