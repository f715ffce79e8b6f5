"""What the team types before it acts on money: always a reason, and what an amount does is shown before it is done."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.rates import EurosField
from marketplace.formatting import euros, moment
from missions.actions import require_cancellable
from missions.errors import MissionError
from payments import ledger, returns
from payments.errors import PaymentError
from payments.models import Payment, Refund


class ActForm(forms.Form):
    """Why the team acts. `facts` are read before typing, `effects` before confirming: pairs of a label and a text."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        help_text=gettext_lazy("Gardé avec votre nom dans l’historique. Les deux parties ne le lisent pas."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    asks_twice = False
    is_confirmed = True

    def __init__(self, data=None, *, subject):
        super().__init__(data)
        self.subject = subject

    @property
    def reason_given(self):
        return self.cleaned_data["reason"]

    def facts(self):
        return []

    def effects(self):
        return []


class AmountForm(ActForm):
    """`seen` is the choice whose effects the person was shown, and what was left then: pressing twice acts once."""

    field_order = ["cents", "bearer", "reason"]
    asks_twice = True

    @property
    def choice(self):
        return f"{self.cleaned_data['cents']} {self.left_cents}"

    @property
    def is_confirmed(self):
        return self.data.get("seen") == self.choice


class RefundForm(AmountForm):
    cents = EurosField(label=gettext_lazy("Montant rendu au client, en euros"))
    bearer = forms.ChoiceField(
        label=gettext_lazy("À la charge de"), choices=Refund.Bearer.choices, widget=forms.RadioSelect
    )

    @property
    def choice(self):
        return f"{super().choice} {self.cleaned_data['bearer']}"

    @property
    def left_cents(self):
        return returns.refundable_cents(self.subject)

    def clean(self):
        data = super().clean()
        if "cents" in data and "bearer" in data:
            try:
                returns.require_refundable(self.subject, data["cents"], data["bearer"])
            except PaymentError as error:
                raise ValidationError(str(error)) from error
        return data

    def facts(self):
        payment = self.subject
        if payment.status != Payment.Status.RELEASED:
            return []
        price = payment.due_price
        return [
            (_("Payé par le client"), euros(price.total_cents)),
            (_("Part du professionnel"), euros(price.professional_cents)),
            (_("Notre commission, TVA comprise"), euros(price.platform_cents)),
            (_("Reste à rembourser au plus"), euros(self.left_cents)),
        ]

    def effects(self):
        cents = self.cleaned_data["cents"]
        professional, commission, vat = self.borne(cents)
        lines = [
            (_("Le client reçoit"), cents),
            (_("Le professionnel rend"), professional),
            (_("Nous rendons de notre commission"), commission),
            (_("Nous rendons de la TVA de notre commission"), vat),
            (_("Nous perdons en plus"), cents - professional - commission - vat),
        ]
        return [(label, euros(amount)) for label, amount in lines]

    def borne(self, cents):
        """What the professional, the commission and its VAT bear of `cents`: see `ledger.book_give_back`."""
        if self.cleaned_data["bearer"] == Refund.Bearer.PLATFORM:
            return 0, 0, 0
        after = ledger.returned_by_both(self.subject)
        _professional, commission, vat = ledger.parts(self.subject, cents, after=after)
        return returns.part_taken_back(self.subject, cents), commission, vat


class WriteOffForm(AmountForm):
    cents = EurosField(label=gettext_lazy("Montant passé en perte, en euros"))

    def clean_cents(self):
        cents = self.cleaned_data["cents"]
        if not 0 < cents <= self.left_cents:
            raise ValidationError(_("Le professionnel ne nous doit pas tant pour ce paiement."))
        return cents

    @property
    def left_cents(self):
        return returns.owed_cents(self.subject)

    def facts(self):
        return [(_("Le professionnel nous doit"), euros(self.left_cents))]

    def effects(self):
        cents = self.cleaned_data["cents"]
        return [
            (_("Nous perdons"), euros(cents)),
            (_("Le professionnel nous devra encore"), euros(self.left_cents - cents)),
        ]


class CancelForm(AmountForm):
    """`seen` is where the money was when its way back was shown."""

    field_order = ["told", "reason"]
    told = forms.CharField(
        label=gettext_lazy("Motif donné au client et au professionnel"),
        help_text=gettext_lazy("Les deux le lisent, par e-mail et dans leur discussion."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def choice(self):
        payment = Payment.objects.select_related("mission").get(pk=self.subject.pk)
        return f"{payment.mission.status} {payment.status}"

    def clean(self):
        try:
            require_cancellable(self.subject.mission)
        except MissionError as error:
            raise ValidationError(str(error)) from error

    def facts(self):
        mission, payment = self.subject.mission, self.subject
        return [
            (_("Mission"), mission.get_status_display()),
            (_("Début"), moment(mission.starts_at, mission.timezone)),
            (_("Montant du paiement"), euros(payment.amount_cents)),
            (_("État"), payment.get_status_display()),
        ]

    def effects(self):
        payment = self.subject
        cents = {
            _("Le client paie"): 0,
            _("Libéré sur la carte du client"): sum(hold.amount_cents for hold in payment.holds.live()),
            _("Remboursé au client"): -ledger.balance(payment, "client_funds"),
            _("Le professionnel reçoit"): 0,
        }
        return [(label, euros(amount)) for label, amount in cents.items()]


class ReadAgainForm(ActForm):
    def facts(self):
        payment = self.subject
        return [(_("Montant du paiement"), euros(payment.amount_cents)), (_("État"), payment.get_status_display())]


class RunAgainForm(ActForm):
    def facts(self):
        operation = self.subject
        amount = [] if operation.amount_cents is None else [(_("Montant"), euros(operation.amount_cents))]
        return [
            (_("Appel"), operation.get_kind_display()),
            *amount,
            (_("État"), operation.get_state_display()),
            (_("Erreur"), operation.error or "—"),
            (_("Clé d’idempotence"), operation.idempotency_key),
        ]


class DifferenceForm(ActForm):
    def facts(self):
        difference = self.subject
        return [
            (_("Écart"), difference.get_kind_display()),
            (_("Objet"), difference.subject),
            (_("Chez nous"), difference.ours or "—"),
            (_("Chez Stripe"), difference.theirs or "—"),
        ]
