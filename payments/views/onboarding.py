import stripe
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from payments import actions, sync
from payments.errors import PaymentError
from payments.models import ConnectedAccount


@require_safe
def onboarding(request):
    """Why Stripe needs to know the professional, and where that stands."""
    professional = professional_of(request)
    account = ConnectedAccount.objects.filter(professional=professional).first()
    return render(request, "payments/onboarding.html", {"professional": professional, "account": account})


@require_POST
def onboarding_start(request):
    try:
        url = actions.start_onboarding(professional_of(request))
    except PaymentError as error:
        messages.error(request, str(error))
        return redirect("payments:onboarding")
    return HttpResponseRedirect(url, status=303)


@require_safe
def onboarding_refresh(request):
    """Stripe sends them here when their link is used or too old: a new one is made on click."""
    messages.info(request, _("Le lien vers Stripe n’est plus valable. Reprenez où vous en étiez."))
    return redirect("payments:onboarding")


@require_safe
def onboarding_return(request):
    """Coming back proves nothing: the account is read again."""
    account = ConnectedAccount.objects.filter(professional=professional_of(request)).first()
    if account is None:
        return redirect("payments:onboarding")
    try:
        account = sync.sync_account(account.stripe_id)
    except stripe.StripeError:
        messages.info(request, _("Stripe met du temps à répondre. Revenez dans une minute."))
    if account.is_payable:
        messages.success(request, _("Vos paiements sont activés : vous pouvez recevoir de l’argent."))
    return redirect("payments:onboarding")


def professional_of(request):
    if not request.user.is_professional:
        raise Http404
    return request.user.professional
