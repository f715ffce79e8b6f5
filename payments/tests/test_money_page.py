"""Where the money is, as each side reads it, in payments made the way people make them."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Professional
from accounts.tests.factories import make_client, make_professional, make_staff
from marketplace import formatting
from missions.models import Contest
from payments import actions, adoption, gateway, tasks
from payments.simulator import disputes
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
from payments.where import where_is
from payments.where_rows import TABLE

pytestmark = pytest.mark.django_db

SAVED_THEN_DECLINED = "4000 0000 0000 0341"
# 10,00 €, of which 8,70 € of the professional's share.
PART, PART_OF_SHARE = 1_000, 870


def url_of(payment):
    return reverse("payments:money", args=[payment.mission_id])


def page_of(client, payment, user):
    client.force_login(user)
    answer = client.get(url_of(payment))
    assert answer.status_code == 200
    return answer.content.decode()


def situations(payment):
    """What the client and the professional read."""
    payment = fresh(payment)
    people = (payment.mission.client.user, payment.mission.professional.user)
    return tuple(where_is(payment, user, actions.clock.now()).situation for user in people)


def far(clock):
    return clock.now().replace(microsecond=0) + timedelta(days=20)


def contest(payment):
    actions.contest(
        payment.mission, by=payment.mission.client.user, reason=Contest.Reason.EARLY_DEPARTURE, text="Parti"
    )


def settle(payment, basis_points):
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=basis_points, note="Vu")


# Payments in the situations of the table


def awaited(simulator, clock):
    return make_payment()


def saved(simulator, clock, card="4242 4242 4242 4242"):
    payment = make_payment(starts_at=far(clock))
    make_account(payment.mission.professional, simulator)
    return pay(payment, simulator, card)


def retried(simulator, clock):
    payment = saved(simulator, clock, SAVED_THEN_DECLINED)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    tasks.sweep_payments()
    return payment


def refused(simulator, clock):
    payment = retried(simulator, clock)
    clock.advance(timedelta(hours=6, minutes=1))
    tasks.sweep_payments()
    return payment


def asked(simulator, clock):
    payment = saved(simulator, clock)
    clock.set(payment.hold_due_at)
    actions.place_hold(payment)
    return payment


def suspend(payment):
    Professional.objects.filter(pk=payment.mission.professional_id).update(status="suspended")
    tasks.sweep_payments()


def without_papers(simulator, clock):
    payment = saved(simulator, clock)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    suspend(payment)
    return payment


def held_without_papers(simulator, clock):
    payment = make_held_payment(simulator)
    suspend(payment)
    return payment


def kept_without_papers(simulator, clock):
    payment = keep(make_held_payment(simulator))
    suspend(payment)
    return payment


def held(simulator, clock):
    return make_held_payment(simulator)


def hold_lost(simulator, clock):
    return hold_expired(make_held_payment(simulator), simulator, clock)


def hold_expired(payment, simulator, clock):
    clock.set(payment.holds.get().capture_before + timedelta(hours=1))
    simulator.tick()
    actions.sync.sync_intent(payment.holds.get().intent_id)
    return payment


def hold_lost_contested(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    contest(payment)
    return hold_expired(payment, simulator, clock)


def ended(simulator, clock):
    return make_ended_payment(simulator, clock)


def contested(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    contest(payment)
    return payment


def kept(simulator, clock):
    """Captured because the hold was dying, an hour before the mission's end."""
    payment = make_held_payment(simulator)
    return keep(payment)


def kept_to_confirm(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    return keep(payment)


def kept_contested(simulator, clock):
    payment = contested(simulator, clock)
    return keep(payment)


def taking(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return payment


def paid(simulator, clock):
    return work(taking(simulator, clock))


def not_payable(simulator, clock):
    payment = taking(simulator, clock)
    Professional.objects.update(payable=False)
    return work(payment)


def settled_half(simulator, clock):
    payment = contested(simulator, clock)
    settle(payment, 5000)
    return work(payment)


def settled_and_refunding(simulator, clock):
    payment = kept_contested(simulator, clock)
    settle(payment, 6000)
    return payment


def settled_and_refunded(simulator, clock):
    return work(settled_and_refunding(simulator, clock))


def settled_at_nothing_yet(simulator, clock):
    payment = kept_contested(simulator, clock)
    settle(payment, 0)
    return payment


def settled_at_nothing(simulator, clock):
    return work(settled_at_nothing_yet(simulator, clock))


def cancelled_late(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.starts_at - timedelta(hours=30))
    actions.cancel(payment.mission, by=payment.mission.client.user)
    return work(payment)


def being_freed(simulator, clock):
    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=payment.mission.professional.user)
    return payment


def freed(simulator, clock):
    return work(being_freed(simulator, clock))


def never_paid(simulator, clock):
    payment = make_payment()
    actions.cancel(payment.mission, by=payment.mission.client.user)
    return work(payment)


def refunded_by_the_team(simulator, clock):
    payment = paid(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=10_000, bearer="both", reason="Retard")
    return work(payment)


def refunded_once_and_again(simulator, clock):
    """The second refund is decided, and not made yet."""
    payment = refunded_by_the_team(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=1000, bearer="both", reason="Encore")
    return payment


def refunded_by_us_alone(simulator, clock):
    payment = paid(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=10_000, bearer="platform", reason="Geste")
    return work(payment)


def contested_at_the_bank(simulator, clock):
    payment = paid(simulator, clock)
    disputed(payment, simulator)
    return work(payment)


def contested_at_the_bank_before_sharing(simulator, clock):
    payment = kept_to_confirm(simulator, clock)
    disputed(payment, simulator)
    return work(payment)


def lost_at_the_bank(simulator, clock):
    return judged(contested_at_the_bank(simulator, clock), simulator, won=False)


def lost_in_part_at_the_bank(simulator, clock):
    payment = paid(simulator, clock)
    disputed(payment, simulator, amount=PART)
    return judged(work(payment), simulator, won=False)


def lost_in_part_before_sharing(simulator, clock):
    payment = kept_to_confirm(simulator, clock)
    disputed(payment, simulator, amount=PART)
    judged(payment, simulator, won=False)
    actions.confirm(fresh(payment).mission, by=payment.mission.client.user)
    return work(payment)


def lost_at_the_bank_before_sharing(simulator, clock):
    return judged(contested_at_the_bank_before_sharing(simulator, clock), simulator, won=False)


def won_at_the_bank(simulator, clock):
    return judged(contested_at_the_bank(simulator, clock), simulator, won=True)


def won_again_not_payable(simulator, clock):
    payment = contested_at_the_bank(simulator, clock)
    Professional.objects.update(payable=False)
    return judged(payment, simulator, won=True)


def never_refunded(simulator, clock):
    """The rest of the price could not be refunded, and the team gave up the call."""
    payment = settled_and_refunding(simulator, clock)
    payment.operations.filter(kind="refund").update(state="refused")
    return work(payment)


def stuck(simulator, clock):
    payment = taking(simulator, clock)
    payment.operations.filter(kind="capture").update(state="stuck")
    return payment


def too_late(simulator, clock):
    """The bank freed the amount after the mission was decided, before it was taken."""
    payment = taking(simulator, clock)
    hold = payment.holds.get()
    clock.set(hold.capture_before + timedelta(hours=1))
    simulator.tick()
    actions.sync.sync_intent(hold.intent_id)
    return payment


def disputed(payment, simulator, amount=None):
    found = disputes.open_dispute(simulator, payment.holds.get(status="captured").charge_id, amount=amount)
    actions.sync.sync_dispute(found["id"])


def judged(payment, simulator, *, won):
    found = payment.disputes.get()
    disputes.close_dispute(simulator, found.stripe_id, won=won)
    actions.sync.sync_dispute(found.stripe_id)
    return work(payment)


SITUATIONS = {
    awaited: ("card_awaited", "card_awaited"),
    saved: ("card_saved", "card_saved"),
    asked: ("hold_asked", "hold_asked"),
    retried: ("hold_retried", "hold_retried"),
    refused: ("card_refused", "card_refused"),
    without_papers: ("papers_missing", "papers_missing"),
    held_without_papers: ("held_without_papers", "held_without_papers"),
    kept_without_papers: ("kept_without_papers", "kept_without_papers"),
    held: ("held", "held"),
    hold_lost: ("hold_lost", "hold_lost"),
    hold_lost_contested: ("hold_lost_contested", "hold_lost_contested"),
    ended: ("held_to_confirm", "held_to_confirm"),
    contested: ("held_contested", "held_contested"),
    kept: ("kept", "kept"),
    kept_to_confirm: ("kept_to_confirm", "kept_to_confirm"),
    kept_contested: ("kept_contested", "kept_contested"),
    taking: ("taking", "taking"),
    paid: ("debited", "paid"),
    not_payable: ("debited", "not_payable"),
    settled_half: ("debited_in_part", "paid"),
    settled_and_refunding: ("rest_refunding", "paying"),
    settled_and_refunded: ("rest_refunded", "paid"),
    never_refunded: ("not_returned", "paid"),
    settled_at_nothing_yet: ("refunding", "nothing_due"),
    settled_at_nothing: ("refunded", "nothing_due"),
    cancelled_late: ("debited_in_part", "paid"),
    being_freed: ("freeing", "nothing_due"),
    freed: ("freed", "nothing_due"),
    never_paid: ("nothing_taken", "nothing_due"),
    refunded_by_the_team: ("team_refunded", "team_taking_back"),
    refunded_once_and_again: ("team_refunding", "team_taking_back"),
    refunded_by_us_alone: ("team_refunded", "paid"),
    contested_at_the_bank: ("chargeback", "chargeback"),
    contested_at_the_bank_before_sharing: ("chargeback", "chargeback_before_paid"),
    lost_at_the_bank: ("chargeback_lost", "chargeback_lost"),
    lost_in_part_at_the_bank: ("chargeback_lost_part", "chargeback_lost_part"),
    lost_in_part_before_sharing: ("chargeback_lost_part", "chargeback_lost_part"),
    lost_at_the_bank_before_sharing: ("chargeback_lost", "chargeback_lost_before_paid"),
    won_at_the_bank: ("chargeback_won", "paid_again"),
    won_again_not_payable: ("chargeback_won", "paying_again"),
    stuck: ("stuck", "stuck"),
    too_late: ("hold_missed", "hold_missed"),
}


@pytest.mark.parametrize(("make", "expected"), SITUATIONS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_side_reads_its_own_situation(client, simulator, clock, make, expected):
    payment = make(simulator, clock)

    assert situations(payment) == expected
    for user in (payment.mission.client.user, payment.mission.professional.user):
        page = page_of(client, payment, user)
        assert "séquestre" not in page
        assert "%(" not in page


def test_every_row_of_the_table_is_made_here():
    sides = ("client", "professional")
    assert {pair for names in SITUATIONS.values() for pair in zip(names, sides, strict=True)} == set(TABLE)


# Who may look, and at what


@pytest.mark.parametrize("make_stranger", [make_client, make_professional])
def test_a_stranger_finds_nothing(client, make_stranger):
    client.force_login(make_stranger().user)

    assert client.get(url_of(make_payment())).status_code == 404


def test_a_visitor_signs_in(client):
    answer = client.get(url_of(make_payment()))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_each_side_reads_its_own_amounts_and_not_the_others(client, simulator, clock):
    payment = make_ended_payment(simulator, clock, hourly_cents=2600)
    keep(payment)
    total, share, commission = "287,04\u00a0€", "249,60\u00a0€", "31,20\u00a0€"

    page = page_of(client, payment, payment.mission.client.user)
    assert (total in page, share in page) == (True, False)
    page = page_of(client, payment, payment.mission.professional.user)
    assert (total in page, share in page, commission in page) == (False, True, False)


def movements(client, payment, user):
    client.force_login(user)
    found = client.get(url_of(payment)).context["movements"]
    return [(str(movement.label), movement.cents) for movement in found]


def test_the_movements_are_told_to_each_side(client, simulator, clock):
    payment = refunded_by_the_team(simulator, clock)
    price = payment.price

    assert movements(client, payment, payment.mission.client.user) == [
        ("Montant bloqué sur votre carte, sans débit", None),
        ("Débité de votre carte", -price.total_cents),
        ("Remboursé sur votre carte", 10_000),
    ]
    assert movements(client, payment, payment.mission.professional.user) == [
        ("Paiement garanti", None),
        ("Versé sur votre compte Stripe", price.professional_cents),
        ("Repris sur votre compte Stripe", -payment.refunds.get().taken_back_cents),
    ]


def test_a_bank_takes_back_and_gives_back(client, simulator, clock):
    payment = won_at_the_bank(simulator, clock)
    total, share = payment.price.total_cents, payment.price.professional_cents

    told = [pair for pair in movements(client, payment, payment.mission.client.user) if pair[1]]
    assert [cents for _label, cents in told] == [-total, total, -total]
    assert told[-1][0] == "Débité à nouveau\u00a0: votre banque a maintenu le paiement"
    amounts = [cents for _label, cents in movements(client, payment, payment.mission.professional.user) if cents]
    assert amounts == [share, -share, share]


def test_a_freed_hold_is_a_movement_of_the_clients(client, simulator, clock):
    payment = freed(simulator, clock)

    assert movements(client, payment, payment.mission.client.user)[-1] == ("Montant libéré", None)
    assert len(movements(client, payment, payment.mission.professional.user)) == 1


@pytest.mark.parametrize(("make", "template"), [(refused, "card_refused"), (hold_lost, "hold_lost")])
def test_the_e_mail_about_a_card_to_give_again_leads_to_the_payment_page(simulator, clock, make, template):
    payment = make(simulator, clock)
    mail = payment.mission.client.user.notifications.get(template=f"payments/emails/{template}_client")
    assert mail.context["url"] == reverse("payments:payment", args=[payment.mission_id])


# The receipt


def test_the_receipt_has_the_lines_that_are_due(client, simulator, clock):
    payment = settled_and_refunded(simulator, clock)
    due = payment.due_price
    page = page_of(client, payment, payment.mission.client.user)

    receipt = page[page.index("Reçu n°") :]
    lines = (due.service_cents, due.vat_cents, due.commission_cents, due.commission_vat_cents, due.total_cents)
    for cents in lines:
        assert formatting.euros(cents) in receipt
    assert "60\u00a0% du prix de" in receipt
    assert payment.mission.professional.trade_name in receipt


@pytest.mark.parametrize("make", [held, kept_to_confirm, freed, settled_at_nothing, lost_at_the_bank])
def test_nothing_is_receipted_before_it_is_due_nor_once_it_is_given_back(client, simulator, clock, make):
    payment = make(simulator, clock)

    assert "Reçu n°" not in page_of(client, payment, payment.mission.client.user)


@pytest.mark.parametrize("make", [lost_in_part_at_the_bank, lost_in_part_before_sharing])
def test_a_part_lost_at_the_bank_is_no_longer_counted_to_anybody(client, simulator, clock, make):
    payment = make(simulator, clock)
    total, share = payment.price.total_cents, payment.price.professional_cents

    page = page_of(client, payment, payment.mission.client.user)
    assert f"{formatting.euros(total - PART)} débités, {formatting.euros(PART)} rendus" in page
    assert amounts_after(page, "Rendu depuis") == [formatting.euros(PART), formatting.euros(total - PART)]
    page = page_of(client, payment, payment.mission.professional.user)
    assert f"{formatting.euros(share - PART_OF_SHARE)} vous restent" in page
    left = [formatting.euros(PART_OF_SHARE), formatting.euros(share - PART_OF_SHARE)]
    assert amounts_after(page, "Repris depuis") == left


def test_a_part_lost_at_the_bank_is_counted_before_it_is_shared(client, simulator, clock):
    payment = kept_to_confirm(simulator, clock)
    disputed(payment, simulator, amount=PART)
    judged(payment, simulator, won=False)
    disputed(payment, simulator, amount=PART)
    share = payment.price.professional_cents

    page = page_of(client, payment, payment.mission.professional.user)
    assert f"a repris {formatting.euros(PART)}" in page
    assert "La banque du client lui a donné raison" in page
    left = [formatting.euros(PART_OF_SHARE), formatting.euros(share - PART_OF_SHARE)]
    assert amounts_after(page, "Repris depuis") == left
    page = page_of(client, payment, payment.mission.client.user)
    assert "Votre banque vous a donné raison" in page
    assert "Reçu n°" not in page


@pytest.mark.parametrize("make", [too_late, lost_at_the_bank_before_sharing])
def test_nothing_is_taken_back_from_somebody_never_paid(client, simulator, clock, make):
    payment = make(simulator, clock)
    assert "Repris depuis" not in page_of(client, payment, payment.mission.professional.user)


def test_all_that_banks_judge_is_counted(client, simulator, clock):
    payment = paid(simulator, clock)
    disputed(payment, simulator, amount=20_000)
    disputed(payment, simulator)
    payment = work(payment)

    page = page_of(client, payment, payment.mission.client.user)
    assert f"a repris {formatting.euros(payment.amount_cents)}" in page
    page = page_of(client, payment, payment.mission.professional.user)
    assert f"{formatting.euros(payment.price.professional_cents)} sont repris" in page


def test_what_the_professional_owes_is_not_theirs(client, simulator, clock):
    """Somebody sent them more at Stripe's: it is owed to us, and paid for no bank's decision."""
    payment = paid(simulator, clock)
    hold, account = payment.holds.get(), payment.mission.professional.account
    sent = gateway.client().v1.transfers.create(
        {"amount": 100, "currency": "eur", "destination": account.stripe_id, "source_transaction": hold.charge_id}
    )
    found = gateway.client().v1.transfers.retrieve(sent.id)
    with transaction.atomic():
        adoption.adopt_transfer(actions.sync.lock_payment(payment), found)

    assert situations(payment) == ("debited", "paid")
    assert "Repris depuis" not in page_of(client, payment, payment.mission.professional.user)


def test_what_the_team_takes_back_is_no_longer_counted_to_anybody(client, simulator, clock):
    payment = refunded_by_the_team(simulator, clock)

    page = page_of(client, payment, payment.mission.client.user)
    assert amounts_after(page, "Rendu depuis")[0] == formatting.euros(10_000)
    page = page_of(client, payment, payment.mission.professional.user)
    assert amounts_after(page, "Repris depuis")[0] == formatting.euros(payment.refunds.get().taken_back_cents)


def amounts_after(page, label):
    """The amounts of this line and of the next, in the page's lists of prices."""
    return re.findall(r"<dd>([^<]+€)</dd>", page[page.index(label) :])[:2]


def test_the_receipt_is_the_clients(client, simulator, clock):
    payment = paid(simulator, clock)

    assert "Reçu n°" in page_of(client, payment, payment.mission.client.user)
    assert "Reçu n°" not in page_of(client, payment, payment.mission.professional.user)


def test_the_page_asks_the_database_as_often_for_3_movements_as_for_1(client, simulator, clock):
    payment = paid(simulator, clock)
    client.force_login(payment.mission.professional.user)
    with CaptureQueriesContext(connection) as once:
        client.get(url_of(payment))
    for _refund in range(2):
        actions.refund(payment, by=make_staff(), cents=1000, bearer="both", reason="Retard")
        work(payment)
    with CaptureQueriesContext(connection) as thrice:
        client.get(url_of(payment))

    assert (len(once), len(thrice)) == (11, 11)
