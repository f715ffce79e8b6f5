from django.contrib import admin

from marketplace.admin import ReadOnlyAdmin
from messaging.models import Proposal, Thread


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    """That a discussion exists, and since when: never what was written in it."""

    list_display = ("mission", "last_activity_at", "created_at")
    date_hierarchy = "last_activity_at"
    fieldsets = [(None, {"fields": ("mission", "last_activity_at", "created_at")})]


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    """The terms and the price of a proposal, without the address and the instructions."""

    list_display = ("thread", "number", "status", "starts_at", "agents", "written_at", "expires_at")
    list_filter = ("status", "service")
    fieldsets = [
        (
            None,
            {
                "fields": (
                    "thread",
                    "number",
                    "author",
                    "status",
                    "service",
                    "starts_at",
                    "ends_at",
                    "agents",
                    "hourly_cents",
                    "written_at",
                    "expires_at",
                    "answered_at",
                )
            },
        )
    ]
