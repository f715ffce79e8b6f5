import stripe
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from marketplace.queue import after_commit
from payments import events, gateway


@csrf_exempt
@login_not_required
@require_POST
def webhook(request):
    """Snapshot events, about payments."""
    event = verified(request, settings.STRIPE_WEBHOOK_SECRETS, gateway.client().construct_event)
    if event is None:
        return HttpResponse(status=400)
    return keep(event.id, event.type, getattr(event.data.object, "id", ""))


@csrf_exempt
@login_not_required
@require_POST
def webhook_thin(request):
    """Thin events, about the accounts of professionals."""
    notice = verified(request, settings.STRIPE_THIN_WEBHOOK_SECRETS, gateway.client().parse_event_notification)
    if notice is None:
        return HttpResponse(status=400)
    subject = getattr(notice, "related_object", None)
    return keep(notice.id, notice.type, subject.id if subject else "")


def verified(request, secrets, parse):
    """The event, if one of the secrets signed it (several live during a rotation), else None."""
    signature = request.headers.get("Stripe-Signature", "")
    if not signature.isascii():
        return None
    for secret in secrets:
        try:
            return parse(request.body, signature, secret)
        except (stripe.SignatureVerificationError, ValueError):
            continue
    return None


def keep(event_id, event_type, object_id):
    event = events.receive(event_id, event_type, object_id)
    after_commit(events.process, event.pk)
    return HttpResponse(status=200)
