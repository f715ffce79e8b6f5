"""Our books against Stripe's, both ways: what differs is a row with what to do about it."""

from datetime import timedelta
from io import StringIO

import pytest
import stripe
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.tests.factories import make_professional, make_staff
from missions.models import Contest, Mission
from payments import actions, comparisons, differences, events, gateway, reconciliation, subscriptions, sync, tasks
from payments.errors import PaymentError
from payments.models import Difference, Hold, Payment, Reconciliation, StripeEvent, StripeOperation
from payments.simulator import accounts, control, refunds
from payments.tests import worlds
from payments.tests.books import books, check_books
from payments.tests.factories import (
    fresh,
    keep,
    make_account,
    make_ended_payment,
    make_held_payment,
    make_payment,
    pay,
    work,
)

pytestmark = pytest.mark.django_db

Act = Difference.Act
Kind = Difference.Kind


@pytest.fixture(autouse=True)
def subscribed(simulator):
    """Stripe sends us everything, so that nothing else differs."""
    list(subscriptions.subscribe())


def found():
    """The open differences: (kind, subject, what to do)."""
    reconciliation.compare_books()
    return [(one.kind, one.subject, one.act) for one in Difference.objects.open().order_by("pk")]


def make_confirmed(simulator, clock, **fields):
    payment = make_ended_payment(simulator, clock, **fields)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return work(payment)


def as_stripe(simulator, act, **body):
    """Do something of which no event reaches us."""
    simulator.faults.add("drop", on="*", times=10)
    control.ACTS[act](simulator, body)
    simulator.faults.clear()


def test_books_that_agree_show_no_difference(simulator, clock):
    make_confirmed(simulator, clock)
    make_held_payment(simulator)
    assert found() == []


def test_a_hold_stripe_has_and_we_have_not(simulator):
    payment = make_held_payment(simulator)
    intent_id = payment.holds.get().intent_id
    payment.holds.all().delete()
    assert found() == [(Kind.UNKNOWN_HOLD, f"payment_intent:{intent_id}", Act.READ_AGAIN)]


def test_a_hold_lost_with_our_last_day_is_taken_up_by_reading_it(simulator, clock):
    """After a restore: the card was saved, and Stripe holds the amount."""
    payment = worlds.hold_due(worlds.World.at("empty", simulator), simulator)
    before = Payment.objects.filter(pk=payment.pk).values("status", "hold_due_at").get()
    mission = Mission.objects.filter(pk=payment.mission_id).values("status", "deadline_at").get()
    tasks.sweep_payments()
    intent_id = payment.holds.get().intent_id
    payment.operations.all().delete()
    payment.holds.all().delete()
    Payment.objects.filter(pk=payment.pk).update(**before)
    Mission.objects.filter(pk=payment.mission_id).update(**mission)
    assert (Kind.UNKNOWN_HOLD, f"payment_intent:{intent_id}", Act.READ_AGAIN) in found()

    differences.read_again(Difference.objects.get(kind=Kind.UNKNOWN_HOLD), by=make_staff())
    assert fresh(payment).status == Payment.Status.HELD
    assert found() == []


def test_a_hold_that_ended_without_a_word_is_read_again_and_the_difference_is_gone(simulator, clock):
    payment = make_held_payment(simulator)
    hold = payment.holds.get()
    gateway.client().v1.payment_intents.cancel(hold.intent_id)
    assert found() == [(Kind.HOLD_STATE, f"payment_intent:{hold.intent_id}", Act.READ_AGAIN)]

    actions.read_again(payment, by=make_staff())
    assert found() == []
    assert fresh(payment).status == Payment.Status.CARD_REFUSED


def test_a_capture_we_forgot_is_booked_once(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    hold = payment.holds.get()
    gateway.client().v1.payment_intents.capture(hold.intent_id)
    assert found() == [(Kind.HOLD_STATE, f"payment_intent:{hold.intent_id}", Act.READ_AGAIN)]

    staff = make_staff()
    actions.read_again(payment, by=staff)
    actions.read_again(payment, by=staff)
    assert fresh(payment).status == Payment.Status.KEPT
    assert found() == []
    actions.confirm(payment.mission, by=payment.mission.client.user)
    assert work(payment).status == Payment.Status.RELEASED
    assert found() == []


def test_a_transfer_made_without_us(simulator, clock):
    payment = make_confirmed(simulator, clock)
    operation = payment.operations.get(kind="transfer")
    StripeOperation.objects.filter(pk=operation.pk).update(stripe_id="tr_other")
    assert found() == [
        (Kind.UNKNOWN_TRANSFER, f"transfer:{operation.stripe_id}", Act.WRITE),
        (Kind.MISSING_AT_STRIPE, "transfer:tr_other", Act.LOOK),
    ]


def test_a_transfer_taken_back_without_us(simulator, clock):
    payment = make_confirmed(simulator, clock)
    transfer_id = payment.operations.get(kind="transfer").stripe_id
    gateway.client().v1.transfers.reversals.create(transfer_id, {"amount": 100})
    assert found() == [(Kind.UNKNOWN_REVERSAL, f"transfer:{transfer_id}", Act.WRITE)]


def test_a_refund_made_without_us(simulator, clock):
    payment = make_confirmed(simulator, clock)
    refund = gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 100})
    assert found() == [(Kind.UNKNOWN_REFUND, f"refund:{refund.id}", Act.WRITE)]


def test_a_refund_made_without_us_is_written_in_our_books_at_our_charge(simulator, clock):
    payment = make_confirmed(simulator, clock)
    gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 100})
    found()
    written(Difference.objects.open().get())

    assert found() == []
    refund = payment.refunds.get()
    assert (refund.amount_cents, refund.bearer, refund.reason) == (100, "platform", "Fait à la main.")
    assert books(payment)["losses"] == 100
    check_books(simulator)


def test_a_transfer_made_without_us_is_written_as_owed_by_the_professional(simulator, clock):
    payment = make_confirmed(simulator, clock)
    send_by_hand(payment, 100)
    found()
    written(Difference.objects.open().get())

    assert found() == []
    assert books(payment)["recoverable"] == 100
    check_books(simulator)


def test_a_share_sent_by_hand_is_the_share(simulator, clock):
    """Ours was given up: theirs takes its place, and nobody owes anything."""
    payment = make_sharing(simulator, clock, "refused")
    send_by_hand(payment, payment.price.professional_cents)
    found()
    written(Difference.objects.open().get(kind=Kind.UNKNOWN_TRANSFER))

    assert found() == []
    assert not {"recoverable", "payable"} & books(payment).keys()
    check_books(simulator)


def test_what_cannot_be_written_yet_says_why(simulator, clock):
    payment = keep(make_ended_payment(simulator, clock))
    gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 100})
    found()
    difference = Difference.objects.open().get()
    with pytest.raises(PaymentError, match="pas encore réparti"):
        written(difference)
    difference.refresh_from_db()
    assert difference.closed_at is None


def test_what_was_written_is_not_written_twice(simulator, clock):
    payment = make_confirmed(simulator, clock)
    gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 100})
    found()
    difference = Difference.objects.open().get()
    written(difference)
    with pytest.raises(PaymentError, match="le connaissent déjà"):
        written(difference)
    assert payment.refunds.count() == 1


def make_sharing(simulator, clock, state):
    """Confirmed, its transfer not made yet and in this state."""
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("refuse_connection", on="transfers.create", times=1)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    payment = work(payment)
    payment.operations.filter(kind="transfer").update(state=state)
    return payment


@pytest.mark.parametrize(
    ("state", "attempts", "why"), [("stuck", 20, "à examiner"), ("pending", 1, "attendez sa réponse")]
)
def test_nothing_is_written_while_a_call_may_do_the_same(simulator, clock, state, attempts, why):
    payment = make_sharing(simulator, clock, "stuck")
    send_by_hand(payment, payment.price.professional_cents)
    found()
    payment.operations.filter(kind="transfer").update(state=state, attempts=attempts)
    with pytest.raises(PaymentError, match=why):
        written(Difference.objects.open().get(kind=Kind.UNKNOWN_TRANSFER))
    assert "adopted" not in str(payment.operations.values_list("key", flat=True))


def test_a_refund_that_came_back_then_made_by_hand_is_no_loss(simulator, clock):
    payment = keep(make_ended_payment(simulator, clock))
    actions.contest(payment.mission, by=payment.mission.client.user, reason=Contest.Reason.NO_SHOW)
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=0, note="Personne")
    payment = work(payment)
    refunds.fail_refund(simulator, payment.operations.get(kind="refund").stripe_id)
    sync.sync_payment(payment)
    stuck = payment.operations.get(kind="refund", state="stuck")
    intent_id = payment.holds.get().intent_id
    gateway.client().v1.refunds.create({"payment_intent": intent_id, "amount": payment.amount_cents})
    found()
    difference = Difference.objects.open().get(kind=Kind.UNKNOWN_REFUND)
    with pytest.raises(PaymentError, match="abandonnez-le"):
        written(difference)
    differences.give_up_call(stuck, by=make_staff())
    written(difference)

    assert found() == []
    assert not {"losses", "client_funds"} & books(payment).keys()
    check_books(simulator)


def test_a_refund_by_hand_waits_for_ours_that_takes_its_part_back(simulator, clock):
    payment = make_confirmed(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=2000, bearer="both", reason="Retard")
    gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 2000})
    found()
    with pytest.raises(PaymentError, match="attend encore la part du professionnel"):
        written(Difference.objects.open().get(kind=Kind.UNKNOWN_REFUND))


def test_a_transfer_corrected_at_stripes_pays_nobody(simulator, clock):
    payment = make_confirmed(simulator, clock)
    send_by_hand(payment, 100)
    found()
    difference = Difference.objects.open().get()
    gateway.client().v1.transfers.reversals.create(difference.subject.partition(":")[2], {"amount": 100})
    with pytest.raises(PaymentError, match="ne paie pas cette mission"):
        written(difference)


@pytest.fixture
def owing(simulator, clock):
    """10,00 € were given back after the professional was paid out: of these they owe 8,70 €, and have them by now."""
    payment = make_confirmed(simulator, clock)
    let_settle(simulator, clock)
    accounts.pay_out(simulator, payment.mission.professional.account.stripe_id)
    actions.refund(payment, by=make_staff(), cents=1_000, bearer="both", reason="Retard")
    payment = work(payment)
    assert books(payment)["recoverable"] == 870
    make_confirmed(simulator, clock, professional=payment.mission.professional)
    let_settle(simulator, clock)
    return payment


def let_settle(simulator, clock):
    clock.advance(timedelta(days=8))
    simulator.tick()


def take_back_by_hand(payment, cents):
    """What the team may do in Stripe's dashboard; returns the difference that its event makes."""
    transfer_id = payment.operations.get(kind="transfer").stripe_id
    gateway.client().v1.transfers.reversals.create(transfer_id, {"amount": cents})
    sync.sync_transfer(transfer_id)
    return Difference.objects.open().get(kind=Kind.UNKNOWN_REVERSAL)


def test_what_is_taken_back_by_hand_is_owed_no_more(owing, simulator):
    take_back_by_hand(owing, 500)
    written(take_back_by_hand(owing, 300))
    assert books(owing)["recoverable"] == 70
    assert found() == []
    check_books(simulator)


def test_the_professional_reads_what_was_taken_back_by_hand_and_what_they_still_owe(owing, client):
    written(take_back_by_hand(owing, 800))
    client.force_login(owing.mission.professional.user)
    page = client.get(reverse("payments:money", args=[owing.mission.pk])).content.decode()
    assert "Repris sur votre compte Stripe" in page
    assert "N’est plus à nous rendre" in page
    earnings = client.get(reverse("payments:earnings")).content.decode()
    assert "Reprise de ce que vous nous deviez" in earnings
    assert "0,70\u00a0€" in earnings


def test_no_more_is_taken_back_by_hand_than_is_owed(owing, simulator):
    difference = take_back_by_hand(owing, 871)
    with pytest.raises(PaymentError, match="ne nous doit pas tant"):
        written(difference)
    assert books(owing)["recoverable"] == 870

    send_by_hand(owing, 1)
    found()
    written(Difference.objects.open().get(kind=Kind.UNKNOWN_TRANSFER))
    written(difference)
    assert "recoverable" not in books(owing)
    assert found() == []
    check_books(simulator)


def test_what_is_taken_back_by_hand_waits_for_a_bank_that_judges(owing, simulator):
    as_stripe(simulator, "dispute", charge=owing.holds.get().charge_id, amount=1_000)
    sync.sync_payment(owing)
    work(owing)
    with pytest.raises(PaymentError, match="pas encore jugé"):
        written(take_back_by_hand(owing, 500))


def send_by_hand(payment, cents):
    """What the team may do in Stripe's dashboard."""
    hold = payment.holds.get()
    account = payment.mission.professional.account
    gateway.client().v1.transfers.create(
        {"amount": cents, "currency": "eur", "destination": account.stripe_id, "source_transaction": hold.charge_id}
    )


def written(difference):
    differences.write_in_books(difference, by=make_staff(), reason="Fait à la main.")


def test_the_refund_of_a_void_is_no_difference(simulator):
    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=payment.mission.client.user)
    work(payment)
    assert len(simulator.book.every("refund")) == 1
    assert found() == []


def test_a_chargeback_we_did_not_hear_of(simulator, clock):
    payment = make_confirmed(simulator, clock)
    as_stripe(simulator, "dispute", charge=payment.holds.get().charge_id)
    dispute_id = simulator.book.every("dispute")[0]["id"]
    assert found() == [(Kind.UNKNOWN_DISPUTE, f"dispute:{dispute_id}", Act.READ_AGAIN)]

    actions.read_again(payment, by=make_staff())
    assert found() == []
    assert payment.disputes.get().stripe_id == dispute_id


def test_a_call_that_is_stuck_is_one_to_run_again(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    Hold.objects.update(intent_id="pi_unknown")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    stuck = payment.operations.get(state="stuck")
    assert (Kind.STUCK_CALL, f"operation:{stuck.pk}", Act.RUN_AGAIN) in found()


def test_an_object_stripe_does_not_know(simulator):
    make_held_payment(simulator)
    Hold.objects.update(intent_id="pi_unknown")
    assert (Kind.MISSING_AT_STRIPE, "payment_intent:pi_unknown", Act.LOOK) in found()


def test_a_call_under_way_is_no_difference(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("lose_answer", on="payment_intents.capture")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    assert simulator.book.every("payment_intent")[0]["status"] == "succeeded"
    assert found() == []


def test_the_team_is_told_once_and_a_difference_out_of_the_window_stays_open(simulator, clock):
    staff = make_staff()
    payment = make_confirmed(simulator, clock)
    gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 100})
    first = found()
    clock.advance(timedelta(days=5))
    assert found() == first
    assert staff.notifications.filter(template="payments/emails/differences_staff").count() == 1


def test_one_e_mail_says_how_many_differences_are_new(simulator, clock):
    staff = make_staff()
    payment = make_confirmed(simulator, clock)
    for cents in (100, 200):
        gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": cents})
    assert len(found()) == 2
    told = staff.notifications.get(template="payments/emails/differences_staff")
    assert told.context == {"number": 2, "url": "/admin/payments/difference/?ouvert=oui"}


def test_a_transfer_taken_back_is_written_as_soon_as_it_is_read(simulator, clock):
    staff = make_staff()
    payment = make_confirmed(simulator, clock)
    transfer_id = payment.operations.get(kind="transfer").stripe_id
    gateway.client().v1.transfers.reversals.create(transfer_id, {"amount": 100})
    for _reading in range(2):
        comparisons.keep_what_differs("transfer", gateway.client().v1.transfers.retrieve(transfer_id))
    difference = Difference.objects.open().get()
    assert difference.kind == Kind.UNKNOWN_REVERSAL
    assert (difference.ours, difference.theirs) == ("0,00\u00a0€", "1,00\u00a0€")
    assert staff.notifications.filter(template="payments/emails/differences_staff").count() == 1


def test_an_old_transfer_taken_back_without_us_stays_a_difference(simulator, clock):
    payment = make_confirmed(simulator, clock)
    transfer_id = payment.operations.get(kind="transfer").stripe_id
    clock.advance(timedelta(days=30))
    gateway.client().v1.transfers.reversals.create(transfer_id, {"amount": 100})
    comparisons.keep_what_differs("transfer", gateway.client().v1.transfers.retrieve(transfer_id))
    assert found() == [(Kind.UNKNOWN_REVERSAL, f"transfer:{transfer_id}", Act.WRITE)]


def test_an_old_chargeback_that_ended_without_a_word(simulator, clock):
    payment = make_confirmed(simulator, clock)
    control.ACTS["dispute"](simulator, {"charge": payment.holds.get().charge_id})
    sync.sync_payment(payment)
    work(payment)
    dispute_id = payment.disputes.get().stripe_id
    clock.advance(timedelta(days=30))
    assert found() == []
    as_stripe(simulator, "dispute/close", dispute=dispute_id, won=True)
    assert found() == [(Kind.UNKNOWN_DISPUTE, f"dispute:{dispute_id}", Act.READ_AGAIN)]


def test_holds_that_may_still_live_are_listed_however_short_the_window(simulator, clock):
    make_held_payment(simulator)
    clock.advance(timedelta(days=5))
    assert [name for name, _page in reconciliation.pages_since(clock.now() - timedelta(days=1))] == ["payment_intent"]


def test_only_what_may_still_change_is_read_one_by_one(simulator, clock):
    make_confirmed(simulator, clock)
    held = make_held_payment(simulator, starts_at=clock.now().replace(microsecond=0) + timedelta(days=3))
    clock.advance(timedelta(days=10))
    simulator.faults.add("bad_gateway", on="payment_intents.retrieve", times=2)
    with pytest.raises(stripe.APIError):
        found()
    held.holds.update(status=Hold.Status.EXPIRED)
    assert found() == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_is_compared_in_as_many_queries_for_three_objects_as_for_one(
    simulator, clock, count, django_assert_num_queries
):
    for _number in range(count):
        payment = make_confirmed(simulator, clock)
        control.ACTS["dispute"](simulator, {"charge": payment.holds.get().charge_id})
        sync.sync_payment(payment)
    pages = list(reconciliation.pages_since(clock.now() - timedelta(days=30)))
    assert [len(page) for _name, page in pages] == [count] * 3
    with django_assert_num_queries(6):
        assert [list(comparisons.COMPARE[name](page)) for name, page in pages] == [[]] * 3


def test_a_difference_another_comparison_saw_meanwhile_is_left_open(simulator, clock):
    before = clock.now()
    comparisons.keep_difference(comparisons.finding(Kind.BOOKS, "Nothing.", Act.LOOK))
    reconciliation.close_gone(Difference.objects.all(), [], before)
    assert Difference.objects.open().exists()
    reconciliation.close_gone(Difference.objects.all(), [], clock.now())
    assert not Difference.objects.open().exists()


def test_a_difference_settled_by_hand_comes_back_only_when_a_side_changes(simulator, clock):
    payment = make_confirmed(simulator, clock)
    transfer_id = payment.operations.get(kind="transfer").stripe_id
    gateway.client().v1.transfers.reversals.create(transfer_id, {"amount": 100})
    found()
    differences.close_difference(Difference.objects.get(), by=make_staff(), note="Une erreur de virement.")
    assert found() == []
    gateway.client().v1.transfers.reversals.create(transfer_id, {"amount": 50})
    assert found() == [(Kind.UNKNOWN_REVERSAL, f"transfer:{transfer_id}", Act.WRITE)]


# Events


def test_a_lost_webhook_is_read_from_the_list(simulator, clock):
    payment = make_payment()
    actions.start_checkout(payment, by=payment.mission.client.user)
    simulator.faults.add("drop", on="*", times=10)
    simulator.hosted.pay(payment.sessions.get().stripe_id)
    reconciliation.read_missed_events()
    assert fresh(payment).status == Payment.Status.PENDING

    tasks.sweep_payments()
    assert fresh(payment).status == Payment.Status.HELD
    assert set(StripeEvent.objects.values_list("source", flat=True)) == {StripeEvent.Source.LIST}


def test_events_are_read_from_where_the_last_reading_began(simulator, clock):
    reconciliation.read_missed_events()
    clock.advance(timedelta(days=2))
    last = Reconciliation.objects.get().started_at
    since = reconciliation.events_since(clock.now())
    assert since == int((last - reconciliation.EVENTS_OVERLAP).timestamp())


def test_an_interrupted_reading_does_not_move_the_start_of_the_next(simulator, clock):
    simulator.faults.add("bad_gateway", on="events.list")
    with pytest.raises(Exception, match="Bad gateway"):
        reconciliation.read_missed_events()
    assert reconciliation.events_since(clock.now()) == int((clock.now() - reconciliation.EVENTS_KEPT).timestamp())


def test_what_no_event_told_of_an_open_payment_is_read_every_hour(simulator, clock):
    payment = make_held_payment(simulator)
    simulator.faults.add("drop", on="*", times=10)
    gateway.client().v1.payment_intents.cancel(payment.holds.get().intent_id)
    tasks.reconcile()
    assert fresh(payment).status == Payment.Status.CARD_REFUSED


def test_a_professional_stripe_accepted_without_our_hearing_of_it_can_be_paid_the_next_night(simulator, clock):
    professional = make_professional(payable=False)
    actions.start_onboarding(professional)
    simulator.hosted.onboard(professional.account.stripe_id)

    reconciliation.compare_books()
    professional.refresh_from_db()
    assert professional.payable


def test_each_comparison_waits_for_its_turn(simulator, clock):
    tasks.reconcile()
    assert scopes_read() == ["events", "open"]
    tasks.reconcile()
    tasks.reconcile()
    assert scopes_read() == ["events", "open", "books"]
    clock.advance(timedelta(minutes=10))
    tasks.reconcile()
    assert scopes_read() == ["events", "open", "books", "events"]


def scopes_read():
    return list(Reconciliation.objects.order_by("pk").values_list("scope", flat=True))


def test_where_many_payments_are_open_each_is_read_in_its_turn(simulator):
    made = {make_payment().pk for _number in range(3)}
    hints = [], []
    for told in hints:
        reconciliation.hint_open_payments(told.append, at_once=2)
    assert {len(told) for told in hints} == {1, 2}
    assert {*hints[0], *hints[1]} == made


# Subscriptions


def test_an_event_type_missing_from_the_subscription_is_seen(simulator):
    """https://github.com/calcom/cal.com/pull/24805: a type was handled and never subscribed to."""
    destination = next(d for d in subscriptions.every_destination() if d.event_payload == "snapshot")
    kept = sorted(events.SNAPSHOT_HANDLERS.keys() - {"charge.dispute.created"})
    gateway.client().v2.core.event_destinations.update(destination.id, {"enabled_events": kept})

    assert list(subscriptions.missing_types()) == ["charge.dispute.created"]
    tasks.check_subscriptions()
    difference = Difference.objects.open().get()
    assert (difference.kind, difference.subject) == (Kind.NOT_SUBSCRIBED, "charge.dispute.created")
    with pytest.raises(CommandError):
        call_command("check_stripe", stderr=StringIO())

    call_command("check_stripe", subscribe=True, stdout=StringIO())
    tasks.check_subscriptions()
    assert list(Difference.objects.open()) == []


def test_subscribing_twice_makes_one_destination_of_each_kind(simulator):
    list(subscriptions.subscribe())
    assert sorted(d.event_payload for d in subscriptions.every_destination()) == ["snapshot", "thin"]


# The command


def run_reconcile():
    out, err = StringIO(), StringIO()
    call_command("reconcile", stdout=out, stderr=err)
    return out.getvalue()


def test_the_command_says_when_all_is_well_and_fails_on_a_difference(simulator, clock):
    payment = make_confirmed(simulator, clock)
    assert run_reconcile() == "Stripe and we say the same.\n"
    gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 100})
    with pytest.raises(CommandError, match="1 differences"):
        run_reconcile()


def test_the_command_moves_no_money(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    assert run_reconcile() == "Stripe and we say the same.\n"
    assert simulator.book.every("payment_intent")[0]["status"] == "requires_capture"
    assert work(payment).status == Payment.Status.RELEASED


def test_a_payment_that_cannot_be_read_does_not_end_the_command(simulator):
    other, payment = make_held_payment(simulator), make_held_payment(simulator)
    simulator.book.get("payment_intent", other.holds.get().intent_id)["metadata"]["env"] = "other"
    gateway.client().v1.payment_intents.cancel(payment.holds.get().intent_id)
    assert run_reconcile() == "Stripe and we say the same.\n"
    assert fresh(payment).status == Payment.Status.CARD_REFUSED


def test_the_command_says_so_when_stripe_is_away(simulator):
    simulator.faults.add("refuse_connection", times=50)
    with pytest.raises(CommandError, match="Stripe does not answer"):
        run_reconcile()


def test_a_professional_paid_by_us_twice_would_be_seen(simulator, clock):
    """A second transfer from the same charge, with our metadata and no row of ours."""
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=2))
    account = make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator)
    clock.set(payment.mission.ends_at + timedelta(hours=1))
    actions.confirm(payment.mission, by=payment.mission.client.user)
    payment = work(payment)
    twice = gateway.client().v1.transfers.create(
        {
            "amount": 100,
            "currency": "eur",
            "destination": account.stripe_id,
            "source_transaction": payment.holds.get().charge_id,
            "metadata": {"env": "test"},
        }
    )
    assert found() == [(Kind.UNKNOWN_TRANSFER, f"transfer:{twice.id}", Act.WRITE)]
