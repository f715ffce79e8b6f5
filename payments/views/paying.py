from datetime import timedelta

import stripe
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace import clock
from marketplace.errors import MarketplaceError
from marketplace.queue import after_commit
from missions.actions import locate_mission
from payments import actions, closing, sync
from payments.forms import CheckoutForm
from payments.models import CheckoutSession, Payment
from payments.queries import payment_of_client
from payments.runner import run_payment


@require_safe
def payment(request, pk):
    """What the client is about to pay, and what then happens to their money."""
    payment = payment_of_client(request.user, pk)
    return page(request, payment, CheckoutForm(payment=payment))


@require_POST
def checkout_start(request, pk):
    payment = payment_of_client(request.user, pk)
    form = CheckoutForm(request.POST, payment=payment)
    if not form.is_valid():
        return page(request, payment, form, status=422)
    try:
        if address := form.cleaned_data.get("address"):
            locate_mission(payment.mission, by=request.user, address=address)
        url = actions.start_checkout(payment, by=request.user, early_start=form.asks_early_start)
    except MarketplaceError as error:
        messages.error(request, str(error))
        return redirect("payments:payment", pk=pk)
    return HttpResponseRedirect(url, status=303)


def page(request, payment, form, status=200):
    context = {
        "payment": payment,
        "mission": payment.mission,
        "form": form,
        "steps": policy_steps(payment),
        "authorisation": payment.mission.professional.authorisation,
        "mode": actions.checkout_mode(payment, clock.now()),
        "payable": payment.awaits_card,
    }
    return render(request, "payments/payment.html", context, status=status)


def policy_steps(payment):
    """What is left of the frozen cancellation policy in words: until when, and for how much."""
    mission, now = payment.mission, clock.now()
    fees = [
        (step["hours"], closing.takeable_fee(payment, step["fee_basis_points"]))
        for step in mission.agreement.cancellation_policy
    ]
    steps = [
        {
            "until": mission.starts_at - timedelta(hours=hours),
            "fee": fee,
            "cents": payment.price.scaled(fee).total_cents,
        }
        for hours, fee in fees
    ]
    return [step for step in steps if step["until"] > now]


@login_not_required
@require_safe
def checkout_return(request):
    """Where Stripe sends the client back. What really happened is read from Stripe, as the webhook does."""
    session_id = request.GET.get("session_id", "")
    if "\0" in session_id:  # PostgreSQL refuses to look for it
        raise Http404
    try:
        payment = sync.sync_session(session_id)
    except (CheckoutSession.DoesNotExist, stripe.InvalidRequestError) as error:
        raise Http404 from error
    except stripe.StripeError:
        messages.info(request, _("Stripe met du temps à répondre. Cette page se mettra à jour d’elle-même."))
        payment = get_object_or_404(Payment, sessions__stripe_id=session_id)
    after_commit(run_payment, payment.pk)
    return redirect(payment.mission)
