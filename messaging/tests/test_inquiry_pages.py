from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Notification
from accounts.tests.factories import make_client, make_commune, make_professional
from marketplace import clock
from messaging.models import Thread
from missions.models import Mission

pytestmark = pytest.mark.django_db

CONTACT = {"contact_name": "Sacha", "contact_phone": "06 99 88 77 66"}


@pytest.fixture
def professional():
    return make_professional(agents=3, rates={"guarding": 2600, "event": 2800})


@pytest.fixture
def url(professional):
    return reverse("messaging:inquiry_start", args=[professional.slug])


@pytest.fixture
def asked():
    """What a search passes on, in its query string."""
    make_commune()
    day = clock.now() + timedelta(days=20)
    return {
        "service": "event",
        "commune": "69123",
        "date": f"{day:%Y-%m-%d}",
        "start": "19:00",
        "minutes": "480",
        "agents": "2",
    }


@pytest.fixture
def answers(asked):
    del asked["commune"]
    return asked | {"place": "Lyon", "message": "Bonjour, nous fêtons nos dix ans."}


def test_a_visitor_signs_in_and_comes_back_with_what_they_chose(client, url, asked):
    response = client.get(url, asked)
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))
    assert "agents%3D2" in response.url


@pytest.mark.parametrize("place", [{"commune": "69123"}, {"place": "Lyon"}])
def test_a_client_finds_the_search_they_came_from(client, url, asked, place):
    del asked["commune"]
    asked |= place
    client.force_login(make_client().user)
    form = client.get(url, asked).context["form"]
    assert [form[name].value() for name in ("service", "place", "start", "agents")] == [
        "event",
        "Lyon",
        "19:00",
        "2",
    ]


def test_a_client_sends_a_request(client, url, answers, professional):
    person = make_client()
    client.force_login(person.user)
    response = client.post(url, answers | {"address": "3 quai de Saône", "site": "hall", "frisking": "on"} | CONTACT)
    thread = Thread.objects.get()
    mission = thread.mission
    assert response.url == thread.get_absolute_url()
    assert (mission.client, mission.professional, mission.status) == (person, professional, "inquiry")
    assert (mission.service, mission.agents, mission.minutes, mission.place) == ("event", 2, 480, "hall")
    assert mission.contact_phone == "0699887766"
    assert (mission.address, mission.frisking, mission.public_road) == ("3 quai de Saône", True, False)
    assert [message.body for message in thread.messages.all()] == ["Bonjour, nous fêtons nos dix ans."]
    assert Notification.objects.get(user=professional.user).template == "messaging/emails/inquiry"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"date": "2020-01-01"}, "date"),
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "57600"}, "minutes"),
        ({"place": "Atlantide"}, "place"),
        ({"agents": "beaucoup"}, "agents"),
        ({"message": " "}, "message"),
        ({"service": "close_protection"}, "service"),
        ({"expected_public": "plein"}, "expected_public"),
        ({"contact_phone": "le bar"}, "contact_phone"),
        ({"agents": "4"}, "__all__"),
    ],
)
def test_a_wrong_answer_gets_a_sentence_and_nothing_typed_is_lost(client, url, answers, wrong, field):
    client.force_login(make_client().user)
    response = client.post(url, answers | {"instructions": "Ronde du parking"} | wrong)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    page = response.content.decode()
    assert "Ronde du parking" in page
    assert "Erreur" in page
    assert not Mission.objects.exists()


def test_a_professional_is_told_why_they_cannot_write(client, url):
    client.force_login(make_professional().user)
    response = client.get(url)
    assert response.status_code == 403
    assert "Seul un compte de client" in response.content.decode()


def test_nobody_writes_to_themselves(client, url, professional, answers):
    client.force_login(professional.user)
    assert "C’est votre propre profil" in client.post(url, answers).content.decode()
    assert not Mission.objects.exists()


def test_a_professional_whose_profile_is_not_public_cannot_be_written_to(client, url, professional):
    professional.payable = False
    professional.save(update_fields=["payable"])
    client.force_login(make_client().user)
    assert client.get(professional.get_absolute_url()).status_code == 404
    assert client.get(url).status_code == 404


def test_a_professional_who_is_not_approved_cannot_be_written_to(client, url, professional):
    professional.status = "suspended"
    professional.save(update_fields=["status"])
    client.force_login(make_client().user)
    assert client.get(url).status_code == 404


def test_what_stands_in_the_way_is_said_before_writing(client, url, asked):
    client.force_login(make_client().user)
    page = client.get(url, asked | {"agents": "9"}).content.decode()
    assert "risque de refuser" in page
    assert "plus d’agents" in page


def test_the_price_just_read_is_recalled(client, url, asked):
    client.force_login(make_client().user)
    page = client.get(url, asked).content.decode()
    assert "Au tarif publié" in page
    assert "618,24\u00a0€" in page  # 2 agents × 8 h × 28 €, VAT and commission included
    assert "Soit hors taxes" not in page
    assert "Au tarif publié" not in client.get(url).content.decode()


def test_organisations_also_recall_it_before_vat(client, url, asked):
    client.force_login(make_client(kind="business").user)
    assert "Soit hors taxes" in client.get(url, asked).content.decode()


def test_the_only_service_is_not_a_choice(client, asked):
    professional = make_professional(rates={"event": 2800})
    client.force_login(make_client().user)
    page = client.get(reverse("messaging:inquiry_start", args=[professional.slug]), asked).content.decode()
    assert '<input type="hidden" name="service" value="event">' in page
    assert 'type="radio"' not in page


def test_a_service_no_longer_offered_is_refused(client, asked):
    professional = make_professional(rates={"event": 2800})
    client.force_login(make_client().user)
    address = reverse("messaging:inquiry_start", args=[professional.slug])
    response = client.post(address, asked | {"service": "guarding", "message": "Bonjour"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"service": ["Choisissez une prestation."]}
    assert '<input type="hidden" name="service" value="event">' in response.content.decode()


def test_a_hostile_search_only_fills_the_fields(client, url):
    client.force_login(make_client().user)
    response = client.get(url, {"minutes": "1e9", "agents": "<script>", "commune": "x" * 999, "date": "\x00"})
    assert response.status_code == 200
    assert client.get(url, {"commune": "\x00"}).status_code == 200
    assert b"<script>" not in response.content
