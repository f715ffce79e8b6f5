"""Everything people, the clock, banks and Stripe may do to a few payments, in any order, with faults anywhere."""

import sys
from contextlib import ExitStack
from datetime import timedelta
from inspect import getclosurevars

import stripe
from django.db import connection, transaction
from django.test import RequestFactory
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts.models import Professional
from marketplace import clock
from marketplace.errors import MarketplaceError
from marketplace.queue import after_commit
from missions.models import Contest
from payments import actions, events, gateway, runner, sync, tasks
from payments.models import CheckoutSession, ConnectedAccount, Payment, Refund
from payments.simulator import accounts, disputes, refunds
from payments.simulator.cards import CARDS
from payments.simulator.errors import ApiError
from payments.simulator.routes import ROUTES
from payments.tests import invariants
from payments.tests.mortal import Death, MortalClient
from payments.tests.readings import Readings
from payments.views.webhook import webhook, webhook_thin

WEBHOOKS = {"snapshot": webhook, "thin": webhook_thin}
MOST_PAYMENTS = 3
READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET")

# The longest a call waits for its next attempt is LEASE × 64; three of these leave time for what each makes due.
CALM = timedelta(hours=2, minutes=10)
MINUTE = timedelta(minutes=1)
WAITS = [timedelta(minutes=3), timedelta(minutes=31), timedelta(hours=2), timedelta(hours=7), timedelta(hours=25)]
WAITS += [timedelta(days=3), timedelta(days=8)]

# What somebody waits for: just before, or just after.
MOMENTS = {
    "deadline": lambda payment: payment.mission.deadline_at,
    "start": lambda payment: payment.mission.starts_at,
    "end": lambda payment: payment.mission.ends_at,
    "hold due": lambda payment: payment.hold_due_at,
    "hold dying": lambda payment: hold_dies_at(payment, timedelta(hours=-11)),
    "hold dead": lambda payment: hold_dies_at(payment, timedelta()),
}

CALLED = ("customers.", "checkout.", "payment_intents.", "transfers.", "refunds.", "disputes.", "core.accounts.")
CALLS = sorted(route.name for route in ROUTES if route.name.startswith(CALLED))
WRITES = sorted(route.name for route in ROUTES if route.name in CALLS and route.method == "POST")
DEATHS = {"die_before": "before", "die_after": "after"}
FAULTS = ["lose_answer", "server_error", "refuse_connection", "half_answer", "rate_limit", "bad_gateway", *DEATHS]

which = st.integers(0, MOST_PAYMENTS - 1)
either = st.integers(0, 1)
cards = st.sampled_from(sorted(CARDS))


def hold_dies_at(payment, delta):
    hold = payment.holds.live().first()
    return hold and hold.capture_before + delta


class Money(RuleBasedStateMachine):
    """Starts from `world`, set by the test, and leaves no trace of itself."""

    world = None
    read = Readings()
    is_touched = False
    broker_is_away = False
    has_missed_events = False
    was_deaf = False

    def __init__(self):
        super().__init__()
        self.scene = ExitStack()
        self.scene.enter_context(transaction.atomic())
        self.scene.callback(transaction.set_rollback, True)
        self.scene.enter_context(connection.execute_wrapper(self.notice))
        connection.run_on_commit = []
        clock.set(self.world.instant)
        self.simulator = self.world.simulator()
        self.process = MortalClient(self.simulator)
        self.scene.callback(setattr, gateway, "client", gateway.client)
        stripe_client = gateway.connect(self.process, retries=0)
        gateway.client = lambda: stripe_client
        self.payments = list(self.world.payments)
        self.look_around()

    def teardown(self):
        """All is well in the end, unless something was found before."""
        with self.scene:
            if sys.exc_info()[0] is None:
                self.calm_down()

    def notice(self, execute, sql, params, many, context):
        """Whether something was written: an update of no row is none, and a rollback only undoes what was noticed."""
        result = execute(sql, params, many, context)
        if not sql.startswith(READING) and context["cursor"].rowcount != 0:
            self.is_touched = True
        return result

    @invariant()
    def nothing_is_wrong(self):
        self.hear_hints()
        if self.is_touched:
            self.require_none(invariants.always(self.simulator, self.read))
            self.look_around()

    def require_none(self, differences):
        found = list(differences)
        assert not found, "\n".join(found)

    def hear_hints(self):
        """The workers do what was published, e-mails apart, unless the broker is away."""
        hints, connection.run_on_commit = connection.run_on_commit, []
        for _savepoints, hint, _is_robust in [] if self.broker_is_away else hints:
            published = getclosurevars(hint).nonlocals
            if published["task"] in (runner.run_payment, events.process):
                self.attempt(published["task"], *published["ids"])

    def look_around(self):
        rows = self.read([invariants.payments])[invariants.payments]
        self.statuses = [(row.status, row.mission.status) for row in rows if row.pk in self.payments]
        self.is_touched = False

    def any_payment(self, *statuses):
        return any(status in statuses for status, _mission in self.statuses)

    def any_mission(self, *statuses):
        return any(status in statuses for _payment, status in self.statuses)

    # Trying

    def attempt(self, act, *args, **kwargs):
        """To be refused in words, to hear nothing of Stripe, or to be killed on the way: answers like others."""
        try:
            return act(*args, **kwargs)
        except (MarketplaceError, ApiError, Death):
            return None
        except stripe.StripeError as error:
            if gateway.is_definitive(error):
                raise
            return None

    def payment(self, which, *statuses):
        """One of ours, in one of these states if any is."""
        rows = Payment.objects.filter(pk__in=self.payments).order_by("pk")
        rows = rows.select_related("mission__client__user", "mission__professional__user", "mission__agreement")
        found = [payment for payment in rows if payment.status in statuses] or list(rows)
        return found[which % len(found)]

    def some(self, kind, which, **fields):
        """One of the simulator's objects that are so, or None."""
        found = self.simulator.book.every(kind, **fields)
        return found[which % len(found)] if found else None

    # The client

    @precondition(lambda self: len(self.payments) < MOST_PAYMENTS)
    @rule(
        hours=st.sampled_from([1, 2, 20, 47, 49, 70, 95, 97, 200, 480]),
        minutes=st.sampled_from([60, 91, 480, 735, 1440, 4320]),
        agents=st.integers(1, 4),
        hourly_cents=st.integers(1500, 9999),
        franchise=st.booleans(),
    )
    def agree(self, **terms):
        self.payments.append(self.world.agree(**terms).pk)

    @precondition(lambda self: self.any_payment("pending", "card_refused"))
    @rule(which=which, card=cards, authenticate=st.sampled_from([True, True, False, None]))
    def pay(self, which, card, authenticate):
        """Ask for a page and type a card there, without coming back."""
        payment = self.payment(which, "pending", "card_refused")
        if self.attempt(actions.start_checkout, payment, by=self.world.client.user):
            page = payment.sessions.get(status="open")
            self.attempt(self.simulator.hosted.pay, page.stripe_id, card, authenticate=authenticate)

    @precondition(lambda self: self.some("checkout.session", 0, status="open"))
    @rule(which=which, card=cards, authenticate=st.sampled_from([True, False, None]))
    def type_a_card(self, which, card, authenticate):
        """On any page still open at Stripe's, ours or not."""
        page = self.some("checkout.session", which, status="open")
        self.attempt(self.simulator.hosted.pay, page["id"], card, authenticate=authenticate)

    @precondition(lambda self: self.some("payment_intent", 0, status="requires_action"))
    @rule(which=which, accept=st.booleans())
    def authenticate(self, which, accept):
        intent = self.some("payment_intent", which, status="requires_action")
        self.attempt(self.simulator.hosted.authenticate, intent["id"], accept=accept)

    @precondition(lambda self: self.some("checkout.session", 0))
    @rule(which=which)
    def come_back(self, which):
        """From Stripe's page, or with the button « back »."""
        session = self.some("checkout.session", -which)
        if CheckoutSession.objects.filter(stripe_id=session["id"]):
            payment = self.attempt(sync.sync_session, session["id"])
            if payment:
                after_commit(runner.run_payment, payment.pk)

    @precondition(lambda self: self.any_mission("secured"))
    @rule(which=which)
    def confirm(self, which):
        self.attempt(actions.confirm, self.payment(which).mission, by=self.world.client.user)

    # Either side, and the team

    @precondition(lambda self: self.any_mission("accepted", "booked", "secured"))
    @rule(which=which, is_client=st.booleans())
    def cancel(self, which, is_client):
        payment = self.payment(which)
        self.attempt(actions.cancel, payment.mission, by=side(payment, is_client))

    @precondition(lambda self: self.any_mission("secured"))
    @rule(which=which, is_client=st.booleans())
    def contest(self, which, is_client):
        payment, reason = self.payment(which), Contest.Reason.EARLY_DEPARTURE
        self.attempt(actions.contest, payment.mission, by=side(payment, is_client), reason=reason, text="")

    @precondition(lambda self: self.any_mission("contested"))
    @rule(basis_points=st.sampled_from([0, 1, 3333, 5000, 9999, 10_000]))
    def settle(self, basis_points):
        contest = Contest.objects.filter(mission__status="contested").first()
        decision = {"performed_basis_points": basis_points, "note": "Vu"}
        self.attempt(actions.settle, contest, by=self.world.staff, **decision)

    @precondition(lambda self: self.any_payment("released"))
    @rule(which=which, percent=st.sampled_from([0, 1, 33, 50, 99, 100]), bearer=st.sampled_from(Refund.Bearer.values))
    def refund(self, which, percent, bearer):
        payment = self.payment(which, "released")
        cents = max(1, payment.due_price.total_cents * percent // 100)
        self.attempt(actions.refund, payment, by=self.world.staff, cents=cents, bearer=bearer, reason="Geste")

    @precondition(lambda self: self.any_payment("released", "lost"))
    @rule(which=which, cents=st.sampled_from([1, 5000]))
    def write_off(self, which, cents):
        self.attempt(actions.write_off, self.payment(which), by=self.world.staff, cents=cents)

    @precondition(lambda self: self.payments)
    @rule(which=which)
    def look_into(self, which):
        """The team has all of it read again, and what is stuck tried again."""
        payment = self.payment(which)
        self.attempt(actions.read_again, payment, by=self.world.staff)
        for stuck in payment.operations.filter(state="stuck"):
            self.attempt(actions.run_again, stuck, by=self.world.staff)

    # The professional

    @rule(which=either, status=st.sampled_from(["active", "restricted"]))
    def change_account(self, which, status):
        account = ConnectedAccount.objects.get(professional=self.world.professionals[which])
        accounts.set_status(self.simulator, self.simulator.get("v2.core.account", account.stripe_id), status)

    @rule(
        which=either, status=st.sampled_from(["approved", "suspended"]), papers=st.sampled_from(["approved", "pending"])
    )
    def judge_professional(self, which, status, papers):
        professional = self.world.professionals[which]
        Professional.objects.filter(pk=professional.pk).update(status=status)
        professional.documents.update(status=papers)

    @precondition(lambda self: self.some("transfer", 0))
    @rule(which=either)
    def pay_out(self, which):
        account = ConnectedAccount.objects.get(professional=self.world.professionals[which])
        self.attempt(accounts.pay_out, self.simulator, account.stripe_id)

    # The bank

    @precondition(lambda self: self.some("charge", 0, captured=True))
    @rule(which=which, inquiry=st.booleans(), cents=st.none() | st.integers(1, 40_000))
    def charge_back(self, which, inquiry, cents):
        """The whole, or a part, once or more."""
        charge = self.some("charge", which, captured=True)
        self.attempt(disputes.open_dispute, self.simulator, charge["id"], inquiry=inquiry, amount=cents)

    @precondition(lambda self: self.some("dispute", 0))
    @rule(which=which, verdict=st.sampled_from(["evidence", "won", "lost"]))
    def judge_dispute(self, which, verdict):
        dispute = self.some("dispute", which)
        if verdict == "evidence":
            self.attempt(disputes.submit_evidence, self.simulator, dispute["id"])
        else:
            self.attempt(disputes.close_dispute, self.simulator, dispute["id"], won=verdict == "won")

    @precondition(lambda self: self.some("refund", 0, status="succeeded", reason="requested_by_customer"))
    @rule(which=which)
    def send_refund_back(self, which):
        refund = self.some("refund", which, status="succeeded", reason="requested_by_customer")
        self.attempt(refunds.fail_refund, self.simulator, refund["id"])

    # The clock

    @rule(delta=st.sampled_from(WAITS), is_swept=st.booleans())
    def wait(self, delta, is_swept):
        self.move(clock.now() + delta)
        if is_swept:
            self.sweep()

    @precondition(lambda self: self.payments)
    @rule(
        which=which,
        moment=st.sampled_from(sorted(MOMENTS)),
        minutes=st.sampled_from([-1, 1, 16]),
        is_swept=st.booleans(),
    )
    def wait_for(self, which, moment, minutes, is_swept):
        instant = MOMENTS[moment](self.payment(which))
        if instant and instant + minutes * MINUTE > clock.now():
            self.move(instant + minutes * MINUTE)
            if is_swept:
                self.sweep()

    def move(self, instant):
        """Stripe forgets after 30 days what it could not deliver."""
        clock.set(instant)
        waiting = list(self.simulator.outbox)
        self.simulator.tick()
        self.was_deaf |= any(delivery not in self.simulator.outbox for delivery in waiting)

    @rule()
    def sweep(self):
        for task, arguments in tasks.due(clock.now()):
            self.attempt(task, *arguments)

    # Stripe's webhooks

    @precondition(lambda self: self.simulator.outbox)
    @rule(which=st.integers(0, 20), times=st.sampled_from([0, 1, 2, 10]))
    def deliver_one(self, which, times):
        """One of those waiting, whatever its turn, once or more; or never."""
        delivery = self.simulator.outbox[which % len(self.simulator.outbox)]
        for _ in range(times):
            self.simulator.webhooks.attempt(delivery, lambda found, *signed: receive(found["kind"], *signed))
        if not times:
            self.simulator.outbox.remove(delivery)
            self.has_missed_events = True

    @precondition(lambda self: self.simulator.outbox)
    @rule()
    def deliver_all(self):
        self.simulator.deliver_all(receive)

    # Faults

    @rule(kind=st.sampled_from(FAULTS), on=st.sampled_from(WRITES), times=st.sampled_from([1, 1, 2]))
    def break_writes(self, kind, on, times):
        self.go_wrong(kind, on, times)

    @rule(kind=st.sampled_from(FAULTS), on=st.sampled_from(["*", *CALLS]))
    def break_a_call(self, kind, on):
        self.go_wrong(kind, on)

    def go_wrong(self, kind, on, times=1):
        if kind in DEATHS:
            self.process.die(DEATHS[kind], on=on)
        else:
            self.simulator.faults.add(kind, on=on, times=times)

    @rule()
    def ask_the_holder(self):
        """The bank wants to see the client at the next payment without them."""
        self.simulator.faults.add("authentication_required", on="payment_intents.create")

    @rule()
    def reconcile(self):
        self.attempt(tasks.reconcile)

    @rule(is_away=st.booleans())
    def change_broker(self, is_away):
        self.broker_is_away = is_away

    # The end

    def calm_down(self):
        """Nothing breaks any more, everything is heard, and everybody has had the time."""
        self.simulator.faults.clear()
        self.process.deaths.clear()
        for wait in (CALM, CALM, CALM, MINUTE):
            self.move(clock.now() + wait)
            self.simulator.deliver_all(receive)
            self.listen_again()
            self.sweep()
        self.require_none(invariants.always(self.simulator, self.read))
        self.require_none(invariants.settled(self.simulator))

    def listen_again(self):
        """What was lost is found by reading Stripe again; after a month, only if the team asks for each payment."""
        if self.has_missed_events or self.was_deaf:
            tasks.reconcile()
        if self.was_deaf:
            for payment in Payment.objects.filter(pk__in=self.payments):
                actions.read_again(payment, by=self.world.staff)


def side(payment, is_client):
    return payment.mission.client.user if is_client else payment.mission.professional.user


def receive(kind, body, headers):
    return WEBHOOKS[kind](RequestFactory().post("/", body, headers["Content-Type"], headers=headers)).status_code
