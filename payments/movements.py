"""The money of one mission as it moved, oldest first, in each reader's own amounts."""

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from missions.models import MissionEvent
from payments.models import LedgerTransaction, StripeOperation
from payments.where_rows import CLIENT, PROFESSIONAL

Event = MissionEvent.Kind
Entry = LedgerTransaction.Kind


class Movement(NamedTuple):
    """`cents`: positive towards the reader, None where nothing moved."""

    at: object
    label: str
    cents: int | None = None


# What happened before any money moved.
EVENTS = {
    (Event.CARD_SAVED, CLIENT): _("Carte enregistrée"),
    (Event.CARD_SAVED, PROFESSIONAL): _("Carte du client enregistrée"),
    (Event.CARD_REFUSED, CLIENT): _("Montant non bloqué : paiement à refaire"),
    (Event.CARD_REFUSED, PROFESSIONAL): _("Montant non bloqué : paiement à refaire par le client"),
    (Event.SECURED, CLIENT): _("Montant bloqué sur votre carte, sans débit"),
    (Event.SECURED, PROFESSIONAL): _("Paiement garanti"),
}

OWED_NO_MORE = _("N’est plus à nous rendre")

# (movement, who looks): its label, the account that tells its amount if any, and the sign of it for the reader.
BOOKED = {
    (Entry.CAPTURE, CLIENT): (_("Débité de votre carte"), "client_funds", 1),
    (Entry.REFUND, CLIENT): (_("Remboursé sur votre carte"), "client_funds", 1),
    (Entry.REFUND_FAILED, CLIENT): (_("Remboursement refusé par votre banque"), "client_funds", 1),
    (Entry.CHARGEBACK, CLIENT): (_("Contestation auprès de votre banque"), "chargebacks", 1),
    (Entry.CHARGEBACK_LOST, CLIENT): (_("Votre banque vous a donné raison"), None, 1),
    (Entry.TRANSFER, PROFESSIONAL): (_("Versé sur votre compte Stripe"), "payable", 1),
    (Entry.REVERSAL, PROFESSIONAL): (_("Repris sur votre compte Stripe"), "payable", 1),
    (Entry.CHARGEBACK_LOST, PROFESSIONAL): (_("La banque du client lui a donné raison"), None, 1),
    (Entry.SHORTFALL, PROFESSIONAL): (_("Reste à nous rendre"), "recoverable", -1),
    (Entry.CHARGEBACK_WON, PROFESSIONAL): (OWED_NO_MORE, "recoverable", -1),
    (Entry.WRITE_OFF, PROFESSIONAL): (OWED_NO_MORE, "recoverable", -1),
}

# The label of those that may credit the account they debit, when they do.
UNDONE = {
    Entry.CHARGEBACK: _("Débité à nouveau : votre banque a maintenu le paiement"),
    Entry.SHORTFALL: OWED_NO_MORE,
}


def movements_of(payment, role):
    """What happened to this money, for one side. Four queries."""
    found = [*announced(payment, role), *booked(payment, role)]
    if role == CLIENT:
        found += freed(payment)
    return sorted(found, key=lambda movement: movement.at)


def announced(payment, role):
    shown = [event for event in payment.mission.events.all() if (event.kind, role) in EVENTS]
    return [Movement(event.happened_at, EVENTS[event.kind, role]) for event in shown]


def booked(payment, role):
    transactions = payment.ledger.order_by("happened_at", "pk").prefetch_related("entries")
    shown = [row for row in transactions if (row.kind, role) in BOOKED]
    movements = [movement_of(row, *BOOKED[row.kind, role]) for row in shown]
    return [movement for movement in movements if movement.cents != 0]


def movement_of(transaction, label, account, sign):
    if account is None:
        return Movement(transaction.happened_at, label)
    entries = [entry for entry in transaction.entries.all() if entry.account.split(":")[0] == account]
    cents = sum(entry.cents for entry in entries)
    if cents < 0:
        label = UNDONE.get(transaction.kind, label)
    return Movement(transaction.happened_at, label, sign * cents)


def freed(payment):
    done = payment.operations.filter(kind=StripeOperation.Kind.CANCEL_HOLD, state=StripeOperation.State.DONE)
    return [Movement(operation.answered_at, _("Montant libéré")) for operation in done]
