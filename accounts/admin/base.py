from django import forms
from django.contrib import messages
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from marketplace.admin import ReadOnlyAdmin


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
            return self.response_decision(request, obj)
        return super().response_change(request, obj)

    def response_decision(self, request, obj):
        return self.response_post_save_change(request, obj)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= {"decisions": self.open_decisions(obj), "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def bullets(sentences):
    if not sentences:
        return _("Rien à signaler.")
    return format_html(
        '<ul class="flags">{}</ul>', format_html_join("", "<li>{}</li>", ((text,) for text in sentences))
    )
