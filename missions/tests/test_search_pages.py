"""The search in the browser's words: what is asked, what is answered, and what is said when nothing is."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import make_client, make_commune, make_professional
from missions.forms import SearchForm
from missions.tests.factories import make_mission

pytestmark = pytest.mark.django_db

SEARCH = "/recherche/?service=guarding&commune=69123&date=2026-12-12&start=20:00&minutes=480&agents=1"


@pytest.fixture(autouse=True)
def _in_november(clock):
    clock.set(datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.fixture(autouse=True)
def lyon(_in_november):
    return make_commune()


def read(client, url=SEARCH):
    response = client.get(url)
    assert response.status_code == 200
    return text_of(response)


def text_of(response):
    text = re.sub(r"<[^>]*>", " ", unescape(response.content.decode())).replace("\u00a0", " ").replace("\u202f", " ")
    return re.sub(r"\s+", " ", text)


def title(response):
    return re.search(r"<h1[^>]*>(.*?)</h1>", response.content.decode(), re.S)[1]


def errors(**changes):
    return SearchForm(ASKED | changes).errors


ASKED = {
    "service": "guarding",
    "commune": "69123",
    "date": "2026-12-12",
    "start": "20:00",
    "minutes": "480",
    "agents": "1",
}


def test_a_card_says_all_that_counts(client):
    make_professional(rates={"guarding": 2600, "event": 2800}, review_score="4.9", review_count=87, dog_handler=True)
    text = read(client)
    for words in (
        "1 professionnel libre à Lyon",
        "Vigie Atlantique",
        "4,9 sur 5 (87 avis)",
        "Vérifié",
        "287,04 €",
        "35,88 € / h par agent",
        "Entreprise, Lyon",
        "Surveillance",
        "Événementiel",
        "Maître-chien",
    ):
        assert words in text
    assert "HT" not in text


def test_a_card_carries_microdata_for_machines(client):
    make_professional(rates={"guarding": 2600}, review_score="4.9", review_count=1234)
    html = client.get(SEARCH).content.decode()
    found = dict(re.findall(r'<meta itemprop="(\w+)" content="([^"]*)"', html))
    assert found == {"ratingValue": "4.9", "reviewCount": "1234", "price": "287.04", "priceCurrency": "EUR"}


def test_organisations_also_read_the_amount_before_vat(client):
    make_professional(rates={"guarding": 2600})
    client.force_login(make_client(kind="business").user)
    assert "soit 239,20 € HT" in read(client)
    client.force_login(make_client().user)
    assert "HT" not in read(client)


def test_the_hours_are_echoed_in_words(client):
    make_professional()
    assert "Samedi 12 décembre 2026, de 20 h 00 à 4 h 00 le dimanche 13 décembre." in read(client)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Samedi 12 décembre 2026, de 20 h 00 à 4 h 00 le dimanche 13 décembre."),
        ({"place": ""}, "Samedi 12 décembre 2026, de 20 h 00 à 4 h 00 le dimanche 13 décembre."),
        ({"date": "2026-12-14", "minutes": "120"}, "Lundi 14 décembre 2026, de 20 h 00 à 22 h 00."),
        ({"date": ""}, ""),
        ({"start": "25:00"}, ""),
        ({"place": "", "date": "9999-12-31"}, ""),
    ],
)
def test_the_hours_are_echoed_as_they_are_typed(client, change, words):
    make_commune()
    typed = {"service": "guarding", "place": "Lyon", "date": "2026-12-12", "start": "20:00", "minutes": "480"}
    response = client.get(reverse("missions:search_echo"), typed | {"agents": "1"} | change)
    assert response.content.decode().replace("\u00a0", " ") == words


def test_the_order_is_explained_where_it_is_used(client):
    make_professional()
    assert 'href="/referencement-et-classement/"' in client.get(SEARCH).content.decode()


@pytest.mark.parametrize("who", ["visitor", "client", "professional"])
def test_the_same_few_queries_for_one_row_and_for_three(client, who):
    make_professional()
    if who == "client":
        client.force_login(make_client().user)
    elif who == "professional":
        client.force_login(make_professional(payable=False).user)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(SEARCH)
        counts.append(len(queries))
        make_professional()
        make_professional()
    assert counts == [{"visitor": 6, "client": 11, "professional": 11}[who]] * 2


def names(html):
    return re.findall(r'<span itemprop="name">(.*?)</span>', html)


def test_pages_go_on_where_the_last_one_ended_and_come_back(client):
    for number in range(45):
        make_professional(
            f"Vigie {number}", rates={"guarding": 2000 + number // 10}, review_score="4.5", review_count=1
        )
    pages = [client.get(f"{SEARCH}&kind=company").content.decode()]
    for _ in range(2):
        pages.append(turn(client, pages[-1], "after"))
    assert [names(page) for page in pages] == [
        [f"Vigie {number}" for number in numbers] for numbers in (range(20), range(20, 40), range(40, 45))
    ]
    assert 'name="after"' not in pages[2]
    assert 'name="before"' not in pages[0]
    assert names(turn(client, pages[2], "before")) == names(pages[1])


def turn(client, html, name):
    """The page that this button of the comparison's form leads to, with all the form sends."""
    value = re.search(rf'<button[^>]* form="compare" formaction="/recherche/" name="{name}" value="([^"]*)"', html)[1]
    form = re.search(r'<form class="compare-bar".*?</form>', html, re.S)[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
    assert fields["commune"] == "69123"
    return client.get("/recherche/", fields | {name: value}).content.decode()


def test_whoever_comes_between_two_pages_makes_nobody_appear_twice(client):
    for number in range(21):
        make_professional(f"Vigie {number}")
    html = client.get(SEARCH).content.decode()
    make_professional("Nouvelle venue", review_score="5.0", review_count=1)
    assert names(turn(client, html, "after")) == ["Vigie 20"]


# What is asked


@pytest.mark.parametrize("place", ["Lyon", "lyon", "LYON ", "Lyon (69)"])
def test_a_place_is_understood_by_name_or_postcode(place):
    asked = {name: value for name, value in ASKED.items() if name != "commune"} | {"place": place}
    form = SearchForm(asked)
    assert form.search == SearchForm(ASKED).search


def test_the_place_typed_wins_over_a_code_left_in_the_address():
    nantes = make_commune("44109", "Nantes", latitude=47.2184, longitude=-1.5536)
    assert SearchForm(ASKED | {"place": "Nantes"}).search.commune == nantes


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"date": "2026-11-22"}, "date", "Cette date est passée. Cherchez à partir d’aujourd’hui."),
        (
            {"date": "2026-11-23", "start": "08:00"},
            "start",
            "Cette heure est déjà passée aujourd’hui. Choisissez-en une plus tardive.",
        ),
        ({"date": "2030-01-01"}, "date", "Choisissez une date dans les deux ans qui viennent."),
        ({"date": "9999-12-31"}, "date", "Choisissez une date dans les deux ans qui viennent."),
        ({"date": "bientôt"}, "date", "Indiquez une date, par exemple 12/12/2026."),
        ({"start": "20:10"}, "start", "Choisissez une heure de début, au quart d’heure, par exemple 20:00."),
        ({"start": "soir"}, "start", "Choisissez une heure de début, au quart d’heure, par exemple 20:00."),
        (
            {"date": "2027-03-28", "start": "02:30"},
            "start",
            "Cette nuit-là, on passe à l’heure d’été\u00a0: 2\u00a0h\u00a030 n’existe pas. "
            "Choisissez une heure plus tard.",
        ),
        ({"minutes": "0"}, "minutes", "Une mission dure de 1\u00a0h à 72\u00a0h, par pas de 15 minutes."),
        ({"minutes": "57600"}, "minutes", "Une mission dure de 1\u00a0h à 72\u00a0h, par pas de 15 minutes."),
        ({"minutes": "70"}, "minutes", "Une mission dure de 1\u00a0h à 72\u00a0h, par pas de 15 minutes."),
        ({"minutes": "beaucoup"}, "minutes", "Une mission dure de 1\u00a0h à 72\u00a0h, par pas de 15 minutes."),
        ({"agents": "0"}, "agents", "Indiquez un nombre d’agents entre 1 et 100."),
        ({"agents": "deux"}, "agents", "Indiquez un nombre d’agents entre 1 et 100."),
        ({"agents": "-3"}, "agents", "Indiquez un nombre d’agents entre 1 et 100."),
        ({"service": "ninja"}, "service", "Choisissez une prestation."),
        (
            {"commune": "00000"},
            "place",
            "Nous ne connaissons pas cette commune. Saisissez son nom ou son code postal, par exemple 44000.",
        ),
        ({"place": ""}, "place", "Indiquez la commune ou le code postal de la mission."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(changes, field, sentence):
    assert errors(**changes) == {field: [sentence]}


def test_an_error_keeps_the_form_filled_and_offers_today(client):
    html = client.get(SEARCH.replace("2026-12-12", "2026-11-01")).content.decode()
    assert "<title>Erreur&nbsp;: " in html
    assert 'value="Lyon"' in html
    assert 'value="2026-11-01"' in html
    assert '<option value="20:00" selected>' in html
    assert (
        "?service=guarding&amp;commune=69123&amp;date=2026-11-23&amp;start=20:00&amp;minutes=480&amp;agents=1" in html
    )


def test_an_hour_past_today_is_offered_as_soon_as_it_can_be():
    form = SearchForm(ASKED | {"date": "2026-11-23", "start": "08:00"})
    assert form.search_today.query.split("&")[2:4] == ["date=2026-11-23", "start=11:00"]


def test_a_place_of_several_communes_says_which(client):
    make_commune("93066", "Saint-Denis", search_name="st denis", postcodes=["93200"], population=110_000)
    make_commune("97411", "Saint-Denis", search_name="st denis", postcodes=["97400"], population=150_000)
    text = read(client, SEARCH.replace("commune=69123", "place=Saint-Denis"))
    assert "Plusieurs communes correspondent. Précisez laquelle : Saint-Denis (97400), Saint-Denis (93200)." in text


def test_an_unusual_duration_stays_chosen():
    html = str(SearchForm(ASKED | {"minutes": "735"})["minutes"])
    assert '<option value="735" selected>12\u00a0h\u00a015</option>' in html


def test_without_a_question_the_form_suggests_next_saturday(client):
    text = read(client, "/recherche/")
    assert "Par exemple : samedi 28 novembre 2026, de 19 h 00 à 3 h 00 le dimanche 29 novembre." in text
    assert "Erreur" not in text


@pytest.mark.parametrize(
    "place", ["after=zéro", "after=-1", "after=0-999999999-0-1", "before=50-1-1-1", "before=99-1-1-1", "after=٤-1-1-1"]
)
def test_a_place_that_is_none_shows_the_first_page(client, place):
    make_professional()
    assert "Vigie Atlantique" in read(client, f"{SEARCH}&{place}")


# Filters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("price_max=287", {"Bon marché"}),
        ("price_max=288", {"Bon marché", "Bien noté"}),
        ("score=4.5", {"Bien noté"}),
        ("kind=sole_operator", {"Bon marché"}),
        ("kind=sole_operator&kind=company", {"Bon marché", "Bien noté"}),
        ("languages=en", {"Bien noté"}),
        ("languages=en&languages=es", set()),
        ("dog=on", {"Bien noté"}),
        ("price_max=abc&score=9&kind=police", {"Bon marché", "Bien noté"}),
    ],
)
def test_filters_narrow_the_answers(client, query, expected):
    make_professional("Bon marché", kind="sole_operator", rates={"guarding": 2200}, review_score="4.4", review_count=2)
    make_professional(
        "Bien noté",
        rates={"guarding": 2600},
        review_score="4.6",
        review_count=2,
        languages=["fr", "en"],
        dog_handler=True,
    )
    html = client.get(f"{SEARCH}&{query}").content.decode()
    assert set(re.findall(r'<span itemprop="name">(.*?)</span>', html)) == expected


def test_each_filter_in_force_can_be_removed_alone(client):
    make_professional(languages=["fr", "en", "es"])
    html = unescape(client.get(f"{SEARCH}&price_max=700&languages=en&languages=es&page=1").content.decode())
    assert re.findall(r'<a class="chip" href="\?[^"]*agents=1&([^"]*)">([^<]*) <', html) == [
        ("languages=en&languages=es", "Jusqu’à 700\u00a0€"),
        ("price_max=700&languages=es", "Anglais"),
        ("price_max=700&languages=en", "Espagnol"),
    ]


def test_filters_that_leave_nobody_say_so_and_can_be_removed(client):
    make_professional()
    text = read(client, f"{SEARCH}&dog=on")
    assert "Aucun professionnel ne correspond à vos filtres" in text
    assert "Retirer tous les filtres 1 professionnel libre à Lyon" in text


# Nobody


def test_nobody_there_says_so(client):
    response = client.get(SEARCH)
    assert title(response) == "Personne n’intervient encore à Lyon pour cette prestation"


def test_too_few_free_agents_lead_to_fewer_agents(client):
    professional = make_professional(agents=10)
    make_mission("booked", professional=professional, agents=4, starts_at=SearchForm(ASKED).search.starts_at)
    response = client.get(SEARCH.replace("agents=1", "agents=8"))
    assert title(response) == "Personne n’a assez d’agents libres à ces heures à Lyon"
    text = text_of(response)
    assert "1 professionnel y intervient pour cette prestation." in text
    assert "Demander 6 agents au lieu de 8" in text
    assert "Passer au dimanche 13 décembre" in text


def test_each_way_out_gives_the_answers_it_promises(client):
    professional = make_professional(always_open=False)
    for weekday in (6, 7):
        professional.weekly_hours.create(weekday=weekday, opens_minute=8 * 60, closes_minute=23 * 60)
    html = client.get(SEARCH.replace("20:00", "17:00")).content.decode()
    ways = re.findall(r'<p class="row-title"><a href="(\?[^"]*)">(.*?)</a>', unescape(html))
    assert [words for _query, words in ways] == ["Terminer deux heures plus tôt", "Commencer à 15\u00a0h\u00a000"]
    for query, _words in ways:
        assert "1 professionnel libre à Lyon" in read(client, f"/recherche/{query}")


def test_two_ways_that_come_to_the_same_are_counted_once(client):
    make_professional(kind="sole_operator")
    text = read(client, SEARCH.replace("minutes=480", "minutes=840"))
    assert "Demander 12 h de présence De 20 h 00 à 8 h 00 le dimanche 13 décembre. 1 professionnel " in text


def test_whoever_lacks_papers_for_the_day_is_not_said_to_come(client):
    professional = make_professional()
    professional.documents.filter(kind="car").update(expires_on="2026-12-01")
    assert "Personne n’intervient encore à Lyon pour cette prestation" in read(client)


def test_the_hour_that_comes_twice_is_not_suggested(client):
    professional = make_professional(agents=1, minimum_minutes=60)
    asked = SearchForm(ASKED | {"date": "2027-10-31", "start": "02:00", "minutes": "60"}).search
    make_mission("booked", professional=professional, starts_at=asked.starts_at, minutes=60)
    html = client.get(f"/recherche/?{asked.query}").content.decode()
    ways = re.findall(r'<p class="row-title"><a href="(\?[^"]*)">(.*?)</a>', unescape(html))
    assert [words.replace("\u00a0", " ") for _query, words in ways] == [
        "Commencer à 1 h 00",
        "Passer au lundi 1er novembre 2027",
    ]


@pytest.mark.parametrize("who", ["visitor", "client"])
def test_an_empty_answer_takes_few_queries(client, django_assert_max_num_queries, who):
    make_professional(always_open=False)
    make_professional(agents=8)
    if who == "client":
        client.force_login(make_client().user)
    with django_assert_max_num_queries(12):
        text = read(client, SEARCH.replace("agents=1", "agents=9"))
    assert "Demander 8 agents au lieu de 9" in text


def test_the_search_speaks_english(client):
    make_professional()
    assert client.get(f"/en{SEARCH}").status_code == 200


@pytest.mark.parametrize("commune", ["\x00", "6912\x00", "x" * 999])
def test_a_link_of_nowhere_is_answered(client, commune):
    profile = make_professional().get_absolute_url()
    for page in (reverse("missions:search"), profile):
        assert client.get(page, ASKED | {"commune": commune}).status_code == 200
