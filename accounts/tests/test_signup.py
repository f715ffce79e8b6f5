import re
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from accounts.models import Client, Professional, User
from accounts.tests.factories import PASSWORD, make_client, make_professional

pytestmark = pytest.mark.django_db

SEARCH = "/recherche/?service=guarding&commune=69123&date=2026-12-12&start=20:00&minutes=480&agents=1"


def sign_up(client, **changes):
    data = {
        "role": "individual",
        "name": "Camille Morvan",
        "email": "camille@exemple.fr",
        "password1": PASSWORD,
        "terms": "on",
    }
    return client.post(reverse("account_signup"), data | changes)


def confirm(client):
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    return client.post(reverse("account_email_verification_sent"), {"code": code})


def test_a_client_signs_up_confirms_and_lands_on_the_search_they_came_from(client):
    response = sign_up(client, next=SEARCH)
    assert response.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session

    assert confirm(client).url == SEARCH
    user = User.objects.get(email="camille@exemple.fr")
    assert (user.name, user.client.kind, user.client.name) == ("Camille Morvan", "individual", "Camille Morvan")
    assert user.terms_accepted_at is not None
    assert EmailAddress.objects.get(user=user).verified


def test_every_page_offers_to_sign_up_and_come_back(client):
    page = client.get(SEARCH).content.decode()
    assert f'href="{reverse("account_signup")}?next={quote(SEARCH)}"' in page
    assert f'href="{reverse("account_login")}?next={quote(SEARCH)}"' in page
    assert "next=" not in client.get(reverse("home")).content.decode()


def test_the_login_page_still_knows_the_page_to_come_back_to(client):
    page = client.get(reverse("account_login"), {"next": SEARCH}).content.decode()
    assert f'class="button" href="{reverse("account_signup")}?next={quote(SEARCH)}"' in page
    assert "next=" not in client.get(reverse("account_login")).content.decode()


@pytest.mark.parametrize("entrance", ["account_login", "account_signup"])
def test_a_search_waits_beside_the_entrance(client, entrance):
    def page(**query):
        return client.get(reverse(entrance), query).content.decode()

    for way in (SEARCH, "/professionnels/vigie/contacter/"):
        assert "Votre recherche vous attend" in page(next=way)
    assert "Votre recherche vous attend" not in page(next="/messages/12/")
    assert "Votre recherche vous attend" not in page()


def test_the_entrances_say_what_a_password_is_and_repeat_no_label(client):
    page = client.get(reverse("account_signup")).content.decode()
    assert "Douze caractères au moins, ni mot de passe courant, ni votre nom." in page
    for entrance in ("account_login", "account_signup", "account_reset_password"):
        assert "placeholder" not in client.get(reverse(entrance)).content.decode()


def test_a_search_in_another_site_is_not_followed(client):
    sign_up(client, next="https://ailleurs.exemple/")
    assert confirm(client).url == reverse("home")


def test_a_professional_lands_on_their_dashboard(client):
    sign_up(client, role="security_company", name="Éclat d’Œuvre Sécurité")
    assert confirm(client).url == reverse("messaging:dashboard")
    professional = Professional.objects.get()
    assert professional.slug == "eclat-doeuvre-securite"
    assert professional.sort_name == "eclat d oeuvre securite"
    assert (professional.kind, professional.status) == ("company", "draft")


def test_a_sole_operator_is_one_agent(client):
    sign_up(client, role="sole_operator")
    assert (Professional.objects.get().kind, Professional.objects.get().agents) == ("sole_operator", 1)


def test_two_of_the_same_name_have_two_addresses(client):
    make_professional("Vigie", slug="vigie")
    sign_up(client, role="security_company", name="Vigie")
    user = User.objects.get(email="camille@exemple.fr")
    assert user.professional.slug == f"vigie-{user.pk}"


@pytest.mark.parametrize(
    "changes",
    [{"role": "staff"}, {"name": ""}, {"email": "rien"}, {"password1": "court"}, {"terms": ""}],
)
def test_what_is_missing_is_said_and_what_was_typed_kept(client, changes):
    response = sign_up(client, **changes)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == list(changes)
    assert not User.objects.exists()
    if "name" not in changes:
        assert "Camille Morvan" in response.content.decode()


@pytest.mark.parametrize("name", ["Vigie 06 12 34 56 78", "camille@exemple.fr"])
def test_a_name_is_not_a_way_to_be_called(client, name):
    response = sign_up(client, name=name)
    assert "N’écrivez ici ni téléphone ni adresse e-mail" in response.content.decode()
    assert not User.objects.exists()


def test_signing_up_twice_says_nothing_of_the_first_account(client):
    existing = make_client().user
    response = sign_up(client, email=existing.email)
    assert response.url == reverse("account_email_verification_sent")
    assert Client.objects.count() == 1
    assert mail.outbox[-1].to == [existing.email]


def test_the_role_can_be_chosen_by_the_link(client):
    response = client.get(reverse("account_signup"), {"role": "sole_operator"})
    assert response.context["form"]["role"].value() == "sole_operator"


def test_a_mail_server_that_is_away_stops_nobody(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = sign_up(client)
    assert response.url == reverse("account_email_verification_sent")
    assert "L’e-mail n’a pas pu partir" in client.get(response.url).content.decode()
