from zlib import crc32

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.actions import record
from accounts.downloads import private_response
from accounts.models import Professional
from marketplace import clock
from messaging import timeline
from messaging.actions import decline_inquiry, mark_seen, send_message, withdraw_inquiry
from messaging.forms import MessageForm
from messaging.models import Attachment, Thread
from messaging.next_action import next_action
from messaging.queries import last_messages, thread_of, threads_of
from messaging.steps import steps_of
from missions.errors import MissionError
from missions.models import Mission
from missions.search import Search
from payments.where import where_is

PAGE_SIZE = 20


# The inbox


@require_safe
def inbox(request):
    tab = request.GET.get("tab", "")
    threads = threads_of(request.user).with_unread(request.user).order_by("-last_activity_at", "-pk")
    page = Paginator(in_tab(threads, tab), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "lines": lines(page, request.user), "tab": tab}
    return render(request, "messaging/inbox.html", context)


def in_tab(threads, tab):
    if tab == "unread":
        return threads.filter(unread__gt=0)
    return threads.finished() if tab == "finished" else threads


def lines(page, user):
    """What the inbox says of each thread, in one query more."""
    threads, now = list(page), clock.now()
    last = last_messages(threads)
    viewers = {thread.pk: timeline.Viewer(user, thread.mission, now) for thread in threads}
    return [
        {
            "thread": thread,
            "mission": thread.mission,
            "other": viewers[thread.pk].other,
            "message": last.get(thread.pk) and timeline.message_entry(last[thread.pk], viewers[thread.pk]),
            "action": next_action(thread, user, now),
        }
        for thread in threads
    ]


# One thread


@never_cache
@require_safe
def thread(request, pk):
    return page(request, thread_of(request.user, pk), MessageForm())


def page(request, thread, form, status=200):
    mark_seen(thread, by=request.user)
    context = live(request, thread) | aside(request, thread) | {"form": form}
    return render(request, "messaging/thread.html", context, status=status)


def live(request, thread):
    """What changes while one looks: the steps, the next action and the timeline."""
    mission, now = thread.mission, clock.now()
    days, action = timeline.days(thread, request.user), next_action(thread, request.user, now)
    money = money_of(mission, request.user, now)
    return {
        "thread": thread,
        "mission": mission,
        "other": mission.other(request.user),
        "is_client": mission.is_client(request.user),
        "steps": steps_of(mission, now),
        "action": action,
        "money": money,
        "days": days,
        "stamp": stamp(days, action, money),
        "authorisation": mission.professional.authorisation,
        "franchise": mission.professional.vat_regime == Professional.VatRegime.FRANCHISE,
        "before_vat": before_vat(mission, request.user),
        "in_talks": mission.status == Mission.Status.INQUIRY,
        "can_cancel": mission.is_cancellable(now),
        "can_answer": mission.status == Mission.Status.CONTESTED and mission.contest.may_be_answered_by(request.user),
        "can_contest": mission.status == Mission.Status.SECURED and mission.has_started(now),
    }


def money_of(mission, user, now):
    """Where the money is, once both agreed on a price; two queries."""
    agreed = hasattr(mission, "agreement") and hasattr(mission, "payment")
    return where_is(mission.payment, user, now) if agreed else None


def aside(request, thread):
    mission = thread.mission
    is_client = mission.is_client(request.user)
    search = Search(mission.service, mission.commune, mission.starts_at, mission.minutes, mission.agents)
    viewer = timeline.Viewer(request.user, mission, clock.now())
    return {
        "shows_address": is_client or mission.shows_address,
        "duplicate_url": f"{reverse('messaging:inquiry_start', args=[mission.professional.slug])}?{search.query}",
        "address": viewer.line(mission.address),
        "access": viewer.line(mission.access),
        "instructions": viewer.shown(mission.instructions),
    }


def before_vat(mission, user):
    """Organisations and professionals also read prices before VAT."""
    return mission.client.reads_prices_before_vat or not mission.is_client(user)


def stamp(days, action, money):
    """Changes whenever the timeline reads differently, or the clock changes what to do next, or the money moves."""
    things = [entry.thing for _day, entries in days for entry in entries]
    states = [str(getattr(thing, "status", "")) or bool(getattr(thing, "seen_at", None)) for thing in things]
    return f"{len(things)}-{crc32(repr([*states, action.title, money and money.title]).encode()):x}"


@never_cache
@require_safe
def thread_updates(request, pk):
    """The part that changes, for a page that has been open for a while; 204 while it reads the same.

    A page open in a tab that nobody looks at has not been read: page.js says which is looked at.
    """
    thread = thread_of(request.user, pk)
    if "Page-Visible" in request.headers:
        mark_seen(thread, by=request.user)
    context = live(request, thread)
    if request.GET.get("stamp") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "messaging/_live.html", context)


@require_POST
def message_send(request, pk):
    thread = thread_of(request.user, pk)
    form = MessageForm(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, thread, form, status=422)
    send_message(thread, by=request.user, body=form.cleaned_data["body"], files=form.attachments)
    return redirect(f"{thread.get_absolute_url()}#newest")


@require_POST
def inquiry_decline(request, pk):
    thread = get_object_or_404(Thread.objects.of_professional(request.user).select_related("mission"), pk=pk)
    return close(request, thread, decline_inquiry, _("Vous avez décliné la demande."))


@require_POST
def inquiry_withdraw(request, pk):
    thread = get_object_or_404(Thread.objects.of_client(request.user).select_related("mission"), pk=pk)
    return close(request, thread, withdraw_inquiry, _("Vous avez retiré votre demande."))


def close(request, thread, action, done):
    try:
        action(thread, by=request.user)
    except MissionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(thread)


@require_safe
def attachment_file(request, pk):
    """The file itself, decrypted, to the two sides only; never shown in the page's own origin."""
    attachments = Attachment.objects.of(request.user).select_related("message__thread__mission")
    attachment = get_object_or_404(attachments, pk=pk)
    viewer = timeline.Viewer(request.user, attachment.message.thread.mission, clock.now())
    record(attachment, request.user, _("Fichier téléchargé."))
    filename = viewer.line(attachment.name)
    return private_response(attachment.file.read(), attachment.content_type, filename=filename)
