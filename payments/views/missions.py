from functools import partial

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from marketplace import clock
from marketplace.errors import MarketplaceError
from missions.actions import answer_contest, require_cancellable, require_contestable, require_secured
from payments import actions, closing
from payments.errors import FeeChanged
from payments.forms import AnswerForm, CancelForm, ContestForm
from payments.queries import payment_of, payment_of_client


def mission_confirm(request, pk):
    """Ask the client once more before the money leaves."""
    mission = payment_of_client(request.user, pk).mission
    if sentence := refusal(require_secured, mission):
        return send_back(request, mission, sentence)
    if request.method != "POST":
        now = clock.now()
        when = {"started": mission.has_started(now), "ended": mission.has_ended(now)}
        context = {"mission": mission, "left_cents": closing.unlost_cents(mission.payment), **when}
        return render(request, "payments/mission_confirm.html", context)
    return act(
        request, mission, _("Mission validée : le paiement du professionnel part."), partial(actions.confirm, mission)
    )


def mission_cancel(request, pk):
    payment = payment_of(request.user, pk)
    if sentence := refusal(require_cancellable, payment.mission):
        return send_back(request, payment.mission, sentence)
    fee = actions.cancellation_fee(payment, request.user)
    form = CancelForm(request.POST or None, fee=fee)
    if request.method == "POST" and form.is_valid():
        action = partial(actions.cancel, payment.mission, reason=form.cleaned_data["reason"], fee_seen=fee)
        try:
            return act(request, payment.mission, _("La mission est annulée."), action)
        except FeeChanged:
            return mission_cancel(request, pk)  # what was typed stays, with what it costs by now
    context = page_context(request, payment.mission, form) | {"payment": payment, "fee": payment.price.scaled(fee)}
    return render(request, "payments/mission_cancel.html", context)


def mission_contest(request, pk):
    mission = payment_of(request.user, pk).mission
    if sentence := refusal(require_contestable, mission):
        return send_back(request, mission, sentence)
    form = ContestForm(request.POST or None, is_client=mission.is_client(request.user))
    if request.method == "POST" and form.is_valid():
        done = _("Contestation enregistrée. Rien n’est versé avant notre décision.")
        return act(request, mission, done, partial(actions.contest, mission), **form.cleaned_data)
    return render(request, "payments/mission_contest.html", page_context(request, mission, form))


def contest_answer(request, pk):
    mission = payment_of(request.user, pk).mission
    if not hasattr(mission, "contest"):
        raise Http404
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        action = partial(answer_contest, mission.contest)
        return act(request, mission, _("Votre réponse est enregistrée."), action, text=form.cleaned_data["answer"])
    return render(request, "payments/contest_answer.html", page_context(request, mission, form))


def page_context(request, mission, form):
    is_client = mission.is_client(request.user)
    return {"mission": mission, "form": form, "other": str(mission.other(request.user)), "is_client": is_client}


def refusal(rule, mission):
    """Why this is not possible, before anything is typed; nothing when it is."""
    try:
        rule(mission)
    except MarketplaceError as error:
        return str(error)
    return ""


def send_back(request, mission, sentence):
    messages.error(request, sentence)
    return redirect(mission)


def act(request, mission, done, action, **fields):
    """Do it and say so, or say why not; back to the discussion either way."""
    try:
        action(by=request.user, **fields)
    except MarketplaceError as error:
        return send_back(request, mission, str(error))
    messages.success(request, done)
    return redirect(mission)
