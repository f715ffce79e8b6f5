"""What the books and Stripe's answers say, in words the team reads."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.formatting import euros, moment
from payments.models import Payment

ACCOUNTS = {
    "stripe": gettext_lazy("Notre solde Stripe"),
    "client_funds": gettext_lazy("Gardé pour les clients"),
    "payable": gettext_lazy("Dû au professionnel"),
    "commission": gettext_lazy("Commission"),
    "vat": gettext_lazy("TVA sur la commission"),
    "stripe_fees": gettext_lazy("Frais de Stripe"),
    "chargebacks": gettext_lazy("Repris par des banques"),
    "recoverable": gettext_lazy("Dû par le professionnel"),
    "losses": gettext_lazy("Pertes"),
}

ANSWERS = {
    "status": (gettext_lazy("état"), str),
    "amount": (gettext_lazy("montant"), euros),
    "amount_received": (gettext_lazy("encaissé"), euros),
    "latest_charge": (gettext_lazy("débit"), str),
    "charge": (gettext_lazy("débit"), str),
    "created": (gettext_lazy("créé le"), lambda seconds: moment(datetime.fromtimestamp(seconds, UTC))),
}

# https://docs.stripe.com/disputes/categories
BANK_REASONS = {
    "credit_not_processed": gettext_lazy("remboursement promis et non reçu"),
    "duplicate": gettext_lazy("débité deux fois"),
    "fraudulent": gettext_lazy("le titulaire dit ne pas avoir payé lui-même"),
    "general": gettext_lazy("sans motif précis"),
    "product_not_received": gettext_lazy("prestation non rendue"),
    "product_unacceptable": gettext_lazy("prestation non conforme"),
    "unrecognized": gettext_lazy("le titulaire ne reconnaît pas ce débit"),
}


def bank_reason(code):
    """Stripe's code for why a bank contests, with what it means."""
    return f"{code}, {BANK_REASONS[code]}" if code in BANK_REASONS else code


def account(name):
    """The account's name in words, whoever's it is."""
    return ACCOUNTS.get(name.partition(":")[0], name)


def answer(summary):
    """What Stripe answered, as `gateway.summary_of` keeps it: pairs of a label and a text."""
    return [(label, write(summary[name])) for name, (label, write) in ANSWERS.items() if name in summary]


def whereabouts(payment, held):
    """One sentence: where the money of this payment is. `held` is its live hold, or None."""
    return WHEREABOUTS[payment.status](payment, held)


def awaited(payment, held):
    return _("Rien n’est bloqué ni débité : nous attendons la carte du client.")


def card_saved(payment, held):
    if payment.hold_due_at is None:
        return _("La carte est enregistrée, rien n’est débité : le blocage est demandé à la banque.")
    if payment.papers_missing_at is not None:
        return _("La carte est enregistrée, rien n’est débité : le dossier du professionnel n’est plus en ordre.")
    words = {"when": moment(payment.hold_due_at, payment.mission.timezone)}
    return _("La carte est enregistrée, rien n’est débité. Le montant sera bloqué : %(when)s.") % words


def refused(payment, held):
    return _("Rien n’est bloqué : la banque a refusé, ou le blocage est tombé. Le client doit refaire son paiement.")


def on_hold(payment, held):
    if held is None:
        return _("Le blocage n’est plus là : relisez ce paiement chez Stripe.")
    words = {"amount": euros(held.amount_cents), "until": moment(held.capture_before, payment.mission.timezone)}
    if payment.is_closed:
        return (
            _("%(amount)s sont bloqués sur la carte du client ; la mission est décidée, l’appel est en cours.") % words
        )
    return _("%(amount)s sont bloqués sur la carte du client jusqu’à : %(until)s. Rien n’est débité.") % words


def kept(payment, held):
    if payment.is_closed:
        return _("Encaissé et conservé chez Stripe : la mission est décidée, la répartition attend.")
    return _("Encaissé et conservé chez Stripe, pour le client, jusqu’à ce que la mission soit décidée.")


def shared(payment, held):
    return _("Réparti entre le professionnel et nous ; ce qui n’était pas dû est rendu au client.")


def returned(payment, held):
    return _("Rien n’était dû : le client a gardé ou retrouvé son argent.")


def lost(payment, held):
    return _("Perdu : la banque du client a repris l’argent, ou le blocage est tombé après la décision.")


Status = Payment.Status
WHEREABOUTS = {
    Status.PENDING: awaited,
    Status.CARD_SAVED: card_saved,
    Status.CARD_REFUSED: refused,
    Status.HELD: on_hold,
    Status.KEPT: kept,
    Status.RELEASED: shared,
    Status.RETURNED: returned,
    Status.LOST: lost,
}
