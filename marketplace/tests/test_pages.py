import re
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.db import OperationalError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from marketplace import views
from marketplace.widgets import ChoiceCards, Segmented

PAGES = [
    "home",
    "how_it_works",
    "for_professionals",
    "ranking",
    "reviews_policy",
    "secure_inbox",
    "legal_notice",
    "terms",
    "privacy",
    "mediator",
    "accessibility",
]
ENTRANCES = ["account_login", "account_signup", "account_reset_password", "account_reset_password_done"]


def address(name, language="fr"):
    with translation.override(language):
        return reverse(name)


def ids(html):
    return re.findall(r'\bid="([^"]+)"', html)


def check_markup(html):
    """What the content policy and assistive software ask of every page."""
    assert len(re.findall("<h1", html)) == 1
    assert not re.search(r'\sstyle="|<style|\son[a-z]+="', html)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall("<script[^>]*>", html))
    assert len(ids(html)) == len(set(ids(html)))
    references = re.findall(r'(?:aria-(?:describedby|labelledby)|popovertarget|\bfor)="([^"]+)"', html)
    assert {name for reference in references for name in reference.split()} <= set(ids(html))


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PAGES, *ENTRANCES])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_public_pages_open_to_visitors(client, name, language):
    response = client.get(address(name, language))
    assert response.status_code == 200
    html = response.content.decode()
    assert f'<html lang="{language}">' in html
    check_markup(html)


@pytest.mark.parametrize("name", PAGES[1:])
def test_static_pages_read_nothing_from_the_database(client, name):
    assert client.get(address(name)).status_code == 200


@pytest.mark.django_db
def test_every_page_links_to_the_rules_of_the_ranking(client):
    assert f'href="{address("ranking")}"' in client.get(address("account_login")).content.decode()


def test_the_footer_leads_to_the_same_page_in_the_other_language(client):
    french, english = address("ranking", "fr"), address("ranking", "en")
    assert f'href="{english}" lang="en"' in client.get(french).content.decode()
    assert f'href="{french}" lang="fr"' in client.get(english).content.decode()


@pytest.mark.django_db
def test_an_unknown_address_is_a_404_in_our_frame(client):
    response = client.get("/nulle-part/")
    assert response.status_code == 404
    check_markup(response.content.decode())


@pytest.mark.parametrize(("error", "status"), [(OperationalError("away"), 503), (ValueError("bug"), 500)])
def test_a_failure_says_whether_the_database_is_away(rf, error, status):
    try:
        raise error
    except Exception:
        response = views.server_error(rf.get("/"))
    assert response.status_code == status
    assert ("Retry-After" in response) == (status == 503)
    check_markup(response.content.decode())


def test_a_refused_form_and_an_unreadable_request_have_their_page(rf):
    assert views.bad_request(rf.get("/"), None).status_code == 400
    check_markup(render_to_string("400.html"))


@pytest.fixture(autouse=True)
def french():
    with translation.override("fr"):
        yield


@pytest.mark.parametrize("role", ["is_client", "is_professional", "is_staff"])
def test_each_role_has_a_menu_that_leads_somewhere(rf, role):
    user = SimpleNamespace(is_authenticated=True, name="Camille Morvan", **{role: True})
    html = render_to_string("_header.html", {"user": user, "unread_count": 2, "csrf_token": "x" * 64}, rf.get("/"))
    assert 'href=""' not in html
    assert "Camille Morvan" in html


class OrderForm(forms.Form):
    kind = forms.ChoiceField(
        label="Type", choices=[("a", "A"), ("b", "B")], widget=ChoiceCards(hints={"a": "Le premier"})
    )
    service = forms.ChoiceField(label="Service", choices=[("e", "E")], widget=Segmented(icons={"e": "tent"}))
    place = forms.CharField(label="Lieu", help_text="Commune ou code postal")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    languages = forms.MultipleChoiceField(
        label="Langues", choices=[("fr", "Français")], widget=forms.CheckboxSelectMultiple, required=False
    )
    file = forms.FileField(label="Fichier", required=False)
    consent = forms.BooleanField(label="Je comprends.")
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def page_with(form):
    return "<h1></h1>" + "".join(
        render_to_string(name, {"form": form}) for name in ("_error_summary.html", "_form_fields.html")
    )


def test_fields_are_tied_to_their_labels_and_hints():
    html = page_with(OrderForm())
    check_markup(html)
    assert 'aria-describedby="id_place_helptext"' in html
    assert "Le premier" in html
    assert html.count("(facultatif)") == 3
    assert "error-summary" not in html


def test_errors_are_beside_their_field_and_linked_from_the_summary():
    form = OrderForm({"place": "<b>"})
    form.add_error(None, "Trop tard.")
    html = page_with(form)
    check_markup(html)
    links = re.findall(r'<li><a href="#([^"]+)"', html)
    assert links == ["id_kind_0", "id_service_0", "id_consent"]
    assert set(links) <= set(ids(html))
    assert "4 réponses à revoir" in html
    assert 'value="&lt;b&gt;"' in html
    assert "Je comprends&nbsp;: Ce champ est obligatoire." in html


def test_pagination_keeps_the_query(rf):
    page = Paginator(range(200), 10).page(4)
    html = render_to_string("_pagination.html", {"page": page}, request=rf.get("/?service=event&page=4"))
    assert 'href="?service=event&amp;page=5" rel="next"' in html
    assert re.findall(r'aria-label="Page (\d+)"', html) == ["1", "2", "3", "5", "20"]


def test_pagination_is_absent_from_a_single_page(rf):
    page = Paginator(range(5), 10).page(1)
    assert render_to_string("_pagination.html", {"page": page}, request=rf.get("/")).strip() == ""
