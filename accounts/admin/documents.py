from django.contrib import admin
from django.db.models import Case, Value, When
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import CORRECTED_BY_STAFF, approve_document, refuse_document
from accounts.admin.base import DecisionAdmin, DecisionForm, bullets
from accounts.files import page_count
from accounts.flags import document_flags
from accounts.forms.documents import FIELDS
from accounts.models import Document

CNAPS = "https://www.cnaps.interieur.gouv.fr/"


class DocumentDecisionForm(DecisionForm):
    reason_field = "refusal_reason"

    def clean(self):
        data = super().clean()
        if "expires_on" in data and data["expires_on"] is None:
            self.add_error("expires_on", _("Indiquez jusqu’à quand ce document est valable."))
        if self.decision == "approve" and data.get("activity") == "":
            self.add_error("activity", _("Indiquez l’activité que couvre ce titre."))
        return data


@admin.register(Document)
class DocumentAdmin(DecisionAdmin):
    """The queue of documents: the file beside what was typed, and two ways out."""

    form = DocumentDecisionForm
    change_form_template = "admin/accounts/document/change_form.html"
    list_display = ["kind", "professional", "expires_on", "status", "created_at"]
    list_filter = ["status", "kind"]
    search_fields = ["number", "professional__trade_name", "professional__siret"]
    list_select_related = ["professional"]
    editable = (*CORRECTED_BY_STAFF, "refusal_reason")
    decisions = {
        "approve": lambda document, by, data: approve_document(document, by=by),
        "refuse": lambda document, by, data: refuse_document(document, by=by, reason=data.get("refusal_reason")),
    }

    def get_fieldsets(self, request, obj=None):
        return [
            (None, {"fields": ["professional_link", "kind", "status", "created_at", "flags"]}),
            (_("À vérifier sur le document"), {"fields": fields_of(obj)}),
            (_("Décision"), {"fields": ["refusal_reason", "reviewer", "reviewed_at"]}),
        ]

    def open_decisions(self, document):
        if document.status != Document.Status.PENDING:
            return {}
        return {"approve": _("Approuver"), "refuse": _("Refuser avec ce motif")}

    def get_ordering(self, request):
        waiting = Case(When(status=Document.Status.PENDING, then=Value(0)), default=Value(1))
        return [waiting.asc(), "created_at"]

    def get_readonly_fields(self, request, obj=None):
        is_open = obj and obj.status == Document.Status.PENDING
        return [name for name in self.shown_fields(request, obj) if not is_open or name not in self.editable]

    def response_decision(self, request, document):
        """On to the next document that waits, or to their list once none is left."""
        waiting = Document.objects.to_review().order_by("created_at", "pk").first()
        if waiting:
            return redirect("admin:accounts_document_change", waiting.pk)
        return redirect(f"{reverse('admin:accounts_document_changelist')}?status__exact={Document.Status.PENDING}")

    def change_view(self, request, object_id, form_url="", extra_context=None):
        document = self.get_object(request, object_id)
        pages = {"pages": page_addresses(document)} if document else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | pages)

    @admin.display(description=gettext_lazy("professionnel"))
    def professional_link(self, document):
        url = reverse("admin:accounts_professional_change", args=[document.professional_id])
        return format_html('<a href="{}">{}</a>', url, document.professional)

    @admin.display(description=gettext_lazy("examiné par"))
    def reviewer(self, document):
        return document.reviewed_by or "—"

    @admin.display(description=gettext_lazy("à regarder"))
    def flags(self, document):
        return bullets(document_flags(document))

    @admin.display(description=gettext_lazy("registre public"))
    def register(self, document):
        text = _("Cherchez ce numéro dans le registre public du CNAPS avant d’approuver.")
        return format_html('{} <a href="{}" rel="noreferrer">{}</a>', text, CNAPS, "cnaps.interieur.gouv.fr")


def fields_of(document):
    """What this kind of document carries; its term even where we worked it out, and for a title, the register."""
    kind = document.kind if document else Document.Kind.AUT
    term = ["expires_on"] if kind != Document.Kind.AUT and "expires_on" not in FIELDS[kind] else []
    register = ["register"] if kind in Document.TITLES else []
    return [*FIELDS[kind], *term, *register]


def page_addresses(document):
    """The addresses of the document's pages as images."""
    if not document.file:
        return []
    count = page_count(document.file.read(), document.content_type)
    return [reverse("accounts:document_page", args=[document.pk, number]) for number in range(1, count + 1)]
