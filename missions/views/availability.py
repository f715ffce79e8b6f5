from datetime import date

from django.contrib import messages
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import set_week
from accounts.booking_rules import describe_booking_rules
from accounts.forms import BookingRulesForm, ExceptionForm, WeekFormSet
from accounts.forms.availability import FURTHEST, edited, rows, wall_clock, week_of
from accounts.hours import describe_week
from accounts.views.profile import own_professional
from marketplace import clock
from missions.month import month_asked, month_of
from missions.views.calendars import calendars_context


@require_http_methods(["GET", "POST"])
def availability_edit(request):
    """Save the week, unless the button pressed only adds, removes or copies rows."""
    professional = own_professional(request)
    prefetch_related_objects([professional], "weekly_hours")  # three parts of the page read them
    week = WeekFormSet(request.POST or None, initial=week_of(professional))
    if not week.is_bound:
        return show_availability(request, professional, week)
    if not week.is_readable():
        messages.error(request, _("Ces heures n’ont pas pu être lues. Voici celles que nous avions."))
        return redirect("missions:availability_edit")
    draft = edited(week.openings(), request.POST)
    if draft is not None:
        return show_availability(request, professional, WeekFormSet(initial=rows(draft)), is_draft=True)
    return save_week(request, professional, week)


def save_week(request, professional, week):
    if not week.is_valid():
        return show_availability(request, professional, week)
    set_week(professional, week.openings())
    messages.success(request, _("Votre semaine est enregistrée."))
    return redirect("missions:availability_edit")


def show_availability(request, professional, week, *, rules=None, is_draft=False):
    today = local_today(professional)
    context = {
        "formset": week,
        "is_draft": is_draft,
        "form": rules or BookingRulesForm(instance=professional),
        "week_in_words": describe_week(professional.openings()),
        "rules_in_words": describe_booking_rules(professional),
        "exceptions": professional.exceptions.ending_after(wall_clock(professional)),
        "exception_form": ExceptionForm(professional=professional),
        "month": month_of(professional, month_asked(request.GET.get("mois"), today), today),
        "calendars": calendars_context(professional),
    }
    return render(request, "missions/availability_edit.html", context)


@require_POST
def booking_rules_edit(request):
    form = save_booking_rules(request)
    if form.is_valid():
        messages.success(request, _("Vos conditions sont enregistrées."))
        return redirect("missions:availability_edit")
    professional = own_professional(request)  # as saved: the form has written on the other one
    return show_availability(request, professional, WeekFormSet(initial=week_of(professional)), rules=form)


@transaction.atomic
def save_booking_rules(request):
    """Locked, so that the other columns are not written back older than they are."""
    form = BookingRulesForm(request.POST, instance=own_professional(request, lock=True))
    if form.is_valid():
        form.save()
    return form


@require_http_methods(["GET", "POST"])
def exception_add(request):
    """Add an exception; `?date=2026-12-24` begins with that day, and says what is known of it."""
    professional = own_professional(request)
    day = day_asked(request, professional)
    form = ExceptionForm(
        request.POST or None, professional=professional, initial={"starts_on": day, "ends_on": day} if day else None
    )
    if form.is_valid():
        exception = form.save()
        messages.success(request, _("L’exception est ajoutée."))
        return redirect(f"{reverse('missions:availability_edit')}?mois={exception.starts_on:%Y-%m}#month")
    known = month_of(professional, day.replace(day=1), local_today(professional)).day(day) if day else None
    return render(request, "missions/exception_add.html", {"form": form, "day": known})


@require_POST
def exception_delete(request, pk):
    get_object_or_404(own_professional(request).exceptions, pk=pk).delete()
    messages.success(request, _("L’exception est retirée."))
    return redirect("missions:availability_edit")


def local_today(professional):
    return timezone.localdate(clock.now(), professional.zone)


def day_asked(request, professional):
    """The day of the query string, from today on; None without a sensible one."""
    try:
        day = date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        return None
    return day if local_today(professional) <= day <= local_today(professional) + FURTHEST else None
