from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import (
    BETWEEN_READINGS,
    drop_external_calendar,
    read_calendar_now,
    renew_feed,
    set_external_calendar,
)
from accounts.errors import AccountError
from accounts.forms import ExternalCalendarForm
from accounts.models import CalendarFeed, ExternalCalendar, Professional
from accounts.views.profile import own_professional
from marketplace import clock
from missions.feeds import build_calendar


@login_not_required
@require_safe
def feed(request, pk, key):
    """A professional's missions, for whoever holds the secret address."""
    feeds = CalendarFeed.objects.filter(professional__user__is_active=True)
    published = get_object_or_404(feeds.select_related("professional__user"), pk=pk)
    if not constant_time_compare(key, published.key):
        raise Http404
    content = build_calendar(published.professional, clock.now()).to_ical()
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)


@require_POST
def calendar_feed_renew(request):
    renew_feed(own_professional(request))
    messages.success(request, _("Votre agenda a une nouvelle adresse privée."))
    return redirect("missions:availability_edit")


@require_http_methods(["GET", "POST"])
def external_calendar_set(request):
    professional = own_professional(request)
    form = ExternalCalendarForm(request.POST or None)
    if form.is_valid():
        set_external_calendar(professional, form.cleaned_data["url"])
        messages.success(request, _("Ce calendrier est ajouté. Nous le lisons maintenant, puis toutes les 30 minutes."))
        return redirect("missions:availability_edit")
    return render(request, "missions/external_calendar_set.html", {"form": form})


@require_POST
def external_calendar_read(request):
    outside = get_object_or_404(ExternalCalendar, professional=own_professional(request))
    try:
        read_calendar_now(outside.professional)
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Nous lisons votre calendrier. Rechargez la page dans un instant."))
    return redirect("missions:availability_edit")


@require_POST
def external_calendar_drop(request):
    drop_external_calendar(own_professional(request))
    messages.success(request, _("Ce calendrier ne bloque plus rien."))
    return redirect("missions:availability_edit")


def calendars_context(professional, form=None):
    """What `missions/_calendars.html` shows of both: the one we publish, and the one we read."""
    linked = linked_calendars(professional, clock.now())
    published, outside = (getattr(linked, name, None) for name in ("calendar_feed", "external_calendar"))
    return {
        "feed_url": feed_url(published) if published else "",
        "outside": outside,
        "busy": linked.busy,
        "form": form or ExternalCalendarForm(),
        "zone": professional.zone,
        **(last_reading(outside, clock.now()) if outside else {}),
    }


def linked_calendars(professional, now):
    """The professional with both calendars, and `busy`: the periods read that are not over."""
    busy = Count("external_calendar__busy_periods", filter=Q(external_calendar__busy_periods__ends_at__gt=now))
    both = Professional.objects.select_related("calendar_feed", "external_calendar")
    return both.annotate(busy=busy).get(pk=professional.pk)


def feed_url(published):
    return settings.SITE_URL + reverse("calendars:feed", args=[published.pk, published.key])


def last_reading(outside, now):
    """Where the calendar is, how long ago it was read, whether it is about to be again, or could not be."""
    return {
        "host": urlsplit(outside.url).hostname,
        "minutes": outside.read_at and int((now - outside.read_at).total_seconds()) // 60,
        "days": outside.read_at and (now - outside.read_at).days,
        "is_due": outside.due_at <= now,
        "has_failed": outside.failures > 0 and not is_under_way(outside, now),
    }


def is_under_way(outside, now):
    """Whether a reading may still be going on: a failure is counted before it starts."""
    return outside.state != ExternalCalendar.State.FAILED and now < outside.attempted_at + BETWEEN_READINGS
