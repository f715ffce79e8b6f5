"""What a professional earns: to come, waiting and paid, month by month (of Paris). Amounts in cents."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Exists, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace import clock
from payments.models import Dispute, LedgerEntry, Payment, StripeOperation

Kind = StripeOperation.Kind
State = StripeOperation.State
Status = Payment.Status

PAID = StripeOperation.TO_PROFESSIONAL
MOVED = (*PAID, Kind.REVERSE)
WITH_MISSION = ("payment__mission__agreement", "payment__mission__client")


# Months and years


def this_month():
    return timezone.localdate(clock.now()).replace(day=1)


def month_after(month, count=1):
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def read_month(text, first):
    """The first day of `2026-11`, or of this month when that is no month between `first` and now."""
    return read_day(text, "%Y-%m", first, this_month())


def read_year(text, first):
    """The first of January of `2026`, or of this year."""
    return read_day(text, "%Y", first.replace(month=1), this_month().replace(month=1))


def read_day(text, pattern, first, last):
    try:
        found = datetime.strptime(text, pattern).date()
    except ValueError:
        return last
    return found if first <= found <= last else last


def midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))


# What was paid, and taken back


@dataclass(frozen=True)
class Line:
    """One transfer to the professional, or what was taken back of one."""

    operation: StripeOperation

    @property
    def at(self):
        return self.operation.answered_at

    @property
    def mission(self):
        return self.operation.payment.mission

    @property
    def client(self):
        return str(self.mission.client)

    @property
    def price(self):
        """The share's own lines, on its first transfer only, and when it is whole: no service is counted twice."""
        price = self.operation.payment.due_price
        is_whole = self.operation.kind == Kind.TRANSFER and self.operation.amount_cents == price.professional_cents
        return price if is_whole else None

    @property
    def service_cents(self):
        return self.price and self.price.service_cents

    @property
    def vat_cents(self):
        return self.price and self.price.vat_cents

    @property
    def paid_cents(self):
        return self.operation.amount_cents if self.operation.kind in PAID else None

    @property
    def taken_cents(self):
        return self.operation.amount_cents if self.operation.kind == Kind.REVERSE else None

    @property
    def net_cents(self):
        return (self.paid_cents or 0) - (self.taken_cents or 0)

    @property
    def label(self):
        operation = self.operation
        if operation.kind in PAID:
            return _("Part rendue après contestation") if operation.dispute_id else _("Versement")
        if operation.refund_id:
            return _("Remboursement du client")
        return _("Contestation bancaire") if operation.dispute_id else _("Reprise de ce que vous nous deviez")


COLUMNS = ("service_cents", "vat_cents", "paid_cents", "taken_cents", "net_cents")


def moved(professional):
    """What left for the professional's account, and came back from it."""
    return StripeOperation.objects.filter(payment__mission__professional=professional, kind__in=MOVED, state=State.DONE)


def lines_of(professional, start, end):
    """Lines from `start` to `end` (days, the last one excluded), oldest first. One query."""
    within = moved(professional).filter(answered_at__gte=midnight(start), answered_at__lt=midnight(end))
    return [Line(row) for row in within.select_related(*WITH_MISSION).order_by("answered_at", "pk")]


def totals(lines):
    """The sum of each column."""
    return {name: sum(getattr(line, name) or 0 for line in lines) for name in COLUMNS}


def net_of_month(professional, month):
    within = moved(professional).filter(answered_at__gte=midnight(month), answered_at__lt=midnight(month_after(month)))
    sums = within.aggregate(
        paid=Sum("amount_cents", filter=Q(kind__in=PAID)), taken=Sum("amount_cents", filter=Q(kind=Kind.REVERSE))
    )
    return (sums["paid"] or 0) - (sums["taken"] or 0)


def first_month(professional):
    """The month of the first transfer, or this one."""
    first = moved(professional).aggregate(at=Min("answered_at"))["at"]
    return timezone.localdate(first).replace(day=1) if first else this_month()


# What is not paid yet

# What banks took for good of a payment.
LOST = Dispute.objects.lost().filter(payment=OuterRef("pk")).values("payment")
LOST_CENTS = Coalesce(Subquery(LOST.values(cents=Sum("withdrawn_cents"))), 0)


@dataclass(frozen=True)
class Awaited:
    """A decided share whose transfer is not done, and why."""

    payment: Payment
    cents: int
    reason: str

    @property
    def mission(self):
        return self.payment.mission


def to_come_cents(professional):
    """The shares of missions whose payment is guaranteed and that are not decided yet."""
    guaranteed = Payment.objects.filter(
        mission__professional=professional, status__in=(Status.HELD, Status.KEPT), due_basis_points=None
    )
    rows = guaranteed.annotate(lost_cents=LOST_CENTS).select_related("mission__agreement")
    return sum(share_left_cents(payment, payment.price) for payment in rows)


def awaited_by(professional):
    """The decided shares that are still to be paid, the oldest mission first. Two queries."""
    operations = StripeOperation.objects.filter(payment=OuterRef("pk"))
    prepared = operations.filter(kind=Kind.TRANSFER, state__in=StripeOperation.UNDER_WAY).order_by("-pk")
    decided = Payment.objects.filter(mission__professional=professional, due_basis_points__gt=0).annotate(
        lost_cents=LOST_CENTS,
        prepared_cents=Subquery(prepared.values("amount_cents")[:1]),
        is_stuck=Exists(operations.filter(kind__in=(Kind.CAPTURE, *PAID), state=State.STUCK)),
        is_judged=Exists(Dispute.objects.open().filter(payment=OuterRef("pk"))),
    )
    is_awaited = Q(status__in=(Status.HELD, Status.KEPT)) | Q(prepared_cents__gt=0)
    rows = (
        decided.filter(is_awaited)
        .select_related("mission__agreement", "mission__client")
        .order_by("mission__starts_at")
    )
    found = [waiting(payment, share_cents(payment), professional) for payment in rows]
    return [one for one in found if one.cents] + again(professional)


def share_cents(payment):
    """What the transfer under way says, else what is decided."""
    if payment.prepared_cents is None:
        return share_left_cents(payment, payment.due_price)
    return payment.prepared_cents


def share_left_cents(payment, price):
    """The professional's part of a price, of which banks may have left less."""
    return price.split(payment.amount_cents - payment.lost_cents)[0]


def again(professional):
    """What a bank gave back after a chargeback, on its way to the professional."""
    operations = StripeOperation.objects.filter(
        payment__mission__professional=professional, kind=Kind.PAY_AGAIN, state__in=StripeOperation.UNDER_WAY
    ).annotate(is_judged=Exists(Dispute.objects.open().filter(payment=OuterRef("payment"))))
    return [paid_again(row, professional) for row in operations.select_related(*WITH_MISSION)]


def paid_again(operation, professional):
    words = reason(professional, is_stuck=operation.state == State.STUCK, is_judged=operation.is_judged)
    return Awaited(operation.payment, operation.amount_cents, words)


def waiting(payment, cents, professional):
    words = reason(
        professional,
        is_stuck=payment.is_stuck,
        is_judged=payment.is_judged,
        is_captured=payment.prepared_cents is not None,
    )
    return Awaited(payment, cents, words)


def reason(professional, *, is_stuck, is_judged=False, is_captured=True):
    if is_judged:
        return _("La banque du client étudie une contestation.")
    if is_stuck:
        return _("Notre équipe s’en occupe et vous écrit.")
    if not professional.payable:
        return _("Stripe ne peut pas vous payer : complétez votre compte.")
    return _("Versement en route.") if is_captured else _("Stripe débite la carte du client.")


def owed_cents(professional):
    """What the professional owes us, on all their payments."""
    entries = LedgerEntry.objects.filter(account=f"recoverable:{professional.pk}")
    return entries.aggregate(cents=Sum("cents"))["cents"] or 0
