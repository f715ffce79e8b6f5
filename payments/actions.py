"""Every act that moves a mission and its money together. None of them talks to Stripe inside a transaction:
they prepare operations, and the worker, or the view for a page the person waits for, says them.
"""

from datetime import timedelta

import stripe
from django.db import transaction
from django.utils.translation import gettext as _

from marketplace import clock
from marketplace.queue import after_commit
from missions import actions as missions
from missions import policy
from missions.emails import tell
from missions.locking import lock_professional
from missions.models import Contest, Mission
from payments import calls, closing, gateway, operations, papers, returns, runner, sync
from payments.emails import tell_both, tell_called_off, tell_staff, tell_to_pay
from payments.errors import FeeChanged, PaymentError
from payments.models import CheckoutSession, ConnectedAccount, Payment, StripeOperation
from payments.runner import run_payment

SHORT_PATH = timedelta(days=4)
SESSION_LIFE = timedelta(hours=23)
# Stripe refuses a session shorter than 30 minutes of its own clock, which may be some minutes ahead of ours.
SHORTEST_SESSION = timedelta(minutes=45)

Status = Mission.Status

# Their deadline is that of the payment.
UNPAID = (Status.ACCEPTED, Status.BOOKED)


# Paying


def open_payment(mission):
    """Expect the price of a mission just agreed, under the lock of whoever accepted it."""
    payment = Payment.objects.create(mission=mission, amount_cents=mission.agreement.price.total_cents)
    tell_to_pay(payment)
    return payment


def start_checkout(payment, *, by, early_start=False):
    """The address of Stripe's page for this payment. Raises PaymentError when it cannot be paid (any more)."""
    check_payable(payment, by)
    if early_start:
        request_early_start(payment, by=by)
    if page := page_to_reuse(payment):
        return page.url
    if not shut_pages(payment):
        raise stripe_is_silent()
    session = open_session(payment, by=by)
    for operation in due_for_checkout(session):
        require_done(runner.run(operation))
    session.refresh_from_db()
    return session.url


def require_done(operation):
    if operation.state == StripeOperation.State.REFUSED:
        raise PaymentError(
            _("Stripe a refusé cette demande. Rien n’a été débité, et notre équipe est prévenue : réessayez plus tard.")
        )
    if operation.state != StripeOperation.State.DONE:
        raise stripe_is_silent()


def stripe_is_silent():
    return PaymentError(_("Stripe ne répond pas. Rien n’a été débité : réessayez dans une minute."))


@transaction.atomic
def request_early_start(payment, *, by):
    """Keep when a consumer asked first for a mission within the 14 days, whichever page they then pay on."""
    payment = sync.lock_payment(payment)
    check_payable(payment, by)
    if payment.early_start_requested_at is None:
        payment.early_start_requested_at = clock.now()
        payment.save(update_fields=["early_start_requested_at"])


def page_to_reuse(payment):
    """The page already open, if it is of the right kind and will stay for a while."""
    now = clock.now()
    pages = payment.sessions.filter(status=CheckoutSession.Status.OPEN, mode=checkout_mode(payment, now))
    return pages.filter(expires_at__gt=now + timedelta(minutes=5)).first()


def shut_pages(payment):
    """Close at Stripe's the pages where this could still be paid; false when Stripe did not answer.

    One that was paid meanwhile is not closed but read, and the mission secured.
    """
    with transaction.atomic():
        closing.end_sessions(sync.lock_payment(payment))
    endings = payment.operations.filter(kind=StripeOperation.Kind.EXPIRE_SESSION, state=StripeOperation.State.PENDING)
    return all(runner.run(ending).state != StripeOperation.State.PENDING for ending in endings)


@transaction.atomic
def open_session(payment, *, by):
    """Prepare a page, under the lock that makes it the only one."""
    payment = sync.lock_payment(payment)
    check_payable(payment, by)
    now = clock.now()
    closing.end_sessions(payment)
    session = CheckoutSession.objects.create(
        payment=payment, mode=checkout_mode(payment, now), expires_at=session_end(payment, now)
    )
    operations.prepare_session(session)
    return session


def check_payable(payment, by):
    if payment.mission.client.user_id != by.pk or payment.is_closed:
        raise PaymentError(_("Ce paiement n’est plus possible."))
    if not payment.awaits_card:
        raise PaymentError(_("Votre carte est déjà enregistrée pour cette mission : il n’y a rien d’autre à faire."))
    if payment.mission.status in UNPAID and payment.mission.deadline_at <= clock.now():
        raise PaymentError(_("Le délai de paiement est dépassé : la mission n’est plus réservée."))


def checkout_mode(payment, now):
    """Within 4 days of the start the amount is held at once; before, only the card is saved."""
    if payment.status == Payment.Status.CARD_REFUSED or payment.mission.starts_at <= now + SHORT_PATH:
        return CheckoutSession.Mode.PAYMENT
    return CheckoutSession.Mode.SETUP


def session_end(payment, now):
    end = now + SESSION_LIFE
    if payment.mission.status in UNPAID:
        end = min(end, payment.mission.deadline_at)
    return max(now + SHORTEST_SESSION, end)


def due_for_checkout(session):
    """The session's own operation, after that of a customer Stripe does not know yet."""
    client = session.payment.mission.client
    if not hasattr(client, "customer"):
        yield operations.prepare_customer(client)
    yield from session.operations.filter(kind=StripeOperation.Kind.CREATE_SESSION)


# What the clock decides: payments.tasks performs it, then says to Stripe what follows


def expire_unpaid(payment):
    """Free the agents of a mission that was not paid in time; its page at Stripe's is closed first."""
    if shut_pages(payment):
        expire_shut(payment)


@transaction.atomic
def expire_shut(payment):
    payment = sync.lock_payment(payment)
    mission = payment.mission
    if mission.status != Status.ACCEPTED or mission.deadline_at > clock.now():
        return
    missions.expire_mission(mission)
    close(payment, 0)
    tell_both(payment, "unpaid")


@transaction.atomic
def place_hold(payment):
    """Ask the bank for the amount, 48 h before the start, if the professional may still work."""
    payment = sync.lock_payment(payment)
    if not payment.is_hold_due(clock.now()) or payment.mission.status != Status.BOOKED:
        return
    if papers.lacks(payment, payable=True):
        papers.wait(payment)
        return
    payment.hold_due_at = payment.papers_missing_at = None
    payment.save(update_fields=["hold_due_at", "papers_missing_at"])
    if hasattr(payment.mission.client, "customer"):
        operations.prepare_hold(payment)
    else:  # Stripe has them no more, and their cards went with them
        sync.write_refused_hold(payment, may_retry=False)


def cancel_unheld(payment):
    """24 h before the start nothing is held: nobody travels for a mission that is not paid."""
    if shut_pages(payment):
        cancel_shut(payment)


@transaction.atomic
def cancel_shut(payment):
    payment = sync.lock_payment(payment)
    mission = payment.mission
    if mission.status != Status.BOOKED or mission.deadline_at > clock.now():
        return
    call_off(payment, by=None, reason=papers.reason(payment) or _("Le montant n’a pas pu être bloqué sur la carte."))


@transaction.atomic
def check_papers(payment):
    """Warn a professional who may not work a secured mission any more; a day before its start, cancel it.

    A document that lapses later than that is the team's to judge: nobody could be warned in time.
    """
    payment = sync.lock_payment(payment)
    mission, now = payment.mission, clock.now()
    if mission.status != Status.SECURED or mission.has_started(now):
        return
    if not papers.lacks(payment):
        papers.note(payment, None)
    elif now < payment.papers_due_at:
        papers.warn(payment)
    elif papers.end_the_mission(payment):
        call_off(payment, by=None, reason=papers.reason(payment))
    else:
        tell_staff(f"papers:{payment.pk}", "papers_lapsed", payment)


@transaction.atomic
def keep_hold(payment):
    """Capture a hold about to die on a live mission, and keep it on our balance until the mission is decided."""
    payment = sync.lock_payment(payment)
    hold = payment.holds.live().first()
    if hold is None or payment.is_closed or closing.has_pending_capture(hold) or not hold.is_dying(clock.now()):
        return
    operations.prepare_capture(hold, hold.amount_cents)


# What people decide


@transaction.atomic
def confirm(mission, *, by):
    """The client says the mission took place: the professional and the platform are paid."""
    payment = sync.lock_payment(mission.payment)
    missions.require_client(payment.mission, by)
    missions.confirm_mission(payment.mission, by=by)
    close(payment, 10_000)
    tell_both(payment, "confirmed")


@transaction.atomic
def cancel(mission, *, by, reason="", fee_seen=None):
    """Either side ends the mission before its start; the client owes what the frozen policy says.

    Raises FeeChanged when that is not `fee_seen`, in basis points, the fee they were shown.
    """
    payment = sync.lock_payment(mission.payment)
    mission = payment.mission
    missions.require_party(mission, by)
    missions.require_cancellable(mission)
    fee = cancellation_fee(payment, by)
    if fee_seen not in (None, fee):
        raise FeeChanged
    missions.cancel_mission(mission, by=by, reason=reason, fee_basis_points=fee)
    close(payment, fee)
    tell_both(payment, "cancelled", held=payment.status == Payment.Status.HELD)


def cancellation_fee(payment, by):
    """In basis points. A fee is a part of a live hold, for a professional who may work: else cancelling is free."""
    mission = payment.mission
    if not mission.is_client(by) or not payment.is_funded or papers.lacks(payment):
        return 0
    fee = policy.cancellation_fee(mission.agreement.cancellation_policy, mission.starts_at, clock.now())
    return closing.takeable_fee(payment, fee)


@transaction.atomic
def cancel_for_both(mission, *, by, reason):
    """Staff end a mission before its start, and nobody owes anything; both sides read the reason."""
    payment = sync.lock_payment(mission.payment)
    missions.require_staff(by)
    missions.require_cancellable(payment.mission)
    call_off(payment, by=by, reason=reason)


def call_off(payment, *, by, reason):
    """End a mission that neither side gives up: the client owes nothing, and is led to who else is free."""
    missions.cancel_mission(payment.mission, by=by, reason=reason, fee_basis_points=0)
    close(payment, 0)
    tell_called_off(payment, reason)


@transaction.atomic
def contest(mission, *, by, reason, text=""):
    """Either side, from the start on: the money stays where it is until staff settle."""
    payment = sync.lock_payment(mission.payment)
    missions.require_party(payment.mission, by)
    missions.contest_mission(payment.mission, by=by, reason=reason, text=text)
    mission = payment.mission
    tell(mission, mission.other(by).user, "missions/emails/contested")
    tell_staff(f"contest:{mission.contest.pk}", "contested", mission.contest)


@transaction.atomic
def contest_by_silence(payment):
    """A mission nobody confirmed for a week goes to staff; time alone never moves money."""
    payment = sync.lock_payment(payment)
    mission = payment.mission
    if mission.status != Status.SECURED or mission.deadline_at > clock.now():
        return
    missions.contest_mission(mission, by=None, reason=Contest.Reason.SILENCE, text="")
    tell_both(payment, "unconfirmed")
    tell_staff(f"contest:{mission.contest.pk}", "contested", mission.contest)


def remind_staff(payment):
    """Every day past its term, a contested mission is brought back to the team: nobody else will move its money."""
    mission = payment.mission
    days = (clock.now() - mission.deadline_at).days
    tell_staff(f"contest:{mission.contest.pk}:late:{days}", "contest_late", mission.contest)


@transaction.atomic
def settle(contest, *, by, performed_basis_points, note):
    """Staff decide the part performed: that part of every line is due, the rest goes back to the client."""
    payment = sync.lock_payment(contest.mission.payment)
    missions.require_staff(by)
    payment.mission.contest = Contest.objects.get(pk=contest.pk)
    missions.settle_mission(payment.mission, by=by, performed_basis_points=performed_basis_points, note=note)
    close(payment, performed_basis_points)
    tell_both(payment, "settled")


@transaction.atomic
def refund(payment, *, by, cents, bearer, reason):
    """Staff give back a part of a payment already shared: the professional's part is taken back first."""
    payment = sync.lock_payment(payment)
    missions.require_staff(by)
    decision = returns.decide_refund(payment, by=by, cents=cents, bearer=bearer, reason=reason)
    after_commit(run_payment, payment.pk)
    return decision


@transaction.atomic
def write_off(payment, *, by, cents):
    """Staff stop expecting what a professional owes us for this payment."""
    missions.require_staff(by)
    returns.write_off(sync.lock_payment(payment), cents=cents)


@transaction.atomic
def run_again(operation, *, by):
    """Staff mended what stopped a call: it leaves again, Stripe being read first. Raises PaymentError."""
    missions.require_staff(by)
    if operation.payment_id:
        sync.lock_payment(operation.payment)
    operation.refresh_from_db()
    if operation.state != StripeOperation.State.STUCK:
        raise PaymentError(_("Cet appel n’est pas à examiner."))
    if operations.is_replaced(operation):
        raise PaymentError(_("Un autre appel l’a remplacé : abandonnez celui-ci."))
    if operation.payment_id:
        after_commit(run_payment, operation.payment_id)
    return operations.resume(operation)


def read_again(payment, *, by):
    """Staff have every object of a payment read again at Stripe's. Raises PaymentError when it does not answer."""
    missions.require_staff(by)
    try:
        sync.sync_payment(payment)
    except stripe.StripeError as error:
        raise stripe_is_silent() from error
    run_payment(payment.pk)


def close(payment, basis_points):
    closing.close_payment(payment, basis_points)
    after_commit(run_payment, payment.pk)


# Being paid


def start_onboarding(professional):
    """The address of Stripe's page where a professional says who they are, for one visit.

    One whose account is closed gets another; what was sent to the first stays there.
    """
    try:
        account = ConnectedAccount.objects.filter(professional=professional).first()
        if account is None or sync.is_account_closed(account):
            account = open_account(professional, closed=account)
        return calls.onboarding_link(gateway.client(), account)
    except stripe.StripeError as error:
        raise stripe_is_silent() from error


def open_account(professional, *, closed):
    """Have Stripe open an account, unless another page just did. Raises PaymentError."""
    accounts = ConnectedAccount.objects.filter(professional=professional)
    with transaction.atomic():
        lock_professional(professional.pk)
        if opened := accounts.exclude(stripe_id=closed.stripe_id if closed else "").first():
            return opened
        operation = operations.prepare_account(professional)
    require_done(runner.run(operation))
    return accounts.get()
