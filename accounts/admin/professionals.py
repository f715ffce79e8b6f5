from django.contrib import admin
from django.db.models import Case, Value, When
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import approve_professional, correct_professional, refuse_professional, suspend_professional
from accounts.admin.base import DecisionAdmin, DecisionForm, bullets
from accounts.flags import professional_flags
from accounts.hours import describe_week
from accounts.identifiers import clean_siret
from accounts.models import ExternalCalendar, Professional
from accounts.models.professional import Language
from accounts.papers import papers
from marketplace.formatting import euros, moment

Status = Professional.Status

STATES = {
    "missing": gettext_lazy("pas déposé"),
    "pending": gettext_lazy("à examiner"),
    "refused": gettext_lazy("refusé"),
    "expired": gettext_lazy("expiré"),
    "expiring": gettext_lazy("expire bientôt"),
    "valid": gettext_lazy("valide"),
}


# What a professional who is already approved asks us to change.
CORRECTED = ("legal_name", "trade_name", "siret")


class ProfessionalDecisionForm(DecisionForm):
    reason_field = "status_reason"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & set(CORRECTED):
            self.fields[name].required = self.decision == "correct"

    def clean_siret(self):
        siret = self.cleaned_data["siret"]
        return clean_siret(siret) if self.decision == "correct" else siret


@admin.register(Professional)
class ProfessionalAdmin(DecisionAdmin):
    """The queue of professionals: those who wait come first."""

    form = ProfessionalDecisionForm
    list_display = ["trade_name", "kind", "base_commune", "status", "payable", "registered_at"]
    list_filter = ["status", "kind", "activity", "payable"]
    search_fields = ["trade_name", "legal_name", "siret", "user__email"]
    list_select_related = ["base_commune"]
    editable = ("status_reason",)
    fieldsets = [
        (None, {"fields": ["status", "flags", "documents", "payable"]}),
        (gettext_lazy("Décision"), {"fields": ["status_reason"]}),
        (
            gettext_lazy("Établissement"),
            {"fields": ["kind", "legal_name", "trade_name", "siret", "vat_regime", "activity", "email", "phone"]},
        ),
        (gettext_lazy("Profil public"), {"fields": ["presentation", "spoken", "dog_handler"]}),
        (
            gettext_lazy("Missions"),
            {
                "fields": [
                    "base_commune",
                    "radius_km",
                    "agents",
                    "minimum_minutes",
                    "notice_hours",
                    "horizon_days",
                    "rates",
                    "week",
                    "calendar",
                ]
            },
        ),
    ]
    decisions = {
        "approve": lambda professional, by, data: approve_professional(professional, by=by),
        "refuse": lambda professional, by, data: refuse_professional(professional, by=by, reason=data["status_reason"]),
        "suspend": lambda professional, by, data: suspend_professional(
            professional, by=by, reason=data["status_reason"]
        ),
        "correct": lambda professional, by, data: correct_professional(professional, by=by),
    }

    def open_decisions(self, professional):
        if professional.status == Status.SUBMITTED:
            return {"approve": _("Approuver"), "refuse": _("Refuser avec ce motif")}
        if professional.status == Status.SUSPENDED:
            return {"approve": _("Rétablir"), "correct": _("Enregistrer la correction")}
        if professional.is_approved:
            return {"correct": _("Enregistrer la correction"), "suspend": _("Suspendre avec ce motif")}
        return {}

    def get_readonly_fields(self, request, obj=None):
        readonly = super().get_readonly_fields(request, obj)
        if obj is None or obj.status not in (Status.APPROVED, Status.SUSPENDED):
            return readonly
        return [name for name in readonly if name not in CORRECTED]

    def get_ordering(self, request):
        waiting = Case(When(status=Status.SUBMITTED, then=Value(0)), default=Value(1))
        return [waiting.asc(), "-created_at"]

    @admin.display(description=gettext_lazy("à regarder"))
    def flags(self, professional):
        return bullets(professional_flags(professional))

    @admin.display(description=gettext_lazy("inscrit le"), ordering="created_at")
    def registered_at(self, professional):
        return professional.created_at

    @admin.display(description=gettext_lazy("langues"))
    def spoken(self, professional):
        return ", ".join(str(label) for code, label in Language.choices if code in professional.languages)

    @admin.display(description=gettext_lazy("documents"))
    def documents(self, professional):
        lines = ((address(paper), paper.kind.label, STATES[paper.state]) for paper in papers(professional))
        return format_html("<ul>{}</ul>", format_html_join("", '<li><a href="{}">{}</a>, {}</li>', lines))

    @admin.display(description=gettext_lazy("e-mail"))
    def email(self, professional):
        return professional.user.email

    @admin.display(description=gettext_lazy("tarifs"))
    def rates(self, professional):
        return ", ".join(f"{rate} {euros(rate.hourly_cents)}" for rate in professional.rates.all()) or "—"

    @admin.display(description=gettext_lazy("semaine"))
    def week(self, professional):
        return describe_week(professional.openings())

    @admin.display(description=gettext_lazy("calendrier externe"))
    def calendar(self, professional):
        """How its last reading went; its address is the professional's secret."""
        outside = ExternalCalendar.objects.filter(professional=professional).first()
        if outside is None:
            return "—"
        read_at = _("dernière lecture : %(moment)s") % {"moment": moment(outside.read_at)} if outside.read_at else ""
        return ", ".join(filter(None, [outside.get_state_display(), outside.get_problem_display(), read_at]))


def address(paper):
    """Where staff read the last document of this kind, or see that there is none."""
    if paper.latest is None:
        return reverse("admin:accounts_document_changelist")
    return reverse("admin:accounts_document_change", args=[paper.latest.pk])
