from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from marketplace import clock
from missions.models import Contest
from payments import closing
from payments.errors import PaymentError

WITHDRAWAL = timedelta(days=14)


class CheckoutForm(forms.Form):
    """What must be known before paying: where to come, and a consumer's wish for an early start (C. conso. L221-25)."""

    address = forms.CharField(
        label=_("Adresse exacte de la mission"),
        help_text=_("Le professionnel la lit une fois la mission commandée, pas avant."),
        max_length=200,
    )
    early_start = forms.BooleanField(
        label=_(
            "Je demande que la mission ait lieu avant la fin du délai de rétractation de 14 jours, "
            "et je sais que je n’aurai plus ce droit une fois qu’elle aura été entièrement exécutée."
        ),
        error_messages={"required": _("Cochez cette case : la mission commence avant la fin du délai de 14 jours.")},
    )

    def __init__(self, *args, payment, **kwargs):
        super().__init__(*args, **kwargs)
        mission = payment.mission
        if mission.address:
            del self.fields["address"]
        is_consumer = mission.client.kind == Client.Kind.INDIVIDUAL
        now = clock.now()
        if not is_consumer or mission.has_started(now) or mission.starts_at > now + WITHDRAWAL:
            del self.fields["early_start"]

    @property
    def asks_early_start(self):
        return self.cleaned_data.get("early_start", False)


class CancelForm(forms.Form):
    """`fee` is what cancelling costs now, in basis points; it must be what the person was shown."""

    reason = forms.CharField(
        label=_("Votre motif"),
        help_text=_("L’autre partie le lira."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data=None, *, fee):
        super().__init__(data, initial={"seen": fee})
        self.fee = fee

    def clean(self):
        if self.cleaned_data.get("seen") != self.fee:
            self.data = self.data.copy()
            self.data["seen"] = self.fee
            raise ValidationError(_("Le montant dû vient de changer. Relisez-le avant d’annuler."))


class ContestForm(forms.ModelForm):
    CLIENT_REASONS = (Contest.Reason.NO_SHOW, Contest.Reason.EARLY_DEPARTURE, Contest.Reason.BAD_WORK)
    PROFESSIONAL_REASONS = (Contest.Reason.CLIENT_ABSENT,)

    class Meta:
        model = Contest
        fields = ["reason", "text"]
        widgets = {"reason": forms.RadioSelect, "text": forms.Textarea(attrs={"rows": 6})}
        help_texts = {"text": _("Les faits, les heures, les personnes présentes. L’autre partie vous lira.")}

    def __init__(self, *args, is_client, **kwargs):
        super().__init__(*args, **kwargs)
        reasons = self.CLIENT_REASONS if is_client else self.PROFESSIONAL_REASONS
        self.fields["reason"].choices = [(reason.value, reason.label) for reason in reasons]
        self.fields["text"].required = True


class AnswerForm(forms.ModelForm):
    class Meta:
        model = Contest
        fields = ["answer"]
        labels = {"answer": _("Votre version des faits")}
        widgets = {"answer": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["answer"].required = True


class SettlementForm(forms.Form):
    """What staff decide on a contested mission; `seen` is the part whose amounts they were shown, and of how much."""

    percent = forms.DecimalField(
        label=_("Part réalisée, en %"), min_value=0, max_value=100, decimal_places=2, max_digits=5
    )
    note = forms.CharField(
        label=_("Explication, lue par les deux parties"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data=None, *, payment):
        super().__init__(data)
        self.payment = payment

    def clean_percent(self):
        try:
            closing.require_capturable(self.payment, self.basis_points)
        except PaymentError as error:
            raise ValidationError(str(error)) from error
        return self.cleaned_data["percent"]

    @property
    def basis_points(self):
        return int(self.cleaned_data["percent"] * 100)

    @property
    def choice(self):
        return f"{self.basis_points} {closing.unlost_cents(self.payment)}"

    @property
    def is_confirmed(self):
        return self.cleaned_data["seen"] == self.choice
