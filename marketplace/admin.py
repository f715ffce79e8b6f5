from django.contrib import admin


class ReadOnly:
    """Staff read these rows; what changes them is an action elsewhere, or the few fields that `editable` names."""

    editable = ()

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return bool(self.editable) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    def get_readonly_fields(self, request, obj=None):
        if not self.editable:
            return super().get_readonly_fields(request, obj)
        return [name for name in self.shown_fields(request, obj) if name not in self.editable]

    def shown_fields(self, request, obj):
        return [name for _title, options in self.get_fieldsets(request, obj) for name in options["fields"]]


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    extra = 0
    show_change_link = True
