from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_client, make_commune, make_professional, make_staff
from missions import actions, words
from missions.profiles import Profile
from missions.tests.factories import make_mission, make_review
from missions.tests.test_search_pages import text_of

pytestmark = pytest.mark.django_db

QUERY = "?service=guarding&commune=69123&date=2026-12-12&start=20:00&minutes=480&agents=1"


@pytest.fixture(autouse=True)
def _in_november(clock):
    clock.set(datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.fixture
def professional(_in_november):
    return make_professional(rates={"guarding": 2600})


def read(client, professional, query=""):
    response = client.get(professional.get_absolute_url() + query)
    assert response.status_code == 200
    return text_of(response)


def test_a_visitor_reads_what_the_law_wants_shown(client, professional):
    text = read(client, professional)
    assert "AUT-069-2124-03-15-20240312345" in text
    assert (
        "L’autorisation d’exercice ne confère aucune prérogative de puissance publique à l’entreprise "
        "ou aux personnes qui en bénéficient." in text
    )


def test_the_term_of_an_identity_is_not_shown(client, professional):
    text = read(client, professional)
    assert "Assurance responsabilité civile professionnelle jusqu’au 22 novembre 2029" in text
    assert "Pièce d’identité du dirigeant vérifiée" in text


def test_a_visitor_reads_rates_area_hours_and_languages(client, professional):
    text = read(client, professional)
    for expected in (
        "Surveillance 26,00 € / h 35,88 € / h",
        "Se déplace jusqu’à 50 km autour de Lyon.",
        "Tous les jours jour et nuit",
        "Français",
        "À partir de 35,88 € TTC / h par agent",
        "Pas encore d’avis",
    ):
        assert expected in text


def test_nothing_private_is_shown(client, professional):
    text = read(client, professional, QUERY)
    for private in (professional.phone, professional.user.email):
        assert private not in text


def test_a_known_search_shows_the_price_by_lines(client, professional):
    text = read(client, professional, QUERY)
    for line in (
        "Prix de votre mission 287,04 € TTC",
        "26,00 € × 8 h × 1 agent 208,00 €",
        "TVA du professionnel (20 %) 41,60 €",
        "Commission du site (15 %) 31,20 €",
        "TVA sur la commission (20 %) 6,24 €",
        "Total TTC 287,04 €",
    ):
        assert line in text


def test_organisations_read_the_amount_before_vat(client, professional):
    client.force_login(make_client(kind="association").user)
    assert "Soit hors taxes 239,20 €" in read(client, professional, QUERY)


def test_a_professional_in_franchise_says_so(client):
    professional = make_professional(vat_regime="franchise")
    assert "TVA non applicable, art. 293 B du CGI" in read(client, professional, QUERY)


@pytest.mark.parametrize("who", ["visitor", "client"])
def test_contacting_keeps_the_search(client, professional, who):
    if who == "client":
        client.force_login(make_client().user)
    html = client.get(professional.get_absolute_url() + QUERY).content.decode()
    kept = QUERY.replace("&", "&amp;").replace(":", "%3A")
    assert f'href="{professional.get_absolute_url()}contacter/{kept}"' in html
    assert f'href="/recherche/{kept}"' in html


def test_another_professional_is_not_invited_to_write(client, professional):
    client.force_login(make_professional().user)
    assert "Contacter" not in read(client, professional, QUERY)


def test_someone_taken_says_why_and_offers_another_date(client):
    professional = make_professional(agents=1)
    make_mission("booked", professional=professional, starts_at=datetime(2026, 12, 12, 19, tzinfo=UTC))
    text = read(client, professional, QUERY)
    assert "Pas libre pour cette mission" in text
    assert "Ses agents sont déjà pris à ces heures." in text
    assert "Voir qui est libre" in text
    assert "Contacter" not in text


def test_a_service_not_offered_is_said(client, professional):
    text = read(client, professional, QUERY.replace("guarding", "event"))
    assert "Cette prestation n’est pas proposée par ce professionnel." in text


def test_a_search_with_a_mistake_is_put_right_on_the_page(client, professional):
    assert "Cette date est passée." in read(client, professional, QUERY.replace("2026-12-12", "2026-01-01"))


@pytest.mark.parametrize(
    "fields",
    [{"payable": False}, {"status": "draft"}, {"status": "suspended"}, {"documents": False}, {"base_commune": None}],
)
def test_who_is_not_listed_is_seen_by_the_owner_and_the_staff_only(client, fields):
    professional = make_professional(**fields)
    url = professional.get_absolute_url()
    assert client.get(url).status_code == 404
    for stranger in (make_client().user, make_professional().user):
        client.force_login(stranger)
        assert client.get(url).status_code == 404
    for user in (professional.user, make_staff()):
        client.force_login(user)
        assert "ce profil n’est pas encore public" in text_of(client.get(url + QUERY))


def test_someone_without_a_rate_is_not_public(client, professional):
    professional.rates.all().delete()
    assert client.get(professional.get_absolute_url()).status_code == 404


def test_an_unknown_name_is_not_found(client):
    assert client.get("/professionnels/personne/").status_code == 404


# Reviews


def test_reviews_show_both_dates_the_answer_and_a_first_name_only(client, professional):
    review = make_review(professional, stars=4, text="Très bien.", published_at=datetime(2026, 11, 23, tzinfo=UTC))
    review.mission.client.name = "Camille Morvan"
    review.mission.client.save()
    actions.answer_review(review, by=professional.user, text="Merci.")
    actions.refresh_score(professional)
    text = read(client, professional)
    for expected in (
        "Camille, particulier",
        "4 sur 5",
        "Très bien.",
        "Mission du 22 novembre 2026",
        "Avis publié le 23 novembre 2026",
        "Réponse de Vigie Atlantique le 23 novembre 2026",
        "Merci.",
        "1 avis, tous de clients qui ont payé et validé leur mission sur le site",
    ):
        assert expected in text
    assert "Morvan" not in text


def test_a_refused_review_is_not_shown(client, professional):
    make_review(professional, text="Bien.")
    make_review(professional, text="Propos injurieux.", status="refused", refusal_reason="Injures")
    actions.refresh_score(professional)
    text = read(client, professional)
    assert "Bien." in text
    assert "Propos injurieux" not in text


def test_the_bars_show_how_the_scores_spread(professional):
    for stars in (5, 5, 4):
        make_review(professional, stars=stars)
    assert Profile(professional).bars == [(5, 2, "66.7"), (4, 1, "33.3"), (3, 0, "0.0"), (2, 0, "0.0"), (1, 0, "0.0")]


def test_only_the_professional_is_offered_to_answer(client, professional):
    make_review(professional)
    actions.refresh_score(professional)
    assert "Répondre à cet avis" not in read(client, professional)
    client.force_login(professional.user)
    assert "Répondre à cet avis" in read(client, professional)


def test_the_same_queries_for_one_review_and_for_three(client, professional):
    counts = []
    for _ in range(2):
        make_review(professional)
        actions.refresh_score(professional)
        with CaptureQueriesContext(connection) as queries:
            client.get(professional.get_absolute_url() + QUERY)
        counts.append(len(queries))
        make_review(professional)
    assert counts == [11, 11]


# Words


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Nantes", "à Nantes"), ("Le Mans", "au Mans"), ("Les Abymes", "aux Abymes"), ("La Rochelle", "à La Rochelle")],
)
def test_prepositions_before_a_commune(name, expected):
    assert words.at(make_commune("00001", name)) == expected
