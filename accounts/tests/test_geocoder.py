"""The geocoder's answers, given by a server of ours in its place."""

import json
import logging
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from django import forms
from django.core.cache import cache

from accounts.fields import CommuneField, SiteField
from accounts.places import geocoder
from accounts.tests.factories import make_commune

ADDRESS = "12 rue de la République, Lyon"
LABEL = "12 Rue de la République 69001 Lyon"


class PlaceForm(forms.Form):
    place = SiteField()


class BaseForm(forms.Form):
    place = CommuneField()


class Geocoder(ThreadingHTTPServer):
    """Answers every request alike; `asked` holds their query strings, read."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/search"
        self.status, self.body, self.asked = 200, b"", []
        self.release = Event()
        self.release.set()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(parse_qs(urlsplit(self.path).query))
        self.server.release.wait()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args):
        pass


@contextmanager
def serving(server):
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server(db, settings):
    make_commune("69381", "Lyon 1er Arrondissement", postcodes=["69001"])
    cache.clear()
    with serving(Geocoder()) as server:
        settings.GEOCODER_URL = server.url
        yield server


def answer(label=LABEL, *, kind="housenumber", score=0.97, citycode="69381", coordinates=(4.8357, 45.7655)):
    properties = {"label": label, "type": kind, "score": score, "citycode": citycode}
    feature = {"type": "Feature", "geometry": {"coordinates": coordinates}, "properties": properties}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def test_an_address_is_placed_in_its_commune(server):
    server.body = answer()
    site = geocoder.locate(ADDRESS)
    assert (site.label, site.commune.pk, site.latitude, site.longitude) == (LABEL, "69381", 45.7655, 4.8357)
    assert server.asked == [{"q": [ADDRESS], "limit": ["1"], "autocomplete": ["0"]}]


def test_a_bookmark_and_the_links_to_the_same_place_ask_once(server):
    server.body = answer()
    sites = {geocoder.locate(text) for text in [ADDRESS, ADDRESS.upper(), LABEL]}
    assert len(sites) == 1
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"features": []}',
        answer(score=0.49),
        answer(kind="municipality"),
        answer(citycode="99999"),
    ],
)
def test_what_is_unknown_or_doubtful_is_no_site_and_is_asked_once(server, body):
    server.body = body
    assert geocoder.locate(ADDRESS) is None
    assert geocoder.locate(ADDRESS) is None
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, answer(), "HTTPError"),
        (429, answer(), "HTTPError"),
        (200, b"<html>", "UnreadableAnswer"),
        (200, b"\xff\xfe", "UnreadableAnswer"),
        (200, b"[]", "UnreadableAnswer"),
        (200, b'{"features": [{}]}', "UnreadableAnswer"),
        (200, answer(score=None), "UnreadableAnswer"),
        (200, answer(coordinates=(4.8,)), "UnreadableAnswer"),
        (200, answer(coordinates=(4.8, 91)), "UnreadableAnswer"),
        (200, answer(coordinates=(4.8, float("nan"))), "UnreadableAnswer"),
        (200, answer() + b" " * geocoder.MAX_BYTES, "UnreadableAnswer"),
    ],
)
def test_a_failure_is_no_site_is_logged_without_the_address_and_asked_again(server, caplog, status, body, error):
    server.status, server.body = status, body
    assert geocoder.locate(ADDRESS) is None
    assert caplog.record_tuples == [
        ("accounts.places.geocoder", logging.WARNING, f"The geocoder did not answer: {error}")
    ]
    server.status, server.body = 200, answer()
    assert geocoder.locate(ADDRESS).label == LABEL


def test_a_geocoder_that_keeps_one_waiting_is_given_up(server, caplog, monkeypatch):
    monkeypatch.setattr(geocoder, "SECONDS", 0.1)
    server.release.clear()
    assert geocoder.locate(ADDRESS) is None
    assert len(caplog.messages) == 1


def test_a_geocoder_that_is_away_is_no_site(server, settings, caplog):
    settings.GEOCODER_URL = "http://127.0.0.1:1/search"
    assert geocoder.locate(ADDRESS) is None
    assert caplog.messages == ["The geocoder did not answer: ConnectionError"]


def place_of(text, form=PlaceForm):
    form = form({"place": text})
    return form.cleaned_data["place"] if form.is_valid() else form.errors["place"][0]


def test_the_field_asks_for_addresses_only(server):
    server.body = answer()
    lyon = make_commune("69123", "Lyon", postcodes=["69001", "69002"])
    assert place_of("Lyon") == lyon
    assert place_of("69001").pk == "69381"
    assert place_of("Atlantide").startswith("Nous ne connaissons pas cette commune.")
    assert server.asked == []
    assert place_of(ADDRESS).label == LABEL
    assert place_of("La Canebière 13001 Marseille").label == LABEL
    assert len(server.asked) == 2


def test_the_field_says_when_an_address_is_not_found(server):
    server.body = answer(score=0.1)
    sentence = "Nous ne trouvons pas cette adresse. Vérifiez-la, ou indiquez la commune ou son code postal."
    assert place_of(ADDRESS) == sentence


def test_elsewhere_and_without_geocoder_an_address_is_refused(server, settings):
    server.body = answer()
    sentence = "Indiquez la commune ou son code postal, sans la rue."
    assert place_of(ADDRESS, BaseForm) == sentence
    settings.GEOCODER_URL = ""
    assert place_of(ADDRESS) == sentence
    assert server.asked == []
