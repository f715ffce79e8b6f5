from django import forms
from django.contrib import admin, messages
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from accounts.errors import AccountError


class ReadOnlyAdmin(admin.ModelAdmin):
    """Nothing is added or deleted by hand; what `editable` does not name is only read."""

    editable = ()

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return bool(self.editable) and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request, obj=None):
        return [name for name in self.shown_fields(request, obj) if name not in self.editable]

    def shown_fields(self, request, obj):
        return [name for _title, options in self.get_fieldsets(request, obj) for name in options["fields"]]


class DecisionForm(forms.ModelForm):
    """A refusal or a suspension says why, in the field named `reason_field`.

    A row decided meanwhile has no fields left: the action itself answers that it is too late.
    """

    decision = None
    reason_field = ""

    def clean(self):
        data = super().clean()
        if self.decision in ("refuse", "suspend") and data.get(self.reason_field) == "":
            self.add_error(self.reason_field, _("Donnez le motif : le professionnel le recevra."))
        return data


class DecisionAdmin(ReadOnlyAdmin):
    """Buttons named `_approve` and so on save what was corrected, then call the action of that name."""

    change_form_template = "admin/accounts/decision.html"
    decisions = {}

    def open_decisions(self, obj):
        """The names and labels of the buttons that make sense for this row."""
        raise NotImplementedError

    def pressed(self, request):
        return next((name for name in self.decisions if f"_{name}" in request.POST), None)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"decision": self.pressed(request)})

    def save_model(self, request, obj, form, change):
        decision = self.pressed(request)
        if decision is None:
            super().save_model(request, obj, form, change)
            return
        try:
            self.decisions[decision](obj, request.user, form.cleaned_data)
        except AccountError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, _("La décision est enregistrée."), messages.SUCCESS)

    def log_change(self, request, obj, message):
        """An action writes its own entry: only corrections are worth another."""
        return super().log_change(request, obj, message) if message else None

    def response_change(self, request, obj):
        if self.pressed(request):
            return self.response_post_save_change(request, obj)
        return super().response_change(request, obj)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= {"decisions": self.open_decisions(obj), "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def bullets(sentences):
    if not sentences:
        return _("Rien à signaler.")
    return format_html(
        '<ul class="flags">{}</ul>', format_html_join("", "<li>{}</li>", ((text,) for text in sentences))
    )
