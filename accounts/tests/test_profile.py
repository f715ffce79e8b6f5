from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Client, Document, Professional
from accounts.tests.factories import make_client, make_commune, make_document, make_professional, make_siret
from marketplace import clock

pytestmark = pytest.mark.django_db

PAGES = ["profile_edit", "rates_edit", "document_list"]


def profile(**changes):
    return {
        "legal_name": "Vigie Atlantique SARL",
        "trade_name": "Vigie Atlantique",
        "siret": make_siret(),
        "vat_regime": "standard",
        "activity": "surveillance",
        "phone": "06 12 34 56 78",
        "presentation": "Surveillance et accueil.",
        "languages": ["fr", "en"],
        "base_commune": "Lyon",
        "radius_km": "40",
        "agents": "10",
    } | changes


@pytest.mark.parametrize("page", PAGES)
def test_the_professional_s_pages_open_for_professionals_only(client, professional, customer, page):
    address = reverse(f"accounts:{page}")
    assert client.get(address).url.startswith(reverse("account_login"))
    client.force_login(customer.user)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == (405 if page == "document_list" else 404)
    client.force_login(professional.user)
    assert client.get(address).status_code == 200


def test_the_client_s_page_opens_for_clients_only(client, professional, customer):
    address = reverse("accounts:client_edit")
    assert client.get(address).url.startswith(reverse("account_login"))
    client.force_login(professional.user)
    assert client.get(address).status_code == 404
    client.force_login(customer.user)
    assert client.get(address).status_code == 200


def test_a_profile_is_saved_as_meant(as_professional, professional):
    Professional.objects.update(status=Professional.Status.REFUSED)
    response = as_professional.post(reverse("accounts:profile_edit"), profile(trade_name="Écluse & Fils"))
    assert response.url == reverse("accounts:profile_edit")
    address = professional.slug
    professional.refresh_from_db()
    assert (professional.trade_name, professional.sort_name) == ("Écluse & Fils", "ecluse fils")
    assert professional.slug == address
    assert professional.phone == "0612345678"
    assert professional.languages == ["fr", "en"]
    assert professional.base_commune == make_commune()


@pytest.mark.parametrize("field", ["legal_name", "trade_name", "presentation"])
def test_what_the_public_reads_holds_no_contact(as_professional, professional, field):
    Professional.objects.update(status=Professional.Status.DRAFT)
    response = as_professional.post(reverse("accounts:profile_edit"), profile(**{field: "Vigie, 06.12.34.56.78"}))
    assert list(response.context["form"].errors) == [field]
    assert "dès le paiement garanti" in response.content.decode()


def test_the_address_follows_the_name_until_the_file_is_sent(as_professional, professional):
    Professional.objects.update(status=Professional.Status.DRAFT)
    as_professional.post(reverse("accounts:profile_edit"), profile(trade_name="Écluse"))
    professional.refresh_from_db()
    assert professional.slug == "ecluse"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("siret", "12345678901234", "Ce SIRET n’est pas valable"),
        ("siret", "abc", "Ce SIRET n’est pas valable"),
        ("base_commune", "Trifouillis", "Nous ne connaissons pas cette commune"),
        ("radius_km", "loin", "Saisissez un nombre entier"),
        ("radius_km", "4", "supérieure ou égale à 5"),
        ("radius_km", "201", "inférieure ou égale à 200"),
        ("agents", "dix", "Saisissez un nombre entier"),
        ("agents", "-1", "supérieure ou égale à"),
        ("phone", "douze", "dix chiffres"),
        ("languages", ["klingon"], "Sélectionnez un choix valide"),
        ("presentation", "", "obligatoire"),
    ],
)
def test_a_mistake_gets_a_sentence_and_nothing_typed_is_lost(as_professional, professional, field, value, sentence):
    Professional.objects.update(status=Professional.Status.DRAFT)
    response = as_professional.post(
        reverse("accounts:profile_edit"), profile(**{field: value, "legal_name": "Tout Neuf"})
    )
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    page = response.content.decode()
    assert sentence in page
    assert "Tout Neuf" in page
    if isinstance(value, str):
        assert value in page
    professional.refresh_from_db()
    assert professional.legal_name == "Vigie Atlantique SARL"


@pytest.mark.parametrize("status", ["approved", "suspended"])
def test_an_approved_professional_does_not_become_someone_else(as_professional, professional, status):
    Professional.objects.update(status=status)
    before = Professional.objects.values("legal_name", "trade_name", "sort_name", "siret", "slug").get()
    changes = profile(legal_name="Autre SARL", trade_name="Autre", radius_km="60")
    assert as_professional.post(reverse("accounts:profile_edit"), changes).status_code == 302
    after = Professional.objects.values("legal_name", "trade_name", "sort_name", "siret", "slug").get()
    assert after == before
    professional.refresh_from_db()
    assert professional.radius_km == 60
    page = as_professional.get(reverse("accounts:profile_edit")).content.decode()
    assert page.count("Vérifié avec vos documents. Écrivez-nous pour le changer.") == 3


def test_an_approved_professional_moves_within_the_department_only(as_professional, professional):
    near = make_commune("69266", "Villeurbanne")
    make_commune("97411", "Saint-Denis", search_name="st denis")
    response = as_professional.post(reverse("accounts:profile_edit"), profile(base_commune="Saint-Denis"))
    sentence = "Pour changer de département, écrivez-nous\u00a0: vos documents sont à vérifier de nouveau."
    assert response.context["form"].errors == {"base_commune": [sentence]}
    as_professional.post(reverse("accounts:profile_edit"), profile(base_commune="Villeurbanne"))
    professional.refresh_from_db()
    assert professional.base_commune == near


def test_a_siret_belongs_to_one_professional(as_professional):
    Professional.objects.update(status=Professional.Status.DRAFT)
    other = make_professional("Ailleurs")
    response = as_professional.post(reverse("accounts:profile_edit"), profile(siret=other.siret))
    assert response.context["form"].errors == {"siret": ["Ce SIRET est déjà inscrit sur le site."]}


def test_the_activity_is_the_one_of_the_approved_title(as_professional, professional):
    as_professional.post(reverse("accounts:profile_edit"), profile(activity="protection"))
    professional.refresh_from_db()
    assert professional.activity == "surveillance"

    Document.objects.filter(kind="aut").delete()
    as_professional.post(reverse("accounts:profile_edit"), profile(activity="protection"))
    professional.refresh_from_db()
    assert professional.activity == "protection"


def test_agents_are_not_lowered_under_a_live_reservation(as_professional, professional):
    from missions.tests.factories import make_mission

    reservation = professional.reservations.create(
        mission=make_mission(professional=professional),
        number=3,
        period=(clock.now() + timedelta(days=1), clock.now() + timedelta(days=1, hours=4)),
    )
    response = as_professional.post(reverse("accounts:profile_edit"), profile(agents="2"))
    assert response.context["form"].errors == {
        "agents": ["Vos missions acceptées réservent 3 agents\u00a0: gardez-en au moins autant."]
    }
    assert as_professional.post(reverse("accounts:profile_edit"), profile(agents="3")).status_code == 302

    reservation.released_at = clock.now()
    reservation.save()
    assert as_professional.post(reverse("accounts:profile_edit"), profile(agents="2")).status_code == 302


def test_a_sole_operator_is_not_asked_for_agents(client):
    sole = make_professional("Seul", kind=Professional.Kind.SOLE_OPERATOR)
    client.force_login(sole.user)
    assert "agents" not in client.get(reverse("accounts:profile_edit")).context["form"].fields
    assert client.post(reverse("accounts:profile_edit"), profile(agents="5")).status_code == 302
    sole.refresh_from_db()
    assert sole.agents == 1


# Rates


def rates_of(professional):
    return dict(professional.rates.values_list("service", "hourly_cents"))


def test_rates_are_typed_in_euros_and_kept_in_cents(as_professional, professional):
    as_professional.post(reverse("accounts:rates_edit"), {"event": "24,50", "guarding": "1 000 €"})
    assert rates_of(professional) == {"event": 2450, "guarding": 100_000}
    assert 'value="24,50"' in as_professional.get(reverse("accounts:rates_edit")).content.decode()


def test_an_empty_rate_is_a_service_not_offered(as_professional, professional):
    as_professional.post(reverse("accounts:rates_edit"), {"event": "25", "guarding": ""})
    assert rates_of(professional) == {"event": 2500}


@pytest.mark.parametrize("rate", ["-5", "0", "0,99", "1000,01", "vingt", "24,505", "NaN", "9" * 40])
def test_an_impossible_rate_is_refused_and_kept_in_sight(as_professional, professional, rate):
    before = rates_of(professional)
    response = as_professional.post(reverse("accounts:rates_edit"), {"event": rate, "guarding": "26"})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["event"]
    assert f'value="{rate}"' in response.content.decode()
    assert rates_of(professional) == before


def test_a_low_rate_is_saved_with_a_warning(as_professional, professional):
    response = as_professional.post(reverse("accounts:rates_edit"), {"event": "21,99", "guarding": "22"}, follow=True)
    levels = [message.level_tag for message in response.context["messages"]]
    assert levels == ["success", "warning"]
    assert rates_of(professional) == {"event": 2199, "guarding": 2200}


def test_without_any_rate_one_is_asked_for(as_professional, professional):
    before = rates_of(professional)
    response = as_professional.post(reverse("accounts:rates_edit"), {"event": "", "guarding": ""})
    assert "Indiquez au moins un tarif" in response.content.decode()
    assert rates_of(professional) == before


# The client's own page


def test_an_association_keeps_its_siren(client):
    association = make_client("Les Nuits", kind=Client.Kind.ASSOCIATION)
    client.force_login(association.user)
    data = {"name": "Les Nuits de la Cale", "phone": "", "siren": "732 829 320"}
    assert client.post(reverse("accounts:client_edit"), data).status_code == 302
    association.refresh_from_db()
    assert (association.siren, association.user.name) == ("732829320", "Les Nuits de la Cale")

    response = client.post(reverse("accounts:client_edit"), data | {"siren": "732829321"})
    assert "Ce SIREN n’est pas valable" in response.content.decode()


def test_a_client_s_name_is_not_a_way_to_be_called(as_customer, customer):
    response = as_customer.post(reverse("accounts:client_edit"), {"name": "Camille +33 6 12 34 56 78", "phone": ""})
    assert list(response.context["form"].errors) == ["name"]


def test_an_individual_has_no_siren(as_customer):
    assert "siren" not in as_customer.get(reverse("accounts:client_edit")).context["form"].fields


# Sending the file


@pytest.fixture
def draft(client):
    draft = make_professional("Nouveau", status=Professional.Status.DRAFT, payable=False)
    client.force_login(draft.user)
    return draft


def test_a_complete_file_is_sent_for_review(client, draft):
    response = client.post(reverse("accounts:profile_submit"))
    assert response.url == reverse("messaging:dashboard")
    draft.refresh_from_db()
    assert draft.status == Professional.Status.SUBMITTED


def test_an_incomplete_file_is_not_sent_and_says_what_is_missing(client, draft):
    draft.rates.all().delete()
    draft.documents.filter(kind="identity").delete()
    make_document(draft, "identity", status=Document.Status.REFUSED, refusal_reason="Illisible")
    client.post(reverse("accounts:profile_submit"))
    draft.refresh_from_db()
    assert draft.status == Professional.Status.DRAFT
    page = client.get(reverse("accounts:document_list")).content.decode()
    assert "un tarif horaire au moins" in page
    assert "Il manque\u00a0: Pièce d’identité du dirigeant." in page


def test_an_approved_file_is_not_sent_again(as_professional, professional):
    as_professional.post(reverse("accounts:profile_submit"))
    professional.refresh_from_db()
    assert professional.status == Professional.Status.APPROVED
