"""The demo's fault panel, before the simulator served over HTTP as in the demo."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_professional
from marketplace import formatting
from marketplace.demo import faults, urls
from marketplace.tests import demo_urls
from missions.models import Mission
from payments import actions
from payments.models import ConnectedAccount, StripeOperation
from payments.simulator import accounts
from payments.simulator.balance import AVAILABLE_AFTER
from payments.simulator.server import SimulatorServer
from payments.simulator.tests.serving import serving
from payments.tasks import CLOCK_SKEW
from payments.tests.factories import keep, make_account, make_ended_payment, make_held_payment, make_payment, work

pytestmark = pytest.mark.django_db

PAGE = "/demo/pannes/"


@pytest.fixture(name="stripe")
def serve_simulator(simulator, settings):
    """The book the site's calls are written in, and its controls over HTTP; no webhook leaves it."""
    settings.ROOT_URLCONF = demo_urls.__name__
    settings.DEMO = True
    with serving(SimulatorServer(("127.0.0.1", 0), simulator)) as server:
        settings.STRIPE_API_BASE = server.url
        yield simulator
    server.sender.join()


@pytest.fixture(name="absent")
def shut_simulator(settings):
    settings.ROOT_URLCONF = demo_urls.__name__
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"


def act(client, name, **choices):
    """Press one of the panel's buttons; returns the sentences shown on the page that follows."""
    return said(client.post(reverse(f"demo:{name}"), choices, follow=True))


def said(response):
    return [str(message) for message in response.context["messages"]]


def make_paid(stripe, clock):
    """A mission confirmed, captured and paid."""
    payment = make_ended_payment(stripe, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return work(payment)


def make_refunded(stripe, clock):
    """A mission whose hold was captured and kept, then cancelled by the professional."""
    payment = make_held_payment(stripe)
    keep(payment)
    actions.cancel(payment.mission, by=payment.mission.professional.user)
    return work(payment)


def charge_of(payment):
    return payment.holds.get(status="captured").charge_id


# Faults programmed


@pytest.mark.parametrize("choice", faults.CHOICES)
def test_the_simulator_takes_each_fault_of_the_panel(stripe, client, choice):
    assert "C’est programmé" in act(client, "fault_add", fault=choice)[0]
    assert stripe.book.faults == [faults.CHOICES[choice]]


def test_every_choice_has_its_button(stripe, client):
    page = client.get(PAGE).text
    assert [choice for choice in faults.CHOICES if f'name="fault" value="{choice}"' not in page] == []


@pytest.mark.parametrize("choice", ["", "earthquake", "drop", "drop-everything"])
def test_no_other_fault_reaches_the_simulator(stripe, client, choice):
    assert "Ce choix n’est pas proposé" in act(client, "fault_add", fault=choice)[0]
    assert stripe.book.faults == []


def test_what_waits_is_listed_then_cleared(stripe, client):
    assert "Tout remettre en ordre" not in client.get(PAGE).text
    act(client, "fault_add", fault="lose_answer-transfer")
    act(client, "fault_add", fault="delay-next")
    programmed = client.get(PAGE).context["panel"].programmed
    assert [(str(fault["title"]), str(fault["place"])) for fault in programmed] == [
        ("La réponse se perd", "Au versement"),
        ("Le prochain message a dix minutes de retard", ""),
    ]
    assert "Tout remettre en ordre" in client.get(PAGE).text
    assert act(client, "fault_clear") == ["Il n’y a plus de panne programmée."]
    assert (stripe.book.faults, client.get(PAGE).context["panel"].programmed) == ([], [])


def test_a_fault_of_others_is_listed_too(stripe, client):
    stripe.faults.add("drop", on="charge.*", times=3)
    (fault,) = client.get(PAGE).context["panel"].programmed
    assert (fault["place"], fault["times"]) == ("charge.*", 3)


def test_a_lost_answer_captures_once(stripe, client, clock):
    act(client, "fault_add", fault="lose_answer-capture")
    payment = make_ended_payment(stripe, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    assert StripeOperation.objects.get(payment=work(payment), kind="capture").state == "pending"
    clock.advance(StripeOperation.objects.get(payment=payment, kind="capture").due_at - clock.now())
    act(client, "sweep_run")
    assert StripeOperation.objects.get(payment=payment, kind="capture").state == "done"
    assert len(stripe.book.every("charge", captured=True)) == 1


# The bank


def test_a_captured_charge_is_offered_by_its_mission_and_disputed(stripe, client, clock):
    held, paid = make_held_payment(stripe), make_paid(stripe, clock)
    charge = charge_of(paid)
    offered = client.get(PAGE).context["panel"].charges
    assert list(offered) == [charge]
    amount = formatting.euros(paid.amount_cents)
    assert offered[charge] == f"{amount} · {paid.mission}, {paid.mission.professional.trade_name}"
    assert held.holds.get().charge_id not in client.get(PAGE).text
    act(client, "dispute_open", charge=charge)
    (dispute,) = stripe.book.every("dispute")
    assert (dispute["charge"], dispute["status"]) == (charge, "needs_response")
    panel = client.get(PAGE).context["panel"]
    assert (list(panel.charges), list(panel.disputes)) == ([], [dispute["id"]])


def test_a_bank_may_only_ask(stripe, client, clock):
    charge = charge_of(make_paid(stripe, clock))
    assert "sans rien reprendre" in act(client, "dispute_open", charge=charge, inquiry="oui")[0]
    assert stripe.book.every("dispute")[0]["status"] == "warning_needs_response"
    assert list(client.get(PAGE).context["panel"].charges) == [charge]


def test_the_panel_offers_no_other_language(stripe, client):
    assert "hreflang" not in client.get(PAGE).text.partition("<footer")[2]


def test_a_hold_is_not_disputed(stripe, client):
    hold = make_held_payment(stripe).holds.get()
    assert "Ce choix n’est pas proposé" in act(client, "dispute_open", charge=hold.charge_id)[0]
    assert stripe.book.every("dispute") == []


@pytest.mark.parametrize("verdict", faults.VERDICTS)
def test_the_bank_decides(stripe, client, clock, verdict):
    act(client, "dispute_open", charge=charge_of(make_paid(stripe, clock)))
    (dispute,) = stripe.book.every("dispute")
    act(client, "dispute_close", dispute=dispute["id"], verdict=verdict)
    assert (dispute["status"], client.get(PAGE).context["panel"].disputes) == (verdict, {})


def test_no_other_verdict_is_given(stripe, client, clock):
    act(client, "dispute_open", charge=charge_of(make_paid(stripe, clock)))
    (dispute,) = stripe.book.every("dispute")
    assert "Ce choix n’est pas proposé" in act(client, "dispute_close", dispute=dispute["id"], verdict="maybe")[0]
    assert dispute["status"] == "needs_response"


def test_a_refund_fails_and_a_released_hold_is_not_one(stripe, client, clock):
    released = make_held_payment(stripe)
    actions.cancel(released.mission, by=released.mission.professional.user)
    work(released)
    make_refunded(stripe, clock)
    (offered,) = client.get(PAGE).context["panel"].refunds
    act(client, "refund_fail", refund=offered)
    assert stripe.get("refund", offered)["status"] == "failed"
    assert client.get(PAGE).context["panel"].refunds == {}


# The professional


def test_an_account_is_suspended_then_restored(stripe, client):
    payment = make_held_payment(stripe)
    account = ConnectedAccount.objects.get(professional=payment.mission.professional).stripe_id
    act(client, "account_set", account=account, status="restricted")
    assert not accounts.is_payable(stripe.get("v2.core.account", account))
    name = payment.mission.professional.trade_name
    assert client.get(PAGE).context["panel"].accounts == {account: f"Suspendu\u00a0: {name}"}
    act(client, "account_set", account=account, status="active")
    assert accounts.is_payable(stripe.get("v2.core.account", account))


def test_a_balance_is_paid_out_once_it_is_available(stripe, client, clock):
    payment = make_paid(stripe, clock)
    account = ConnectedAccount.objects.get(professional=payment.mission.professional).stripe_id
    assert "Rien n’est disponible sur ce compte" in act(client, "account_pay_out", account=account)[0]
    clock.advance(AVAILABLE_AFTER)
    assert act(client, "account_pay_out", account=account) == [
        "Stripe a viré à sa banque tout ce qui était disponible."
    ]


def test_only_professionals_with_a_mission_are_offered(stripe, client):
    make_account(make_professional(), stripe)
    assert client.get(PAGE).context["panel"].accounts == {}


# Tasks and checks


def test_the_sweep_does_what_is_due(stripe, client, clock):
    payment = make_payment()
    clock.set(payment.mission.deadline_at + CLOCK_SKEW + timedelta(seconds=1))
    assert act(client, "sweep_run") == ["Le balayage est passé\u00a0: ce qui était dû est fait."]
    assert Mission.objects.get(pk=payment.mission_id).status == "expired"


def test_the_audit_shows_its_differences_or_that_there_are_none(stripe, client):
    assert "Aucune différence." in client.post("/demo/pannes/verifier/").text
    payment = make_held_payment(stripe)
    ConnectedAccount.objects.filter(professional=payment.mission.professional).update(transfers="restricted")
    response = client.post("/demo/pannes/verifier/")
    assert ("Aucune différence." in response.text, response.context["failure"]) == (False, "1 differences.")
    (line,) = response.context["lines"]
    assert line in response.text


# All of it


def test_a_simulator_that_is_away_is_told_in_words(absent, client):
    assert "Le simulateur de Stripe ne répond pas" in client.get(PAGE).text
    assert "Le simulateur de Stripe ne répond pas" in act(client, "fault_add", fault="drop-next")[0]


POSTS = [pattern.name for pattern in urls.urlpatterns if str(pattern.pattern).startswith("pannes/")][1:]


@pytest.mark.parametrize("name", POSTS)
def test_nothing_is_done_by_a_get_nor_from_another_site(stripe, client, name):
    assert client.get(reverse(f"demo:{name}")).status_code == 405
    assert Client(enforce_csrf_checks=True).post(reverse(f"demo:{name}")).status_code == 403


def test_the_bar_leads_to_the_panel(stripe, client):
    assert f'href="{PAGE}"' in client.get("/").text


def test_elsewhere_there_is_no_panel(client):
    assert client.get(PAGE).status_code == 404
