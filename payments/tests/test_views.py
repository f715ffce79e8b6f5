from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.tests.factories import PASSWORD, make_client, make_professional
from missions.models import Mission
from payments.models import ConnectedAccount, Payment
from payments.tests.factories import fresh, make_ended_payment, make_held_payment, make_payment, work

pytestmark = pytest.mark.django_db


def sign_in(client, user):
    assert client.login(email=user.email, password=PASSWORD)


@pytest.fixture
def as_client(client):
    """Sign in as the client of a mission."""

    def enter(payment):
        sign_in(client, payment.mission.client.user)
        return client

    return enter


PAGES = ["payment", "mission_confirm", "mission_cancel", "mission_contest"]


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_finds_no_page_of_someone_elses_mission(client, simulator, name):
    payment = make_held_payment(simulator)
    sign_in(client, make_client().user)

    assert client.get(reverse(f"payments:{name}", args=[payment.mission_id])).status_code == 404
    assert client.post(reverse(f"payments:{name}", args=[payment.mission_id])).status_code in (404, 405)


@pytest.mark.parametrize("name", PAGES)
def test_a_visitor_is_asked_to_sign_in(client, simulator, name):
    payment = make_held_payment(simulator)

    answer = client.get(reverse(f"payments:{name}", args=[payment.mission_id]))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["payment", "mission_confirm"])
def test_paying_and_confirming_are_for_the_client_only(client, simulator, name):
    payment = make_held_payment(simulator)
    sign_in(client, payment.mission.professional.user)

    assert client.get(reverse(f"payments:{name}", args=[payment.mission_id])).status_code == 404


@pytest.mark.parametrize("name", [*PAGES, "money"])
def test_no_browser_keeps_a_page_of_a_missions_money(as_client, simulator, clock, name):
    payment = make_ended_payment(simulator, clock) if name != "mission_cancel" else make_held_payment(simulator)
    answer = as_client(payment).get(reverse(f"payments:{name}", args=[payment.mission_id]))

    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")


@pytest.mark.parametrize("name", ["earnings", "earnings_export", "onboarding"])
def test_no_browser_keeps_what_a_professional_earns(client, name):
    sign_in(client, make_professional().user)
    answer = client.get(reverse(f"payments:{name}"))

    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")


def test_the_client_reads_the_price_line_by_line_before_paying(as_client, simulator):
    payment = make_payment(hourly_cents=2600, agents=2)

    page = as_client(payment).get(reverse("payments:payment", args=[payment.mission_id])).content.decode()
    for amount in ("416,00\xa0€", "83,20\xa0€", "62,40\xa0€", "12,48\xa0€", "574,08\xa0€"):
        assert amount in page
    assert "Commander avec obligation de paiement" in page


def test_a_consumer_asks_for_an_early_start_before_paying(as_client, simulator):
    payment = make_payment()
    browser = as_client(payment)
    url = reverse("payments:checkout_start", args=[payment.mission_id])

    refused = browser.post(url)
    assert refused.status_code == 422
    assert "la mission commence avant la fin du délai de 14\xa0jours" in refused.content.decode()

    accepted = browser.post(url, {"early_start": "on"})
    assert accepted.status_code == 303
    assert accepted["Location"].startswith("http://127.0.0.1:12111/")
    assert fresh(payment).early_start_requested_at is not None


def test_the_exact_address_is_asked_for_before_paying_and_kept(as_client, simulator):
    payment = make_payment(address="")
    browser = as_client(payment)
    url = reverse("payments:checkout_start", args=[payment.mission_id])

    refused = browser.post(url, {"early_start": "on", "address": " "})
    assert refused.status_code == 422
    assert browser.post(url, {"early_start": "on", "address": "3 quai Rambaud"}).status_code == 303
    assert fresh(payment).mission.address == "3 quai Rambaud"
    assert "Adresse exacte" not in browser.get(reverse("payments:payment", args=[payment.mission_id])).content.decode()


def test_coming_back_from_stripe_secures_the_mission(as_client, simulator):
    payment = make_payment()
    browser = as_client(payment)
    browser.post(reverse("payments:checkout_start", args=[payment.mission_id]), {"early_start": "on"})
    back = simulator.hosted.pay(payment.sessions.get().stripe_id)

    answer = browser.get(back)
    assert answer.status_code == 302
    assert answer["Location"] == payment.mission.get_absolute_url()
    assert fresh(payment).mission.status == Mission.Status.SECURED


def test_a_return_without_a_known_session_is_a_404(client, simulator):
    assert client.get(reverse("payments:checkout_return"), {"session_id": "cs_test_x"}).status_code == 404
    assert client.get(reverse("payments:checkout_return")).status_code == 404
    assert client.get(reverse("payments:checkout_return"), {"session_id": "cs_\0"}).status_code == 404


def test_the_client_confirms_on_a_page_that_asks_once(as_client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    browser = as_client(payment)
    url = reverse("payments:mission_confirm", args=[payment.mission_id])
    assert "Valider et payer" in browser.get(url).content.decode()
    assert fresh(payment).mission.status == Mission.Status.SECURED

    assert browser.post(url).status_code == 302
    assert fresh(payment).mission.status == Mission.Status.CONFIRMED


def test_cancelling_says_what_it_costs_first(as_client, simulator, clock):
    payment = make_held_payment(simulator, hourly_cents=2500)
    clock.set(payment.mission.starts_at - timedelta(hours=30))
    browser = as_client(payment)
    url = reverse("payments:mission_cancel", args=[payment.mission_id])

    assert "Vous paierez 82,80\xa0€ sur 276,00\xa0€" in browser.get(url).content.decode()
    browser.post(url, {"reason": "Plus besoin", "seen": 3000})
    assert work(payment).status == Payment.Status.RELEASED


def test_a_contest_without_facts_is_sent_back_with_what_was_typed(as_client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    browser = as_client(payment)
    url = reverse("payments:mission_contest", args=[payment.mission_id])

    page = browser.post(url, {"reason": "no_show", "text": ""})
    assert page.status_code == 200
    assert 'value="no_show"' in page.content.decode()
    assert fresh(payment).mission.status == Mission.Status.SECURED

    browser.post(url, {"reason": "no_show", "text": "Personne à 20 h."})
    assert fresh(payment).mission.status == Mission.Status.CONTESTED


def test_a_professional_cannot_borrow_the_clients_reasons(client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    sign_in(client, payment.mission.professional.user)
    client.post(
        reverse("payments:mission_contest", args=[payment.mission_id]), {"reason": "no_show", "text": "Inversé"}
    )

    assert fresh(payment).mission.status == Mission.Status.SECURED


def test_the_other_side_answers_a_contest_once(client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    sign_in(client, payment.mission.client.user)
    client.post(reverse("payments:mission_contest", args=[payment.mission_id]), {"reason": "no_show", "text": "Rien."})
    url = reverse("payments:contest_answer", args=[payment.mission_id])
    client.post(url, {"answer": "Je me réponds"})
    sign_in(client, payment.mission.professional.user)
    client.post(url, {"answer": "Nous étions là."})
    client.post(url, {"answer": "Encore."})

    assert fresh(payment).mission.contest.answer == "Nous étions là."


def test_onboarding_is_for_professionals(client, simulator):
    sign_in(client, make_client().user)

    assert client.get(reverse("payments:onboarding")).status_code == 404
    assert client.post(reverse("payments:onboarding_start")).status_code == 404


def test_coming_back_from_an_unfinished_onboarding_says_what_is_missing(client, simulator):
    professional = make_professional(payable=False)
    sign_in(client, professional.user)
    client.post(reverse("payments:onboarding_start"))
    back = simulator.hosted.onboard(ConnectedAccount.objects.get().stripe_id, complete=False)

    assert "Il manque des informations à Stripe" in client.get(back, follow=True).content.decode()
