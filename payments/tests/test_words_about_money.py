"""What both sides are told of their money, once banks and failures have moved it elsewhere than planned."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from marketplace import formatting
from payments import actions, differences, earnings, gateway, reconciliation
from payments.emails import tell_shortfall
from payments.models import Difference, Payment, Refund
from payments.movements import movements_of
from payments.simulator import accounts, refunds
from payments.tests.banks import PART, SHARE, TOTAL, exhaust, letter, pay_out, settle_half, share, told
from payments.tests.books import moved
from payments.tests.factories import fresh, keep, make_held_payment
from payments.tests.webhooks import deliver
from payments.where import Facts, where_is
from payments.where_rows import PROFESSIONAL

pytestmark = pytest.mark.django_db(transaction=True)

BOTH, PLATFORM = Refund.Bearer.BOTH, Refund.Bearer.PLATFORM


def refund(payment, cents, bearer=BOTH):
    return actions.refund(fresh(payment), by=make_staff(), cents=cents, bearer=bearer, reason="Retard")


def send_back(payment, simulator, client):
    """The client's bank does not accept the only refund; returns the call that waits for the team."""
    refunds.fail_refund(simulator, simulator.book.every("refund")[0]["id"])
    deliver(client, simulator)
    return payment.operations.get(state="stuck")


def give_up(operation):
    differences.give_up_call(operation, by=make_staff())


def settle_at_nothing(payment):
    actions.contest(fresh(payment).mission, by=professional_of(payment), reason="client_absent")
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=0, note="Rien")


def read(payment, user):
    return where_is(fresh(payment), user, actions.clock.now())


def client_of(payment):
    return payment.mission.client.user


def professional_of(payment):
    return payment.mission.professional.user


def page_of(client, payment, user):
    client.force_login(user)
    return client.get(reverse("payments:money", args=[payment.mission_id])).content.decode()


def lose_all_but_what_we_paid(payment, bank):
    """We refund half of it at our own charge, then a bank takes the rest: the professional keeps half."""
    refund(payment, TOTAL // 2, PLATFORM)
    bank.dispute(payment)
    bank.judge(payment, won=False)


# Confirmed and cancelled once the amount was taken


def test_confirming_what_is_held_announces_the_debit(shared):
    assert "276,00\u00a0€ vont être débités de votre carte." in letter(client_of(shared), "confirmed_client")


def test_confirming_what_is_kept_announces_no_debit(kept):
    actions.confirm(kept.mission, by=client_of(kept))
    text = letter(client_of(kept), "confirmed_client")

    assert "276,00\u00a0€ avaient déjà été débités de votre carte\u00a0: rien de plus ne l’est." in text
    assert "vont être débités" not in text
    assert "banque" not in text
    assert "60 jours" in text


def test_confirming_what_a_bank_left_of_a_kept_payment_says_what_is_left(kept, bank):
    bank.dispute(kept, amount=PART)
    bank.judge(kept, won=False)
    actions.confirm(fresh(kept).mission, by=client_of(kept))

    text = letter(client_of(kept), "confirmed_client")
    assert "Votre banque vous en a rendu 10,00\u00a0€\u00a0: 266,00\u00a0€ restent débités." in text
    text = letter(professional_of(kept), "confirmed_professional")
    assert "Votre part, 231,30\u00a0€, vous est due" in text
    assert "La banque du client lui a rendu 10,00\u00a0€ du prix" in text


def test_the_page_where_one_confirms_names_what_a_bank_left(client, kept, bank):
    bank.dispute(kept, amount=PART)
    bank.judge(kept, won=False)
    client.force_login(client_of(kept))
    page = client.get(reverse("payments:mission_confirm", args=[kept.mission_id])).content.decode()
    assert "Valider et payer 266,00\u00a0€" in page
    assert "276,00" not in page


def test_confirming_what_a_bank_judges_promises_nothing_before_its_decision(kept, bank):
    bank.dispute(kept, amount=PART)
    actions.confirm(kept.mission, by=client_of(kept))

    assert "Votre banque en étudie encore 10,00\u00a0€" in letter(client_of(kept), "confirmed_client")
    text = letter(professional_of(kept), "confirmed_professional")
    assert "La banque du client étudie une contestation" in text
    assert "vous est due" not in text


def test_cancelling_what_is_held_frees_it(simulator):
    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=client_of(payment))

    assert "Le reste est libéré sur votre carte." in letter(client_of(payment), "cancelled_client")


@pytest.fixture
def kept_early(simulator):
    return keep(make_held_payment(simulator))


def test_cancelling_what_is_kept_refunds_it(kept_early):
    actions.cancel(kept_early.mission, by=client_of(kept_early))
    text = letter(client_of(kept_early), "cancelled_client")

    assert "libéré" not in text
    assert "Le montant était déjà débité\u00a0: le reste vous est remboursé" in text
    assert "banque" not in text


@pytest.mark.parametrize("judged", [False, True])
def test_cancelling_what_a_bank_took_refunds_what_it_does_not_give(kept_early, bank, judged):
    bank.dispute(kept_early, amount=PART)
    if judged:
        bank.judge(kept_early, won=False)
    actions.cancel(fresh(kept_early).mission, by=client_of(kept_early))

    text = letter(client_of(kept_early), "cancelled_client")
    assert "ce que votre banque ne vous en rend pas vous est remboursé" in text


def test_the_page_where_one_cancels_says_whether_it_is_freed_or_refunded(client, simulator, clock):
    payment = make_held_payment(simulator)
    client.force_login(client_of(payment))
    url = reverse("payments:mission_cancel", args=[payment.mission_id])
    assert "il est libéré" in client.get(url).content.decode()
    clock.set(payment.mission.starts_at - timedelta(hours=30))
    assert "Le reste est libéré sur votre carte." in client.get(url).content.decode()

    keep(payment)
    page = client.get(url).content.decode()
    assert "Le reste vous est remboursé sur votre carte." in page
    assert "libéré" not in page


def test_the_page_where_one_cancels_for_nothing_says_that_what_was_debited_comes_back(client, kept_early, clock):
    clock.set(kept_early.mission.starts_at - timedelta(days=20))
    client.force_login(client_of(kept_early))
    page = client.get(reverse("payments:mission_cancel", args=[kept_early.mission_id])).content.decode()

    assert "Le montant débité vous est remboursé sur votre carte." in page
    assert "libéré" not in page


# What a professional owes us, and owes us no more


def test_a_professional_who_owes_us_a_refund_is_told(shared, simulator, clock):
    pay_out(simulator, clock, shared)
    refund(shared, 10_000)

    text = letter(professional_of(shared), "shortfall_professional")
    assert "Vous nous devez 86,96\u00a0€" in text
    assert "Rien n’est débité de votre compte bancaire" in text


def test_a_professional_who_owes_us_a_chargeback_is_told(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    bank.dispute(shared)

    assert "Vous nous devez 240,00\u00a0€" in letter(professional_of(shared), "shortfall_professional")


def test_what_is_owed_for_a_refund_says_so(shared):
    refund(shared, 10_000)
    tell_shortfall(shared.operations.get(kind="reverse"), 8_696)

    text = letter(professional_of(shared), "shortfall_professional")
    assert "Vous nous devez 86,96\u00a0€" in text
    assert "Notre équipe a rendu au client une partie du prix" in text
    assert "banque du client" not in text


def test_what_is_owed_for_a_chargeback_says_so(shared, bank):
    bank.dispute(shared)
    tell_shortfall(shared.operations.get(kind="reverse"), SHARE)

    text = letter(professional_of(shared), "shortfall_professional")
    assert "Vous nous devez 240,00\u00a0€" in text
    assert "La banque du client a repris son paiement" in text
    assert "Si elle nous donne raison, vous ne devrez plus cette somme." in text


def test_a_professional_who_owed_us_hears_that_the_bank_was_won(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    bank.dispute(shared)
    bank.judge(shared, won=True)

    assert told(professional_of(shared)) == ["chargeback_professional", "chargeback_won_professional"]
    text = letter(professional_of(shared), "chargeback_won_professional")
    assert "Ce qui vous avait été repris pour cette contestation vous est reversé" in text
    assert "vous ne la devez plus" in text


def test_only_what_leaves_again_is_said_to_once_a_bank_was_won(client, shared, bank, simulator, clock):
    """Their account held 90,00 € only when the bank took all of it: they owed us the rest."""
    pay_out(simulator, clock, shared)
    account = simulator.book.get("v2.core.account", shared.mission.professional.account.stripe_id)
    share(simulator, clock, professional=shared.mission.professional, hourly_cents=1_000)
    clock.advance(timedelta(days=8))
    simulator.tick()
    bank.dispute(shared)
    accounts.set_status(simulator, account, "restricted")
    deliver(client, simulator)
    bank.judge(shared, won=True)

    (again,) = earnings.awaited_by(shared.mission.professional)
    where = read(shared, professional_of(shared))
    assert again.cents < SHARE
    assert (where.situation, where.title) == ("paying_again", f"{formatting.euros(again.cents)} repartent vers vous")


def test_a_bank_that_takes_nothing_of_a_share_is_not_said_to(shared, bank):
    """We refunded it whole at our own charge while the bank only asked."""
    bank.dispute(shared, inquiry=True)
    refund(shared, TOTAL, PLATFORM)
    bank.dispute(shared)

    where = read(shared, professional_of(shared))
    assert where.situation == "chargeback"
    assert where.text == "Votre part n’est pas touchée. Nous lui répondons avec vous."


def test_a_share_sent_by_hand_in_the_place_of_what_was_won_is_counted_once(shared, bank, simulator, client):
    bank.dispute(shared)
    account = simulator.book.get("v2.core.account", shared.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    deliver(client, simulator)
    bank.judge(shared, won=True)
    accounts.set_status(simulator, account, "active")
    simulator.outbox.clear()
    send_by_hand(shared, simulator, SHARE)

    assert "480,00" not in page_of(client, shared, professional_of(shared))


def send_by_hand(payment, simulator, cents):
    """Somebody of the team pays the professional in Stripe's dashboard, and writes it in the books."""
    gateway.client().v1.transfers.create(
        {
            "amount": cents,
            "currency": "eur",
            "destination": payment.mission.professional.account.stripe_id,
            "source_transaction": payment.holds.get().charge_id,
            "transfer_group": payment.transfer_group,
        }
    )
    reconciliation.compare_books()
    found = Difference.objects.open().get(kind="unknown_transfer")
    differences.write_in_books(found, by=make_staff(), reason="Versé à la main")


def test_a_debt_we_stopped_expecting_does_not_end_twice(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    bank.dispute(shared)
    actions.write_off(fresh(shared), by=make_staff(), cents=SHARE)
    bank.judge(shared, won=True)

    told = [(str(movement.label), movement.cents) for movement in movements_of(fresh(shared), PROFESSIONAL)]
    assert told[-2:] == [("Reste à nous rendre", -SHARE), ("N’est plus à nous rendre", SHARE)]


# Lost


def test_a_professional_who_keeps_a_part_of_a_lost_payment_reads_which(shared, bank, simulator, client):
    lose_all_but_what_we_paid(shared, bank)
    assert (fresh(shared).status, moved(simulator)[1]) == (Payment.Status.LOST, SHARE // 2)

    text = letter(professional_of(shared), "chargeback_lost_professional")
    assert "De votre part, 120,00\u00a0€ sont repris et 120,00\u00a0€ vous restent." in text
    assert "ne vous est pas due" not in text
    page = page_of(client, shared, professional_of(shared))
    assert "120,00\u00a0€ vous restent" in page
    assert "lui a rendu pour de bon 138,00\u00a0€ de ce paiement. Votre part en était de 240,00\u00a0€." in page
    assert "Repris depuis" in page


def test_a_professional_who_keeps_all_of_a_lost_payment_reads_so(shared, bank):
    """We refund it whole at our own charge while the bank only asks, then it takes it too."""
    bank.dispute(shared, inquiry=True)
    refund(shared, TOTAL, PLATFORM)
    bank.dispute(shared)
    bank.judge(shared, won=False)

    assert fresh(shared).status == Payment.Status.LOST
    text = letter(professional_of(shared), "chargeback_lost_professional")
    assert "Votre part, 240,00\u00a0€, vous reste." in text
    assert read(shared, professional_of(shared)).title == "240,00\u00a0€ vous restent"


def test_a_professional_who_keeps_nothing_of_a_lost_payment_reads_so(shared, bank):
    bank.dispute(shared)
    bank.judge(shared, won=False)

    assert "Votre part ne vous est pas due." in letter(professional_of(shared), "chargeback_lost_professional")
    assert read(shared, professional_of(shared)).situation == "chargeback_lost"


def test_nothing_is_said_taken_by_the_bank_of_a_share_already_given_back(shared, bank):
    bank.dispute(shared, inquiry=True)
    refund(shared, TOTAL)
    bank.dispute(shared)
    bank.judge(shared, won=False)

    where = read(shared, professional_of(shared))
    assert where.situation == "chargeback_lost"
    assert "et votre part de 240,00\u00a0€ avec lui." in where.text


def test_a_share_left_of_a_lost_payment_is_said_on_its_way_until_it_is_paid(kept, bank, simulator, client):
    account = simulator.book.get("v2.core.account", kept.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    deliver(client, simulator)
    actions.confirm(fresh(kept).mission, by=client_of(kept))
    lose_all_but_what_we_paid(kept, bank)

    where = read(kept, professional_of(kept))
    assert (where.situation, where.title) == ("not_payable", "120,00\u00a0€ vous attendent")


def test_a_chargeback_of_a_payment_of_which_nothing_was_due_is_not_about_a_share(kept, bank):
    bank.dispute(kept)
    settle_at_nothing(kept)
    assert read(kept, professional_of(kept)).situation == "nothing_due"
    bank.judge(kept, won=False)
    assert read(kept, professional_of(kept)).situation == "nothing_due"


# A share that waits


@pytest.mark.parametrize("amount", [PART, TOTAL])
def test_a_professional_to_whom_nothing_was_due_is_not_told_what_a_bank_took(kept, bank, amount):
    bank.dispute(kept, amount=amount)
    settle_at_nothing(kept)
    bank.judge(kept, won=False)
    assert told(professional_of(kept)) == []


def test_a_share_paid_again_that_waits_for_another_bank_says_so(shared, bank):
    bank.dispute(shared, amount=PART)
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=True)

    (awaited,) = earnings.awaited_by(shared.mission.professional)
    assert str(awaited.reason) == "La banque du client étudie une contestation."
    bank.judge(shared, won=True)
    reasons = {str(one.reason) for one in earnings.awaited_by(shared.mission.professional)}
    assert reasons == {"Versement en route."}


# Refunds that came back, or were given up


def test_a_rest_that_came_back_and_was_given_up_is_not_said_never_debited(kept, simulator, client):
    settle_half(kept)
    give_up(send_back(kept, simulator, client))

    where = read(kept, client_of(kept))
    assert where.title == "138,00\u00a0€ n’ont pas pu vous être rendus par carte"
    assert "n’a pas été débité" not in page_of(client, kept, client_of(kept))


def test_nothing_due_that_came_back_and_was_given_up_is_not_said_never_debited(kept, simulator, client):
    settle_at_nothing(kept)
    give_up(send_back(kept, simulator, client))

    assert read(kept, client_of(kept)).title == "276,00\u00a0€ n’ont pas pu vous être rendus par carte"


def test_a_refund_of_the_team_that_came_back_and_was_given_up_is_not_said_done(shared, simulator, client):
    refund(shared, 10_000)
    give_up(send_back(shared, simulator, client))

    assert read(shared, client_of(shared)).title == "100,00\u00a0€ n’ont pas pu vous être rendus par carte"


def test_a_refund_whose_reversal_is_given_up_is_not_said_done(shared, simulator, clock):
    simulator.faults.add("bad_gateway", on="transfers.reversals.create", times=40)
    refund(shared, 10_000)
    exhaust(clock)
    simulator.faults.clear()
    assert read(shared, client_of(shared)).situation == "stuck"

    give_up(shared.operations.get(state="stuck"))
    is_done = moved(simulator)[2] == 10_000
    where = read(shared, client_of(shared))
    assert ("vous a rendu" in where.title, "Remboursement fait" in where.then) == (is_done, is_done)
    assert "fait \u00a0:" not in where.then


def test_only_what_was_refunded_is_said_given_back_by_the_team(shared, simulator, clock):
    refund(shared, PART)
    simulator.faults.add("bad_gateway", on="refunds.create", times=40)
    refund(shared, 10_000)
    exhaust(clock)
    simulator.faults.clear()
    give_up(shared.operations.get(state="stuck"))

    facts = Facts(fresh(shared), client_of(shared), actions.clock.now())
    assert (facts.team_refund_cents, facts.unreturned_cents) == (PART, 10_000)


def test_a_receipt_never_says_that_less_than_nothing_is_left(shared, bank, simulator, client):
    refund(shared, 10_000)
    send_back(shared, simulator, client)
    bank.dispute(shared, amount=20_000)
    bank.judge(shared, won=False)

    facts = Facts(fresh(shared), client_of(shared), actions.clock.now())
    assert (facts.left_cents, facts.where.situation) == (0, "stuck")
    give_up(shared.operations.get(state="stuck"))
    facts = Facts(fresh(shared), client_of(shared), actions.clock.now())
    assert facts.left_cents == 7_600


def test_a_refund_come_back_to_a_lost_payment_is_with_the_team(shared, bank, simulator, client):
    refund(shared, 10_000)
    bank.dispute(shared)
    bank.judge(shared, won=False)
    stuck = send_back(shared, simulator, client)
    assert fresh(shared).status == Payment.Status.LOST
    assert read(shared, client_of(shared)).situation == "stuck"

    give_up(stuck)
    assert read(shared, client_of(shared)).title == "100,00\u00a0€ n’ont pas pu vous être rendus par carte"
