"""What the team does about money: each act is a page that asks why, then calls the same action as everyone."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import record
from marketplace.admin import ReadOnlyAdmin
from marketplace.errors import MarketplaceError
from marketplace.formatting import euros
from payments import actions, differences, sync
from payments.errors import PaymentError
from payments.models import StripeOperation
from payments.runner import MADE_ON_DEMAND
from payments.staff_forms import CancelForm, DifferenceForm, ReadAgainForm, RefundForm, RunAgainForm, WriteOffForm


@dataclass(frozen=True)
class Act:
    """`carry_out` takes the row, whoever acts and the form, calls the action and records it with its reason."""

    name: str
    path: str
    title: str
    explanation: str
    form: type
    carry_out: Callable
    button: str = gettext_lazy("Faire")


def may_act(user):
    return user.has_perm("payments.change_payment")


class PageAdmin(ReadOnlyAdmin):
    """Rows read on a page of our own, `page_template`; what is done to them has a page for each act."""

    page_template = None
    acts = ()

    def get_urls(self):
        view = self.admin_site.admin_view(self.act_page)
        pages = [path(f"<int:pk>/{act.path}/", view, {"act": act}, self.act_name(act)) for act in self.acts]
        return [*pages, *super().get_urls()]

    def act_name(self, act):
        return f"{self.opts.app_label}_{self.opts.model_name}_{act.name}"

    def links(self, request, row, acts):
        """The addresses and the titles of these acts, for whoever may do them."""
        if not may_act(request.user):
            return []
        return [(reverse(f"admin:{self.act_name(act)}", args=[row.pk]), act.title) for act in acts]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row) or request.method == "POST":
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return self.page(request, self.page_template, row, **self.describe(request, row))

    def describe(self, request, row):
        """The context of the row's page."""
        raise NotImplementedError

    def act_page(self, request, pk, act):
        """Ask why, show what it changes, and do it once that was seen."""
        if not may_act(request.user):
            raise PermissionDenied
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        form = act.form(request.POST or None, subject=row)
        if form.is_valid() and form.is_confirmed and self.carry_out(request, act, row, form):
            return redirect(self.page_of(row))
        return self.page(request, "admin/payments/act.html", row, act=act, form=form)

    def carry_out(self, request, act, row, form):
        """Whether it was done; if not, the form says why and keeps what was typed."""
        try:
            act.carry_out(row, request.user, form)
        except MarketplaceError as error:
            form.add_error(None, str(error))
            return False
        messages.success(request, _("C’est fait, et noté dans l’historique."))
        return True

    def page_of(self, row):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def page(self, request, template, row, **context):
        known = self.admin_site.each_context(request) | {"opts": self.opts, "row": row, "row_url": self.page_of(row)}
        return render(request, template, known | {"title": row, **context})


def require_seen(payment, form):
    """Under the payment's lock, the amounts must still be those that were shown."""
    sync.lock_payment(payment)
    if not form.is_confirmed:
        raise PaymentError(_("Les montants viennent de changer. Relisez-les avant de confirmer."))


@transaction.atomic
def refund(payment, by, form):
    require_seen(payment, form)
    cents, bearer = form.cleaned_data["cents"], form.cleaned_data["bearer"]
    decision = actions.refund(payment, by=by, cents=cents, bearer=bearer, reason=form.reason_given)
    words = {"amount": euros(cents), "bearer": decision.get_bearer_display()}
    log(payment, by, _("Remboursement de %(amount)s, à la charge de : %(bearer)s") % words, form)


@transaction.atomic
def write_off(payment, by, form):
    require_seen(payment, form)
    cents = form.cleaned_data["cents"]
    actions.write_off(payment, by=by, cents=cents)
    log(payment, by, _("Passage en perte de %(amount)s") % {"amount": euros(cents)}, form)


@transaction.atomic
def cancel(payment, by, form):
    require_seen(payment, form)
    actions.cancel_for_both(payment.mission, by=by, reason=form.cleaned_data["told"])
    log(payment, by, _("Mission annulée sans frais"), form)


def read_again(payment, by, form):
    actions.read_again(payment, by=by)
    log(payment, by, _("Relecture chez Stripe"), form)


@transaction.atomic
def run_again(operation, by, form):
    if operation.kind in MADE_ON_DEMAND:
        raise PaymentError(_("Cet appel ne se relance pas : relisez plutôt le paiement chez Stripe."))
    prepared = actions.run_again(operation, by=by)
    log(operation.payment, by, _("Appel relancé, %(key)s") % {"key": prepared.key}, form)


def give_up(operation, by, form):
    differences.give_up_call(operation, by=by)
    log(operation.payment or operation, by, _("Appel abandonné, %(key)s") % {"key": operation.key}, form)


def read_difference(difference, by, form):
    payment = differences.read_again(difference, by=by)
    log(payment, by, _("Relecture chez Stripe"), form)


def run_difference(difference, by, form):
    run_again(stuck_operation(difference), by, form)


def give_up_difference(difference, by, form):
    give_up(stuck_operation(difference), by, form)


def write_difference(difference, by, form):
    payment = differences.write_in_books(difference, by=by, reason=form.reason_given)
    log(payment, by, _("Écrit dans nos livres, %(kind)s") % {"kind": difference}, form)


@transaction.atomic
def close_difference(difference, by, form):
    differences.close_difference(difference, by=by, note=form.reason_given)
    log(difference.payment or difference, by, _("Écart clos, %(kind)s") % {"kind": difference}, form)


def stuck_operation(difference):
    """The call of a difference whose subject is `operation:<pk>`. Raises PaymentError when there is none."""
    kind, _colon, pk = difference.subject.partition(":")
    operation = StripeOperation.objects.filter(pk=pk).first() if kind == "operation" and pk.isdecimal() else None
    if operation is None:
        raise PaymentError(_("Cet écart ne désigne aucun appel à Stripe."))
    return operation


def log(row, by, sentence, form):
    record(row, by, f"{sentence}. {form.reason_given}")


REFUND = Act(
    "refund",
    "rembourser",
    gettext_lazy("Rembourser le client"),
    gettext_lazy(
        "La part du professionnel lui est d’abord reprise chez Stripe, puis le client est remboursé sur sa carte, "
        "en 5 à 10 jours. Les deux sont prévenus par e-mail."
    ),
    RefundForm,
    refund,
    gettext_lazy("Rembourser ainsi"),
)
WRITE_OFF = Act(
    "write_off",
    "passer-en-perte",
    gettext_lazy("Passer en perte"),
    gettext_lazy("Nous cessons d’attendre ce que le professionnel nous doit pour ce paiement. Personne n’est prévenu."),
    WriteOffForm,
    write_off,
    gettext_lazy("Passer ce montant en perte"),
)
CANCEL = Act(
    "cancel",
    "annuler-la-mission",
    gettext_lazy("Annuler la mission sans frais"),
    gettext_lazy(
        "Avant le début seulement. Le client ne paie rien : ce qui est bloqué est libéré, ce qui est débité lui "
        "est remboursé. Les agents sont libérés, et les deux sont prévenus par e-mail."
    ),
    CancelForm,
    cancel,
    gettext_lazy("Annuler cette mission"),
)
READ_AGAIN = Act(
    "read_again",
    "relire",
    gettext_lazy("Relire chez Stripe"),
    gettext_lazy(
        "Pages de paiement, blocages, remboursements et contestations bancaires sont relus chez Stripe, et nos lignes "
        "corrigées s’il le faut. Sans risque : ce qui est déjà juste ne bouge pas."
    ),
    ReadAgainForm,
    read_again,
    gettext_lazy("Relire maintenant"),
)
RUN_AGAIN = Act(
    "run_again",
    "relancer",
    gettext_lazy("Relancer l’appel"),
    gettext_lazy(
        "Le même appel repart dans la minute, sous une nouvelle clé. Faites-le une fois réparé ce que Stripe refusait."
    ),
    RunAgainForm,
    run_again,
    gettext_lazy("Relancer cet appel"),
)
GIVE_UP = Act(
    "give_up",
    "abandonner",
    gettext_lazy("Abandonner l’appel"),
    gettext_lazy(
        "Cet appel ne partira plus jamais. Vérifiez d’abord chez Stripe qu’il n’a rien fait, et réglez autrement ce "
        "qu’il devait faire : nos livres continuent de le dire dû. Ce qu’une reprise devait encore ramener, le "
        "professionnel nous le doit, et le remboursement qui l’attendait part."
    ),
    RunAgainForm,
    give_up,
    gettext_lazy("Abandonner cet appel"),
)
READ_DIFFERENCE = Act(
    "read_again",
    "relire",
    gettext_lazy("Relire le paiement chez Stripe"),
    READ_AGAIN.explanation,
    DifferenceForm,
    read_difference,
    gettext_lazy("Relire maintenant"),
)
RUN_DIFFERENCE = Act(
    "run_again",
    "relancer",
    gettext_lazy("Relancer l’appel"),
    RUN_AGAIN.explanation,
    DifferenceForm,
    run_difference,
    gettext_lazy("Relancer cet appel"),
)
GIVE_UP_DIFFERENCE = Act(
    "give_up",
    "abandonner",
    GIVE_UP.title,
    GIVE_UP.explanation,
    DifferenceForm,
    give_up_difference,
    GIVE_UP.button,
)
WRITE = Act(
    "write",
    "ecrire",
    gettext_lazy("Écrire dans nos livres"),
    gettext_lazy(
        "Ce que quelqu’un a fait chez Stripe sans passer par ici entre dans nos livres, et l’écart est clos. Un "
        "remboursement est à notre charge ; ce qui a été versé de trop nous est dû par le professionnel, et ce qui "
        "lui a été repris ne nous l’est plus. Ce qui était encore à faire part, moins ce qui est déjà fait."
    ),
    DifferenceForm,
    write_difference,
    gettext_lazy("Écrire avec ce motif"),
)
CLOSE = Act(
    "close",
    "clore",
    gettext_lazy("Clore l’écart"),
    gettext_lazy(
        "Dites ce que vous avez vérifié ou corrigé chez Stripe. Rien d’autre n’est fait ; "
        "l’écart ne revient que si l’un des deux côtés dit ensuite autre chose."
    ),
    DifferenceForm,
    close_difference,
    gettext_lazy("Clore avec ce motif"),
)
