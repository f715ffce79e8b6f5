from django import forms
from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _

from marketplace.admin import ReadOnlyAdmin, ReadOnlyInline
from missions import actions
from missions.models import Mission, MissionEvent, Review


class EventInline(ReadOnlyInline):
    model = MissionEvent
    fields = ["happened_at", "kind", "actor", "data"]


@admin.register(Mission)
class MissionAdmin(ReadOnlyAdmin):
    """What both sides wrote for each other (address, instructions, contacts) is not shown here."""

    list_display = ["__str__", "client", "professional", "starts_at", "ends_at", "status", "deadline_at"]
    list_filter = ["status", "service"]
    list_select_related = ["client", "professional"]
    search_fields = ["=id", "client__name", "professional__trade_name"]
    date_hierarchy = "starts_at"
    fields = [
        "client",
        "professional",
        "status",
        "service",
        "commune",
        "starts_at",
        "ends_at",
        "agents",
        "deadline_at",
        "ended_at",
        "created_at",
    ]
    inlines = [EventInline]


class RefusalForm(forms.ModelForm):
    class Meta:
        model = Review
        fields = ["refusal_reason"]
        help_texts = {"refusal_reason": _("Envoyé au client. L’avis cesse aussitôt d’être publié et de compter.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "refusal_reason" in self.fields:
            self.fields["refusal_reason"].required = True


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    """Saving a published review means refusing it, with the reason."""

    form = RefusalForm
    list_display = ["__str__", "professional", "stars", "published_at", "status"]
    list_filter = ["status", "stars"]
    list_select_related = ["professional", "mission"]
    search_fields = ["text", "professional__trade_name"]
    fields = [
        "mission",
        "professional",
        "stars",
        "text",
        "published_at",
        "answer",
        "answered_at",
        "status",
        "refusal_reason",
    ]
    readonly_fields = [name for name in fields if name != "refusal_reason"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.status == Review.Status.PUBLISHED)

    def has_view_permission(self, request, obj=None):
        return request.user.is_active and request.user.is_staff

    def save_model(self, request, review, form, change):
        actions.refuse_review(review, by=request.user, reason=form.cleaned_data["refusal_reason"])
        messages.info(request, _("L’avis n’est plus publié, la note est recalculée."))
