from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_professional
from messaging.models import Proposal
from messaging.tests.factories import make_proposal, make_thread
from missions.models import Mission
from missions.tests.factories import make_mission

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread():
    return make_thread(professional=make_professional(agents=2, rates={"guarding": 2700, "event": 3000}))


def url(thread, name="proposal_write"):
    return reverse(f"messaging:{name}", args=[thread.pk])


def answers(thread, **changes):
    local_start = thread.mission.starts_at.astimezone(thread.mission.zone)
    return {
        "service": "guarding",
        "place": "Lyon",
        "date": f"{local_start:%Y-%m-%d}",
        "start": "20:00",
        "minutes": "600",
        "agents": "1",
        "address": "",
        "instructions": "",
        **changes,
    }


def test_the_form_starts_from_the_request_and_shows_its_price(client, thread, professional_user):
    client.force_login(professional_user)
    response = client.get(url(thread))
    form = response.context["form"]
    assert (form["hourly"].value(), form["minutes"].value()) == (Decimal("27.00"), 480)
    assert response.context["draft"].price.service_cents == 8 * 2700


def test_a_client_is_not_asked_for_the_rate(client, thread, client_user):
    client.force_login(client_user)
    assert "hourly" not in client.get(url(thread)).context["form"].fields


def test_a_professional_proposes_with_a_comma(client, thread, professional_user):
    client.force_login(professional_user)
    response = client.post(url(thread), answers(thread, hourly="26,50"))
    proposal = Proposal.objects.get()
    assert response.url == proposal.get_absolute_url()
    assert (proposal.hourly_cents, proposal.minutes, proposal.service_cents) == (2650, 600, 26500)


def test_a_client_who_sends_a_rate_gets_the_published_one(client, thread, client_user):
    client.force_login(client_user)
    client.post(url(thread), answers(thread, hourly="1"))
    assert Proposal.objects.get().hourly_cents == 2700


@pytest.mark.parametrize("hourly", ["", "-5", "0", "gratuit", "26,505", "1e3000", "NaN", "100000"])
def test_a_wrong_rate_gets_a_sentence(client, thread, professional_user, hourly):
    client.force_login(professional_user)
    response = client.post(url(thread), answers(thread, hourly=hourly, instructions="Ronde du parking"))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["hourly"]
    assert "Ronde du parking" in response.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"agents": "3"}, {"minutes": "30"}, {"date": "2020-01-01"}, {"place": "Nulle part"}]
)
def test_wrong_terms_are_not_proposed(client, thread, client_user, changes):
    client.force_login(client_user)
    assert client.post(url(thread), answers(thread, **changes)).status_code == 422
    assert not Proposal.objects.exists()


def test_the_price_is_computed_without_sending_anything(client, thread, professional_user):
    client.force_login(professional_user)
    response = client.post(url(thread, "proposal_price"), answers(thread, hourly="30"))
    assert response.context["draft"].price.service_cents == 30000
    assert "Envoyer la proposition" in response.content.decode()
    part = client.post(url(thread, "proposal_price"), answers(thread, hourly="30"), headers={"HX-Request": "true"})
    assert part.context["draft"].price.service_cents == 30000
    assert "Envoyer la proposition" not in part.content.decode()
    assert not Proposal.objects.exists()


def test_nothing_is_proposed_once_agreed(client):
    thread = make_thread("accepted")
    client.force_login(thread.mission.client.user)
    assert "On ne peut plus rien proposer ici" in client.get(url(thread)).content.decode()


def test_a_client_who_accepts_goes_on_to_pay(client, thread, client_user):
    client.force_login(client_user)
    response = client.post(reverse("messaging:proposal_accept", args=[make_proposal(thread).pk]))
    assert response.url == reverse("payments:payment", args=[thread.pk])


def test_a_professional_who_accepts_comes_back_to_the_thread(client, thread, client_user, professional_user):
    client.force_login(professional_user)
    response = client.post(reverse("messaging:proposal_accept", args=[make_proposal(thread, client_user).pk]))
    assert response.url == thread.get_absolute_url()
    assert Mission.objects.get(pk=thread.pk).status == "accepted"


def test_one_s_own_proposal_is_not_there_to_be_answered(client, thread, client_user):
    client.force_login(client_user)
    proposal = make_proposal(thread, client_user)
    for name in ("proposal_accept", "proposal_decline"):
        assert client.post(reverse(f"messaging:{name}", args=[proposal.pk])).status_code == 404


def test_a_slot_taken_meanwhile_is_said_with_a_409(client, thread, client_user):
    mission = thread.mission
    make_mission("secured", professional=mission.professional, starts_at=mission.starts_at, agents=2)
    client.force_login(client_user)
    response = client.post(reverse("messaging:proposal_accept", args=[make_proposal(thread).pk]))
    assert response.status_code == 409
    assert "Ce créneau vient d’être pris" in response.content.decode()


def test_a_proposal_is_declined(client, thread, client_user):
    proposal = make_proposal(thread)
    client.force_login(client_user)
    response = client.post(reverse("messaging:proposal_decline", args=[proposal.pk]))
    proposal.refresh_from_db()
    assert (response.url, proposal.status) == (thread.get_absolute_url(), "declined")


def test_a_professional_proposes_without_reading_the_address_and_it_is_kept(client, thread, professional_user):
    client.force_login(professional_user)
    assert "12 rue de la République" not in client.get(url(thread)).content.decode()
    client.post(url(thread), answers(thread, hourly="26", address="Ailleurs"))
    assert Proposal.objects.get().address == "12 rue de la République"


def test_contacts_in_the_instructions_are_not_shown_to_be_edited_and_they_are_kept(client, thread, professional_user):
    instructions = "Appelez le gardien au 06 12 34 56 78"
    Mission.objects.filter(pk=thread.pk).update(instructions=instructions)
    client.force_login(professional_user)
    page = client.get(url(thread)).content.decode()
    assert "34 56" not in page
    assert "coordonnées masquées" in page
    part = client.post(url(thread, "proposal_price"), answers(thread, hourly="26"))
    assert "34 56" not in part.content.decode()
    client.post(url(thread), answers(thread, hourly="26"))
    assert Proposal.objects.get(number=1).instructions == instructions
    client.post(url(thread), answers(thread, hourly="26", instructions="Ronde du parking"))
    assert Proposal.objects.get(number=2).instructions == "Ronde du parking"


def test_a_client_corrects_the_address(client, thread, client_user):
    client.force_login(client_user)
    assert "12 rue de la République" in client.get(url(thread)).content.decode()
    client.post(url(thread), answers(thread, address="14 rue de la République"))
    assert Proposal.objects.get().address == "14 rue de la République"
