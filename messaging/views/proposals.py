from decimal import Decimal

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Professional
from messaging.actions import accept_proposal, decline_proposal, draft_proposal, write_proposal
from messaging.errors import ProposalError
from messaging.forms import MessageForm, ProposalForm, initial_terms
from messaging.models import Proposal
from messaging.queries import thread_of
from messaging.views import threads
from missions.errors import MissionError


def proposal_write(request, pk):
    thread = thread_of(request.user, pk)
    if request.method != "POST":
        return page(request, thread, form_for(request, thread))
    form = form_for(request, thread, request.POST)
    if not form.is_valid():
        return page(request, thread, form, status=422)
    try:
        proposal = write_proposal(thread, by=request.user, terms=form.terms, hourly_cents=form.hourly_cents)
    except MissionError as error:
        form.add_error(None, str(error))
        return page(request, thread, form, status=422)
    messages.success(request, _("Votre proposition est envoyée."))
    return redirect(proposal)


@require_POST
def proposal_price(request, pk):
    """What the terms in the form come to, before anything is sent."""
    thread = thread_of(request.user, pk)
    form = form_for(request, thread, request.POST)
    if request.htmx:
        return render(request, "messaging/_price.html", context_for(request, thread, form))
    return page(request, thread, form, status=200 if form.is_valid() else 422)


def form_for(request, thread, data=None):
    """A form on the terms on the table: those of the last proposal, or of the request."""
    mission, last = thread.mission, last_proposal(thread)
    initial = initial_terms(last or mission) | {"hourly": Decimal(first_rate(mission, last)).scaleb(-2)}
    return ProposalForm(mission.professional, data, by_client=mission.is_client(request.user), initial=initial)


def last_proposal(thread):
    return thread.proposals.order_by("number").last()


def first_rate(mission, last):
    """Cents: the rate last spoken of, or the published one; nothing when the service is no longer offered."""
    if last:
        return last.hourly_cents
    rate = mission.professional.rates.filter(service=mission.service).first()
    return rate.hourly_cents if rate else 0


def page(request, thread, form, status=200):
    return render(request, "messaging/proposal_write.html", context_for(request, thread, form), status=status)


def context_for(request, thread, form):
    mission = thread.mission
    return {
        "thread": thread,
        "mission": mission,
        "form": form,
        "draft": priced(request, thread, form),
        "other": mission.other(request.user),
        "is_client": mission.is_client(request.user),
        "in_talks": mission.status == mission.Status.INQUIRY,
        "franchise": mission.professional.vat_regime == Professional.VatRegime.FRANCHISE,
        "before_vat": threads.before_vat(mission, request.user),
    }


def priced(request, thread, form):
    """The proposal as it stands in the form, or None while something is wrong."""
    try:
        if not form.is_bound:
            return first_draft(request, thread)
        if not form.is_valid():
            return None
        return draft_proposal(thread, thread.mission, by=request.user, terms=form.terms, hourly_cents=form.hourly_cents)
    except ProposalError:
        return None


def first_draft(request, thread):
    last = last_proposal(thread)
    terms = (last or thread.mission).terms
    hourly_cents = last.hourly_cents if last else None
    return draft_proposal(thread, thread.mission, by=request.user, terms=terms, hourly_cents=hourly_cents)


@require_POST
def proposal_accept(request, pk):
    proposal = get_object_or_404(received(request.user), pk=pk)
    mission = proposal.thread.mission
    try:
        accept_proposal(proposal, by=request.user)
    except MissionError as error:
        messages.error(request, str(error))
        return threads.page(request, thread_of(request.user, mission.pk), MessageForm(), status=409)
    messages.success(request, _("Accord trouvé : les agents sont réservés."))
    return redirect("payments:payment", pk=mission.pk) if mission.is_client(request.user) else redirect(mission)


@require_POST
def proposal_decline(request, pk):
    proposal = get_object_or_404(received(request.user), pk=pk)
    try:
        decline_proposal(proposal, by=request.user)
    except MissionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Vous avez refusé la proposition. La discussion continue."))
    return redirect(proposal.thread)


def received(user):
    return Proposal.objects.received_by(user).select_related("thread__mission__client")
