"""A shared payment of 276,00 €, the client's bank that takes it back, and what the books say in the end."""

from datetime import timedelta

from accounts.emails import write_email
from accounts.tests.factories import make_staff
from missions.models import Contest
from payments import actions, audit, differences, gateway, reconciliation, sync, tasks
from payments.models import Difference, Dispute
from payments.simulator import accounts, disputes
from payments.simulator.balance import DISPUTE_FEE, card_fee
from payments.tests.books import check_books
from payments.tests.factories import fresh, make_ended_payment
from payments.tests.webhooks import deliver

# 8 h at 25,00 €: 240,00 € for the professional, 30,00 € of commission and 6,00 € of its VAT.
TOTAL, SHARE, COMMISSION, VAT = 27_600, 24_000, 3_000, 600
CARD_FEE = card_fee(TOTAL)
FEES = CARD_FEE + DISPUTE_FEE
EARNED = {"commission": -COMMISSION, "vat": -VAT}
LOST = {"stripe": -FEES, "stripe_fees": FEES}
WON = EARNED | {"stripe": COMMISSION + VAT - FEES, "stripe_fees": FEES}

# A part only, 10,00 €: 8,70 € of the professional's share, 1,08 € of commission and 0,22 € of its VAT.
PART = 1_000
LEFT = {"commission": -2_892, "vat": -578, "stripe": 3_470 - FEES, "stripe_fees": FEES}


class Bank:
    """The client's bank, heard through webhooks."""

    def __init__(self, client, simulator):
        self.client, self.simulator = client, simulator

    def dispute(self, payment, *, inquiry=False, told=True, amount=None):
        charge_id = payment.holds.get(status="captured").charge_id
        found = disputes.open_dispute(self.simulator, charge_id, inquiry=inquiry, amount=amount)
        return self.tell(found, told=told)

    def judge(self, payment, *, won, told=True):
        """The first dispute that is open."""
        found = self.open_disputes(payment)[0]
        disputes.close_dispute(self.simulator, found["id"], won=won)
        return self.tell(found, told=told)

    def appeal(self, dispute, *, told=True):
        return self.tell(disputes.appeal(self.simulator, dispute.stripe_id), told=told)

    def open_disputes(self, payment):
        charge_id = payment.holds.get(status="captured").charge_id
        found = self.simulator.book.every("dispute", charge=charge_id)
        return [dispute for dispute in found if dispute["status"] in disputes.OPEN]

    def tell(self, found, *, told):
        if not told:
            self.simulator.outbox.clear()
            return None
        deliver(self.client, self.simulator)
        return Dispute.objects.get(stripe_id=found["id"])


def share(simulator, clock, **fields):
    """A confirmed payment, its share on the professional's Stripe account."""
    payment = make_ended_payment(simulator, clock, **fields)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return fresh(payment)


def pay_out(simulator, clock, payment):
    """The week goes by and Stripe sends what the professional has to their bank."""
    clock.advance(timedelta(days=8))
    simulator.tick()
    accounts.pay_out(simulator, payment.mission.professional.account.stripe_id)


def settle_half(payment):
    reason = Contest.Reason.EARLY_DEPARTURE
    actions.contest(fresh(payment).mission, by=payment.mission.client.user, reason=reason, text="Parti à minuit")
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=5000, note="La moitié")


def check_at_rest(payment, simulator):
    """Nothing moves any more, even read again."""
    sync.sync_payment(payment)
    tasks.sweep_payments()
    assert not payment.operations.filter(state__in=("pending", "stuck")).exists()
    assert list(audit.differences()) == []
    check_books(simulator)


def sweep_for_hours(clock):
    for _sweep in range(3):
        clock.advance(timedelta(hours=2))
        tasks.sweep_payments()


def exhaust(clock):
    """Let the sweep try until calls end stuck."""
    for _sweep in range(25):
        clock.advance(timedelta(hours=3))
        tasks.sweep_payments()


def run_stuck_again(payment, clock):
    for stuck in payment.operations.filter(state="stuck").order_by("pk"):
        actions.run_again(stuck, by=make_staff())
    sweep_for_hours(clock)


def set_account(payment, simulator, status):
    account_id = payment.mission.professional.account.stripe_id
    accounts.set_status(simulator, simulator.book.get("v2.core.account", account_id), status)


def send_by_hand(payment, cents):
    """A transfer made in Stripe's dashboard, then written in our books."""
    hold, account = payment.holds.get(), payment.mission.professional.account
    wanted = {"amount": cents, "currency": "eur", "destination": account.stripe_id}
    gateway.client().v1.transfers.create(wanted | {"source_transaction": hold.charge_id})
    write_in_books(Difference.Kind.UNKNOWN_TRANSFER)


def refund_by_hand(payment, cents):
    intent_id = payment.holds.get(status="captured").intent_id
    gateway.client().v1.refunds.create({"payment_intent": intent_id, "amount": cents})


def reverse_by_hand(simulator, cents):
    transfer = simulator.book.every("transfer")[0]
    gateway.client().v1.transfers.reversals.create(transfer["id"], {"amount": cents})


def write_in_books(kind):
    """What somebody did in Stripe's dashboard, once the night found it."""
    reconciliation.compare_books(timedelta(days=60))
    difference = Difference.objects.open().get(kind=kind)
    differences.write_in_books(difference, by=make_staff(), reason="Fait à la main")


def told(user):
    """The templates of what somebody was told of a chargeback, in order."""
    names = user.notifications.order_by("pk").values_list("template", flat=True)
    return [name.rpartition("/")[2] for name in names if "chargeback" in name or "dispute" in name]


def letter(user, template):
    """The text of the only e-mail of this kind owed to somebody."""
    owed = user.notifications.get(template=f"payments/emails/{template}")
    return write_email(user, owed.template, owed.context).body
