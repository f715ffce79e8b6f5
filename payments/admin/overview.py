"""All that the team reads of one payment, in a number of queries that does not depend on what happened to it."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.emails import complete, read_text
from accounts.models import Notification
from missions.models import Mission
from payments import ledger
from payments.admin import wording
from payments.models import Dispute, Hold, LedgerTransaction, Payment, StripeEvent, StripeOperation

WITH_PARTIES = (
    "mission__client__user",
    "mission__professional__user",
    "mission__professional__account",
    "mission__agreement",
    "mission__contest",
    "mission__commune",
)

Kind = LedgerTransaction.Kind


class Overview:
    def __init__(self, payment):
        self.payment = Payment.objects.select_related(*WITH_PARTIES).get(pk=payment.pk)
        self.mission = self.payment.mission

    # What happened

    @cached_property
    def holds(self):
        return list(self.payment.holds.order_by("pk"))

    @cached_property
    def sessions(self):
        return list(self.payment.sessions.order_by("pk"))

    @cached_property
    def operations(self):
        return list(self.payment.operations.order_by("pk"))

    @cached_property
    def refunds(self):
        return list(self.payment.refunds.select_related("by").order_by("pk"))

    @cached_property
    def disputes(self):
        return list(self.payment.disputes.order_by("pk"))

    @cached_property
    def differences(self):
        return list(self.payment.differences.select_related("closed_by").order_by("-found_at"))

    @cached_property
    def movements(self):
        return list(self.payment.ledger.prefetch_related("entries").order_by("happened_at", "pk"))

    @cached_property
    def events(self):
        """Those of Stripe's events whose object we know; a card being saved has one that we do not."""
        ids = {session.stripe_id for session in self.sessions}
        ids |= {name for hold in self.holds for name in (hold.intent_id, hold.charge_id)}
        ids |= {row.stripe_id for row in (*self.operations, *self.disputes)}
        return list(StripeEvent.objects.filter(object_id__in=ids - {None, ""}).order_by("created_at", "pk"))

    @cached_property
    def contest(self):
        return getattr(self.mission, "contest", None)

    @cached_property
    def history(self):
        """What the team did, and why."""
        return list(
            LogEntry.objects.filter(self.logged(self.payment) | self.logged(self.contest))
            .select_related("user")
            .order_by("action_time", "pk")
        )

    def logged(self, row):
        if row is None:
            return Q()
        return Q(content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk))

    # Who was told

    @cached_property
    def told(self):
        """The e-mails owed about this payment, each with its subject."""
        parties = [self.mission.client.user_id, self.mission.professional.user_id]
        to_parties = Q(user__in=parties, key__startswith=f"mission:{self.mission.pk}:")
        to_staff = Q(user__is_staff=True, key__in=self.staff_keys())
        notifications = Notification.objects.filter(to_parties | to_staff).select_related("user")
        return [(mail, subject_of(mail)) for mail in notifications.order_by("due_at", "pk")]

    def staff_keys(self):
        """The keys `tell_staff` is given throughout this app."""
        keys = [f"hold:{hold.pk}" for hold in self.holds]
        for row in self.operations:
            keys += [f"operation:{row.pk}", f"shortfall:{row.pk}", f"refund_failed:{row.pk}"]
        for dispute in self.disputes:
            keys += [f"dispute:{dispute.pk}", f"dispute_end:{dispute.pk}"]
        return [*keys, f"contest:{self.contest.pk}"] if self.contest else keys

    # Where the money is

    @cached_property
    def held(self):
        return next((hold for hold in self.holds if hold.status == Hold.Status.LIVE), None)

    def whereabouts(self):
        return wording.whereabouts(self.payment, self.held)

    def amounts(self):
        """Pairs of a label and cents; None where nothing is decided yet."""
        payment = self.payment
        return [
            (_("Prix accepté"), payment.amount_cents),
            (_("Bloqué sur la carte"), self.held.amount_cents if self.held else 0),
            (_("Encaissé"), self.debit("stripe", Kind.CAPTURE)),
            (_("Part due"), payment.due_price.total_cents if payment.is_closed else None),
            (_("Réparti"), self.debit("client_funds", Kind.RELEASE)),
            (_("Versé au professionnel"), -self.debit("stripe", Kind.TRANSFER)),
            (_("Repris au professionnel"), self.debit("stripe", Kind.REVERSAL)),
            (_("Remboursé au client"), self.debit("client_funds", Kind.REFUND, Kind.REFUND_FAILED)),
            (_("Repris par la banque"), sum(dispute.withdrawn_cents for dispute in self.disputes)),
            (_("Encore conservé pour le client"), -self.debit("client_funds")),
            (_("Part du professionnel, encore chez nous"), -self.debit(ledger.payable(payment))),
            (_("Dû par le professionnel"), self.owed_cents),
        ]

    @property
    def owed_cents(self):
        return self.debit(ledger.recoverable(self.payment))

    def debit(self, account, *kinds):
        """Cents on one account, debit positive, over the movements of these kinds or over all."""
        movements = [movement for movement in self.movements if not kinds or movement.kind in kinds]
        entries = (entry for movement in movements for entry in movement.entries.all())
        return sum(entry.cents for entry in entries if entry.account == account)

    def lines(self):
        """The ledger line by line: movement, account in words, debit and credit."""
        for movement in self.movements:
            for entry in movement.entries.all():
                yield movement, wording.account(entry.account), max(entry.cents, 0), max(-entry.cents, 0)

    def totals(self):
        lines = list(self.lines())
        return sum(line[2] for line in lines), sum(line[3] for line in lines)

    def calls(self):
        return [(operation, wording.answer(operation.answer)) for operation in self.operations]

    # What waits for the team

    def warnings(self):
        """Sentences on what somebody must look at."""
        for is_so, sentence in (
            (self.stuck, _("Un appel à Stripe est à examiner.")),
            (self.open_differences, _("Un écart avec Stripe est ouvert.")),
            (self.open_disputes, _("La banque du client a ouvert une contestation : preuves à envoyer à temps.")),
            (self.mission.status == Mission.Status.CONTESTED, _("La mission est contestée : elle attend la décision.")),
            (self.waits_for_account, _("Le professionnel ne peut pas être payé : Stripe attend quelque chose de lui.")),
            (self.owed_cents > 0, _("Le professionnel nous doit de l’argent pour ce paiement.")),
        ):
            if is_so:
                yield sentence

    @property
    def stuck(self):
        return [row for row in self.operations if row.state == StripeOperation.State.STUCK]

    @property
    def open_differences(self):
        return [difference for difference in self.differences if difference.closed_at is None]

    @property
    def open_disputes(self):
        return [dispute for dispute in self.disputes if dispute.status in Dispute.OPEN]

    @property
    def waits_for_account(self):
        paying = StripeOperation.TO_PROFESSIONAL
        waiting = [row for row in self.operations if row.kind in paying and row.state == StripeOperation.State.PENDING]
        return waiting and not self.mission.professional.payable


def subject_of(mail):
    return read_text(mail.template, complete(mail.context, mail.user))[0]
