"""A form sent after the session ended, and addresses that only take forms."""

import pytest
from django.urls import reverse

from accounts.tests.factories import make_client

pytestmark = pytest.mark.django_db


def test_after_signing_in_again_one_is_back_on_the_page_of_the_form(client):
    answer = client.post(
        "/messages/7/envoyer/", {"body": "Bonjour"}, headers={"Referer": "http://testserver/messages/7/?x=1"}
    )

    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next=/messages/7/%3Fx%3D1"
    assert "Vous aviez été déconnecté" in client.get(answer["Location"]).content.decode()


def test_a_page_of_somebody_else_is_no_place_to_come_back_to(client):
    answer = client.post("/messages/7/envoyer/", headers={"Referer": "https://ailleurs.example/piege"})

    assert answer["Location"] == f"{reverse('account_login')}?next=/"


def test_an_address_that_only_takes_forms_says_so(client):
    client.force_login(make_client().user)
    answer = client.get("/messages/7/envoyer/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Elle ne sert qu’à envoyer un formulaire." in answer.content.decode()


def test_a_search_for_an_absurd_duration_is_a_sentence(client):
    answer = client.get(
        "/recherche/", {"service": "event", "place": "Lyon", "minutes": "9" * 400, "date": "2030-01-01"}
    )

    assert "Une mission dure de 1 h à 72 h" in answer.content.decode().replace("\xa0", " ")
