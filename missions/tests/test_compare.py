"""The comparison: who is put side by side, what is read there, and how one gets there from the results."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_client, make_commune, make_professional
from missions.comparison import Selection
from missions.tests.factories import make_mission
from missions.tests.test_search_pages import SEARCH, text_of

pytestmark = pytest.mark.django_db

QUERY = SEARCH.removeprefix("/recherche/?")


@pytest.fixture(autouse=True)
def _in_november(clock):
    clock.set(datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.fixture(autouse=True)
def lyon(_in_november):
    return make_commune()


def choose(*professionals):
    return "".join(f"&pro={professional.slug}" for professional in professionals)


def address(*professionals, query=QUERY):
    return f"/comparer/?{query}{choose(*professionals)}".replace("?&", "?")


def ask(client, *professionals, query=QUERY):
    response = client.get(address(*professionals, query=query))
    assert response.status_code == 200
    return response


def read(client, *professionals, query=QUERY):
    return text_of(ask(client, *professionals, query=query))


def rows(response):
    """The cells of each row of the table, by its first one."""
    html = response.content.decode()
    table = re.search(r"<table.*?</table>", html, re.S)
    lines = re.findall(r"<tr>(.*?)</tr>", table[0], re.S) if table else []
    cells = [[said(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.S)] for line in lines]
    return {name: values for name, *values in cells}


def said(html):
    text = re.sub(r"<[^>]*>", " ", unescape(html)).replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(text.split())


# The table


def test_everything_that_counts_is_side_by_side(client):
    near = make_professional(
        "Vigie", rates={"guarding": 2600, "event": 2800}, review_score="4.9", review_count=87, languages=["fr", "en"]
    )
    far = make_professional(
        "Rempart",
        kind="sole_operator",
        rates={"guarding": 3000},
        base_commune=make_commune("69266", "Villeurbanne", latitude=45.8300),
        dog_handler=True,
        minimum_minutes=120,
        notice_hours=48,
    )
    assert rows(ask(client, near, far)) == {
        "Pour votre mission": ["Vigie Retirer Vigie", "Rempart Retirer Rempart"],
        "Disponibilité": ["Libre", "Libre"],
        "Prix total TTC, frais compris": ["287,04 € le moins cher", "331,20 €"],
        "Tarif horaire TTC, par agent": ["35,88 €", "41,40 €"],
        "Note des clients": ["4,9 sur 5 (87 avis)", "Nouveau, pas encore d’avis"],
        "Statut": ["Entreprise de sécurité", "Exploitant individuel"],
        "Distance": ["Lyon le plus proche", "Villeurbanne, à 8 km"],
        "Prestations": ["Surveillance, Événementiel", "Surveillance"],
        "Langues": ["Français, Anglais", "Français"],
        "Maître-chien": ["Non", "Oui"],
        "Équipe": ["10 agents", "1 agent"],
        "Durée minimale": ["4 h", "2 h"],
        "Délai de prévenance": ["12 h", "2 jours"],
        "Autorisation": ["AUT-069-2124-03-15-20240312345"] * 2,
        "": ["Contacter Vigie", "Contacter Rempart"],
    }


def test_the_price_is_that_of_the_mission_searched(client):
    ours = make_professional(rates={"guarding": 2600}), make_professional(rates={"guarding": 3000})
    text = read(client, *ours, query=QUERY.replace("agents=1", "agents=2"))
    assert "574,08 €" in text
    assert "Surveillance à Lyon, 2 agents. Samedi 12 décembre 2026, de 20 h 00 à 4 h 00 le dimanche 13" in text


def test_the_columns_follow_the_order_of_the_address(client):
    first, second, third = (make_professional(name) for name in ("Alpha", "Bravo", "Charlie"))
    assert rows(ask(client, third, first, second, third))["Pour votre mission"] == [
        "Charlie Retirer Charlie",
        "Alpha Retirer Alpha",
        "Bravo Retirer Bravo",
    ]


@pytest.mark.parametrize(("kind", "reads"), [("individual", False), ("association", True), ("business", True)])
def test_organisations_also_read_the_amount_before_vat(client, kind, reads):
    client.force_login(make_client(kind=kind).user)
    text = read(client, make_professional(rates={"guarding": 2600}), make_professional())
    assert ("soit 239,20 € HT" in text) == reads


def test_the_best_is_said_in_words_where_it_is_alone(client):
    best = make_professional("A", rates={"guarding": 2000}, review_score="4.8", review_count=3)
    good = make_professional("B", rates={"guarding": 2600}, review_score="4.7", review_count=90)
    table = rows(ask(client, good, best))
    assert table["Note des clients"] == ["4,7 sur 5 (90 avis)", "4,8 sur 5 (3 avis) la meilleure note"]
    assert table["Prix total TTC, frais compris"] == ["287,04 €", "220,80 € le moins cher"]


def test_nothing_is_best_when_shared(client):
    ours = [make_professional(name, review_score="4.8", review_count=3) for name in "AB"]
    third = make_professional("C", rates={"guarding": 3000}, review_score="4.1", review_count=3)
    text = read(client, *ours, third)
    assert [words for words in ("le moins cher", "la meilleure note", "le plus proche") if words in text] == []


def test_who_is_not_free_is_not_the_cheapest(client):
    taken = make_professional("A", agents=1, rates={"guarding": 2000})
    make_mission("booked", professional=taken, starts_at=datetime(2026, 12, 12, 19, tzinfo=UTC))
    dear, dearer = make_professional("B", rates={"guarding": 2600}), make_professional("C", rates={"guarding": 2700})
    table = rows(ask(client, taken, dear, dearer))
    assert table["Prix total TTC, frais compris"] == ["–", "287,04 € le moins cher", "298,08 €"]


def test_who_is_no_longer_free_stays_with_the_reason(client):
    taken, free = make_professional("A", agents=1, rates={"guarding": 2000}), make_professional("B")
    make_mission("booked", professional=taken, starts_at=datetime(2026, 12, 12, 19, tzinfo=UTC))
    table = rows(ask(client, taken, free))
    assert table["Disponibilité"] == ["Pas libre Ses agents sont déjà pris à ces heures.", "Libre"]
    assert table["Tarif horaire TTC, par agent"] == ["27,60 €", "35,88 €"]
    assert table[""] == ["", "Contacter B"]


def test_another_activity_is_compared_and_said_not_to_be_free(client):
    guards = make_professional("A", activity="protection", rates={"close_protection": 5000})
    table = rows(ask(client, guards, make_professional("B")))
    assert table["Disponibilité"] == ["Pas libre Cette prestation n’est pas proposée par ce professionnel.", "Libre"]
    assert table["Tarif horaire TTC, par agent"][0] == "–"


# Who may contact


@pytest.mark.parametrize(
    ("who", "invited"), [("visitor", True), ("client", True), ("professional", False), ("compared", False)]
)
def test_only_those_who_may_book_are_invited_to_write(client, who, invited):
    ours = [make_professional(), make_professional()]
    people = {"client": make_client, "professional": make_professional, "compared": lambda: ours[0]}
    if who in people:
        client.force_login(people[who]().user)
    html = ask(client, *ours).content.decode()
    kept = QUERY.replace("&", "&amp;").replace(":", "%3A")
    links = [f'href="{professional.get_absolute_url()}contacter/?{kept}"' in html for professional in ours]
    assert links == [invited, invited]


def test_nothing_private_is_compared(client):
    ours = [make_professional(phone="0698765432"), make_professional(phone="0698765432")]
    text = read(client, *ours)
    assert [secret for secret in ("0698765432", "06 98 76 54 32", ours[0].user.email) if secret in text] == []


# Who is compared


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "Cochez de 2 à 4 professionnels dans les résultats d’une recherche."),
        (1, "Vous avez choisi un seul professionnel : cochez-en au moins un autre, et 4 en tout au plus."),
        (6, "Vous avez choisi 6 professionnels, et 4 au plus se comparent : retirez-en 2."),
    ],
)
def test_too_few_or_too_many_is_said_and_nothing_is_lost(client, count, words):
    ours = [make_professional(f"Maison {number}") for number in range(count)]
    response = ask(client, *ours)
    html = unescape(response.content.decode())
    assert words in text_of(response)
    assert rows(response) == {}
    assert f'href="/recherche/?{QUERY.replace(":", "%3A")}{choose(*ours)}"' in html
    for professional in ours:
        others = choose(*(other for other in ours if other != professional))
        assert f'href="?{QUERY.replace(":", "%3A")}{others}">Retirer' in html


@pytest.mark.parametrize("count", [2, 3, 4])
def test_two_to_four_are_compared(client, count):
    ours = [make_professional() for _ in range(count)]
    assert len(rows(ask(client, *ours))["Note des clients"]) == count


def test_each_column_can_be_taken_away(client):
    ours = [make_professional() for _ in range(3)]
    html = unescape(ask(client, *ours).content.decode())
    removals = re.findall(r'href="\?([^"]*)">Retirer', html)
    kept = QUERY.replace(":", "%3A")
    assert removals == [
        kept + choose(ours[1], ours[2]),
        kept + choose(ours[0], ours[2]),
        kept + choose(ours[0], ours[1]),
    ]


@pytest.mark.parametrize("slug", ["personne", "", "%00", "x" * 999, "é à"])
def test_an_unknown_name_is_left_out_and_said(client, slug):
    ours = [make_professional(), make_professional()]
    response = client.get(f"{address(*ours)}&pro={slug}")
    assert "Un des professionnels choisis n’est pas visible sur le site" in text_of(response)
    assert len(rows(response)["Note des clients"]) == 2


@pytest.mark.parametrize(
    "fields",
    [{"payable": False}, {"status": "suspended"}, {"documents": False}, {"base_commune": None}],
)
@pytest.mark.parametrize("query", [QUERY, ""])
def test_who_is_not_listed_is_left_out_even_for_themselves(client, fields, query):
    hidden = make_professional("Caché", **fields)
    ours = [make_professional(), make_professional()]
    client.force_login(hidden.user)
    response = ask(client, hidden, *ours, query=query)
    table = rows(response)
    assert len(table["Note des clients"]) == 2
    assert "Caché" not in said(re.search(r"<main.*?</main>", response.content.decode(), re.S)[0])
    assert "n’est pas visible sur le site" in text_of(response)


def test_nobody_left_out_is_not_announced(client):
    assert "visible sur le site" not in read(client, make_professional(), make_professional())


# Without a mission


def test_without_a_search_hourly_rates_are_compared_and_said_to_be(client):
    ours = [make_professional(rates={"guarding": 2600, "event": 2800}), make_professional(rates={"event": 2000})]
    response = ask(client, *ours, query="")
    table = rows(response)
    assert "Sans mission précise, seuls les tarifs horaires se comparent." in text_of(response)
    assert "Prix total TTC, frais compris" not in table
    assert "Disponibilité" not in table
    assert table["Tarif horaire TTC, par agent"] == [
        "35,88 € Surveillance 38,64 € Événementiel",
        "27,60 € Événementiel",
    ]
    assert table["Commune de départ"] == ["Lyon", "Lyon"]


def test_the_search_form_keeps_those_chosen(client):
    ours = [make_professional(), make_professional()]
    html = ask(client, *ours, query="").content.decode()
    form = re.search(r'<form class="form">.*?</form>', html, re.S)[0]
    assert re.findall(r'name="pro" value="([^"]*)"', form) == [professional.slug for professional in ours]
    assert 'name="place"' in form


def test_a_search_with_a_mistake_is_put_right_on_the_page(client):
    ours = [make_professional(), make_professional()]
    text = read(client, *ours, query=QUERY.replace("2026-12-12", "2026-01-01"))
    assert "Cette date est passée." in text
    assert "Sans mission précise" in text


# The page


def test_the_page_is_not_for_search_engines(client):
    assert '<meta name="robots" content="noindex">' in ask(client).content.decode()


def test_the_page_leads_to_the_rules_of_the_ranking(client):
    assert read(client, make_professional(), make_professional()).count("Comment fonctionne le classement") == 1


def test_nothing_is_posted_to_a_comparison(client):
    assert client.post(address()).status_code == 405


@pytest.mark.parametrize(("who", "count"), [("visitor", 7), ("client", 12)])
def test_the_same_few_queries_for_two_and_for_four(client, who, count):
    ours = [make_professional() for _ in range(4)]
    if who == "client":
        client.force_login(make_client().user)
    counts = []
    for chosen in (ours[:2], ours):
        with CaptureQueriesContext(connection) as queries:
            ask(client, *chosen)
        counts.append(len(queries))
    assert counts == [count, count]


def test_those_who_are_not_free_take_no_query_more(client, django_assert_num_queries):
    ours = [make_professional(always_open=False) for _ in range(4)]
    with django_assert_num_queries(7):
        assert read(client, *ours).count("Ce professionnel n’est pas ouvert à ces heures.") == 4


# From the results


def select(query, *shown):
    return Selection(QueryDict(query), tuple(shown))


def test_the_boxes_of_the_results_lead_to_the_comparison(client):
    ours = [make_professional(), make_professional()]
    html = unescape(client.get(f"{SEARCH}&kind=company&languages=fr").content.decode())
    boxes = re.findall(r'<input type="checkbox" name="pro" value="([^"]*)" form="compare">', html)
    assert boxes == [professional.slug for professional in ours]
    form = re.search(r'<form class="compare-bar" id="compare" action="/comparer/".*?</form>', html, re.S)[0]
    sent = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    assert sent == [tuple(pair.split("=")) for pair in f"{QUERY}&kind=company&languages=fr".split("&")]


def test_a_lone_answer_is_not_offered_for_comparison(client):
    make_professional()
    assert 'name="pro"' not in client.get(SEARCH).content.decode()


def test_those_already_chosen_are_ticked_here_and_named_elsewhere(client):
    here, far = make_professional("Ici"), make_professional("Ailleurs", radius_km=5, base_commune=brest())
    html = unescape(client.get(f"{SEARCH}{choose(here, far)}").content.decode())
    assert re.findall(r'<input type="checkbox" name="pro" value="([^"]*)" form="compare" checked>', html) == [here.slug]
    form = re.search(r'<form class="compare-bar".*?</form>', html, re.S)[0]
    assert re.findall(r'<input type="hidden" name="pro" value="([^"]*)">', form) == [far.slug]
    assert f'Ailleurs <a href="?{QUERY.replace(":", "%3A")}{choose(here)}">retirer' in html


def brest():
    return make_commune("29019", "Brest", latitude=48.39, longitude=-4.49)


def test_a_hidden_profile_is_not_named_among_those_chosen(client):
    make_professional()
    make_professional()
    hidden = make_professional("Caché", payable=False)
    assert "Caché" not in client.get(f"{SEARCH}{choose(hidden)}").content.decode()


def test_the_filters_send_those_chosen_once_at_most(client):
    """With scripts, htmx reads the boxes: a copy in the filters' form would bring back those one unticks."""
    ours = [make_professional(), make_professional()]
    html = client.get(f"{SEARCH}{choose(*ours)}").content.decode()
    form = re.search(r'<form action="/recherche/"[^>]*hx-include="#results \[name=pro\]".*?</form>', html, re.S)[0]
    fallback = re.search(r"<noscript>(.*?)</noscript>", form, re.S)[0]
    assert re.findall(r'name="pro" value="([^"]*)"', fallback) == [professional.slug for professional in ours]
    assert 'name="pro"' not in form.replace(fallback, "")


def test_those_chosen_are_kept_where_the_filters_leave_nobody(client):
    ours = [make_professional(), make_professional()]
    results = client.get(f"{SEARCH}&dog=on{choose(*ours)}").content.decode().split('id="results">')[1]
    kept = re.findall(r'<input type="hidden" name="pro" value="([^"]*)">', results)
    assert kept == [professional.slug for professional in ours]


def test_enter_on_a_box_compares_rather_than_turns_the_page(client):
    for _ in range(21):
        make_professional()
    html = client.get(SEARCH).content.decode()
    assert html.index('id="compare"') < html.index('form="compare" formaction="/recherche/" name="after"')


def test_a_query_string_without_end_is_not_read_to_its_end():
    assert select("&".join(f"pro=p{number}" for number in range(500))).slugs == [f"p{number}" for number in range(20)]


def test_an_empty_selection_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert select("a=1").professionals == []


# Filters


def test_only_filters_whose_removal_gives_answers_are_offered(client, django_assert_num_queries):
    make_professional(rates={"guarding": 2600})
    with django_assert_num_queries(5):
        html = unescape(client.get(f"{SEARCH}&kind=company&price_max=30").content.decode())
    ways = re.findall(
        r'<p class="row-title"><a href="([^"]*)">(.*?)</a>.*?<span class="badge tone-ok">(.*?)</span>', html
    )
    assert [(query.split("agents=1")[1], said(words), said(found)) for query, words, found in ways] == [
        ("&kind=company", "Sans « Jusqu’à 30 € »", "1 professionnel"),
        ("", "Retirer tous les filtres", "1 professionnel libre à Lyon"),
    ]


def test_filters_stay_in_place_where_they_leave_nobody(client):
    make_professional()
    html = client.get(f"{SEARCH}&dog=on").content.decode()
    assert re.search(r'<input type="checkbox" name="dog"[^>]* checked>', html)
    assert 'id="results"' in html


@pytest.mark.parametrize("price", ["abc", "0", "-3", "99999999999"])
def test_a_filter_that_is_not_understood_is_said_beside_it_and_ignored(client, price):
    make_professional()
    response = client.get(f"{SEARCH}&price_max={price}")
    text = text_of(response)
    assert "Prix total maximum, en euros : Indiquez un nombre d’euros, par exemple 700. Ce filtre est ignoré." in text
    assert re.search(r'id="id_price_max_error">', response.content.decode())
    assert "1 professionnel libre à Lyon" in text


# Pages


@pytest.mark.parametrize(
    ("previous", "following", "expected"),
    [
        ("", "", []),
        ("a", "", ["?x=1&before=a prev Page précédente"]),
        ("", "b", ["?x=1&after=b next Page suivante"]),
        ("a", "b", ["?x=1&before=a prev Page précédente", "?x=1&after=b next Page suivante"]),
    ],
)
def test_pages_lead_to_those_beside_them(previous, following, expected):
    html = render_to_string("missions/_more.html", {"previous": previous, "following": following, "query": "x=1"})
    links = re.findall(r'<a href="(.*?)" rel="(.*?)">(.*?)</a>', unescape(html), re.S)
    assert [f"{url} {rel} {said(words)}" for url, rel, words in links] == expected
    assert ("<nav" in html) == bool(expected)


def test_the_rules_of_the_ranking_say_all_that_counts(client):
    text = text_of(client.get("/referencement-et-classement/"))
    order = [
        "avec une décimale. Ceux qui n’ont pas encore d’avis viennent ensuite",
        "le prix total exact de votre mission, du moins cher au plus cher, TVA et commission comprises",
        "à prix égal, le nombre d’avis, du plus grand au plus petit",
        "à égalité, l’ordre d’inscription",
    ]
    assert sorted(order, key=text.index) == order
    for excluded in (
        "leurs fermetures et ce que leur calendrier externe dit occupé",
        "le dernier jour où il peut être",
    ):
        assert excluded in text
    assert "la carte professionnelle jusqu’au dernier jour de la mission, les autres aujourd’hui" in text
    assert "Personne ne paie" in text
    assert "Les filtres retirent des résultats" in text
