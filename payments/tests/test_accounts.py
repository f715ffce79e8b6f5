"""The professionals' accounts at Stripe: closed, read again, replaced, and the shares that wait for them."""

from datetime import timedelta

import pytest
import stripe
from django.urls import reverse

from accounts.tests.factories import make_professional, make_staff
from payments import actions, audit, gateway, operations, reconciliation, returns, sync, tasks
from payments.models import ConnectedAccount, Difference
from payments.simulator import disputes
from payments.tests.banks import SHARE, letter, pay_out, set_account, share, write_in_books
from payments.tests.factories import (
    close_account,
    make_account,
    make_ended_payment,
    make_held_payment,
    onboard,
    work,
)

pytestmark = pytest.mark.django_db

Transfers = ConnectedAccount.Transfers
PARTS = ("configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers")


@pytest.mark.parametrize("depth", range(len(PARTS)))
def test_an_account_that_stripe_shows_in_part_cannot_be_paid(simulator, depth):
    professional = make_held_payment(simulator).mission.professional
    account = simulator.book.get("v2.core.account", professional.account.stripe_id)
    for name in PARTS[:depth]:
        account = account[name]
    account[PARTS[depth]] = None
    assert sync.sync_account(professional.account.stripe_id).transfers == Transfers.UNSUPPORTED
    professional.refresh_from_db()
    assert professional.payable is False


def test_a_closed_account_cannot_be_paid_whatever_else_stripe_shows_of_it(simulator):
    account = make_account(make_professional(payable=False), simulator)
    shown = simulator.book.get("v2.core.account", account.stripe_id)
    statuses = [sync.transfers_status(as_stripe_shows(shown | {"closed": closed})) for closed in (False, True)]
    assert statuses == [Transfers.ACTIVE, Transfers.UNSUPPORTED]


def as_stripe_shows(shown):
    return stripe.v2.core.Account.construct_from(shown, None)


def test_an_account_is_paid_out_once_a_week_so_that_what_is_taken_back_is_still_there(simulator):
    onboard(make_professional(payable=False), simulator)
    tasks.do_what_is_due()
    [settings] = simulator.book.every("balance_settings")
    assert settings["payments"]["payouts"]["schedule"] == {"interval": "weekly", "weekly_payout_days": ["monday"]}


def test_an_account_closed_without_our_hearing_of_it_is_found_the_next_day(simulator, clock):
    professional = make_professional(payable=False)
    make_account(professional, simulator)
    simulator.faults.add("drop", on="*", times=10)
    close_account(professional)
    clock.advance(timedelta(hours=23))
    tasks.reconcile()
    professional.refresh_from_db()
    assert professional.payable is True
    clock.advance(timedelta(hours=1))
    tasks.reconcile()
    professional.refresh_from_db()
    assert professional.payable is False


def test_active_accounts_are_read_in_turns_the_oldest_reading_first(simulator, clock):
    first, second = (make_account(make_professional(payable=False), simulator).stripe_id for _number in range(2))
    clock.advance(timedelta(minutes=1))
    sync.sync_account(first)
    clock.advance(timedelta(hours=24))
    hints = []
    reconciliation.hint_active_accounts(hints.append, at_once=1)
    assert hints == [second]
    sync.sync_account(second)
    reconciliation.hint_active_accounts(hints.append)
    assert hints == [second, first]


# Shares that wait


@pytest.fixture
def unpaid(simulator, clock):
    """Shared just now, while Stripe lets nothing in on the professional's account."""
    payment = make_ended_payment(simulator, clock)
    set_account(payment, simulator, "restricted")
    sync.sync_account(payment.mission.professional.account.stripe_id)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return work(payment)


def days_told(user, template, clock, *, days):
    """On which of the next days an e-mail is owed."""
    told = []
    for day in range(days):
        before = user.notifications.filter(template=f"payments/emails/{template}").count()
        tasks.sweep_payments()
        if user.notifications.filter(template=f"payments/emails/{template}").count() > before:
            told.append(day)
        clock.advance(timedelta(days=1))
    return told


def test_a_professional_whose_share_waits_is_reminded(unpaid, clock):
    user = unpaid.mission.professional.user
    assert days_told(user, "share_waiting_professional", clock, days=70) == [7, 37, 67]
    assert user.notifications.filter(template="payments/emails/not_payable_professional").count() == 1


def test_the_team_hears_of_a_share_that_waits(unpaid, clock):
    staff = make_staff()
    assert days_told(staff, "share_waiting_staff", clock, days=75) == [14, 44, 74]


def test_the_reminder_leads_to_the_page_that_mends_it(unpaid, clock):
    clock.advance(timedelta(days=7))
    tasks.sweep_payments()
    text = letter(unpaid.mission.professional.user, "share_waiting_professional")
    assert "Une part vous revient depuis 7 jours" in text
    assert reverse("payments:onboarding") in text


def test_nobody_is_reminded_of_a_share_that_a_bank_holds(unpaid, simulator, clock):
    disputes.open_dispute(simulator, unpaid.holds.get().charge_id)
    sync.sync_payment(unpaid)
    assert days_told(unpaid.mission.professional.user, "share_waiting_professional", clock, days=10) == []


def test_a_share_that_waits_for_sixty_days_is_in_the_audit(unpaid, clock):
    clock.advance(timedelta(days=59))
    assert list(audit.unpaid_too_long()) == []
    clock.advance(timedelta(days=1, minutes=1))
    assert list(audit.unpaid_too_long()) == [
        f"Payment {unpaid.pk}: the professional's share has waited for more than 60 days."
    ]


def test_a_share_that_was_sent_waits_no_longer(unpaid, simulator, clock):
    set_account(unpaid, simulator, "active")
    sync.sync_account(unpaid.mission.professional.account.stripe_id)
    work(unpaid)
    clock.advance(timedelta(days=61))
    assert list(audit.unpaid_too_long()) == []


# An account that is closed


def replace(professional, simulator):
    """Their account is closed, and they come back for another, which Stripe verifies."""
    close_account(professional)
    actions.start_onboarding(professional)
    professional.account.refresh_from_db()
    simulator.hosted.onboard(professional.account.stripe_id)
    return sync.sync_account(professional.account.stripe_id)


def test_a_closed_account_is_replaced_and_what_waits_goes_to_the_new_one(unpaid, simulator):
    professional = unpaid.mission.professional
    closed_id = professional.account.stripe_id
    account = replace(professional, simulator)
    work(unpaid)
    assert account.stripe_id != closed_id
    assert [transfer["destination"] for transfer in simulator.book.every("transfer")] == [account.stripe_id]
    assert list(operations.accounts_asked(professional).order_by("pk").values_list("stripe_id", flat=True)) == [
        closed_id,
        account.stripe_id,
    ]
    assert list(audit.differences()) == []


def test_an_account_that_only_lacks_information_is_kept(simulator):
    professional = make_professional(payable=False)
    actions.start_onboarding(professional)
    kept = professional.account.stripe_id
    actions.start_onboarding(professional)
    assert ConnectedAccount.objects.get().stripe_id == kept
    assert len(simulator.book.every("v2.core.account")) == 1


def test_two_pages_replace_a_closed_account_once(simulator):
    professional = make_professional(payable=False)
    closed = make_account(professional, simulator)
    close_account(professional)
    opened = {actions.open_account(professional, closed=closed).stripe_id for _page in range(2)}
    assert opened == {ConnectedAccount.objects.get().stripe_id} != {closed.stripe_id}
    assert len(simulator.book.every("v2.core.account")) == 2


def test_a_page_that_reads_an_account_replaced_meanwhile_does_not_replace_the_new_one(simulator):
    professional = make_professional(payable=False)
    seen_by_a_slow_page = make_account(professional, simulator)
    close_account(professional)
    actions.start_onboarding(professional)
    assert sync.is_account_closed(seen_by_a_slow_page) is False


def test_what_was_asked_about_a_closed_account_says_nothing_of_the_new_one(simulator):
    professional = make_professional(payable=False)
    before = make_account(professional, simulator)
    shown = sync.read_account(before.stripe_id)
    close_account(professional)
    actions.start_onboarding(professional)
    sync.apply_account(before, shown, sync.clock.now())
    professional.refresh_from_db()
    assert (professional.payable, ConnectedAccount.objects.get().transfers) == (False, Transfers.RESTRICTED)


def test_what_a_closed_account_was_paid_is_owed_and_not_looked_for_on_the_new_one(simulator, clock):
    first = share(simulator, clock)
    professional = first.mission.professional
    pay_out(simulator, clock, work(first))
    replace(professional, simulator)
    second = make_ended_payment(simulator, clock, professional=professional)
    actions.confirm(second.mission, by=second.mission.client.user)
    work(second)
    actions.refund(first, by=make_staff(), cents=first.amount_cents, bearer="both", reason="Geste")
    work(first)
    assert returns.owed_cents(first) == SHARE
    assert not first.operations.filter(state="stuck").exists()


def test_a_transfer_made_by_hand_to_an_account_replaced_since_is_written(unpaid, simulator, clock):
    set_account(unpaid, simulator, "active")
    send(unpaid, SHARE)
    pay_out(simulator, clock, unpaid)
    replace(unpaid.mission.professional, simulator)
    write_in_books(Difference.Kind.UNKNOWN_TRANSFER)
    work(unpaid)
    assert (len(simulator.book.every("transfer")), list(audit.wrong_debts())) == (1, [])


def send(payment, cents):
    """A transfer made in Stripe's dashboard."""
    wanted = {"destination": payment.mission.professional.account.stripe_id, "amount": cents, "currency": "eur"}
    gateway.client().v1.transfers.create(wanted | {"source_transaction": payment.holds.get().charge_id})
