from datetime import datetime
from io import StringIO

import pytest
from django import forms
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from accounts.fields import CommuneField, label_of
from accounts.models import Commune
from accounts.places.names import fold

OFFICIAL = """#code_commune_insee;nom_de_la_commune;code_postal;libelle_d_acheminement;ligne_5;_geopoint
44109;NANTES;44300;NANTES;;47.2382,-1.5603
44109;NANTES;44000;NANTES;;47.2382,-1.5603
98818;NOUMEA;98800;NOUMEA;;-22.2643,166.4382
"""


class PlaceForm(forms.Form):
    place = CommuneField(label="Commune")


class OptionalPlaceForm(forms.Form):
    place = CommuneField(required=False)


@pytest.fixture(scope="module")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        call_command("load_communes", stdout=StringIO())
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_commune CASCADE")


@pytest.fixture
def communes(db):
    return Commune.objects


def labels(communes):
    return [commune.label for commune in communes]


def test_every_commune_served_is_in_the_table(communes):
    assert communes.count() == 34924
    assert communes.filter(name__endswith="Arrondissement").count() == 45
    assert not communes.filter(department__in=["986", "987", "988"]).exists()
    assert communes.filter(department__gte="971").values("department").distinct().count() == 8


def test_loading_twice_changes_nothing(communes):
    before = list(communes.values())
    call_command("load_communes", stdout=StringIO())
    assert list(communes.values()) == before


def test_official_file_gives_positions_and_postcodes_but_no_new_places(communes, tmp_path):
    file = tmp_path / "official.csv"
    file.write_text(OFFICIAL, "utf-8")
    call_command("load_communes", file=file, stdout=StringIO())
    nantes = communes.get(pk="44109")
    assert (nantes.name, nantes.postcodes) == ("Nantes", ["44000", "44300"])
    assert (nantes.latitude, nantes.longitude) == (47.2382, -1.5603)
    assert not communes.filter(pk="98818").exists()


def test_another_file_is_refused_and_loads_nothing(communes, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("a;b\n1;2\n", "utf-8")
    with pytest.raises(CommandError, match="missing columns"):
        call_command("load_communes", file=file, stdout=StringIO())


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Saint-Étienne", "st etienne"),
        ("ST  ETIENNE", "st etienne"),
        ("Sainte-Foy-lès-Lyon", "ste foy les lyon"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("Lœuilly", "loeuilly"),
        ("Saintes", "saintes"),
    ],
)
def test_names_are_compared_without_accents_hyphens_or_case(typed, folded):
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("typed", "insee"),
    [
        ("Saint-Etienne", "42218"),
        ("st etienne", "42218"),
        ("42000", "42218"),
        ("Saint-Étienne (42000)", "42218"),
        ("Nantes (44000)", "44109"),
        ("44300 nantes", "44109"),
        ("Nantes (44)", "44109"),
        ("Villeurb", "69266"),
        ("Saint-Denis (974)", "97411"),
        ("Paris", "75056"),
        ("Lyon", "69123"),
        ("Marseille", "13055"),
        ("Lyon 3", "69383"),
        ("Lyon 3e", "69383"),
        ("lyon 3ème", "69383"),
        ("69003 Lyon", "69383"),
        ("Paris 1", "75101"),
        ("paris 1er arr.", "75101"),
        ("paris 12", "75112"),
        ("75012", "75112"),
        ("Paris (75012)", "75112"),
        ("marseille 8e arrondissement", "13208"),
        ("L'Haÿ", "94038"),
        ("le mans", "72181"),
        ("Fort de France", "97209"),
        ("69003", "69383"),
        ("75116", "75116"),
        ("13001", "13201"),
        ("Bonifacio (2a)", "2A041"),
        ("97133", "97701"),
    ],
)
def test_a_place_is_found_however_it_is_typed(communes, typed, insee):
    assert communes.find(typed).insee == insee


@pytest.mark.parametrize(
    "typed", ["", " ", "-", "Saint-Denis", "01400", "Nantes (75001)", "Lyon 10", "Atlantide", "00000"]
)
def test_what_is_unknown_or_has_several_meanings_is_not_guessed(communes, typed):
    assert communes.find(typed) is None


def test_every_label_is_read_back_as_the_commune_it_names(communes):
    sample = list(communes.filter(population__gt=10_000)) + list(communes.filter(insee__startswith="2A"))
    assert [commune for commune in sample if communes.find(commune.label) != commune] == []


def test_names_are_suggested_exact_first_then_by_population(communes):
    assert labels(communes.matching("saint-denis")[:2]) == ["Saint-Denis (97400)", "Saint-Denis (93200)"]
    assert labels(communes.matching("nant")[:3]) == ["Nant (12230)", "Nantes (44000)", "Nanterre (92000)"]


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Saint-Etienne", "Saint-Étienne (42000)"),
        ("st etienne", "Saint-Étienne (42000)"),
        ("sain", "Saint-Étienne (42000)"),
        ("saint", "Saint-Étienne (42000)"),
        ("st", "Strasbourg (67000)"),
        ("lyon 3", "Lyon 3e Arrondissement (69003)"),
        ("lyon 3e", "Lyon 3e Arrondissement (69003)"),
        ("paris 1", "Paris 1er Arrondissement (75001)"),
        ("paris 12", "Paris 12e Arrondissement (75012)"),
        ("75 012", None),
        ("75012", "Paris 12e Arrondissement (75012)"),
        ("750", "Paris"),
        ("marseille 8e arrondissement", "Marseille 8e Arrondissement (13008)"),
        ("L'Haÿ", "L'Haÿ-les-Roses (94240)"),
        ("le mans", "Le Mans (72000)"),
        ("Fort de France", "Fort-de-France (97200)"),
    ],
)
def test_what_is_typed_so_far_suggests_first(communes, typed, label):
    first = communes.matching(typed).first()
    assert (first.label if first else None) == label


def test_postcodes_are_suggested_from_two_figures_on(communes):
    assert labels(communes.matching("4400")) == ["Nantes (44000)"]
    assert labels(communes.matching("421")[:1]) == ["Saint-Étienne (42000)"]
    assert communes.matching("44")[0].label == "Nantes (44000)"
    assert not communes.matching("4").exists()
    assert not communes.matching("440001").exists()


@pytest.mark.parametrize("typed", ["44", "440", "44000", "na", "saint"])
def test_suggestions_never_read_the_whole_table(communes, typed):
    assert "Seq Scan" not in communes.matching(typed)[:8].explain()


def test_the_time_is_that_of_the_place(communes):
    noon = datetime(2026, 7, 1, 12, tzinfo=communes.get(pk="97411").zone)
    assert noon.utcoffset().total_seconds() == 4 * 3600
    assert communes.get(pk="97502").timezone == "America/Miquelon"
    assert communes.get(pk="2A004").timezone == "Europe/Paris"


def test_the_department_is_not_read_from_the_postcode(communes):
    assert communes.get(pk="2A004").department == "2A"
    assert communes.get(pk="97801").department == "978"


def suggest(client, text):
    return client.get(reverse("accounts:commune_suggest"), {"place": text}, headers={"HX-Target": "places"})


def test_suggestions_are_public_few_and_counted(client, communes, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = suggest(client, "saint")
    assert answer.status_code == 200
    assert answer.content.count(b'<li role="option"') == 8
    assert '<span hx-swap-oob="innerHTML:#places-count">8 suggestions</span>' in answer.content.decode()
    assert client.post(reverse("accounts:commune_suggest")).status_code == 405


def test_each_suggestion_has_an_id_of_its_own_and_the_text_to_write(client, communes):
    options, count = suggest(client, "l'hay").content.decode().strip().splitlines()
    assert options == (
        '<li role="option" id="places-1" aria-selected="false" data-value="L&#x27;Haÿ-les-Roses (94240)">'
        'L&#x27;Haÿ-les-Roses <span class="soft">94240</span></li>'
    )
    assert count == '<span hx-swap-oob="innerHTML:#places-count">1 suggestion</span>'
    assert (
        'data-value="Paris">Paris <span class="soft">toute la ville</span>' in suggest(client, "par").content.decode()
    )


@pytest.mark.parametrize(
    ("typed", "said"), [("", ""), (" ", ""), ("-", "Aucune suggestion"), ("<atlantide>", "Aucune suggestion")]
)
def test_nothing_found_is_said_once_something_is_typed(client, communes, typed, said):
    assert suggest(client, typed).content.decode().strip() == (
        f'<span hx-swap-oob="innerHTML:#places-count">{said}</span>'
    )


def test_the_name_of_a_list_is_escaped(client, communes):
    answer = client.get(reverse("accounts:commune_suggest"), {"place": "lyon"}, headers={"HX-Target": '"><b>'})
    assert b"<b>" not in answer.content


def test_odd_text_is_answered_with_nothing(client, communes):
    for text in ["\0", "%", "²²", "٤٤", "a" * 5000, "'; --"]:
        assert client.get(reverse("accounts:commune_suggest"), {"place": text}).status_code == 200


def test_field_returns_the_commune(communes):
    form = PlaceForm({"place": "st etienne"})
    assert form.is_valid()
    assert form.cleaned_data["place"].insee == "42218"
    form = OptionalPlaceForm({"place": " "})
    assert form.is_valid()
    assert form.cleaned_data["place"] is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Atlantide", "Nous ne connaissons pas cette commune."),
        ("12 rue de la Paix, Paris", "Indiquez la commune ou son code postal, sans la rue."),
        (
            "Saint-Denis",
            "Plusieurs communes correspondent. Précisez laquelle : Saint-Denis (97400), Saint-D",
        ),
        ("98800", "Wallis-et-Futuna, la Polynésie française et la Nouvelle-Calédonie ne sont pas desservies."),
        ("", "Ce champ est obligatoire."),
    ],
)
def test_field_says_what_is_wrong_and_keeps_what_was_typed(communes, typed, sentence):
    form = PlaceForm({"place": typed})
    (message,) = form.errors["place"]
    assert message.startswith(sentence)
    assert form["place"].value() == typed


def test_field_starts_from_a_commune_or_its_code(communes):
    nantes = communes.get(pk="44109")
    assert PlaceForm(initial={"place": nantes})["place"].value() == "Nantes (44000)"
    assert PlaceForm(initial={"place": "44109"})["place"].value() == "Nantes (44000)"
    assert PlaceForm()["place"].value() == ""
    assert not PlaceForm({"place": "Nantes (44000)"}, initial={"place": "44109"}).has_changed()


def test_input_is_plain_and_names_its_own_list_of_suggestions(communes):
    html = str(PlaceForm()["place"])
    assert 'hx-target="#id_place-suggestions"' in html
    assert '<ul id="id_place-suggestions" aria-label="Communes suggérées" hidden></ul>' in html
    assert 'id="id_place-suggestions-count" aria-live="polite"' in html
    assert "role=" not in html


@pytest.mark.parametrize("code", ["\x00", "6912\x00", "x" * 999, "", None])
def test_a_link_may_hold_anything_for_a_commune(code):
    assert label_of(code) == ""
