from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.db.models import F, Sum
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Professional
from accounts.readiness import is_visible, readiness
from marketplace import clock
from messaging.next_action import next_action
from messaging.queries import threads_of
from missions.models import Agreement, Mission

PAGE_SIZE = 20
UPCOMING_SHOWN = 5
TODO_SHOWN = 5
NEVER = datetime.max.replace(tzinfo=UTC)

Status = Mission.Status


@require_safe
def mission_list(request):
    """The missions agreed on: what to do for them, what comes, and what is over."""
    agreed = threads_of(request.user).filter(mission__agreement__isnull=False)
    rows = rows_of(agreed.live().order_by("mission__starts_at"), request.user)
    past = Paginator(agreed.finished().order_by("-mission__starts_at"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "sections": sections(rows),
        "past": past,
        "past_rows": rows_of(past, request.user),
        "is_client": request.user.is_client,
    }
    return render(request, "messaging/mission_list.html", context)


def sections(rows):
    """(title, rows) of what is not over yet, without the empty ones."""
    titles = {
        "to_pay": _("À payer"),
        "to_confirm": _("À valider"),
        "contested": _("Contestées"),
        "upcoming": _("À venir"),
    }
    found = {name: [row for row in rows if row["section"] == name] for name in titles}
    return [(titles[name], found[name]) for name in titles if found[name]]


def rows_of(threads, user):
    now = clock.now()
    return [row_of(thread, user, now) for thread in threads]


def row_of(thread, user, now):
    mission = thread.mission
    action = next_action(thread, user, now)
    return {
        "mission": mission,
        "other": mission.other(user),
        "action": action,
        "cents": amount_for(mission, user),
        "section": section_of(mission, now),
    }


def section_of(mission, now):
    if mission.status == Status.SECURED:
        return "to_confirm" if mission.has_ended(now) else "upcoming"
    return {Status.ACCEPTED: "to_pay", Status.CONTESTED: "contested"}.get(mission.status, "upcoming")


def amount_for(mission, user):
    """What the client pays, or what the professional gets, in cents; None before an agreement."""
    if not hasattr(mission, "agreement"):
        return None
    price = mission.agreement.price
    return price.total_cents if mission.is_client(user) else price.professional_cents


@require_safe
def dashboard(request):
    """What awaits a professional, first; clients have their list of missions."""
    professional = Professional.objects.select_related("base_commune").filter(user=request.user).first()
    if professional is None:
        return redirect("messaging:mission_list")
    rows = rows_of(threads_of(request.user).awaiting().order_by("mission__starts_at"), request.user)
    missing = [step for step in readiness(professional) if not step.done]
    context = {
        "professional": professional,
        "todo": [*mission_tasks(rows), *map(file_task, missing)],
        "missing": [step for step in missing if step.url_name != "payments:onboarding"],
        "upcoming": [row for row in rows if is_to_come(row)][:UPCOMING_SHOWN],
        "visible": is_visible(professional),
        "expected_cents": expected_cents(professional),
    }
    return render(request, "messaging/dashboard.html", context)


def is_to_come(row):
    return row["cents"] is not None and not row["mission"].is_final


def mission_tasks(rows):
    """The people who wait for an answer, the soonest deadline first."""
    waiting = [row for row in rows if row["action"].mine]
    waiting.sort(key=lambda row: row["action"].deadline_at or NEVER)
    return [mission_task(row) for row in waiting[:TODO_SHOWN]]


def mission_task(row):
    action = row["action"]
    return {
        "title": action.title,
        "text": action.text,
        "mission": row["mission"],
        "icon": action.icon,
        "url": row["mission"].get_absolute_url(),
        "button": _("Ouvrir la discussion"),
    }


def file_task(step):
    """What the file still lacks."""
    return {
        "title": _("Compléter : %(step)s") % {"step": step.label.lower()},
        "text": step.detail,
        "icon": "file-text",
        "url": reverse(step.url_name),
        "button": _("Compléter"),
    }


def expected_cents(professional):
    """What this professional gets once the missions whose payment is guaranteed are validated."""
    guaranteed = Agreement.objects.filter(
        mission__professional=professional, mission__status__in=(Status.SECURED, Status.CONTESTED)
    )
    return guaranteed.aggregate(cents=Sum(F("service_cents") + F("vat_cents")))["cents"] or 0
