"""The webhooks, through their views: what is refused, what is kept once, and what each type of event leads to."""

import json
from datetime import timedelta

import pytest
import stripe
from django.urls import reverse

from accounts.tests.factories import PASSWORD, make_professional, make_staff
from marketplace import clock as site_clock
from missions.models import Mission
from payments import actions, events, gateway, tasks
from payments.models import (
    CheckoutSession,
    ConnectedAccount,
    Difference,
    Dispute,
    Hold,
    LedgerEntry,
    Payment,
    StripeEvent,
)
from payments.simulator import accounts, disputes, refunds
from payments.tests.books import check_books, moved
from payments.tests.factories import close_account, fresh, make_ended_payment, make_held_payment, make_payment
from payments.tests.webhooks import deliver, post, signed

pytestmark = pytest.mark.django_db(transaction=True)

State = StripeEvent.State
NEEDS_THE_CLIENT = "4000 0027 6000 3184"
DECLINED = "4000 0000 0000 0002"
SECRETS = {"snapshot": "whsec_simulator", "thin": "whsec_simulator_thin"}
KINDS = list(SECRETS)


def start_paying(simulator, **fields):
    """A mission to pay, its client on Stripe's page."""
    payment = make_payment(**fields)
    actions.start_checkout(payment, by=payment.mission.client.user)
    return payment, payment.sessions.get().stripe_id


def start_saving(simulator):
    return start_paying(simulator, starts_at=site_clock.now().replace(microsecond=0) + timedelta(days=20))


def make_shared_payment(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return fresh(payment)


def header(body, secret):
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, secret)}


@pytest.fixture(params=KINDS)
def delivery(request, simulator, clock):
    """A signed event of either kind, that the site was not told of yet."""
    if request.param == "snapshot":
        _payment, session_id = start_paying(simulator)
        simulator.hosted.pay(session_id)
        return signed(simulator, "checkout.session.completed")
    professional = make_professional(payable=False)
    actions.start_onboarding(professional)
    simulator.hosted.onboard(ConnectedAccount.objects.get().stripe_id)
    return signed(simulator, "v2.core.account[requirements].updated")


# What is refused


def test_an_event_is_kept_and_answered(client, delivery):
    assert post(client, *delivery).status_code == 200
    assert StripeEvent.objects.get().state == State.DONE


def test_a_changed_event_is_refused(client, delivery):
    kind, body, headers = delivery
    assert post(client, kind, body.replace("test", "best", 1) + " ", headers).status_code == 400
    assert not StripeEvent.objects.exists()


def test_an_event_signed_with_another_secret_is_refused(client, delivery):
    kind, body, _headers = delivery
    assert post(client, kind, body, header(body, "whsec_stranger")).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(290, 200), (310, 400)])
def test_an_event_signed_more_than_five_minutes_ago_is_refused(client, delivery, age, status):
    kind, body, headers = delivery
    signed_at = int(headers["Stripe-Signature"].split(",")[0].removeprefix("t=")) - age
    mark = stripe.WebhookSignature._compute_signature(f"{signed_at}.{body}", SECRETS[kind])
    headers = {"Stripe-Signature": f"t={signed_at},v1={mark}"}
    assert post(client, kind, body, headers).status_code == status


@pytest.mark.parametrize("mark", ["", "t=1,v1=0", "v1=é", "t=abc,v1=0", ","])
def test_an_event_without_a_signature_is_refused(client, delivery, mark):
    kind, body, _headers = delivery
    assert post(client, kind, body, {"Stripe-Signature": mark}).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("name", ["stripe:webhook", "stripe:webhook_thin"])
def test_a_webhook_is_only_posted(client, name):
    assert client.get(reverse(name)).status_code == 405


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body", ["", "{", "\x00", "[]", "null", '{"id": "evt_1"}', '{"id": "evt_1", "type": "x", "data": 3}']
)
def test_what_is_no_event_is_refused_even_when_signed(client, kind, body):
    assert post(client, kind, body, header(body, SECRETS[kind])).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_too_large_is_refused(client, kind):
    body = json.dumps({"id": "evt_1", "padding": "x" * 1024 * 1024})
    assert 400 <= post(client, kind, body, header(body, SECRETS[kind])).status_code < 500
    assert not StripeEvent.objects.exists()


def test_each_webhook_refuses_the_payload_of_the_other(client, delivery):
    kind, body, _headers = delivery
    (other,) = set(KINDS) - {kind}
    assert post(client, other, body, header(body, SECRETS[other])).status_code == 400
    assert not StripeEvent.objects.exists()


def test_during_a_rotation_the_old_and_the_new_secret_are_taken_and_no_third(client, delivery, settings):
    kind, body, _headers = delivery
    name = {"snapshot": "STRIPE_WEBHOOK_SECRETS", "thin": "STRIPE_THIN_WEBHOOK_SECRETS"}[kind]
    setattr(settings, name, ["whsec_new", "whsec_old"])
    for secret, status in [("whsec_old", 200), ("whsec_new", 200), (SECRETS[kind], 400)]:
        assert post(client, kind, body, header(body, secret)).status_code == status


# What is kept


def test_an_event_sent_ten_times_is_kept_and_answered_once(client, delivery):
    assert [post(client, *delivery).status_code for _copy in range(10)] == [200] * 10
    event = StripeEvent.objects.get()
    assert (event.state, event.attempts) == (State.DONE, 1)


def test_the_webhook_alone_secures_the_mission_once(client, simulator):
    payment = make_payment()
    assert client.login(email=payment.mission.client.user.email, password=PASSWORD)
    client.post(reverse("payments:checkout_start", args=[payment.mission_id]), {"early_start": "on"})
    simulator.faults.add("duplicate", on="checkout.session.completed")
    simulator.hosted.pay(payment.sessions.get().stripe_id)
    deliver(client, simulator)

    payment = fresh(payment)
    assert payment.mission.status == Mission.Status.SECURED
    assert payment.holds.count() == 1
    assert payment.mission.events.filter(kind="secured").count() == 1


def test_an_event_of_an_unknown_type_is_kept_and_left_alone(client, simulator):
    start_paying(simulator)
    kind, body, _headers = signed(simulator, "customer.created")
    assert post(client, kind, body, header(body, SECRETS[kind])).status_code == 200
    assert (StripeEvent.objects.get().type, StripeEvent.objects.get().state) == ("customer.created", State.IGNORED)


def test_an_object_not_ours_yet_waits_and_is_known_later(client, simulator, clock):
    payment, session_id = start_paying(simulator)
    CheckoutSession.objects.update(stripe_id=None)
    simulator.hosted.pay(session_id)
    deliver(client, simulator, "checkout.session.completed")
    event = StripeEvent.objects.get()
    assert (event.state, event.attempts, fresh(payment).status) == (State.PENDING, 1, Payment.Status.PENDING)

    CheckoutSession.objects.update(stripe_id=session_id)
    clock.advance(timedelta(minutes=2))
    tasks.sweep_payments()
    assert (StripeEvent.objects.get().state, fresh(payment).status) == (State.DONE, Payment.Status.HELD)


def test_an_object_that_never_becomes_ours_is_given_up(client, simulator, clock):
    _payment, session_id = start_paying(simulator)
    CheckoutSession.objects.update(stripe_id=None)
    simulator.hosted.pay(session_id)
    deliver(client, simulator, "checkout.session.completed")
    event = StripeEvent.objects.get()
    for _try in range(events.MAX_ATTEMPTS):
        clock.advance(timedelta(hours=1))
        events.process(event.pk)

    event.refresh_from_db()
    assert (event.state, event.attempts) == (State.IGNORED, events.MAX_ATTEMPTS)


def test_an_event_stripe_will_not_explain_now_is_asked_again(client, simulator, clock):
    payment, session_id = start_paying(simulator)
    simulator.hosted.pay(session_id)
    simulator.faults.add("rate_limit", on="checkout.sessions.retrieve")
    deliver(client, simulator, "checkout.session.completed")
    assert (StripeEvent.objects.get().state, fresh(payment).status) == (State.PENDING, Payment.Status.PENDING)

    clock.advance(timedelta(minutes=2))
    tasks.sweep_payments()
    assert (StripeEvent.objects.get().state, fresh(payment).status) == (State.DONE, Payment.Status.HELD)


def test_what_another_environment_does_on_the_same_account_changes_nothing_here(client, simulator, settings):
    payment, session_id = start_paying(simulator)
    simulator.hosted.pay(session_id)
    settings.STRIPE_ENV = "staging"
    deliver(client, simulator, "payment_intent.amount_capturable_updated")

    assert StripeEvent.objects.get().state == State.IGNORED
    assert fresh(payment).status == Payment.Status.PENDING
    assert not Hold.objects.exists()


def test_an_event_about_an_object_stripe_has_forgotten_ends_ignored(clock, simulator):
    event = events.receive("evt_forgotten", "payment_intent.succeeded", "pi_forgotten")
    for _attempt in range(events.MAX_ATTEMPTS):
        clock.advance(timedelta(hours=1))
        events.process(event.pk)

    event.refresh_from_db()
    assert event.state == State.IGNORED


@pytest.mark.parametrize("order", [1, -1])
def test_all_events_lost_for_three_days_and_in_any_order_end_alike(client, simulator, clock, order):
    """Out of order and late, each event only makes us read Stripe again."""
    payment = make_shared_payment(simulator, clock)
    simulator.outbox[:] = simulator.outbox[::order]
    clock.advance(timedelta(days=3))
    deliver(client, simulator)

    payment = fresh(payment)
    assert (payment.status, payment.mission.status) == (Payment.Status.RELEASED, Mission.Status.CONFIRMED)
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    check_books(simulator)


# What each type leads to: it is delivered alone, all the others are lost


def session_completed(simulator, clock):
    payment, session_id = start_paying(simulator)
    simulator.hosted.pay(session_id)
    yield
    assert (fresh(payment).status, fresh(payment).mission.status) == (Payment.Status.HELD, Mission.Status.SECURED)


def session_expired(simulator, clock):
    payment, session_id = start_paying(simulator)
    clock.set(payment.sessions.get().expires_at)
    simulator.tick()
    yield
    assert payment.sessions.get().status == CheckoutSession.Status.EXPIRED


def card_saved(simulator, clock):
    payment, session_id = start_saving(simulator)
    simulator.hosted.pay(session_id)
    yield
    assert (fresh(payment).status, fresh(payment).mission.status) == (Payment.Status.CARD_SAVED, Mission.Status.BOOKED)


def card_not_saved(simulator, clock):
    payment, session_id = start_saving(simulator)
    simulator.hosted.pay(session_id, DECLINED)
    yield
    assert (fresh(payment).status, payment.sessions.get().status) == (Payment.Status.PENDING, "open")


def left_at_three_d_secure(simulator, clock):
    payment, session_id = start_paying(simulator)
    simulator.hosted.pay(session_id, NEEDS_THE_CLIENT, authenticate=None)
    yield
    assert (fresh(payment).status, payment.sessions.get().status) == (Payment.Status.PENDING, "open")


def card_declined(simulator, clock):
    payment, session_id = start_paying(simulator)
    simulator.hosted.pay(session_id, DECLINED)
    yield
    assert (fresh(payment).status, payment.sessions.get().status) == (Payment.Status.PENDING, "open")


def shared(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    written = LedgerEntry.objects.count()
    yield
    assert (fresh(payment).status, LedgerEntry.objects.count()) == (Payment.Status.RELEASED, written)


def hold_expired(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.holds.get().capture_before)
    simulator.tick()
    yield
    assert (fresh(payment).status, payment.holds.get().status) == (Payment.Status.CARD_REFUSED, Hold.Status.EXPIRED)


def refund_made(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=1000, bearer="platform", reason="Retard")
    written = LedgerEntry.objects.count()
    yield
    assert (payment.operations.get(kind="refund").state, LedgerEntry.objects.count()) == ("done", written)


def refund_sent_back(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=1000, bearer="platform", reason="Retard")
    refunds.fail_refund(simulator, payment.operations.get(kind="refund").stripe_id)
    yield
    assert payment.operations.get(kind="refund").state == "stuck"
    assert payment.ledger.filter(kind="refund_failed").count() == 1


def disputed(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    disputes.open_dispute(simulator, payment.holds.get().charge_id)
    yield
    assert (Dispute.objects.get().status, moved(simulator)[1]) == ("needs_response", 0)


def dispute_answered(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id)
    disputes.submit_evidence(simulator, found["id"])
    yield
    assert (Dispute.objects.get().status, moved(simulator)[1]) == ("under_review", 0)


def dispute_won(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id)
    disputes.close_dispute(simulator, found["id"], won=True)
    yield
    assert (Dispute.objects.get().status, fresh(payment).status) == ("won", Payment.Status.RELEASED)


def dispute_lost(simulator, clock):
    payment = make_shared_payment(simulator, clock)
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id)
    disputes.close_dispute(simulator, found["id"], won=False)
    yield
    assert (Dispute.objects.get().status, fresh(payment).status) == ("lost", Payment.Status.LOST)


def transfer_taken_back_without_us(simulator, clock):
    staff, payment = make_staff(), make_shared_payment(simulator, clock)
    clock.advance(timedelta(days=10))
    gateway.client().v1.transfers.reversals.create(payment.operations.get(kind="transfer").stripe_id, {"amount": 1000})
    yield
    assert Difference.objects.get().kind == Difference.Kind.UNKNOWN_REVERSAL
    assert staff.notifications.filter(template="payments/emails/differences_staff").count() == 1


def account_opened(simulator, clock):
    professional = make_professional(payable=False)
    actions.start_onboarding(professional)
    simulator.hosted.onboard(ConnectedAccount.objects.get().stripe_id)
    yield
    professional.refresh_from_db()
    assert professional.payable is True


def account_restricted(simulator, clock):
    professional = make_held_payment(simulator).mission.professional
    account = simulator.book.get("v2.core.account", professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    yield
    professional.refresh_from_db()
    assert professional.payable is False


def account_closed(simulator, clock):
    professional = make_held_payment(simulator).mission.professional
    close_account(professional)
    yield
    professional.refresh_from_db()
    assert professional.payable is False
    assert professional.account.transfers == ConnectedAccount.Transfers.UNSUPPORTED


ENDS = {
    "checkout.session.completed": session_completed,
    "checkout.session.expired": session_expired,
    "setup_intent.succeeded": card_saved,
    "setup_intent.setup_failed": card_not_saved,
    "payment_intent.amount_capturable_updated": session_completed,
    "payment_intent.requires_action": left_at_three_d_secure,
    "payment_intent.payment_failed": card_declined,
    "payment_intent.succeeded": shared,
    "payment_intent.canceled": hold_expired,
    "charge.expired": hold_expired,
    "charge.refunded": hold_expired,
    "refund.created": refund_made,
    "refund.updated": refund_sent_back,
    "refund.failed": refund_sent_back,
    "charge.dispute.created": disputed,
    "charge.dispute.updated": dispute_answered,
    "charge.dispute.funds_withdrawn": disputed,
    "charge.dispute.funds_reinstated": dispute_won,
    "charge.dispute.closed": dispute_lost,
    "transfer.created": shared,
    "transfer.reversed": transfer_taken_back_without_us,
    "v2.core.account.closed": account_closed,
    "v2.core.account[configuration.recipient].capability_status_updated": account_restricted,
    "v2.core.account[requirements].updated": account_opened,
}


@pytest.mark.parametrize("type", events.HANDLERS)
def test_each_type_we_handle_is_enough_alone(client, simulator, clock, type):
    story = ENDS[type](simulator, clock)
    next(story)
    assert deliver(client, simulator, type) >= 1
    assert StripeEvent.objects.filter(type=type, state=State.DONE).exists()
    assert next(story, None) is None
