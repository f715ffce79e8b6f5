"""The team's pages about money: who comes in, what they read, and that each act is done, once, with its reason."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import make_client, make_staff
from marketplace import clock
from missions.models import Contest, Mission
from payments import actions, gateway, ledger, sync
from payments.admin import acts
from payments.errors import PaymentError
from payments.evidence import as_text, evidence
from payments.models import (
    Difference,
    Dispute,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    Reconciliation,
    Refund,
    StripeEvent,
    StripeOperation,
)
from payments.simulator import disputes
from payments.tests.factories import fresh, make_ended_payment, make_held_payment, make_payment, work

pytestmark = pytest.mark.django_db

State = StripeOperation.State
Kind = StripeOperation.Kind

MODELS = ["payment", "stripeoperation", "stripeevent", "dispute", "difference", "reconciliation", "ledgertransaction"]


@pytest.fixture
def staff():
    return make_staff()


@pytest.fixture
def as_staff(client, staff):
    client.force_login(staff)
    return client


@pytest.fixture
def reader(client):
    """Somebody of the team who may read payments and nothing else."""
    user = make_staff()
    user.is_superuser = False
    user.save()
    views = ["view_payment", "view_stripeoperation", "view_dispute", "view_difference"]
    user.user_permissions.set(Permission.objects.filter(codename__in=views))
    client.force_login(user)
    return client


def page_of(row):
    return reverse(f"admin:payments_{row._meta.model_name}_change", args=[row.pk])


def act_of(row, name):
    return reverse(f"admin:payments_{row._meta.model_name}_{name}", args=[row.pk])


def read(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def make_released_payment(simulator, clock, **fields):
    payment = make_ended_payment(simulator, clock, **fields)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return work(payment)


def make_disputed_payment(simulator, clock):
    payment = make_released_payment(simulator, clock)
    hold = payment.holds.get()
    disputes.open_dispute(simulator, hold.charge_id)
    sync.sync_payment(payment)
    return work(payment)


def make_difference(payment=None, **fields):
    now = clock.now()
    defaults = {
        "kind": Difference.Kind.HOLD_STATE,
        "subject": "hold:1",
        "act": Difference.Act.READ_AGAIN,
        "ours": "live",
        "theirs": "canceled",
        "found_at": now,
        "seen_at": now,
    }
    return Difference.objects.create(payment=payment, **defaults | fields)


def make_stuck_transfer(payment):
    operation = payment.operations.get(kind=Kind.TRANSFER)
    StripeOperation.objects.filter(pk=operation.pk).update(state=State.STUCK, error="InvalidRequestError no_such")
    operation.refresh_from_db()
    return operation


# Who comes in


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_nothing_is_added_or_removed_by_hand(as_staff, simulator, model):
    make_held_payment(simulator)

    assert as_staff.get(reverse(f"admin:payments_{model}_changelist")).status_code == 200
    assert as_staff.get(reverse(f"admin:payments_{model}_add")).status_code == 403


def test_a_payment_is_neither_edited_nor_removed(as_staff, simulator):
    payment = make_held_payment(simulator)

    assert as_staff.post(page_of(payment), {"status": "released"}).status_code == 403
    assert as_staff.post(reverse("admin:payments_payment_delete", args=[payment.pk])).status_code == 403
    assert fresh(payment).status == Payment.Status.HELD


@pytest.mark.parametrize("name", ["change", "cancel", "refund", "write_off", "read_again"])
def test_others_than_the_team_never_see_a_payment(client, simulator, name):
    payment = make_held_payment(simulator)
    url = act_of(payment, name)

    assert client.get(url).url.startswith(reverse("account_login"))
    for user in (payment.mission.client.user, payment.mission.professional.user, make_client().user):
        client.force_login(user)
        assert client.get(url).status_code in (302, 403)
        assert client.post(url, {"reason": "Je veux"}).status_code in (302, 403)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("name", ["cancel", "refund", "write_off", "read_again"])
def test_reading_payments_is_not_acting_on_them(reader, simulator, clock, name):
    payment = make_released_payment(simulator, clock)

    assert "Rembourser" not in read(reader, page_of(payment))
    assert reader.get(act_of(payment, name)).status_code == 403
    assert reader.post(act_of(payment, name), {"reason": "Je veux"}).status_code == 403


def test_reading_calls_and_differences_is_not_acting_on_them(reader, simulator, clock):
    payment = make_released_payment(simulator, clock)
    operation = make_stuck_transfer(payment)
    difference = make_difference(payment)

    assert "Relancer" not in read(reader, page_of(operation))
    assert reader.post(act_of(operation, "run_again"), {"reason": "x"}).status_code == 403
    assert "Clore" not in read(reader, page_of(difference))
    for name in ("close", "read_again", "run_again"):
        assert reader.post(act_of(difference, name), {"reason": "x"}).status_code == 403


def test_a_team_member_without_any_right_reads_no_payment(reader, simulator):
    payment = make_held_payment(simulator)
    user = reader.get(reverse("admin:index")).wsgi_request.user
    user.user_permissions.clear()

    assert reader.get(page_of(payment)).status_code == 403


# What is read


def test_a_payment_tells_where_the_money_is(as_staff, simulator, clock):
    payment = make_held_payment(simulator, hourly_cents=2500)
    page = read(as_staff, page_of(payment))
    assert "276,00\xa0€ sont bloqués sur la carte du client" in page

    clock.set(payment.mission.ends_at + timedelta(hours=1))
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    page = read(as_staff, page_of(payment))
    assert "Réparti entre le professionnel et nous" in page
    assert amounts(page) == {
        "Prix accepté": "276,00\xa0€",
        "Bloqué sur la carte": "0,00\xa0€",
        "Encaissé": "276,00\xa0€",
        "Part due": "276,00\xa0€",
        "Réparti": "276,00\xa0€",
        "Versé au professionnel": "240,00\xa0€",
        "Repris au professionnel": "0,00\xa0€",
        "Remboursé au client": "0,00\xa0€",
        "Repris par la banque": "0,00\xa0€",
        "Encore conservé pour le client": "0,00\xa0€",
        "Part du professionnel, encore chez nous": "0,00\xa0€",
        "Dû par le professionnel": "0,00\xa0€",
    }


def amounts(page):
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))


def test_a_payment_shows_calls_events_ledger_and_e_mails(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    StripeEvent.objects.create(
        event_id="evt_1", type="payment_intent.succeeded", object_id=payment.holds.get().intent_id, due_at=clock.now()
    )
    StripeEvent.objects.create(
        event_id="evt_2", type="transfer.created", object_id="tr_of_another_payment", due_at=clock.now()
    )
    page = read(as_staff, page_of(payment))

    for operation in payment.operations.all():
        assert operation.idempotency_key in page
        assert operation.stripe_id in page
    assert "payment_intent.succeeded" in page
    assert "tr_of_another_payment" not in page
    assert "débits et crédits sont égaux" in page
    assert "Votre paiement est garanti" in page


def test_only_the_e_mails_of_this_payment_are_shown(as_staff, simulator, clock):
    payment = make_held_payment(simulator)
    other = make_held_payment(simulator, client=payment.mission.client, professional=payment.mission.professional)
    context = as_staff.get(page_of(other)).context["overview"]

    assert {mail.key.split(":")[1] for mail, _subject in context.told} == {str(other.mission_id)}


def add_operations(payment, count):
    """Calls with everything that hangs on them."""
    for number in range(count):
        operation = StripeOperation.objects.create(
            kind=Kind.REFUND, key=f"extra:{payment.pk}:{number}", payment=payment, due_at=payment.mission.starts_at,
            state=State.DONE, stripe_id=f"re_{number}", amount_cents=100,
        )  # fmt: skip
        movement = LedgerTransaction.objects.create(
            payment=payment, kind="write_off", operation=operation, happened_at=payment.mission.starts_at
        )
        LedgerEntry.objects.bulk_create(
            LedgerEntry(transaction=movement, account=account, cents=cents)
            for account, cents in (("losses", 100), ("client_funds", -100))
        )
        StripeEvent.objects.create(
            event_id=f"evt_{number}", type="refund.created", object_id=f"re_{number}", due_at=payment.mission.starts_at
        )
        make_difference(payment, subject=f"refund:{payment.pk}:{number}")


QUERIES = 16


@pytest.mark.parametrize("count", [1, 3])
def test_a_payment_is_read_in_as_many_queries_whatever_happened_to_it(
    as_staff, simulator, clock, count, django_assert_num_queries
):
    payment = make_released_payment(simulator, clock)
    add_operations(payment, count)
    read(as_staff, page_of(payment))

    with django_assert_num_queries(QUERIES):
        read(as_staff, page_of(payment))


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_as_many_queries_for_three_as_for_one(
    as_staff, simulator, clock, count, django_assert_num_queries
):
    for _number in range(count):
        make_payment()
    url = reverse("admin:payments_payment_changelist")
    as_staff.get(url)

    with django_assert_num_queries(6):
        as_staff.get(url)


def listed(client, **query):
    answer = client.get(reverse("admin:payments_payment_changelist"), query)
    return list(answer.context["cl"].result_list)


def test_the_list_picks_what_is_to_examine(as_staff, simulator, clock):
    stuck = make_released_payment(simulator, clock)
    make_stuck_transfer(stuck)
    differing = make_payment()
    make_difference(differing)
    make_difference(make_payment(), subject="hold:2", closed_at=clock.now())
    contested = make_ended_payment(simulator, clock)
    actions.contest(contested.mission, by=contested.mission.client.user, reason="no_show", text="Personne")

    unworkable = make_held_payment(simulator)
    Payment.objects.filter(pk__in=[unworkable.pk, stuck.pk]).update(papers_missing_at=clock.now())

    assert listed(as_staff, examiner="papers") == [unworkable]
    assert listed(as_staff, examiner="stuck") == [stuck]
    assert listed(as_staff, examiner="difference") == [differing]
    assert listed(as_staff, examiner="contested") == [contested]
    assert listed(as_staff, examiner="dispute") == []
    assert listed(as_staff, examiner="kept") == []
    assert len(listed(as_staff)) == 5


def test_the_list_finds_who_cannot_be_paid(as_staff, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    make_released_payment(simulator, clock)
    professional = payment.mission.professional
    professional.payable = False
    professional.save(update_fields=["payable"])
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)

    assert listed(as_staff, examiner="account") == [payment]
    assert "Le professionnel ne peut pas être payé" in read(as_staff, page_of(payment))


# What is done, and why


def test_a_mission_is_cancelled_for_both_once_what_moves_was_seen(as_staff, staff, simulator):
    payment = make_held_payment(simulator, hourly_cents=2500)
    url = act_of(payment, "cancel")
    assert url in read(as_staff, page_of(payment))
    typed = {"told": "Le site du client est fermé.", "reason": "Arrêté préfectoral reçu."}

    page = read_posted(as_staff, url, typed)
    moves = dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', page))
    assert moves["Le client paie"] == moves["Remboursé au client"] == moves["Le professionnel reçoit"] == "0,00\xa0€"
    assert moves["Libéré sur la carte du client"] == "276,00\xa0€"
    assert fresh(payment).mission.status == "secured"
    assert as_staff.post(url, {**typed, "seen": seen(page)}).url == page_of(payment)

    payment = work(payment)
    assert (payment.mission.status, payment.status) == ("cancelled", Payment.Status.RETURNED)
    assert (payment.mission.cancellation.reason, payment.mission.cancellation.by) == (typed["told"], staff)
    assert "Arrêté préfectoral reçu." in LogEntry.objects.get(user=staff).change_message
    assert url not in read(as_staff, page_of(payment))


def test_what_moves_is_shown_again_when_it_changed(as_staff, simulator):
    payment = make_held_payment(simulator)
    url = act_of(payment, "cancel")
    typed = {"told": "Fermé.", "reason": "Fermé.", "seen": "accepted pending"}

    assert "Libéré sur la carte du client" in read_posted(as_staff, url, typed)
    assert fresh(payment).mission.status == "secured"


def test_a_mission_that_started_is_not_cancelled_by_the_team(as_staff, simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.starts_at)
    url = act_of(payment, "cancel")

    assert url not in read(as_staff, page_of(payment))
    page = read_posted(as_staff, url, {"told": "Fermé.", "reason": "Fermé.", "seen": "secured held"})
    assert "La mission a commencé" in page
    assert fresh(payment).mission.status == "secured"


def test_a_refund_shows_its_parts_then_gives_them_back(as_staff, staff, simulator, clock):
    payment = make_released_payment(simulator, clock, hourly_cents=2500)
    url = act_of(payment, "refund")
    typed = {"cents": "100,00", "bearer": "both", "reason": "Deux heures d’absence."}

    page = read_posted(as_staff, url, typed)
    for amount in ("100,00\xa0€", "86,96\xa0€", "10,87\xa0€", "2,17\xa0€"):
        assert amount in page
    assert not Refund.objects.exists()
    assert not LogEntry.objects.exists()

    answer = as_staff.post(url, {**typed, "seen": seen(page)})
    assert answer.url == page_of(payment)
    work(payment)
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.taken_back_cents, refund.by) == (10_000, 8_696, staff)
    assert payment.operations.filter(kind__in=(Kind.REVERSE, Kind.REFUND), state=State.DONE).count() == 2
    assert parts_given_back(payment) == {"client_funds": -10_000, "payable": 8_696, "commission": 1_087, "vat": 217}
    assert recorded(payment) == [(staff, "Deux heures d’absence.")]
    assert "Deux heures d’absence." in read(as_staff, page_of(payment))


def read_posted(client, url, typed):
    answer = client.post(url, typed)
    assert answer.status_code == 200
    return answer.content.decode()


def seen(page):
    return re.search('name="seen" value="(.*?)"', page)[1]


def parts_given_back(payment):
    entries = LedgerEntry.objects.filter(transaction__payment=payment, transaction__kind="give_back")
    return {entry.account.partition(":")[0]: entry.cents for entry in entries}


def recorded(row):
    """Who did something to this row, and the end of what they wrote: the reason."""
    entries = LogEntry.objects.filter(object_id=str(row.pk), content_type__model=row._meta.model_name)
    return [(entry.user, entry.change_message.rpartition(". ")[2] or entry.change_message) for entry in entries]


def test_a_refund_we_bear_alone_takes_nothing_back(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    typed = {"cents": "10", "bearer": "platform", "reason": "Geste"}
    page = read_posted(as_staff, act_of(payment, "refund"), typed)
    assert facts(page)["Nous perdons en plus"] == "10,00\xa0€"
    assert facts(page)["Le professionnel rend"] == "0,00\xa0€"

    as_staff.post(act_of(payment, "refund"), {**typed, "seen": seen(page)})
    assert parts_given_back(payment) == {"client_funds": -1000, "losses": 1000}


def facts(page):
    return dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', page))


@pytest.mark.parametrize(
    ("cents", "error"),
    [
        ("276,01", "Le montant dépasse ce qui reste à rembourser de ce paiement."),
        ("0", "Le montant dépasse ce qui reste à rembourser de ce paiement."),
        ("douze", "Saisissez un montant en euros, par exemple 24,50."),
    ],
)
def test_a_wrong_amount_is_refused_and_what_was_typed_stays(as_staff, simulator, clock, cents, error):
    payment = make_released_payment(simulator, clock, hourly_cents=2500)
    typed = {"cents": cents, "bearer": "platform", "reason": "Un long motif", "seen": "27601 27600 platform"}
    page = read_posted(as_staff, act_of(payment, "refund"), typed)

    assert error in page
    assert f'value="{cents}"' in page
    assert "Un long motif</textarea>" in page
    assert not Refund.objects.exists()


def test_an_amount_changed_after_it_was_shown_is_shown_again(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    typed = {"cents": "50", "bearer": "platform", "reason": "Geste", "seen": "1000 27600 platform"}

    assert seen(read_posted(as_staff, act_of(payment, "refund"), typed)) == "5000 27600 platform"
    assert not Refund.objects.exists()


def test_pressing_twice_refunds_once(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    typed = {"cents": "50", "bearer": "platform", "reason": "Geste"}
    typed["seen"] = seen(read_posted(as_staff, act_of(payment, "refund"), typed))
    as_staff.post(act_of(payment, "refund"), typed)

    assert seen(read_posted(as_staff, act_of(payment, "refund"), typed)) == "5000 22600 platform"
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("act", [acts.REFUND, acts.WRITE_OFF], ids=["refund", "write_off"])
def test_amounts_that_changed_while_we_waited_for_the_lock_are_refused(staff, simulator, clock, act):
    payment = make_released_payment(simulator, clock)
    ledger._post(payment, "shortfall", {ledger.recoverable(payment): 5000, ledger.payable(payment): -5000})
    typed = {"cents": "20", "bearer": "platform", "reason": "Geste"}
    shown = act.form(typed, subject=payment)
    assert shown.is_valid()
    pressed = [act.form({**typed, "seen": shown.choice}, subject=payment) for _time in range(2)]
    assert all(form.is_valid() and form.is_confirmed for form in pressed)

    act.carry_out(payment, staff, pressed[0])
    with pytest.raises(PaymentError, match="viennent de changer"):
        act.carry_out(payment, staff, pressed[1])


def test_nothing_is_done_without_a_reason(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    typed = {"cents": "10", "bearer": "platform", "reason": " ", "seen": "1000 27600 platform"}
    read_posted(as_staff, act_of(payment, "refund"), typed)
    read_posted(as_staff, act_of(payment, "read_again"), {"reason": ""})

    assert not Refund.objects.exists()
    assert not LogEntry.objects.exists()


def test_what_a_professional_owes_is_written_off_in_part(as_staff, staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    ledger._post(payment, "shortfall", {ledger.recoverable(payment): 5000, ledger.payable(payment): -5000})
    url = act_of(payment, "write_off")
    assert url in read(as_staff, page_of(payment))
    assert "ne nous doit pas tant" in read_posted(as_staff, url, {"cents": "50,01", "reason": "Trop"})

    typed = {"cents": "20", "reason": "Entreprise liquidée"}
    assert facts(read_posted(as_staff, url, typed))["Le professionnel nous devra encore"] == "30,00\xa0€"
    as_staff.post(url, {**typed, "seen": "2000 5000"})
    assert ledger.balance(payment, ledger.recoverable(payment)) == 3000
    assert recorded(payment) == [(staff, "Entreprise liquidée")]


def test_a_payment_is_read_again_at_stripes(as_staff, staff, simulator, clock):
    payment = make_held_payment(simulator)
    gateway.client().v1.payment_intents.cancel(payment.holds.get().intent_id)
    as_staff.post(act_of(payment, "read_again"), {"reason": "Le client dit ne rien voir."})

    assert fresh(payment).status == Payment.Status.CARD_REFUSED
    assert recorded(payment) == [(staff, "Le client dit ne rien voir.")]


def test_a_stuck_call_leaves_again_with_a_reason(as_staff, staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    operation = make_stuck_transfer(payment)
    url = act_of(operation, "run_again")
    assert url in read(as_staff, page_of(operation))
    assert operation.key in read(as_staff, url)

    as_staff.post(url, {"reason": "Compte réparé."})
    operation.refresh_from_db()
    assert operation.state == State.REFUSED
    assert payment.operations.get(kind=Kind.TRANSFER, state=State.PENDING).key.endswith(":2")
    assert recorded(payment) == [(staff, "Compte réparé.")]


def test_a_call_somebody_ran_again_meanwhile_keeps_what_was_typed(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    operation = payment.operations.get(kind=Kind.TRANSFER)
    page = read_posted(as_staff, act_of(operation, "run_again"), {"reason": "Un long motif"})

    assert "Cet appel n’est pas à examiner." in page
    assert "Un long motif</textarea>" in page
    assert not LogEntry.objects.exists()
    assert act_of(operation, "run_again") not in read(as_staff, page_of(operation))


def test_a_page_nobody_waits_for_is_not_opened_again(as_staff, simulator):
    payment = make_held_payment(simulator)
    opening = StripeOperation.objects.create(
        kind=Kind.CREATE_SESSION, key="opening", state=State.STUCK, payment=payment, due_at=clock.now()
    )
    page = read_posted(as_staff, act_of(opening, "run_again"), {"reason": "Pour voir"})

    assert "Cet appel ne se relance pas" in page
    assert act_of(opening, "run_again") not in read(as_staff, page_of(opening))


# Differences


def test_a_difference_is_mended_by_reading_again(as_staff, staff, simulator):
    payment = make_held_payment(simulator)
    difference = make_difference(payment)
    gateway.client().v1.payment_intents.cancel(payment.holds.get().intent_id)
    assert act_of(difference, "run_again") not in read(as_staff, page_of(difference))
    as_staff.post(act_of(difference, "read_again"), {"reason": "Vu chez Stripe."})

    assert fresh(payment).status == Payment.Status.CARD_REFUSED
    assert recorded(payment) == [(staff, "Vu chez Stripe.")]


def test_a_difference_about_a_stuck_call_runs_it_again(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    operation = make_stuck_transfer(payment)
    act = Difference.Act.RUN_AGAIN
    difference = make_difference(payment, kind="stuck_call", subject=f"operation:{operation.pk}", act=act)
    as_staff.post(act_of(difference, "run_again"), {"reason": "Réparé."})

    operation.refresh_from_db()
    assert operation.state == State.REFUSED


def test_a_stuck_call_that_can_never_be_done_is_given_up(as_staff, staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    operation = make_stuck_transfer(payment)
    url = act_of(operation, "give_up")
    assert url in read(as_staff, page_of(operation))
    as_staff.post(url, {"reason": "Réglé par virement."})

    operation.refresh_from_db()
    assert operation.state == State.REFUSED
    assert not payment.operations.filter(state=State.PENDING).exists()
    assert recorded(payment) == [(staff, "Réglé par virement.")]
    assert url not in read(as_staff, page_of(operation))
    assert "Cet appel n’est pas à examiner." in read_posted(as_staff, url, {"reason": "Encore"})


def test_a_difference_about_a_stuck_call_gives_it_up(as_staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    operation = make_stuck_transfer(payment)
    act = Difference.Act.RUN_AGAIN
    difference = make_difference(payment, kind="stuck_call", subject=f"operation:{operation.pk}", act=act)
    url = act_of(difference, "give_up")
    assert url in read(as_staff, page_of(difference))
    as_staff.post(url, {"reason": "Réglé par virement."})

    operation.refresh_from_db()
    assert operation.state == State.REFUSED


def test_a_refund_made_at_stripes_is_written_in_our_books(as_staff, staff, simulator, clock):
    payment = make_released_payment(simulator, clock)
    found = gateway.client().v1.refunds.create({"payment_intent": payment.holds.get().intent_id, "amount": 1234})
    act = Difference.Act.WRITE
    difference = make_difference(payment, kind="unknown_refund", subject=f"refund:{found.id}", act=act)
    url = act_of(difference, "write")
    assert url in read(as_staff, page_of(difference))
    assert "obligatoire" in read_posted(as_staff, url, {"reason": ""})
    as_staff.post(url, {"reason": "Geste fait chez Stripe."})

    difference.refresh_from_db()
    assert (difference.closed_by, difference.note) == (staff, "Geste fait chez Stripe.")
    assert payment.refunds.get().amount_cents == 1234
    page = read_posted(as_staff, url, {"reason": "Encore"})
    assert "connaissent déjà" in page
    assert "Encore" in page


@pytest.mark.parametrize("subject", ["payment_intent:pi_unknown", "transfer:tr_1"])
def test_a_difference_about_none_of_our_payments_has_nothing_to_read(as_staff, simulator, subject):
    difference = make_difference(subject=subject)
    page = read_posted(as_staff, act_of(difference, "read_again"), {"reason": "Pour voir"})

    assert "il n’y a rien à relire" in page


@pytest.mark.parametrize("subject", ["operation:0", "operation:x", "transfer:tr_1"])
def test_a_difference_about_no_call_says_so(as_staff, subject):
    difference = make_difference(subject=subject, act=Difference.Act.RUN_AGAIN)
    page = read_posted(as_staff, act_of(difference, "run_again"), {"reason": "Réparé."})

    assert "Cet écart ne désigne aucun appel à Stripe." in page


def test_a_difference_is_closed_once_with_a_reason(as_staff, staff):
    difference = make_difference(act=Difference.Act.LOOK)
    as_staff.post(act_of(difference, "close"), {"reason": "Remboursé à la main."})
    difference.refresh_from_db()
    assert (difference.closed_by, difference.note) == (staff, "Remboursé à la main.")
    assert difference.closed_at is not None
    assert recorded(difference) == [(staff, "Remboursé à la main.")]

    assert "déjà clos" in read_posted(as_staff, act_of(difference, "close"), {"reason": "Encore"})
    difference.refresh_from_db()
    assert difference.note == "Remboursé à la main."


def test_open_differences_come_first(as_staff, clock):
    closed = make_difference(closed_at=clock.now())
    still_open = make_difference(found_at=clock.now() - timedelta(days=3))
    answer = as_staff.get(reverse("admin:payments_difference_changelist"))

    assert list(answer.context["cl"].result_list) == [still_open, closed]


# Chargebacks


def test_a_chargeback_lists_its_evidence(as_staff, simulator, clock):
    payment = make_disputed_payment(simulator, clock)
    dispute = Dispute.objects.get()
    page = read(as_staff, page_of(dispute))

    assert f"https://dashboard.stripe.com/disputes/{dispute.stripe_id}" in page
    for text in ("Preuves à envoyer avant", "12 rue de la République", payment.holds.get().charge_id, "Validée par"):
        assert text in page
    assert listed(as_staff, examiner="dispute") == [payment]


def test_the_evidence_says_who_agreed_on_what(simulator, clock):
    payment = make_disputed_payment(simulator, clock)
    text = as_text(evidence(Dispute.objects.get()))

    assert f"Accepté par\xa0: Le client, {payment.mission.client}" in text
    assert "Total accepté, toutes taxes comprises\xa0: 276,00\xa0€" in text
    assert "jusqu’à 24\xa0h avant le début, 30\xa0% du prix est dû" in text
    assert "Votre paiement est garanti" not in text


def test_the_evidence_names_a_cancellation_a_contest_and_a_review(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne n’est venu.")
    actions.settle(Contest.objects.get(), by=make_staff(), performed_basis_points=5000, note="Une moitié de présence.")
    work(payment)
    dispute = Dispute.objects.create(
        payment=payment, stripe_id="du_1", status="lost", reason="fraudulent", amount_cents=1, opened_at=clock.now()
    )
    text = as_text(evidence(dispute))

    assert "Part réalisée, selon notre décision\xa0: 50\xa0%" in text
    assert "Une moitié de présence." in text


# Contests


def test_a_contest_lost_to_another_decision_keeps_what_was_typed(as_staff, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne")
    contest = Contest.objects.get()
    Mission.objects.filter(pk=payment.mission_id).update(status=Mission.Status.SETTLED, deadline_at=None)
    url = reverse("admin:contest_settle", args=[contest.pk])
    page = read_posted(
        as_staff, url, {"percent": "50", "note": "Une longue explication", "seen": f"5000 {payment.amount_cents}"}
    )

    assert "Ce n’est plus possible" in page
    assert "Une longue explication</textarea>" in page


def test_a_run_of_the_reconciliation_is_only_read(as_staff, clock):
    run = Reconciliation.objects.create(scope="books", started_at=clock.now(), found=2)

    assert '<div class="readonly">2</div>' in read(as_staff, page_of(run))
    assert as_staff.post(page_of(run), {"found": "0"}).status_code == 403


def test_a_reading_left_to_the_workers_counts_nothing(as_staff, clock):
    run = Reconciliation.objects.create(scope="open", started_at=clock.now())

    assert '<div class="readonly">—</div>' in read(as_staff, page_of(run))
