"""Taking back what was shared: the professional's part first, then the client's refund. Under the payment's lock."""

from collections import Counter

from django.db.models import F
from django.utils.translation import gettext as _

from marketplace import clock
from payments import closing, ledger, operations
from payments.emails import tell_professional, tell_staff
from payments.errors import PaymentError
from payments.models import Payment, Refund, StripeOperation

Kind = StripeOperation.Kind
State = StripeOperation.State


def decide_refund(payment, *, by, cents, bearer, reason):
    """Return `cents` of a shared payment. Raises PaymentError when that much is not there to return."""
    require_refundable(payment, cents, bearer)
    refund = Refund.objects.create(
        payment=payment,
        amount_cents=cents,
        taken_back_cents=part_taken_back(payment, cents) if bearer == Refund.Bearer.BOTH else 0,
        bearer=bearer,
        reason=reason,
        by=by,
        decided_at=clock.now(),
    )
    if refund.taken_back_cents:
        take_back(payment, refund.taken_back_cents, refund=refund)
    else:
        give_back(refund)
    return refund


def adopt_refund(payment, found, *, by, reason):
    """Book a refund somebody made at Stripe's: out of what we keep for the client, and beyond that as our loss.

    Raises PaymentError when it cannot be booked now, or when that much was not shared.
    """
    waiting = calls_waiting(payment, Kind.REFUND)
    if found.status in ("failed", "canceled"):
        raise PaymentError(_("Ce remboursement n’a pas abouti : il n’y a rien à écrire."))
    if payment.operations.filter(kind=Kind.REVERSE, state=State.PENDING).exclude(refund=None).exists():
        raise PaymentError(_("Un remboursement décidé ici attend encore la part du professionnel : attendez sa fin."))
    due = min(found.amount, -ledger.balance(payment, "client_funds"))
    send_less(payment, due)
    refund = next((operation.refund for operation in waiting if operation.refund), None)
    if found.amount > due:
        refund = give_beyond(payment, found.amount - due, by, reason)
    hold = payment.holds.get(status="captured")
    ledger.book_refund(operations.adopt_made(Kind.REFUND, payment, found, hold=hold, refund=refund))


def give_beyond(payment, cents, by, reason):
    """What nobody had decided to return, and nothing took back from the professional."""
    require_refundable(payment, cents, Refund.Bearer.PLATFORM)
    refund = Refund.objects.create(
        payment=payment,
        amount_cents=cents,
        taken_back_cents=0,
        bearer=Refund.Bearer.PLATFORM,
        reason=reason,
        by=by,
        decided_at=clock.now(),
    )
    ledger.book_give_back(refund)
    return refund


def adopt_transfer(payment, found):
    """Book a transfer somebody made at Stripe's: in the place of the one still to leave, and what lacks is sent.

    What was not owed to the professional, they owe us. Raises PaymentError when it cannot be booked now.
    """
    calls_waiting(payment, Kind.TRANSFER)
    if found.destination != payment.mission.professional.account.stripe_id or found.amount_reversed:
        raise PaymentError(
            _("Ce versement a été repris, ou est allé à un autre compte : il ne paie pas cette mission.")
        )
    operations.give_up(payment.operations.filter(kind=Kind.TRANSFER))
    is_whole = found.amount >= -ledger.balance(payment, ledger.payable(payment))
    kind = Kind.TRANSFER if is_whole and not has_transfer(payment) else Kind.PAY_AGAIN
    operation = operations.adopt_made(kind, payment, found)
    ledger.book_transfer(operation)
    ledger.book_shortfall(payment, max(ledger.balance(payment, ledger.payable(payment)), 0), operation)
    pay_what_is_left(payment)


def adopt_reversal(payment, found):
    """Book what somebody took back at Stripe's: the professional owes us that much less.

    Raises PaymentError when they do not owe it, or while a bank may still say that they never did.
    """
    if payment.disputes.open().exists():
        raise PaymentError(_("La banque du client n’a pas encore jugé : attendez sa décision."))
    if found.amount > owed_cents(payment):
        raise PaymentError(
            _(
                "Le professionnel ne nous doit pas tant pour ce paiement : renvoyez-lui d’abord chez Stripe ce qui "
                "lui a été repris de trop, et écrivez ce versement."
            )
        )
    operation = operations.adopt_made(Kind.REVERSE, payment, found, source=found.transfer)
    ledger.book_reversal(operation)
    ledger.book_shortfall(payment, -found.amount, operation)


def calls_waiting(payment, kind):
    """The calls of a kind still to leave, which no worker can take any more. Raises PaymentError while one may."""
    if not payment.is_closed:
        raise PaymentError(_("Ce paiement n’est pas encore réparti : la mission se décide d’abord."))
    if payment.status not in Payment.OVER:
        raise PaymentError(_("Ce paiement n’est pas encore réparti : attendez que Stripe et la banque aient répondu."))
    calls = payment.operations.select_for_update().filter(kind=kind, state__in=(State.PENDING, State.STUCK))
    waiting = list(calls.order_by("pk"))
    if any(call.state == State.STUCK for call in waiting):
        raise PaymentError(_("Un appel de ce paiement est à examiner : abandonnez-le d’abord."))
    if any(call.attempts for call in waiting):
        raise PaymentError(_("Un appel est en route pour ce paiement : attendez sa réponse."))
    return waiting


def pay_what_is_left(payment):
    """Send the professional what they are owed and that no transfer is to bring."""
    owed = -ledger.balance(payment, ledger.payable(payment))
    if owed > 0 and not has_transfer(payment):
        operations.prepare_transfer(payment, owed)


def has_transfer(payment):
    return payment.operations.filter(kind=Kind.TRANSFER).exclude(state=State.REFUSED).exists()


def require_refundable(payment, cents, bearer):
    if payment.status != Payment.Status.RELEASED:
        raise PaymentError(_("Seul un paiement réparti se rembourse ainsi : les autres se décident par la mission."))
    if payment.disputes.open().exists():
        raise PaymentError(_("La banque du client a déjà repris ce paiement : attendez sa décision."))
    if not 0 < cents <= refundable_cents(payment):
        raise PaymentError(_("Le montant dépasse ce qui reste à rembourser de ce paiement."))
    if bearer == Refund.Bearer.BOTH and reversible_cents(payment) < part_taken_back(payment, cents):
        raise PaymentError(_("Le professionnel n’est pas encore payé : attendez, ou remboursez à notre seule charge."))


def refundable_cents(payment, *, before=None):
    """What was shared of this payment and not returned since, or not `before` a chargeback."""
    returned = sum(refund.amount_cents for refund in payment.refunds.all())
    judged = sum(dispute.withdrawn_cents for dispute in payment.disputes.open() if dispute != before)
    return max(ledger.shared_cents(payment) - returned - judged - ledger.lost_cents(payment), 0)


def part_taken_back(payment, cents):
    """The professional's part of `cents`."""
    professional, _commission, _vat = ledger.parts(payment, cents, after=ledger.returned_by_both(payment))
    return professional


def take_back(payment, cents, **cause):
    """Owe Stripe the reversals of `cents`, from the latest transfer back: none gives more than it has left."""
    for transfer, left in transfers_left(payment):
        part = min(cents, left)
        if part:
            operations.prepare_reversal(payment, transfer.stripe_id, part, **cause)
            cents -= part


def reversible_cents(payment):
    """What was sent to the professional for this payment, and neither came back since nor is about to."""
    return sum(left for _transfer, left in transfers_left(payment))


def transfers_left(payment):
    """The transfers to the professional, the latest first, with the cents of each that can still be taken back."""
    calls = payment.operations.order_by("-pk")
    taken = Counter()
    for reversal in calls.filter(kind=Kind.REVERSE).exclude(state=State.REFUSED):
        taken[reversal.source] += reversal.amount_cents
    made = calls.filter(kind__in=StripeOperation.TO_PROFESSIONAL, state=State.DONE)
    return [(transfer, transfer.amount_cents - taken[transfer.stripe_id]) for transfer in made]


def overpaid_cents(payment):
    """What the professional has beyond their share, without what banks and refunds still take and what is under way."""
    judging = sum(dispute.taken_back_cents for dispute in payment.disputes.open())
    returning = sum(refund.taken_back_cents for refund in payment.refunds.all() if is_taking_back(refund))
    reversals = payment.operations.filter(kind=Kind.REVERSE, state__in=(State.PENDING, State.STUCK))
    under_way = sum(reversal.amount_cents for reversal in reversals)
    return ledger.balance(payment, ledger.payable(payment)) + judging + returning - under_way


def give_back(refund):
    """The money is ours again, or never will be: the client's refund leaves, but what a bank gave them meanwhile."""
    payment = refund.payment
    ledger.book_give_back(refund)
    cents = max(min(refund.amount_cents, left_cents(payment)), 0)
    if cents:
        operations.prepare_refund(payment.holds.get(status="captured"), cents, refund=refund)
    not_sent = refund.amount_cents - cents
    ledger.book_returned_twice(payment, -min(not_sent, ledger.returned_twice_cents(payment)))


def left_cents(payment):
    """What the client's card can still be given back."""
    refunds = payment.operations.filter(kind=Kind.REFUND).exclude(state=State.REFUSED)
    return closing.kept_cents(payment) - sum(refund.amount_cents for refund in refunds)


def send_less(payment, cents):
    """The client has `cents`, of their bank or by hand, that our refunds were about to give them."""
    waiting = payment.operations.filter(kind=Kind.REFUND, state=State.PENDING, attempts=0)
    for refund in waiting.order_by(F("refund").asc(nulls_first=True)):
        part = min(cents, refund.amount_cents)
        if part:
            operations.give_up(payment.operations.filter(pk=refund.pk))
            cents -= part
        if 0 < part < refund.amount_cents:
            operations.prepare_refund(refund.hold, refund.amount_cents - part, refund=refund.refund)


def rest_waiting_cents(payment):
    """What a settlement left for the client and that was not sent yet."""
    waiting = payment.operations.filter(kind=Kind.REFUND, refund=None, state=State.PENDING, attempts=0)
    return sum(refund.amount_cents for refund in waiting)


def taken_back(operation):
    """A part was taken back from the professional's account."""
    ledger.book_reversal(operation)
    if operation.refund_id:
        amount = {"amount": operation.amount_cents}
        tell_professional(operation.payment, "taken_back", key=str(operation.pk), cents=amount)
    after_taking_back(operation)


def took_back_less(operation, available_cents):
    """Their account held less than was to be taken back: take that, and let them owe the rest, if still wanted."""
    if operation.dispute and operation.dispute.is_won:
        return
    partial = min(available_cents, operation.amount_cents)
    ledger.book_shortfall(operation.payment, operation.amount_cents - partial, operation)
    tell_staff(f"shortfall:{operation.pk}", "shortfall", operation.payment)
    if partial:
        cause = {"refund": operation.refund, "dispute": operation.dispute}
        operations.prepare_reversal(operation.payment, operation.source, partial, **cause)
    else:
        after_taking_back(operation)


def after_taking_back(operation):
    """The client's refund leaves with the last of its reversals."""
    if operation.refund_id and not is_taking_back(operation.refund):
        give_back(operation.refund)


def is_taking_back(refund):
    return refund.operations.filter(kind=Kind.REVERSE, state__in=(State.PENDING, State.STUCK)).exists()


def write_off(payment, *, cents):
    """Stop expecting `cents` from the professional. Raises PaymentError when they owe less."""
    if not 0 < cents <= owed_cents(payment):
        raise PaymentError(_("Le professionnel ne nous doit pas tant pour ce paiement."))
    ledger.book_write_off(payment, cents)


def owed_cents(payment):
    return ledger.balance(payment, ledger.recoverable(payment))
