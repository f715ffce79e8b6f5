from django.contrib import admin

from accounts.models import Client, Commune, Notification, User
from marketplace.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People are read here; closing an account is the one thing done by hand."""

    list_display = ["email", "name", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    ordering = ["-date_joined"]
    editable = ("is_active",)
    fieldsets = [(None, {"fields": ["email", "name", "is_active", "is_staff", "terms_accepted_at", "date_joined"]})]


@admin.register(Client)
class ClientAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "created_at"]
    list_filter = ["kind"]
    search_fields = ["name", "user__email", "siren"]
    ordering = ["-created_at"]
    fieldsets = [(None, {"fields": ["user", "kind", "name", "phone", "siren", "created_at"]})]


@admin.register(Commune)
class CommuneAdmin(ReadOnlyAdmin):
    list_display = ["name", "insee", "department", "population"]
    search_fields = ["search_name", "insee"]
    fieldsets = [
        (None, {"fields": ["insee", "name", "postcodes", "department", "latitude", "longitude", "population"]})
    ]


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """E-mails owed and sent; their content stays with their reader."""

    list_display = ["template", "user", "due_at", "attempts", "sent_at", "withdrawn_at"]
    list_filter = ["template"]
    search_fields = ["user__email", "key"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    fieldsets = [
        (None, {"fields": ["user", "template", "key", "due_at", "attempts", "sent_at", "withdrawn_at", "created_at"]})
    ]
