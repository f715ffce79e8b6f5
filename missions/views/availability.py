from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import set_week
from accounts.forms import ExceptionForm, WeekFormSet
from accounts.forms.availability import edited, rows, week_of
from accounts.hours import describe_week
from accounts.views.profile import own_professional
from marketplace import clock


@require_http_methods(["GET", "POST"])
def availability_edit(request):
    """Save the week, unless the button pressed only adds, removes or copies rows."""
    professional = own_professional(request)
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


def show_availability(request, professional, week, *, is_draft=False):
    today = timezone.localdate(clock.now())
    context = {
        "formset": week,
        "is_draft": is_draft,
        "summary": describe_week(professional.openings()),
        "exceptions": professional.exceptions.filter(ends_on__gte=today),
        "exception_form": ExceptionForm(),
    }
    return render(request, "missions/availability_edit.html", context)


@require_http_methods(["GET", "POST"])
def exception_add(request):
    professional = own_professional(request)
    form = ExceptionForm(request.POST or None, professional=professional)
    if form.is_valid():
        form.save()
        messages.success(request, _("L’exception est ajoutée."))
        return redirect("missions:availability_edit")
    return render(request, "missions/exception_add.html", {"form": form})


@require_POST
def exception_delete(request, pk):
    get_object_or_404(own_professional(request).exceptions, pk=pk).delete()
    messages.success(request, _("L’exception est retirée."))
    return redirect("missions:availability_edit")
